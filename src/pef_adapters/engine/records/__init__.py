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
from pef_adapters.engine.records.refunds import (
    Attempt,
    Exchange,
    Payment,
    Received,
    Refund,
    Source,
    TimelineEntry,
)

__all__ = [
    "Account",
    "Act",
    "ActualCost",
    "Alarm",
    "Attempt",
    "Decided",
    "Destination",
    "Exchange",
    "Link",
    "LinkEnd",
    "Payment",
    "Payout",
    "PayoutBatch",
    "PayoutEnd",
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
