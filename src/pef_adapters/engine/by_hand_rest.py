"""A payment, and what can still go back of it: for a person who is about to press a refund.

Reads the ledger, and asks the rail about a payment that is unknown here; writes nothing.
"""

import re
from dataclasses import dataclass

from pef_adapters.core.errors import InvalidInput, KeysMixed, NotThere
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, MONEY, Position
from pef_adapters.engine.known import known_account, known_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import (
    Account,
    Checkout,
    KeptRefund,
    Payment,
    Refund,
    RefundSearch,
    Store,
)
from pef_adapters.platforms.by_hand import BY_HAND, is_no_order
from pef_adapters.platforms.contract import Outcome

# Of an order and its namesake, each with its refunds.
_MOST_LIKE_NAMED = 100
_TRANSACTION = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A payment and what can still go back of it.

    `asked` is the sum of refunds that wait without holding money yet, or that the store pays
    outside; `rest` is what is left beside them, never below zero. `refunds` are the store's
    own, oldest first; `elsewhere` says that other stores of the account have refunds of it
    too. `order_number` is empty where nothing of ours names the order.
    """

    store_id: str
    payment: Payment
    asked: Money
    rest: Money
    refunds: tuple[Refund, ...]
    elsewhere: bool
    order_number: str


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order by its id at the store, and by the number that people read."""

    id: str
    number: str


async def find(ports: Ports, store_id: str, transaction_id: str) -> Found:
    """The payment behind a CIP or transaction id, and what remains of it.

    Asks PagoEfectivo where the payment is unknown here; writes nothing.

    Raises:
        NotThere: no such store, or PagoEfectivo does not know the payment.
        InvalidInput: the transaction can't be one, or nobody has paid it.
        KeysMixed: the store's mode is not its account's.
        RailError: PagoEfectivo could not be asked.
    """
    transaction_id = usable(transaction_id, _TRANSACTION, "a CIP or transaction id")
    async with ports.book.begin() as ledger:
        store = await known_store(ledger, store_id)
        account = await known_account(ledger, store.account_id)
        payment = await ledger.payment(account.id, transaction_id)
    if payment is None:
        payment = await _paid_at_rail(ports, store, account, transaction_id)
    async with ports.book.begin() as ledger:
        # Typed in another spelling it may be known all the same.
        kept = await ledger.payment(payment.account_id, payment.transaction_id)
        return await _found(ledger, store, kept or payment)


async def rest_of(ledger: Ledger, payment: Payment) -> Money:
    """What is left of a payment; it holds as long as the payment is locked."""
    refunds = await ledger.refunds_of_payment(payment.account_id, payment.transaction_id)
    return _rest(payment, await _asked(ledger, payment, refunds))


async def checkouts_of(ledger: Ledger, payment: Payment) -> list[Checkout]:
    """The payments that stores asked us to take and that became this one."""
    return await ledger.checkouts_of_transaction(payment.account_id, payment.transaction_id)


async def known_order(ledger: Ledger, store: Store, payment: Payment) -> KnownOrder | None:
    """The order for which this store took the payment, as far as we know."""
    for checkout in await checkouts_of(ledger, payment):
        if checkout.store_id == store.id:
            return KnownOrder(checkout.order_id, checkout.order_number)
    refunds = await ledger.refunds_of_payment(payment.account_id, payment.transaction_id)
    for refund in refunds:
        if refund.store_id == store.id and _names_order(refund, store):
            return KnownOrder(refund.order_id, refund.order_number)
    return None


async def buyer_of(ledger: Ledger, store: Store, payment: Payment) -> str | None:
    """Whose payment it is, by what this store told with a refund of it: limits count him."""
    refunds = await ledger.refunds_of_payment(payment.account_id, payment.transaction_id)
    buyers = (each.buyer for each in refunds if each.store_id == store.id)
    return next(filter(None, buyers), None)


def _names_order(refund: Refund, store: Store) -> bool:
    """Whether its order is one of the store as it is connected now, for all we know."""
    # An earlier platform's id can be another order's id here.
    return refund.platform in (store.platform, BY_HAND) and not is_no_order(refund.order_id)


async def order_by_name(ledger: Ledger, store: Store, typed: str) -> KnownOrder | None:
    """The store's order that people mean by this number or id; a number goes first.

    Some stores write "#1001" for what its people call 1001; `typed` is without the sign.
    """
    reach, found = frozenset((store.id,)), list[Refund]()
    for name in (typed, f"#{typed}"):
        search = RefundSearch(reach=reach, order=name, limit=_MOST_LIKE_NAMED)
        found += [r for r in await ledger.search_refunds(search) if _names_order(r, store)]
    found.sort(key=lambda each: each.order_number.removeprefix("#") != typed)
    return KnownOrder(found[0].order_id, found[0].order_number) if found else None


def usable(typed: str, shape: re.Pattern[str], what: str) -> str:
    """What was typed, without the spaces around it.

    Raises:
        InvalidInput: it has not this shape; `what` says what it can't be.
    """
    typed = typed.strip()
    if shape.fullmatch(typed) is None:
        raise InvalidInput(f"{typed[:40]!r} can't be {what}")
    return typed


async def _paid_at_rail(
    ports: Ports, store: Store, account: Account, transaction_id: str
) -> Payment:
    if store.mode is not account.mode:
        raise KeysMixed
    at_rail = await ports.rails.of(account).find_payment(transaction_id)
    if at_rail is None:
        raise NotThere(f"PagoEfectivo knows no payment {transaction_id} of this account")
    if at_rail.paid_at is None:
        raise InvalidInput(f"{transaction_id} is not paid, so there is nothing to refund")
    zero = Money.zero(at_rail.amount.currency)
    return Payment(
        account_id=account.id,
        transaction_id=at_rail.transaction_id,
        paid=at_rail.amount,
        reserved=zero,
        refunded=zero,
        paid_at=at_rail.paid_at,
    )


async def _found(ledger: Ledger, store: Store, payment: Payment) -> Found:
    refunds = await ledger.refunds_of_payment(payment.account_id, payment.transaction_id)
    asked = await _asked(ledger, payment, refunds)
    order = await known_order(ledger, store, payment)
    return Found(
        store_id=store.id,
        payment=payment,
        asked=asked,
        rest=_rest(payment, asked),
        refunds=tuple(each for each in refunds if each.store_id == store.id),
        elsewhere=any(each.store_id != store.id for each in refunds),
        order_number=order.number if order else "",
    )


async def _asked(ledger: Ledger, payment: Payment, refunds: list[Refund]) -> Money:
    """What was asked for and holds no money here, but is paid yet, or paid outside."""
    waiting = [
        refund.amount
        for refund in refunds
        if MONEY[refund.state] is Position.FREE and _is_wanted(refund)
    ]
    waiting += [kept.amount for kept in await _unregistered(ledger, payment)]
    own = [amount for amount in waiting if amount.currency == payment.paid.currency]
    return sum(own, Money.zero(payment.paid.currency))


def _is_wanted(refund: Refund) -> bool:
    """Not over, or left to the store, which pays it outside: paid here it would be paid twice."""
    return not CARE[refund.state].final or refund.outcome is Outcome.LEFT_TO_STORE


async def _unregistered(ledger: Ledger, payment: Payment) -> list[KeptRefund]:
    """What a gateway asked for a moment ago, before it was registered as a refund."""
    fresh: list[KeptRefund] = []
    for checkout in await checkouts_of(ledger, payment):
        for kept in await ledger.asked_refunds_of_order(checkout.store_id, checkout.order_id):
            known = await ledger.find_refund(checkout.store_id, kept.refund_id)
            if kept.payment_id == checkout.payment_id and known is None:
                fresh.append(kept)
    return fresh


def _rest(payment: Payment, asked: Money) -> Money:
    zero = Money.zero(payment.paid.currency)
    if payment.reversed_at is not None:
        return zero  # the bank took it back
    return max(zero, payment.rest - asked)
