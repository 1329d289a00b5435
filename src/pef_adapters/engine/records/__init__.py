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
from pef_adapters.engine.records.payouts import (
    Destination,
    Link,
    LinkEnd,
    Payout,
    PayoutBatch,
    PayoutEnd,
    Proof,
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
from pef_adapters.platforms.asked import Checkout, KeptRefund

__all__ = [
    "Account",
    "Act",
    "ActualCost",
    "Alarm",
    "Attempt",
    "Checkout",
    "Decided",
    "Destination",
    "Exchange",
    "KeptRefund",
    "Link",
    "LinkEnd",
    "Payment",
    "Payout",
    "PayoutBatch",
    "PayoutEnd",
    "PrivacyCase",
    "Proof",
    "PublishedPolicy",
    "Received",
    "Refund",
    "Review",
    "ReviewAct",
    "ReviewEnd",
    "Source",
    "Store",
    "TimelineEntry",
]
