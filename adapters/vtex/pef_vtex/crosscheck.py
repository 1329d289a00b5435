"""Compares VTEX's records with what its gateway asked of us. Reads only, and pays nothing.

VTEX can lose a refund on its own side: two pressed at once, or a return after an earlier
one, may never reach us (known issues 1154224, 1351358), and it can record one as done that
is not (545331, 1099618). Nothing here mends that: a person is told (platforms/vtex.md,
sections 3 and 6).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from pef_adapters.core.errors import InvalidInput, PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.platforms.asked import Checkout, CheckoutState
from pef_adapters.platforms.contract import Finding, StoreConnection
from pef_adapters.platforms.kept import records_of
from pef_vtex.client import Api, Params, open_api, store_pair, usable_settings
from pef_vtex.orders import (
    CANCELED,
    ORDERS,
    Listed,
    Order,
    OrderList,
    Transaction,
    TransactionRefunds,
    group_of,
)

NOT_ASKED: Final = "code.VTEX_REFUND_NOT_ASKED"
SAYS_REFUNDED: Final = "code.VTEX_SAYS_REFUNDED"
REFUNDED_MORE: Final = "code.VTEX_REFUNDED_MORE"
# Policies let a refund go for months after the payment.
_LOOK_BACK: Final = timedelta(days=120)
# The list is indexed minutes after an order changes.
_LATE: Final = timedelta(days=1)
_PER_PAGE, _MOST_PAGES = 100, 30
_MOST_GROUPS: Final = 60
_ONLINE: Final = "online"


@dataclass(frozen=True, slots=True)
class _Purchase:
    """An order group with the one payment that was taken through us, and what paid the rest."""

    group: str
    orders: tuple[Order, ...]
    transaction: Transaction
    checkout: Checkout


async def findings(since: datetime, now: datetime, store: StoreConnection) -> tuple[Finding, ...]:
    """Where VTEX's records say otherwise; nothing, where the store's orders can't be read.

    Raises:
        PlatformError: VTEX could not be asked.
    """
    pair = store_pair(store)
    if pair is None:
        return ()
    settings = usable_settings(store)
    grace = timedelta(minutes=settings.grace_minutes)
    found: list[Finding] = []
    async with open_api(pair) as api:
        for group in await _candidates(api, settings.api, since - grace - _LATE, now, store):
            purchase = await _purchase(api, settings.api, group, store)
            if purchase is not None and _is_settled(purchase, now - grace):
                found += await _compare(api, settings.payments, purchase, store)
    return tuple(found)


async def _candidates(
    api: Api, root: str, since: datetime, now: datetime, store: StoreConnection
) -> list[str]:
    """Groups to look at: asked about or changed since `since`, and some that may have been."""
    span = f"creationDate:[{_stamp(now - _LOOK_BACK)} TO {_stamp(now)}]"
    sure = {kept.order_id for kept in await records_of(store).refunds_since(since)}
    unsure: set[str] = set()
    for wanted in ({"f_hasInputInvoice": "true"}, {"f_status": CANCELED}):
        async for order in _listed(api, root, {**wanted, "f_creationDate": span}):
            if order.last_change is None:
                unsure.add(group_of(order.order_id))
            elif order.last_change >= since:
                sure.add(group_of(order.order_id))
    return [*sorted(sure), *_some(unsure - sure, now)]


def _some(groups: set[str], now: datetime) -> list[str]:
    """Not more than one look may cost; another choice each time, so that all have their turn.

    VTEX's list of orders does not promise to tell when one changed.
    """

    def lot(group: str) -> bytes:
        return sha256(f"{now.timestamp()}/{group}".encode()).digest()

    return sorted(groups, key=lot)[:_MOST_GROUPS]


async def _listed(api: Api, root: str, wanted: Params) -> AsyncIterator[Listed]:
    page = pages = 1
    while page <= min(pages, _MOST_PAGES):
        params = {**wanted, "page": page, "per_page": _PER_PAGE}
        listed = (await api.get(f"{root}/api/oms/pvt/orders", params)).read(OrderList)
        for order in listed.orders:
            yield order
        page, pages = page + 1, listed.paging.pages


async def _purchase(api: Api, root: str, group: str, store: StoreConnection) -> _Purchase | None:
    """The group, or None where its payment was not taken through us or never came in."""
    orders = await orders_of(api, root, group)
    records = records_of(store)
    for transaction in (each for order in orders for each in order.transactions):
        for payment in transaction.payments:
            checkout = await records.checkout(payment.id)
            if checkout is not None and checkout.state is CheckoutState.PAID:
                return _Purchase(group, orders, transaction, checkout)
    return None


async def orders_of(api: Api, root: str, group: str) -> tuple[Order, ...]:
    """The orders of a group; none where VTEX does not know it."""
    answered = await api.get(f"{root}/api/oms/pvt/orders/order-group/{quote(group, safe='')}")
    return () if answered.missing else answered.read_as(ORDERS)


def _is_settled(purchase: _Purchase, by: datetime) -> bool:
    """Whether nothing about the purchase has changed lately: a call may still be coming."""
    changes = (order.last_change for order in purchase.orders)
    return all(change <= by for change in changes if change is not None)


async def _compare(
    api: Api, payments: str, purchase: _Purchase, store: StoreConnection
) -> list[Finding]:
    found = []
    asked, wanted = await _asked(purchase, store), _wanted(purchase)
    if asked < wanted:
        figures = {"order": purchase.group, "asked": str(asked), "wanted": str(wanted)}
        found.append(Finding(code=NOT_ASKED, order_id=purchase.group, figures=figures))
    paid_back = await records_of(store).paid_back(purchase.checkout.payment_id)
    if paid_back is None:
        return found
    if paid_back < await _said_done(api, payments, purchase):
        figures = {"order": purchase.group}
        found.append(Finding(code=SAYS_REFUNDED, order_id=purchase.group, figures=figures))
    if paid_back > (shown := _shown(purchase)):
        figures = {"order": purchase.group, "paid": str(paid_back), "wanted": str(shown)}
        found.append(Finding(code=REFUNDED_MORE, order_id=purchase.group, figures=figures))
    return found


async def _asked(purchase: _Purchase, store: StoreConnection) -> Money:
    total = Money.zero(purchase.checkout.amount.currency)
    for kept in await records_of(store).refunds_of_order(purchase.group):
        if kept.payment_id == purchase.checkout.payment_id:
            total += kept.amount
    return total


def _shown(purchase: _Purchase) -> Money:
    """The most that the orders say was given back; one repeated under a new id is beyond it."""
    ours = purchase.checkout
    return min(_money(sum(order.given_back for order in purchase.orders), ours), ours.amount)


def _wanted(purchase: _Purchase) -> Money:
    """The least that must come from our payment, where others paid a part of the purchase."""
    ours = purchase.checkout
    others = sum(p.value for p in purchase.transaction.payments if p.id != ours.payment_id)
    given_back = sum(order.given_back for order in purchase.orders) - others
    return min(_money(max(given_back, 0), ours), ours.amount)


async def _said_done(api: Api, payments: str, purchase: _Purchase) -> Money:
    """What VTEX calls refunded by us; nothing, where the keys may not read it."""
    name = quote(purchase.transaction.transaction_id, safe="")
    answered = await api.get_if_allowed(f"{payments}/api/pvt/transactions/{name}/refunds")
    if answered is None or answered.missing:
        return Money.zero(purchase.checkout.amount.currency)
    actions = answered.read(TransactionRefunds).actions
    ours = (a for a in actions if a.payment_id == purchase.checkout.payment_id)
    return _money(sum(a.value for a in ours if a.type == _ONLINE), purchase.checkout)


def _money(cents: int, checkout: Checkout) -> Money:
    try:
        return Money.parse(Decimal(cents).scaleb(-2), checkout.amount.currency)
    except InvalidInput:
        raise PlatformNonsense("VTEX names an amount that no money can be") from None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
