"""The routes of orders, their refunds and their notes."""

from decimal import Decimal, InvalidOperation
from typing import Final

from starlette.requests import Request

from pef_adapters.testing.fake_woocommerce.auth import RestError
from pef_adapters.testing.fake_woocommerce.rest import (
    Handler,
    Result,
    Site,
    body_of,
    created,
    invalid,
    moment,
    no_route,
    paged,
)
from pef_adapters.testing.fake_woocommerce.shop import RefundRefused
from pef_adapters.testing.fake_woocommerce.state import Order, Refund

_NOTE_KINDS: Final = {"customer": (True,), "internal": (False,), "any": (True, False)}


async def list_orders(site: Site, request: Request) -> Result:
    """`orders`, with `modified_after`, `orderby`, `order` and paging."""
    orders = [o for o in site.shop.state.orders.values() if o.status != "trash"]
    since = moment(request, "modified_after")
    if since is not None:
        orders = [o for o in orders if o.modified > since]
    newest_first = request.query_params.get("order", "desc") == "desc"
    by_id = request.query_params.get("orderby", "date") == "id"
    orders.sort(
        key=lambda o: (o.id if by_id else o.created.timestamp(), o.id), reverse=newest_first
    )
    page, headers = paged(orders, request)
    return Result([site.wire.order(o, site.decimals(request)) for o in page], headers=headers)


async def get_order(site: Site, request: Request) -> Result:
    """One order; a trashed one too."""
    return Result(site.wire.order(site.order(request), site.decimals(request)))


async def put_order(site: Site, request: Request) -> Result:
    """Only meta and status can be changed here; saving fires even for the same value."""
    if int(request.path_params["order"]) == 0:
        raise RestError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 400)
    order, body = site.order(request), await body_of(request)
    for meta in body.get("meta_data", []):
        site.shop.set_meta(order, meta["key"], meta["value"])
    order.status = body.get("status", order.status)
    site.shop.touch(order)
    return Result(site.wire.order(order, site.decimals(request)))


async def list_all_refunds(site: Site, request: Request) -> Result:
    """`refunds` of all orders, since WooCommerce 9.0."""
    if not site.shop.state.moods.refunds_route:
        raise no_route()
    pairs = [(r, o) for o in site.shop.state.orders.values() for r in o.refunds]
    since, include = moment(request, "after"), request.query_params.get("include")
    if since is not None:
        pairs = [(r, o) for r, o in pairs if r.created > since]
    if include is not None:
        pairs = [(r, o) for r, o in pairs if str(r.id) in include.split(",")]
    newest_first = request.query_params.get("order", "desc") == "desc"
    pairs.sort(key=lambda pair: (pair[0].created, pair[0].id), reverse=newest_first)
    page, headers = paged(pairs, request)
    decimals = site.decimals(request)
    data = [site.wire.refund(r, o, decimals, with_parent=True) for r, o in page]
    return Result(data, headers=headers)


async def list_refunds(site: Site, request: Request) -> Result:
    """The refunds of one order, newest first."""
    order = site.order(request)
    page, headers = paged(order.refunds[::-1], request)
    decimals = site.decimals(request)
    data = [site.wire.refund(r, order, decimals, with_parent=False) for r in page]
    return Result(data, headers=headers)


async def get_refund(site: Site, request: Request) -> Result:
    """One refund of an order."""
    order = site.order(request)
    refund = _refund(order, request)
    return Result(site.wire.refund(refund, order, site.decimals(request), with_parent=False))


async def post_refund(site: Site, request: Request) -> Result:
    """`api_refund` is true unless told otherwise, and no gateway here can refund."""
    order, body = site.order(request), await body_of(request)
    if body.get("api_refund", True):
        text = "The payment gateway for this order does not support automatic refunds."
        raise RestError("woocommerce_rest_cannot_create_order_refund", text, 500)
    meta = {entry["key"]: entry["value"] for entry in body.get("meta_data", [])}
    try:
        amount = Decimal(str(body.get("amount", order.rest)))
        refund = site.shop.press_refund(order, amount, str(body.get("reason", "")), meta=meta)
    except InvalidOperation:
        raise invalid("amount") from None
    except RefundRefused as refusal:
        code = "woocommerce_rest_cannot_create_order_refund"
        raise RestError(code, str(refusal), 500) from None
    decimals = site.decimals(request)
    return created(site.wire.refund(refund, order, decimals, with_parent=False))


async def delete_refund(site: Site, request: Request) -> Result:
    """Delete for good; tells nobody."""
    order = site.order(request)
    refund = _refund(order, request)
    if request.query_params.get("force") != "true":
        text = "Webhooks and refunds do not support trashing."
        raise RestError("woocommerce_rest_trash_not_supported", text, 501)
    gone = site.wire.refund(refund, order, site.decimals(request), with_parent=False)
    site.shop.delete_refund(order, refund, silently=True)
    return Result(gone)


async def list_notes(site: Site, request: Request) -> Result:
    """The notes of an order, newest first."""
    order = site.order(request)
    kinds = _NOTE_KINDS.get(request.query_params.get("type", "any"))
    if kinds is None:
        raise invalid("type")
    notes = [note for note in reversed(order.notes) if note.customer in kinds]
    return Result([site.wire.note(note, order) for note in notes])


async def post_note(site: Site, request: Request) -> Result:
    """Add a note, internal unless `customer_note` is set."""
    order, body = site.order(request), await body_of(request)
    if not body.get("note"):
        raise RestError("rest_missing_callback_param", "Missing parameter(s): note", 400)
    note = site.shop.add_note(order, body["note"], customer=bool(body.get("customer_note")))
    return created(site.wire.note(note, order))


def _refund(order: Order, request: Request) -> Refund:
    refund = order.refund(int(request.path_params["refund"]))
    if refund is None:
        # WooCommerce puts the 404 where WordPress does not look for it.
        code = "woocommerce_rest_invalid_order_refund_id"
        raise RestError(code, "Invalid order refund ID.", 500, data=404)
    return refund


_ORDER: Final = "/wc/v3/orders/{order:int}"

ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("/wc/v3/orders", "GET", list_orders),
    (_ORDER, "GET", get_order),
    (_ORDER, "PUT", put_order),
    ("/wc/v3/refunds", "GET", list_all_refunds),
    (f"{_ORDER}/refunds", "GET", list_refunds),
    (f"{_ORDER}/refunds", "POST", post_refund),
    (f"{_ORDER}/refunds/{{refund:int}}", "GET", get_refund),
    (f"{_ORDER}/refunds/{{refund:int}}", "DELETE", delete_refund),
    (f"{_ORDER}/notes", "GET", list_notes),
    (f"{_ORDER}/notes", "POST", post_note),
)
