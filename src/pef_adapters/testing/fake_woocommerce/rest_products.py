"""The route of products, as far as anybody asks what they are filed under."""

from typing import Final

from starlette.requests import Request

from pef_adapters.testing.fake_woocommerce import catalog
from pef_adapters.testing.fake_woocommerce.auth import RestError
from pef_adapters.testing.fake_woocommerce.rest import Handler, Result, Site, paged


async def list_products(site: Site, request: Request) -> Result:
    """`products`, with `include` and paging; what was erased is left out without a word."""
    moods = site.shop.state.moods
    if not moods.products_may_be_read:
        message = "Sorry, you cannot list resources."
        raise RestError("woocommerce_rest_cannot_view", message, 403)
    products = [p for p in catalog.PRODUCTS if p.id not in moods.erased_products]
    include = request.query_params.get("include")
    if include is not None:
        products = [p for p in products if str(p.id) in include.split(",")]
    page, headers = paged(products, request)
    return Result([site.wire.product(p) for p in page], headers=headers)


ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (("/wc/v3/products", "GET", list_products),)
