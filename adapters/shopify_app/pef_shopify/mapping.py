"""From Shopify's GraphQL to canonical records. Pure; amounts stay exact.

Only a refund's transactions tell how much money it is about: its lines are in another
currency at times, and its adjustments balance them (platforms/shopify.md, section 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pef_adapters.core.errors import CurrencyDiffers, InvalidInput, PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import Hint, HintKind, StoreConnection, StoreRefund
from pef_shopify.app import app_of
from pef_shopify.settings import MANUAL, Settings, settings_of
from pef_shopify.wire import ChangedOrder, Kind, MoneyBag, Order, Refund, Status, Transaction

BARRED_BY_APP_STORE: Final = "code.PAYOUT_BARRED_BY_APP_STORE"
BARRED_BY_STORE: Final = "code.PAYOUT_BARRED_BY_STORE"
# PagoEfectivo's own currency; it is what a Peruvian buyer was charged.
SOL: Final = "PEN"
_PAYS: Final = frozenset({Kind.SALE, Kind.CAPTURE})
_MEANT: Final = frozenset({Status.SUCCESS, Status.PENDING})


@dataclass(frozen=True, slots=True)
class View:
    """What of a store decides how its orders are read."""

    settings: Settings
    live: bool
    payout_barred: str | None


def view_of(store: StoreConnection) -> View:
    """How this store's orders are read.

    Raises:
        SettingInvalid: a setting can't be used.
    """
    settings = settings_of(store)
    return View(settings, store.mode is Mode.LIVE, payout_barred(store, settings))


def payout_barred(store: StoreConnection, settings: Settings) -> str | None:
    """Why nothing of this store may be paid out by bank; None where it may.

    An App Store app refunds by the original payment only (section 0, 2). A store that has
    no app of ours is not bound by that.
    """
    if settings.way_in == "app" and app_of(store).distribution == "app_store":
        return BARRED_BY_APP_STORE
    return BARRED_BY_STORE if settings.payouts == "barred" else None


# --- one refund -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counted:
    """The transactions of a refund that count, and whether a gateway of ours moves them."""

    transactions: tuple[Transaction, ...]
    ours: bool
    by_gateway: bool


def store_refund(
    refund: Refund, transactions: Sequence[Transaction], order: Order, view: View
) -> StoreRefund | None:
    """One refund with its order; None where it gives no money back.

    `transactions` are all of the refund's, whatever its first page held. A refund of others
    in a money that we can't read is none of our business and None as well.

    Raises:
        PlatformNonsense: an amount of ours that money can't be made from.
    """
    counted = _counted(transactions, order, view)
    if not counted.transactions:
        return None
    try:
        amount = _sum(counted.transactions)
        total = _total(order, amount.currency)
    except InvalidInput as error:
        if counted.ours:
            raise PlatformNonsense(f"refund {refund.id} of order {order.id}: {error}") from error
        return None
    return _canonical(refund, order, view, counted, amount=amount, total=total)


def _counted(transactions: Sequence[Transaction], order: Order, view: View) -> _Counted:
    """Ours where there are any, and of those the ones that Shopify leaves to us.

    Where a gateway moves the money itself, it has done so or is doing it.
    """
    meant = tuple(t for t in transactions if t.kind == Kind.REFUND and t.status in _MEANT)
    ours = tuple(t for t in meant if is_ours(t, order, view))
    left_to_us = tuple(t for t in ours if t.manual_payment_gateway)
    return _Counted(left_to_us or ours or meant, bool(ours), bool(ours) and not left_to_us)


def _canonical(
    refund: Refund, order: Order, view: View, counted: _Counted, *, amount: Money, total: Money
) -> StoreRefund:
    return StoreRefund(
        refund_id=refund.id,
        order_id=order.id,
        order_number=order.name,
        amount=amount,
        reason=refund.note,
        requested_at=refund.created_at or refund.processed_at,
        requested_by=None,
        paid_by_gateway=counted.by_gateway,
        order_currency=amount.currency,
        order_total=total,
        order_paid_at=paid_at(order, view),
        payment_method=_method(counted.transactions[0], order),
        transaction_id=reference(order, view, counted.transactions) if counted.ours else None,
        ours=counted.ours,
        payout_barred=view.payout_barred,
    )


def money(bag: MoneyBag) -> Money:
    """What of an amount the buyer was charged.

    That is the presentment money, which is the buyer's own currency; but where only the
    shop's side is in soles it is that one, because a payment method of the shop's own
    charges in the shop's currency. In a Peruvian store both are the same.

    Raises:
        InvalidInput: an amount or currency that money can't be made from.
    """
    sides = (bag.presentment_money, bag.shop_money)
    paid = next((side for side in sides if side.currency_code == SOL), sides[0])
    return Money.parse(paid.amount, paid.currency_code)


def _sum(transactions: Sequence[Transaction]) -> Money:
    first, *others = (money(each.amount_set) for each in transactions)
    for other in others:
        if other.currency != first.currency:
            raise CurrencyDiffers(f"one refund in {first.currency} and {other.currency}")
        first += other
    return first


def _total(order: Order, currency: str) -> Money:
    """The order's total in the currency of its refund; nothing where it has none of that."""
    bag = order.total_price_set
    sides = (bag.presentment_money, bag.shop_money) if bag else ()
    amounts = (side.amount for side in sides if side.currency_code == currency)
    return Money.parse(next(amounts, 0), currency)


# --- what is ours --------------------------------------------------------------------


def is_ours(transaction: Transaction, order: Order, view: View) -> bool:
    """Whether it belongs to a payment method that counts as PagoEfectivo.

    A test moves no real money, so at a live store none of it is ours.
    """
    if view.live and (transaction.test or order.test):
        return False
    return view.settings.names(_method(transaction, order))


def may_be_ours(order: Order | ChangedOrder, settings: Settings) -> bool:
    """Whether the order's payment methods leave it possible; a method without a name does."""
    names = order.payment_gateway_names
    return not names or any(settings.names(name) or not _says_which(name) for name in names)


def _method(transaction: Transaction, order: Order) -> str:
    """The name of its payment method.

    A transaction can be without one, or carry "manual", as where an order was marked as
    paid. Then the payment it gives back says it, or else the order, where that names but
    one (the latter is inference: the rail is asked for the payment before anything is paid).
    """
    parent = transaction.parent_transaction
    names = [transaction.gateway, parent.gateway if parent else ""]
    named = [name for name in order.payment_gateway_names if _says_which(name)]
    if len(named) == 1 and not _paid_in_two_ways(order):
        names += named
    return next(filter(_says_which, names), transaction.gateway)


def _paid_in_two_ways(order: Order) -> bool:
    """Whether "manual" is a payment of its own, beside one that its method's name stands on."""
    paid = [t.gateway for t in order.transactions if t.kind in _PAYS and t.status == Status.SUCCESS]
    return len(set(map(_says_which, paid))) > 1


def _says_which(gateway: str) -> bool:
    return gateway.strip().casefold() not in ("", MANUAL)


# --- its payment ------------------------------------------------------------------------


def paid_at(order: Order, view: View) -> datetime | None:
    """When the order's first payment of ours succeeded."""
    times = (payment.processed_at for payment in payments(order, view))
    return min((time for time in times if time is not None), default=None)


def payments(order: Order, view: View) -> list[Transaction]:
    """The order's successful payments of ours."""
    paid = (t for t in order.transactions if t.kind in _PAYS and t.status == Status.SUCCESS)
    return [transaction for transaction in paid if is_ours(transaction, order, view)]


def reference(order: Order, view: View, transactions: Sequence[Transaction] = ()) -> str | None:
    """The CIP or transaction code, from where the settings say it stands; None if missing."""
    settings = view.settings
    plain = {
        "order_id": order.id,
        "order_name": order.name,
        "order_number": str(order.number),
        "payment_id": _payment_id(order, view, transactions),
    }
    if settings.attribute is not None:
        wanted = (a.value for a in order.custom_attributes if a.key == settings.attribute)
        found = next(wanted, None)
    elif settings.metafield is not None:
        found = order.reference.value if order.reference else None
    else:
        found = plain[settings.transaction_reference]
    return (found or "").strip() or None


def _payment_id(order: Order, view: View, transactions: Sequence[Transaction]) -> str | None:
    """The one payment that is given back; None where it can't be told which."""
    parents = {t.parent_transaction.payment_id for t in transactions if t.parent_transaction}
    of_order = {payment.payment_id for payment in payments(order, view)}
    for found in (parents - {None, ""}, of_order - {None, ""}):
        if found:
            return found.pop() if len(found) == 1 else None
    return None


# --- hints ---------------------------------------------------------------------------------


def changed_hint(order: ChangedOrder, listed: int) -> Hint:
    """An order changed; its refunds are named where fewer than `listed` could be listed."""
    whole = len(order.refunds) < listed
    ids = frozenset(refund.id for refund in order.refunds) if whole else None
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=order.id, refund_ids=ids, at=order.updated_at)
