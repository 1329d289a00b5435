"""What comes from a store: deliveries, hints, refunds read back, and what a poll found.

Shapes only. A hint is never a fact; a `StoreRefund` is one, as the platform's API told it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pef_adapters.core.money import Money
from pef_adapters.platforms.asked import AskedRefund


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
    UNINSTALLED = "uninstalled"
    PRIVACY = "privacy"


class PrivacyKind(StrEnum):
    """What a privacy law lets people ask of us, by way of their platform."""

    TELL = "tell"
    ERASE_BUYER = "erase_buyer"
    ERASE_STORE = "erase_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """Tell or erase what is known of a buyer, or erase a store that left.

    `buyers` are the buyer's names as in `StoreRefund.buyer`; kept as keyed hashes only.
    """

    kind: PrivacyKind
    request_id: str
    buyers: tuple[str, ...] = field(default=(), repr=False)
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something at the store may have changed.

    `refund_ids` is given where the source lists all refunds of the order, so
    that an echo of our own write-back can be recognised without asking again.
    `asked` is given where this delivery is the platform's only word about a refund:
    it is kept, for `read` to find. `delivery_id` is the platform's name of the
    delivery, by which a repeated one is dropped; `at` when it happened there.
    """

    kind: HintKind
    order_id: str | None = None
    refund_id: str | None = None
    refund_ids: frozenset[str] | None = None
    detail: str = ""
    asked: AskedRefund | None = None
    privacy: PrivacyRequest | None = None
    delivery_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRefund:
    """A refund read back from the platform's API, with the order it belongs to.

    `ours` is False where the order was not paid by one of the configured payment
    methods: such a refund is none of our business.

    From `buyer` on, None means: not told. `buyer` is one text per person and store:
    "email:ana@example.com" in lower case, else "customer:17"; personal data, kept as a
    keyed hash only. `categories` and `tags` are names and slugs, of the refunded products
    or, where the refund names none, of all. `deadline_at`: the platform forces it by then.
    `payout_barred` is a text key that says why this refund may go back by the original
    route only, or None where a person may also pay it out by hand.
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
    payout_barred: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A poll found that store and ledger differ in a way that no read can mend.

    `code` is a text key that begins with "code."; `figures` its figures.
    """

    code: str
    order_id: str
    figures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a poll found, and where the next one has to start."""

    hints: tuple[Hint, ...]
    cursor: datetime
    findings: tuple[Finding, ...] = ()
