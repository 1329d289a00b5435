"""The contract between the engine and a store platform.

An adapter translates; it decides nothing and keeps nothing. Of its six methods only
`write_back` and `connect` change anything outside, of its two optional parts only
`buyer_messages`. Canonical records come out: no platform's field name passes this line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State

# --- what an adapter says about itself ---------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can and can't do; frozen, so that it can be relied upon.

    `answer_seconds` is how long the platform waits for a webhook's answer,
    `redelivers` whether it sends a failed webhook again, `announces_deletion`
    whether every deletion of a refund is told. `tells_buyer` and `tells_products`
    promise those facts of a `StoreRefund` where the order has them.
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


# --- one store, as its adapter sees it ---------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnection:
    """One connected store. `secrets` is open here and encrypted in storage.

    `settings` and `secrets` hold the adapter's own settings record (see its
    `settings.py`); `callback_url` is where the platform reaches this store's
    webhook endpoint.
    """

    store_id: str
    platform: str
    address: str
    mode: Mode
    language: str
    callback_url: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


# --- coming in ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook exactly as it arrived; header names are lower-case."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HintKind(StrEnum):
    """What a delivery or a poll makes us look at. A hint is never a fact."""

    REFUND_CREATED = "refund_created"
    REFUND_DELETED = "refund_deleted"
    ORDER_CHANGED = "order_changed"
    PING = "ping"
    STORE_TROUBLE = "store_trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something at the store may have changed.

    `refund_ids` is given where the source lists all refunds of the order, so
    that an echo of our own write-back can be recognised without asking again.
    """

    kind: HintKind
    order_id: str | None = None
    refund_id: str | None = None
    refund_ids: frozenset[str] | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRefund:
    """A refund read back from the platform's API, with the order it belongs to.

    `ours` is False where the order was not paid by one of the configured payment
    methods: such a refund is none of our business.

    From `buyer` on, None means: not told. `buyer` is one text per person and store:
    "email:ana@example.com" in lower case, else "customer:17"; personal data, kept as a
    keyed hash only. `categories` and `tags` are names and slugs, of the refunded products
    or, where the refund names none, of all. `deadline_at`: the platform forces it by then.
    """

    refund_id: str
    order_id: str
    order_number: str
    amount: Money
    reason: str
    requested_at: datetime
    requested_by: str | None
    paid_by_gateway: bool
    order_currency: str
    order_total: Money
    order_paid_at: datetime | None
    payment_method: str
    transaction_id: str | None
    ours: bool
    buyer: str | None = field(default=None, repr=False)
    categories: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a poll found, and where the next one has to start."""

    hints: tuple[Hint, ...]
    cursor: datetime


# --- going out ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """One refund's level, as the order shall show it.

    `note` is the private sentence for people, in the store's language. `marker`
    is unique to this refund and revision: with it an adapter finds out that a
    note has been written already.
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


class OneClick(Protocol):
    """How a platform hands over its keys after the owner pressed one button."""

    def authorize_url(self, address: str, *, state: str, return_url: str, callback_url: str) -> str:
        """Where the owner approves; the keys are posted to `callback_url` with `state`.

        Raises:
            SettingInvalid: the platform would refuse these addresses.
        """
        ...

    def read_keys(self, body: bytes) -> tuple[str, Mapping[str, str]]:
        """The state and the secrets that the platform posted; unsigned, so unproved.

        Raises:
            WebhookRejected: the body holds no usable keys.
        """
        ...


class BuyerMessages(Protocol):
    """How a platform passes a message to an order's buyer, by its own mail."""

    async def tell_buyer(
        self, order_id: str, text: str, marker: str, store: StoreConnection
    ) -> None:
        """Send the buyer plain text, in which a bare https link works.

        WRITES outside. Safe to repeat: a message with this `marker`, which the buyer
        sees, is not sent again. A timeout means: perhaps sent; call again.

        Raises:
            PlatformError: not surely sent, or there is no order or address to send it to.
        """
        ...


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
