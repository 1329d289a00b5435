"""The products of refunds, for what they are filed under. Reads once and decides nothing.

Asked on each read, because an owner files anew at any time and an adapter keeps nothing.
"""

from collections.abc import Iterable, Mapping

from pef_woocommerce.client import NO_ROUTE, PER_PAGE, Api, Params, require_route
from pef_woocommerce.mapping import product_ids
from pef_woocommerce.wire import PRODUCTS, Order, Product, Refund


async def products_of(refunds: Iterable[Refund], order: Order, api: Api) -> Mapping[int, Product]:
    """What the store still knows of these refunds' products, by id, in at most one request.

    An erased product is missing, and all are where the keys may read none: the refund is
    no less true. Of more than 100 products the oldest 100 are asked for.

    Raises:
        PlatformError: the store could not be read; nothing can be concluded.
    """
    ids = sorted({number for refund in refunds for number in product_ids(refund, order)})
    if not ids:
        return {}
    include = ",".join(map(str, ids[:PER_PAGE]))
    params: Params = {"include": include, "_fields": "id,categories,tags", "per_page": PER_PAGE}
    answer = await api.get_if_allowed("products", params)
    if answer is None or answer.missing == NO_ROUTE:
        return {}
    require_route(answer.missing)
    if answer.missing:
        return {}
    return {product.id: product for product in answer.read_as(PRODUCTS)}
