"""Refunds read back by GraphQL, or as the merchant's own webhook told them. Writes nothing.

An order that Shopify does not show is taken for erased only where the app may see orders
of any age: read_orders alone reaches 60 days back (platforms/shopify.md, section 2).
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import JsonValue

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused
from pef_adapters.platforms.contract import Changes, Hint, HintKind, StoreConnection, StoreRefund
from pef_adapters.platforms.kept import changes_kept, read_kept, records_of
from pef_shopify import mapping
from pef_shopify.client import MAX_PAGES, Api, Sleep, open_api
from pef_shopify.identity import gid
from pef_shopify.installation import ScopesAnswer
from pef_shopify.mapping import View, view_of
from pef_shopify.settings import Settings, usable_settings
from pef_shopify.wire import (
    ChangedOrder,
    ChangedOrdersAnswer,
    Order,
    OrderAnswer,
    Refund,
    RefundAnswer,
    Transaction,
)

OVERLAP: Final = timedelta(minutes=10)
ALL_ORDERS: Final = "read_all_orders"
# How many refunds the documents ask for; a list as long as that may be longer.
_LISTED: Final = 250
_LISTED_BY_POLL: Final = 10
_NOTHING_TO_READ: Final = frozenset(
    {HintKind.PING, HintKind.STORE_TROUBLE, HintKind.UNINSTALLED, HintKind.PRIVACY}
)


async def read(hint: Hint, store: StoreConnection, sleep: Sleep) -> tuple[StoreRefund, ...]:
    """See `platforms.contract.Platform.read`."""
    if hint.kind in _NOTHING_TO_READ:
        return ()
    settings = usable_settings(store)
    if settings.way_in == "webhook":
        return await _read_kept(hint, store, settings)
    async with open_api(store, sleep) as api:
        found = await _read(hint, api, view_of(store))
    return tuple(refund for refund in found if refund is not None)


async def _read_kept(
    hint: Hint, store: StoreConnection, settings: Settings
) -> tuple[StoreRefund, ...]:
    """What the webhook told.

    Raises:
        PlatformRefused: it told nothing of this; the refund came by our app, before the store
            was connected this way, and whether it is still there can't be asked any more.
    """
    barred = mapping.payout_barred(store, settings)
    found = await read_kept(hint, store, payout_barred=barred)
    # Nor does it ever tell all refunds of an order: one that is not among them is not gone.
    if not found or hint.refund_id is None:
        raise PlatformRefused(
            "this refund was not told by the merchant's webhook; connect the app again, or "
            "settle it by hand"
        )
    return found


async def _read(hint: Hint, api: Api, view: View) -> list[StoreRefund | None]:
    if hint.refund_id is not None:
        return await _read_one(hint.refund_id, hint.order_id, api, view)
    order = await read_order(api, hint.order_id or "", view.settings, with_refunds=True)
    if order is None:
        return []
    if len(order.refunds) >= _LISTED:
        raise PlatformNonsense(f"order {order.id} has more refunds than can be listed")
    refunds = [await _read_refund(api, each.id) for each in order.refunds]
    return [await _canonical(api, refund, order, view) for refund in refunds if refund]


async def _read_one(
    refund_id: str, order_id: str | None, api: Api, view: View
) -> list[StoreRefund | None]:
    refund = await _read_refund(api, refund_id)
    if refund is None:
        await _require_gone(order_id, api, view)
        return []
    if order_id not in (None, refund.order.id):
        return []
    order = await read_order(api, refund.order.id, view.settings)
    return [] if order is None else [await _canonical(api, refund, order, view)]


async def _require_gone(order_id: str | None, api: Api, view: View) -> None:
    """A refund that is not shown is gone, and its order not merely too old to be shown."""
    if order_id is None:
        await require_sight(api)
    else:
        await read_order(api, order_id, view.settings)


async def _canonical(api: Api, refund: Refund, order: Order, view: View) -> StoreRefund | None:
    transactions = [each async for each in _transactions(api, refund)]
    return mapping.store_refund(refund, transactions, order, view)


async def _transactions(api: Api, refund: Refund) -> AsyncIterator[Transaction]:
    """Those of the first page, and of all that follow."""
    page = refund.transactions
    for _ in range(MAX_PAGES):
        for node in page.nodes:
            yield node
        if not page.page_info.has_next_page:
            return
        more = await _read_refund(api, refund.id, page.page_info.end_cursor)
        if more is None:
            raise PlatformNonsense(f"refund {refund.id} went away while it was read")
        page = more.transactions
    raise PlatformNonsense(f"refund {refund.id} has transactions without end")


async def _read_refund(api: Api, refund_id: str, after: str | None = None) -> Refund | None:
    answer = await api.ask("refund", RefundAnswer, id=gid("Refund", refund_id), after=after)
    if answer.refund is not None:
        _require_same(answer.refund.id, refund_id)
    return answer.refund


async def read_order(
    api: Api, order_id: str, settings: Settings, *, with_refunds: bool = False
) -> Order | None:
    """The order, with the ids of its refunds where they are wanted; None where it was erased.

    Raises:
        PlatformRefused: it may only be too old to be shown to us.
    """
    variables = {**metafield_variables(settings), "withRefunds": with_refunds}
    answer = await api.ask("order", OrderAnswer, id=gid("Order", order_id), **variables)
    if answer.order is None:
        await require_sight(api)
    else:
        _require_same(answer.order.id, order_id)
    return answer.order


def _require_same(answered: str, asked: str) -> None:
    """The answer is about what was asked.

    Raises:
        PlatformNonsense: it is about another.
    """
    if answered != asked:
        raise PlatformNonsense(f"asked for {asked}, Shopify answers {answered}")


def metafield_variables(settings: Settings) -> dict[str, JsonValue]:
    """What order.graphql and recent_orders.graphql want to know about the reference."""
    namespace, key = settings.metafield or ("-", "-")
    wanted = settings.metafield is not None
    return {"withMetafield": wanted, "namespace": namespace, "key": key}


async def require_sight(api: Api) -> None:
    """What Shopify does not show us is not there.

    Raises:
        PlatformRefused: the app sees the orders of the last 60 days only, so nothing is proved.
    """
    if ALL_ORDERS not in await scopes(api):
        raise PlatformRefused(
            "Shopify does not show this order: it was erased, or it is older than the 60 days "
            f"that read_orders reaches; give the app the scope {ALL_ORDERS}"
        )


async def scopes(api: Api) -> frozenset[str]:
    """What the shop allows our app."""
    answer = await api.ask("scopes", ScopesAnswer)
    return frozenset(scope.handle for scope in answer.installation.access_scopes)


# --- the poll ----------------------------------------------------------------------------


async def find_changes(since: datetime, store: StoreConnection, sleep: Sleep) -> Changes:
    """See `platforms.contract.Platform.find_changes`.

    Orders come oldest change first. After a long absence they are caught up with in parts,
    each of which ends where the next one begins.
    """
    settings = usable_settings(store)
    if settings.way_in == "webhook":
        return await _changes_kept(since, store)
    async with open_api(store, sleep) as api:
        orders, now = await _changed_orders(since, api)
    ours = (order for order in orders if mapping.may_be_ours(order, settings))
    hints = tuple(mapping.changed_hint(order, _LISTED_BY_POLL) for order in ours)
    return Changes(hints, _cursor(since, orders, now))


async def _changes_kept(since: datetime, store: StoreConnection) -> Changes:
    """The newest refund stands for the present moment: nothing else here tells the time."""
    kept = await records_of(store).refunds_since(since)
    newest = max((refund.asked_at for refund in kept), default=since)
    return await changes_kept(since, newest, store)


def _cursor(since: datetime, orders: list[ChangedOrder], now: datetime | None) -> datetime:
    """A little before the store's own present moment; never backwards.

    Where not all was read, or the store tells no time, the newest change seen stands for it.
    """
    newest = now or max((order.updated_at for order in orders), default=since)
    return max(since, newest - OVERLAP)


async def _changed_orders(since: datetime, api: Api) -> tuple[list[ChangedOrder], datetime | None]:
    """The orders that changed, and the store's time before the first was read if those are all."""
    moment = since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    variables: dict[str, JsonValue] = {"since": f"updated_at:>='{moment}'"}
    found: list[ChangedOrder] = []
    begun: datetime | None = None
    for _ in range(MAX_PAGES):
        page = (await api.ask("changed_orders", ChangedOrdersAnswer, **variables)).orders
        begun = begun or api.date
        found += page.nodes
        if not page.page_info.has_next_page:
            return found, begun
        variables["after"] = page.page_info.end_cursor
    return found, None
