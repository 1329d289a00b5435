"""The rail as the engine needs it: what it can say, in the engine's words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pef_adapters.core.money import Money
from pef_adapters.engine.records import Account, Attempt, Checkout


class RailStatus(StrEnum):
    """What the rail can say about a refund, in the engine's words."""

    ACCEPTED = "accepted"
    REFUNDED = "refunded"
    REFUSED = "refused"
    RETURNED = "returned"


class Refusal(StrEnum):
    """What a refusal asks for, from the rail's code."""

    FINAL = "final"
    BUSY = "busy"
    NEEDS_OWNER = "needs_owner"
    NEEDS_BENEFICIARY = "needs_beneficiary"
    DISPUTED_ID = "disputed_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class RailPayment:
    """A payment as the rail knows it; `paid_at` is None while it is not paid.

    `over` says that it can't be paid any more: it expired or was withdrawn.
    """

    transaction_id: str
    amount: Money
    paid_at: datetime | None
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RailCip:
    """A payment that the rail waits for; `pay_url` is where the buyer sees how to pay."""

    transaction_id: str
    pay_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RailRefund:
    """A refund as the rail answered it, checked against what was asked.

    `status_word` is the rail's own word; `code` the text key where it explains
    itself; `expected_on` an ISO date.
    """

    merchant_refund_id: str
    rail_refund_id: str
    status: RailStatus
    status_word: str
    expected_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RailRefusal:
    """The rail said no, provably: nothing was booked by this request."""

    refusal: Refusal
    code: str
    text: str


class Rail(Protocol):
    """PagoEfectivo, for one merchant account.

    Every call leaves its evidence through the recorder it was built with.
    """

    async def find_payment(self, transaction_id: str) -> RailPayment | None:
        """The payment, or None where the rail does not know it.

        Raises:
            RailError: could not be asked; nothing can be concluded.
        """
        ...

    async def create_payment(self, checkout: Checkout, email: str) -> RailCip:
        """Make a CIP for a checkout, whose id is its transaction code. WRITES outside.

        PagoEfectivo mails it to `email`; `checkout.expires_at` is how long it can be paid.

        The rail knows no idempotency key for it: twice makes two CIPs, of which a buyer
        must see one only.

        Raises:
            InvalidInput: what the rail would refuse, so nothing was sent.
            RailError: refused, or perhaps made.
        """
        ...

    async def cancel_payment(self, transaction_id: str) -> None:
        """Withdraw a CIP that nobody paid. WRITES outside; repeating it is harmless.

        Raises:
            AnsweredNo: it is paid, or over already; ask which.
            RailError: perhaps withdrawn.
        """
        ...

    async def send(self, attempt: Attempt) -> RailRefund | RailRefusal:
        """Ask for the refund under the attempt's id. WRITES outside.

        Raises:
            NotSent: provably nothing happened.
            MaybeSent, AnsweredNonsense: anything may have happened.
        """
        ...

    async def find_refund(self, attempt: Attempt) -> RailRefund | None:
        """The refund under the attempt's id, or None where the rail does not know it.

        Raises:
            RailError: could not be asked, or the answer is not about this attempt.
        """
        ...


class Rails(Protocol):
    """Finds the rail client of a merchant account."""

    def of(self, account: Account) -> Rail: ...
