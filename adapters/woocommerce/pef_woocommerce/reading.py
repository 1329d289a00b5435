"""Refunds read back by REST, with `dp=2` so that amounts are exact. Writes nothing.

WooCommerce before 9.0 has no list of all refunds: there the orders that were
modified lately are looked through instead (section 4).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from pef_adapters.core.errors import PlatformNonsense
from pef_adapters.platforms.contract import Changes, Hint, HintKind, StoreConnection, StoreRefund
from pef_woocommerce import mapping
from pef_woocommerce.client import EXACT, NO_ROUTE, Api, Listing, open_api, require_route
from pef_woocommerce.products import products_of
from pef_woocommerce.settings import Settings, settings_of
from pef_woocommerce.wire import (
    ORDER_CHANGES,
    REFUNDS,
    Order,
    OrderChange,
    Product,
    Refund,
)

OVERLAP: Final = timedelta(minutes=10)
# How far back a refund that is known only by its id is looked for on an old store.
LOOK_BACK: Final = timedelta(days=7)
_NOTHING_TO_READ: Final = {HintKind.PING, HintKind.STORE_TROUBLE}


async def read(hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
    """See `platforms.contract.Platform.read`."""
    if hint.kind in _NOTHING_TO_READ:
        return ()
    async with open_api(store) as api:
        settings = settings_of(store)
        order_id = hint.order_id or await _order_of(hint.refund_id, api)
        order = await read_order(api, order_id) if order_id else None
        if order is None:
            return ()
        refunds = await _refunds_of(order, api)
        wanted = tuple(r for r in refunds if hint.refund_id in (None, str(r.id)))
        # What others' orders hold is none of our business, and is not asked.
        ours = mapping.is_ours(order, settings)
        products = await products_of(wanted, order, api) if ours else {}
    canonical = (_canonical(refund, order, settings, products) for refund in wanted)
    return tuple(refund for refund in canonical if refund is not None)


def _canonical(
    refund: Refund, order: Order, settings: Settings, products: Mapping[int, Product]
) -> StoreRefund | None:
    """None for an order of others in a money that we can't even read."""
    try:
        return mapping.store_refund(refund, order, settings, products)
    except PlatformNonsense:
        if mapping.is_ours(order, settings):
            raise
        return None


async def read_order(api: Api, order_id: str) -> Order | None:
    """The order, trashed or not; None where it was erased.

    Raises:
        PlatformNonsense: also where the store answers about another order.
    """
    answer = await api.get(f"orders/{_digits(order_id)}", EXACT)
    if answer.missing:
        require_route(answer.missing)
        return None
    order = answer.read(Order)
    if str(order.id) != order_id.lstrip("0"):
        raise PlatformNonsense(f"asked for order {order_id}, the store answers order {order.id}")
    return order


async def _refunds_of(order: Order, api: Api) -> tuple[Refund, ...]:
    listing = await api.pages(f"orders/{order.id}/refunds", EXACT, REFUNDS)
    require_route(listing.missing)
    return listing.items


async def _order_of(refund_id: str | None, api: Api) -> str | None:
    """The order that a refund belongs to, by the refund's id alone."""
    if refund_id is None:
        return None
    answer = await api.get("refunds", {**EXACT, "include": _digits(refund_id)})
    if answer.missing == NO_ROUTE:
        return await _order_listing(refund_id, answer.date, api)
    require_route(answer.missing)
    found = (r for r in answer.read_as(REFUNDS) if str(r.id) == refund_id)
    return next((str(refund.parent_id) for refund in found), None)


async def _order_listing(refund_id: str, now: datetime | None, api: Api) -> str | None:
    if now is None:
        raise PlatformNonsense("the store's answer carries no date")
    orders = await _modified_orders(api, now - LOOK_BACK)
    hints = map(mapping.order_hint, orders.items)
    return next((hint.order_id for hint in hints if refund_id in (hint.refund_ids or ())), None)


async def find_changes(since: datetime, store: StoreConnection) -> Changes:
    """See `platforms.contract.Platform.find_changes`.

    Deletions by REST are announced nowhere, so each modified order is told as well.
    """
    async with open_api(store) as api:
        refunds = await _refunds_since(api, since)
        orders = await _modified_orders(api, since)
    hints = [*map(mapping.refund_hint, refunds.items), *map(mapping.order_hint, orders.items)]
    seen = [r.date_created_gmt for r in refunds.items]
    seen += [o.date_modified_gmt for o in orders.items if o.date_modified_gmt]
    return Changes(tuple(hints), _cursor(since, seen, refunds.date))


def _cursor(since: datetime, seen: Iterable[datetime], asked_at: datetime | None) -> datetime:
    """A little before the store's own present moment; never backwards.

    Only where the store tells no time, the newest thing seen stands for it.
    """
    newest = asked_at or max(seen, default=since)
    return max(since, newest - OVERLAP)


async def _refunds_since(api: Api, since: datetime) -> Listing[Refund]:
    params = {**EXACT, **_after("after", since), "orderby": "date", "order": "asc"}
    listing = await api.pages("refunds", params, REFUNDS)
    if listing.missing != NO_ROUTE:  # before WooCommerce 9.0 there is no such list
        require_route(listing.missing)
    return listing


async def _modified_orders(api: Api, since: datetime) -> Listing[OrderChange]:
    params = {**EXACT, **_after("modified_after", since), "orderby": "id", "order": "asc"}
    fields = {"_fields": "id,date_modified_gmt,refunds"}
    orders = await api.pages("orders", {**params, **fields}, ORDER_CHANGES)
    require_route(orders.missing)
    return orders


def _after(name: str, moment: datetime) -> dict[str, str]:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return {name: naive.isoformat(timespec="seconds"), "dates_are_gmt": "true"}


def _digits(identity: str) -> str:
    """An id as it may stand in a path; anything else never came from WooCommerce."""
    if not (identity.isascii() and identity.isdecimal()):
        raise PlatformNonsense(f"{identity[:40]!r} is not an id of WooCommerce")
    return identity
