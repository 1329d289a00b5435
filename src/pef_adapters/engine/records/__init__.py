"""The engine's records: what the ledger keeps. Plain, frozen, without behaviour."""

from pef_adapters.engine.records.alarms import (
    ActualCost,
    Alarm,
)
from pef_adapters.engine.records.approvals import (
    Act,
    Decided,
    PublishedPolicy,
    Review,
    ReviewAct,
    ReviewEnd,
)
from pef_adapters.engine.records.connections import (
    Account,
    Store,
)
from pef_adapters.engine.records.evidence import (
    BookVerified,
    Broken,
    EvidenceBook,
    Head,
    Seal,
    Wrong,
)
from pef_adapters.engine.records.payouts import (
    Destination,
    Link,
    LinkEnd,
    Payout,
    PayoutBatch,
    PayoutEnd,
    Proof,
)
from pef_adapters.engine.records.people import (
    Agency,
    AuditEntry,
    KeptCall,
    MachineToken,
    Session,
    User,
)
from pef_adapters.engine.records.privacy import PrivacyCase
from pef_adapters.engine.records.refunds import (
    Attempt,
    Exchange,
    Payment,
    Received,
    Refund,
    Source,
    TimelineEntry,
)
from pef_adapters.engine.records.searches import (
    AuditSearch,
    DayTally,
    Mark,
    Reach,
    RefundSearch,
    StateTally,
    StoreHead,
    StoreHealth,
)
from pef_adapters.platforms.asked import Checkout, KeptRefund

__all__ = [
    "Account",
    "Act",
    "ActualCost",
    "Agency",
    "Alarm",
    "Attempt",
    "AuditEntry",
    "AuditSearch",
    "BookVerified",
    "Broken",
    "Checkout",
    "DayTally",
    "Decided",
    "Destination",
    "EvidenceBook",
    "Exchange",
    "Head",
    "KeptCall",
    "KeptRefund",
    "Link",
    "LinkEnd",
    "MachineToken",
    "Mark",
    "Payment",
    "Payout",
    "PayoutBatch",
    "PayoutEnd",
    "PrivacyCase",
    "Proof",
    "PublishedPolicy",
    "Reach",
    "Received",
    "Refund",
    "RefundSearch",
    "Review",
    "ReviewAct",
    "ReviewEnd",
    "Seal",
    "Session",
    "Source",
    "StateTally",
    "Store",
    "StoreHead",
    "StoreHealth",
    "TimelineEntry",
    "User",
    "Wrong",
]
