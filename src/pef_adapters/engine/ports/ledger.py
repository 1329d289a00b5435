"""The ledger of refunds, as the engine needs it. See `ports` for what a `Ledger` is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

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


class RefundLedger(Protocol):
    """Refunds and what they stand on."""

    # deliveries
    async def add_received(self, received: Received) -> int:
        """Store a delivery and its wake-up; answers its id (`received.id` is ignored).

        One that its owner delivered under the same name before is kept once: then the
        answer is the first one's id.
        """
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

    async def refunds_by_deadline(self, before: datetime, limit: int) -> list[Refund]:
        """Unfinished refunds that a platform wants done before `before`; most urgent first."""
        ...

    async def refunds_asked(self, start: datetime, end: datetime) -> list[Refund]:
        """Refunds requested from `start` until just before `end`; oldest first."""
        ...

    async def refunds_due_for_payout(self, account_id: str, limit: int) -> list[Refund]:
        """Refunds of the account that wait for the next bank file; oldest first."""
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

    async def payments_paid(self, start: datetime, end: datetime) -> list[Payment]:
        """Payments made from `start` until just before `end`, as far as we know them."""
        ...

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

    async def forget_invitations(self, now: datetime) -> None:
        """Delete those that have expired."""
        ...

    # the key that hashes accounts and buyers, and signs links
    async def house_key(self, fresh: str) -> str:
        """The one key of this house; `fresh` becomes it where there is none yet."""
        ...

    # wake-ups
    async def wake(self, refund: Refund, at: datetime | None = None) -> None:
        """Defer `advance(refund.id)` in this transaction, at `at` or at once."""
        ...
