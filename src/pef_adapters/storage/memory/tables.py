"""What the twin holds: one mapping per table, of frozen records."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Self

from pef_adapters.engine.records import (
    Account,
    ActualCost,
    Agency,
    Alarm,
    Attempt,
    AuditEntry,
    Checkout,
    Decided,
    Destination,
    Exchange,
    KeptCall,
    KeptRefund,
    Link,
    MachineToken,
    Payment,
    Payout,
    PayoutBatch,
    PrivacyCase,
    Proof,
    PublishedPolicy,
    Received,
    Refund,
    Review,
    ReviewAct,
    Seal,
    Session,
    Store,
    StoreHealth,
    TimelineEntry,
    User,
)


@dataclass(frozen=True, slots=True)
class Wake:
    """A deferred job: `advance` a refund, `digest` a delivery or `mind` a checkout."""

    task: str
    subject: str | int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A payload that waits for its token."""

    payload: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """How many there were since `began_at`."""

    count: int
    began_at: datetime


@dataclass(slots=True)
class Tables:
    """The whole ledger. The records are frozen, so copying the mappings copies it all."""

    accounts: dict[str, Account] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    received: dict[int, Received] = field(default_factory=dict)
    due: dict[int, datetime] = field(default_factory=dict)
    closed: dict[int, datetime] = field(default_factory=dict)
    payments: dict[tuple[str, str], Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    timeline: dict[int, TimelineEntry] = field(default_factory=dict)
    policies: dict[tuple[str, int], PublishedPolicy] = field(default_factory=dict)
    decided: dict[int, Decided] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    acts: dict[int, ReviewAct] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    destinations: dict[int, Destination] = field(default_factory=dict)
    batches: dict[str, PayoutBatch] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    proofs: dict[int, Proof] = field(default_factory=dict)
    alarms: dict[int, Alarm] = field(default_factory=dict)
    costs: dict[int, ActualCost] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    asked_refunds: dict[tuple[str, str], KeptRefund] = field(default_factory=dict)
    privacy_cases: dict[tuple[str, str], PrivacyCase] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict, repr=False)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    tokens: dict[str, MachineToken] = field(default_factory=dict)
    audits: dict[int, AuditEntry] = field(default_factory=dict)
    tries: dict[str, Tries] = field(default_factory=dict)
    calls: dict[tuple[str, str], KeptCall] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    healths: dict[str, StoreHealth] = field(default_factory=dict)
    seals: dict[tuple[str, int], Seal] = field(default_factory=dict)
    wakes: dict[int, Wake] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(*[getattr(self, name).copy() for name in _NAMES])


_NAMES = tuple(each.name for each in fields(Tables))
