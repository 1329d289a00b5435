"""What the engine needs from outside, as Protocols: ledger, rail, platform, clock.

The engine owns these shapes; storage, the PagoEfectivo client and the adapters
fit them. A `Ledger` is one open transaction: what is done through it commits
together, the wake-up job included, or not at all.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.records import (
    Account,
    Attempt,
    Exchange,
    Payment,
    Received,
    Refund,
    Store,
    TimelineEntry,
)
from pef_adapters.platforms.contract import Platform


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Ledger(Protocol):
    """One transaction over everything we keep."""

    # deliveries
    async def add_received(self, received: Received) -> int:
        """Store a delivery and its wake-up; answers its id (`received.id` is ignored)."""
        ...

    async def received(self, received_id: int) -> Received | None: ...

    async def close_received(self, received_id: int, outcome: str, at: datetime) -> None: ...

    async def postpone_received(self, received_id: int, until: datetime) -> None:
        """Count a failed try and wake the delivery again at `until`."""
        ...

    async def wake_received(self, received_id: int) -> None:
        """Defer `digest(received_id)` again, at once, without counting a try."""
        ...

    async def forget_received(self, before: datetime) -> None:
        """Delete deliveries that were closed before `before`; open ones stay."""
        ...

    async def open_received(self, before: datetime, limit: int) -> list[int]:
        """Deliveries stored before `before` and due by then, still without an outcome."""
        ...

    # refunds
    async def add_refund(self, refund: Refund) -> bool:
        """Insert; False where the store's refund id is known already."""
        ...

    async def refund(self, refund_id: str) -> Refund | None: ...

    async def lock_refund(self, refund_id: str) -> Refund | None:
        """Read for update: nobody else changes it until this transaction ends."""
        ...

    async def find_refund(self, store_id: str, platform_refund_id: str) -> Refund | None: ...

    async def refunds_of_order(self, store_id: str, order_id: str) -> list[Refund]:
        """Oldest first."""
        ...

    async def refunds_of_payment(self, account_id: str, transaction_id: str) -> list[Refund]:
        """Oldest first."""
        ...

    async def list_refunds(
        self, *, store_id: str | None = None, state: State | None = None, limit: int = 100
    ) -> list[Refund]:
        """Newest first."""
        ...

    async def save_refund(self, refund: Refund) -> None:
        """Write every field; the state guard of the database applies."""
        ...

    async def due_refunds(self, now: datetime, limit: int) -> list[str]:
        """Refunds whose next action or write-back is due."""
        ...

    # payments
    async def add_payment(self, payment: Payment) -> None:
        """Insert unless it is there; an existing payment is left as it is."""
        ...

    async def payment(self, account_id: str, transaction_id: str) -> Payment | None: ...

    async def lock_payment(self, account_id: str, transaction_id: str) -> Payment | None: ...

    async def save_payment(self, payment: Payment) -> None:
        """Write the money's position.

        Raises:
            AmountExceedsRest: refunded + reserved would exceed what was paid.
        """
        ...

    # attempts and evidence
    async def add_attempt(self, attempt: Attempt) -> None: ...

    async def attempt(self, merchant_refund_id: str) -> Attempt | None: ...

    async def attempts(self, refund_id: str) -> list[Attempt]:
        """Oldest first."""
        ...

    async def save_attempt(self, attempt: Attempt) -> None: ...

    async def add_exchange(self, exchange: Exchange) -> None: ...

    async def exchanges(self, merchant_refund_ids: Sequence[str]) -> list[Exchange]:
        """Oldest first."""
        ...

    async def add_entry(self, entry: TimelineEntry) -> None: ...

    async def timeline(self, refund_id: str) -> list[TimelineEntry]:
        """Oldest first."""
        ...

    # stores and accounts
    async def add_store(self, store: Store) -> None:
        """Insert, or replace the settings and secrets of the store with this id."""
        ...

    async def store(self, store_id: str) -> Store | None: ...

    async def stores(self) -> list[Store]: ...

    async def store_ids(self) -> list[str]:
        """Every store's id, oldest first; opens no secret."""
        ...

    async def save_cursor(self, store_id: str, cursor: datetime) -> None: ...

    async def add_account(self, account: Account) -> None:
        """Insert, or replace the account with this id."""
        ...

    async def account(self, account_id: str) -> Account | None: ...

    async def accounts(self) -> list[Account]: ...

    # one-time states of key exchanges
    async def add_invitation(self, token_sha256: str, payload: str, expires_at: datetime) -> None:
        """Keep `payload` (JSON) until somebody brings the token it belongs to."""
        ...

    async def take_invitation(self, token_sha256: str, now: datetime) -> str | None:
        """The payload, once; None if unknown, used or expired."""
        ...

    # wake-ups
    async def wake(self, refund: Refund, at: datetime | None = None) -> None:
        """Defer `advance(refund.id)` in this transaction, at `at` or at once."""
        ...


class LedgerBook(Protocol):
    """Opens transactions."""

    def begin(self) -> AbstractAsyncContextManager[Ledger]:
        """A transaction that commits on leaving and rolls back on an exception."""
        ...


class Boundary(StrEnum):
    """Every place where a killed process leaves a refund half-way, in order."""

    RESERVING = "reserving"
    INTENDED = "intended"
    ANSWERED = "answered"
    OBSERVED = "observed"
    WRITING_BACK = "writing_back"
    WRITTEN_BACK = "written_back"
    ACKNOWLEDGED = "acknowledged"


# --- the rail -------------------------------------------------------------------


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
    """A payment as the rail knows it; `paid_at` is None while it is not paid."""

    transaction_id: str
    amount: Money
    paid_at: datetime | None


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


class Platforms(Protocol):
    """Finds the adapter of a platform by its name."""

    def named(self, platform: str) -> Platform: ...


class FaultPoint(Protocol):
    """Called at each boundary between durable steps; tests stop the process there."""

    def __call__(self, boundary: Boundary) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, in one place, handed to each use case."""

    book: LedgerBook
    rails: Rails
    platforms: Platforms
    clock: Clock
    at: FaultPoint
    replay_window_seconds: int = 24 * 60 * 60
