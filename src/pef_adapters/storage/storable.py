"""What a record looks like once it has been stored, in whichever ledger.

Both ledgers pass every record through here before writing, so that they can't
drift: times become UTC, mappings become plain JSON, and text that PostgreSQL
can't hold (NUL, half a surrogate pair) is replaced, because a hostile store must
not be able to stop its own deliveries from being written. What the tables' CHECKs
say of one record is said here first, so that both ledgers refuse it alike. A search goes
the same way, so that it looks for what is kept.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from pef_adapters.core.access import Grant, Power
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
    Mark,
    Payment,
    Payout,
    PayoutBatch,
    PrivacyCase,
    Proof,
    PublishedPolicy,
    Received,
    Refund,
    RefundSearch,
    Review,
    ReviewAct,
    Seal,
    Session,
    Store,
    StoreHealth,
    TimelineEntry,
    User,
)

Record = TypeVar(
    "Record",
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
    RefundSearch,
    Review,
    ReviewAct,
    Seal,
    Session,
    Store,
    StoreHealth,
    TimelineEntry,
    User,
)

# The CHECKs of 0002_desk.sql and 0003_gateways.sql, and what each is called where it is not kept.
_MUST: Mapping[type, tuple[str, Callable[[Any], bool]]] = {
    PublishedPolicy: ("a policy's version is at least 1", lambda policy: policy.version > 0),
    Review: ("a review needs one person or two", lambda review: review.needed in {1, 2}),
    Link: ("a link can't have fewer than no tries left", lambda link: link.tries_left >= 0),
    Payout: ("a payout is more than nothing", lambda payout: payout.paid_out.minor > 0),
    Checkout: ("a checkout is more than nothing", lambda checkout: checkout.amount.minor > 0),
}


def storable(record: Record) -> Record:
    """The record as it will be read back.

    Raises:
        ValueError: a time is naive, a mapping holds what JSON can't, or a figure is
            one that no table takes.
        TypeError: a mapping holds what JSON can't.
    """
    rule, kept = _MUST.get(type(record), ("", _anything))
    if not kept(record):
        raise ValueError(rule)
    return replace(record, **_fields(record))


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: the time is naive, so it is no moment.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def text(value: str) -> str:
    """The text as it is kept: what PostgreSQL can't hold is replaced."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _anything(_: Any) -> bool:
    return True


def _fields(record: Any) -> dict[str, Any]:
    return {each.name: _stored(getattr(record, each.name)) for each in fields(record)}


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, str) and not isinstance(value, Enum):
        return text(value)
    if isinstance(value, Grant | Mark | Power):
        return replace(value, **_fields(value))
    if isinstance(value, tuple):
        return tuple(_stored(each) for each in value)
    if isinstance(value, Mapping):
        return json.loads(json.dumps(dict(value), allow_nan=False), object_hook=_clean)
    return value


def _clean(plain: dict[str, Any]) -> dict[str, Any]:
    return {text(key): _clean_value(value) for key, value in plain.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_clean_value(each) for each in value]
    return value
