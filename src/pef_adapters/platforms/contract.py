"""The contract between the engine and a store platform.

An adapter translates; it decides nothing and keeps nothing. Of its six methods only
`write_back` and `connect` change anything outside, of its optional parts (`parts`,
`provider`) only `buyer_messages` and a provider's `tell_payment`. Canonical records
come out: no platform's field name passes this line.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.coming_in import (
    Changes,
    Delivery,
    Finding,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
    StoreRefund,
)
from pef_adapters.platforms.parts import BuyerMessages, OneClick, SharedInbox
from pef_adapters.platforms.provider import Provider
from pef_adapters.platforms.stores import StoreConnection, StoreRecords

__all__ = [
    "BuyerMessages",
    "Capabilities",
    "Changes",
    "Check",
    "Delivery",
    "Finding",
    "Hint",
    "HintKind",
    "OneClick",
    "OrderReport",
    "Outcome",
    "Platform",
    "PrivacyKind",
    "PrivacyRequest",
    "Provider",
    "RefundLine",
    "SharedInbox",
    "StoreConnection",
    "StoreRecords",
    "StoreRefund",
]

# --- what an adapter says about itself ---------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can and can't do; frozen, so that it can be relied upon.

    `answer_seconds` is how long the platform waits for a webhook's answer,
    `redelivers` whether it sends a failed webhook again, `announces_deletion`
    whether every deletion of a refund is told. `tells_buyer` and `tells_products`
    promise those facts of a `StoreRefund` where the order has them.

    `outcome_is_final`: what the platform was once told about a refund's end can't be
    taken back, so that nothing may be paid after it was told otherwise. `tell_again_after`
    are the seconds between the tries to tell a store, where the platform prescribes them.
    """

    platform: str
    partial_refunds: bool
    several_refunds: bool
    signed_webhooks: bool
    redelivers: bool
    announces_deletion: bool
    refund_can_be_deleted: bool
    answer_seconds: int
    max_body_bytes: int
    tells_buyer: bool = False
    tells_products: bool = False
    outcome_is_final: bool = False
    tell_again_after: tuple[int, ...] = ()


# --- going out ----------------------------------------------------------------


class Outcome(StrEnum):
    """How a refund ended, where a platform wants to hear that and nothing else."""

    REFUNDED = "refunded"
    FAILED = "failed"
    LEFT_TO_STORE = "left_to_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """One refund's level, as the order shall show it.

    `note` is the private sentence for people, in the store's language. `marker`
    is unique to this refund and revision: with it an adapter finds out that a
    note has been written already. `outcome` is set on the one line that the report is
    about, once the refund has ended, where the platform's `outcome_is_final`; it never
    changes again.
    """

    refund_id: str
    our_id: str
    state: State
    amount: Money
    revision: int
    expected_on: str | None
    updated_at: datetime
    note: str | None
    marker: str
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class OrderReport:
    """All that the store's order shall say about its refunds: a level, not an edge."""

    order_id: str
    lines: tuple[RefundLine, ...]


# --- health -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a store's connection, its answer and how to mend it."""

    name: str
    passed: bool
    detail: str
    mend: str = ""


class Platform(Protocol):
    """A store platform. See `testing.conformance` for what the suite demands."""

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def one_click(self) -> OneClick | None:
        """How keys are handed over, or None where they are typed in only."""
        ...

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        """How the buyer is told something, or None where the platform can't."""
        ...

    @property
    def provider(self) -> Provider | None:
        """How the platform's gateway calls us as its payment provider, or None."""
        ...

    @property
    def inbox(self) -> SharedInbox | None:
        """How webhooks of all stores are told apart, or None where each has an address."""
        ...

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        """Verify a delivery and say what to look at.

        Reads and writes nothing outside; safe to repeat.

        Raises:
            WebhookRejected: forged, unreadable, oversized or another store's.
        """
        ...

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        """Read the refunds that a hint is about, by the platform's API.

        Reads outside only; safe to repeat. A timeout means: not read, try again.
        An empty answer is a fact: the refund, or the order, is not there.

        Raises:
            PlatformError: the store could not be read; nothing can be concluded.
        """
        ...

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        """What changed since `since`, for what webhooks lost.

        Reads outside only; safe to repeat; may report the same change twice.

        Raises:
            PlatformError: the store could not be read; keep the old cursor.
        """
        ...

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        """Make the order say what the report says.

        WRITES outside: notes and one hidden record, no status and no mail. Safe
        to repeat. A timeout means: perhaps written; call again with the newest
        report. An order that was erased has nothing left to say: that is no error.

        Raises:
            PlatformError: not (surely) written.
        """
        ...

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        """Create this store's webhooks, or replace those that died.

        WRITES outside: webhooks only. Safe to repeat: what is alive is left alone.
        A timeout means: perhaps created; call again.

        Raises:
            PlatformError: the store could not be read or refused the change.
        """
        ...

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        """Ask everything that must be right for refunds to work.

        Reads outside only; never raises for a failed check, each says how to mend it.
        """
        ...
