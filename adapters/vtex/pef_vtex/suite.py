"""VTEX's test suite: deterministic answers by its header and card numbers (section 7).

Answered here and nowhere else, only for a store in sandbox mode whose setting lets the
suite in. The asynchronous cases, the redirect and the boleto case are payments with a CIP
of the sandbox, but their end is the one that the case names, told by callback: the suite
waits for it no longer than 15 seconds, and nobody pays in that time.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.platforms.asked import AskedPayment, AskedRefund, AskedSettlement, Checkout
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer, RefundStanding
from pef_vtex.protocol import cancellations, payments, refunds
from pef_vtex.wire import OperationBody, PaymentBody, PaymentSaid, PaymentStatus, SettleSaid


class Case(StrEnum):
    """What a card of the suite asks for. Cancelling begins as an approved payment does."""

    APPROVED = "approved"
    DENIED = "denied"
    LATER_APPROVED = "later-approved"
    LATER_DENIED = "later-denied"


_CARDS: Final[Mapping[str, Case]] = {
    "4444333322221111": Case.APPROVED,
    "4444333322221112": Case.DENIED,
    "4222222222222224": Case.LATER_APPROVED,
    "4222222222222225": Case.LATER_DENIED,
}
_LATER: Final = frozenset({Case.LATER_APPROVED, Case.LATER_DENIED})
_MARK: Final = "suite-"
_CASE: Final = "suite"
# Until the call itself was surely answered: an earlier callback would be overwritten.
CALLBACK_AFTER: Final = timedelta(seconds=2)


def case_of(body: PaymentBody) -> Case:
    """The case that a payment's card picks; without such a card it is a redirect."""
    number = "".join(filter(str.isdigit, body.card.number))
    return _CARDS.get(number, Case.LATER_APPROVED)


def is_suites(body: OperationBody) -> bool:
    """Whether a payment that was answered here is meant, by the names it got here."""
    names = (body.tid, body.authorization_id, body.settle_id)
    return any(name.startswith(_MARK) for name in names)


def payment_answer(body: PaymentBody, case: Case, store: StoreConnection) -> Answer:
    """Approved or denied at once."""
    status: PaymentStatus = "approved" if case is Case.APPROVED else "denied"
    return Answer(200, _said(body.payment_id, status, store).as_json())


def is_later(case: Case) -> bool:
    """Whether the case ends by callback."""
    return case in _LATER


def later(asked: AskedPayment, case: Case) -> AskedPayment:
    """The payment, with the end that its callback has to tell."""
    return replace(asked, private={**asked.private, _CASE: case})


def standing(checkout: Checkout, store: StoreConnection) -> PaymentSaid | None:
    """How a payment of the suite stands; None for any other payment."""
    if _CASE not in checkout.private:
        return None
    said = _said(checkout.payment_id, "undefined", store)
    return said.model_copy(update={"payment_url": checkout.pay_url})


def end(checkout: Checkout, store: StoreConnection, now: datetime) -> PaymentSaid | None:
    """What its callback tells; None for any other payment.

    Raises:
        PlatformUnreachable: the call may still be being answered.
    """
    case = checkout.private.get(_CASE)
    if case is None:
        return None
    if now < checkout.updated_at + CALLBACK_AFTER:
        raise PlatformUnreachable("the test suite is told a moment after it was answered")
    status: PaymentStatus = "approved" if case == Case.LATER_APPROVED else "denied"
    return _said(checkout.payment_id, status, store)


def settled(asked: AskedSettlement, store: StoreConnection) -> Answer:
    """Settled at once."""
    said = SettleSaid(
        payment_id=asked.payment_id,
        settle_id=f"{_MARK}{asked.request_id}",
        value=asked.amount,
        code=None,
        message=explain("vtex_answer.settled", store.language),
        request_id=asked.request_id,
    )
    return Answer(200, said.as_json())


def refunded(asked: AskedRefund, store: StoreConnection) -> Answer:
    """Refunded at once: the suite wants a `refundId` in its first answer."""
    return refunds.answer(asked, _done(asked), store)


def cancelled(asked: AskedRefund, store: StoreConnection) -> Answer:
    """Cancelled at once."""
    return cancellations.answer(asked, replace(_done(asked), not_paid=True), store)


def _done(asked: AskedRefund) -> RefundStanding:
    """The suite names no currency, and its answer shows none."""
    amount = Money.zero("PEN") if asked.amount is None else Money.parse(asked.amount, "PEN")
    name = f"{_MARK}{asked.private[refunds.REQUEST]}"
    return RefundStanding(our_id=name, amount=amount, state=State.REFUNDED)


def _said(payment_id: str, status: PaymentStatus, store: StoreConnection) -> PaymentSaid:
    return PaymentSaid(
        payment_id=payment_id,
        status=status,
        authorization_id=f"{_MARK}{payment_id}" if status == "approved" else "",
        tid=f"{_MARK}{payment_id}",
        nsu=f"{_MARK}{payment_id}",
        acquirer=payments.ACQUIRER,
        code=None,
        message=explain("vtex_answer.suite", store.language),
        payment_url=None,
        delay_to_auto_settle=payments.SETTLE_AFTER_SECONDS,
        delay_to_auto_settle_after_antifraud=payments.SETTLE_AFTER_SECONDS,
        delay_to_cancel=600,
    )
