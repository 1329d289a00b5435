"""What a record looks like once it has been stored, in whichever ledger.

Both ledgers pass every record through here before writing, so that they can't
drift: times become UTC, mappings become plain JSON, and text that PostgreSQL
can't hold (NUL, half a surrogate pair) is replaced, because a hostile store must
not be able to stop its own deliveries from being written.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from pef_adapters.engine.records import (
    Account,
    ActualCost,
    Alarm,
    Attempt,
    Decided,
    Destination,
    Exchange,
    Link,
    Payment,
    Payout,
    PayoutBatch,
    Proof,
    PublishedPolicy,
    Received,
    Refund,
    Review,
    ReviewAct,
    Store,
    TimelineEntry,
)

Record = TypeVar(
    "Record",
    Account,
    ActualCost,
    Alarm,
    Attempt,
    Decided,
    Destination,
    Exchange,
    Link,
    Payment,
    Payout,
    PayoutBatch,
    Proof,
    PublishedPolicy,
    Received,
    Refund,
    Review,
    ReviewAct,
    Store,
    TimelineEntry,
)


def storable(record: Record) -> Record:
    """The record as it will be read back.

    Raises:
        ValueError: a time is naive, or a mapping holds what JSON can't.
        TypeError: as before.
    """
    changed = {f.name: _stored(getattr(record, f.name)) for f in fields(record)}
    return replace(record, **changed)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: the time is naive, so it is no moment.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, str) and not isinstance(value, Enum):
        return _text(value)
    if isinstance(value, tuple):
        return tuple(_stored(each) for each in value)
    if isinstance(value, Mapping):
        return json.loads(json.dumps(dict(value), allow_nan=False), object_hook=_clean)
    return value


def _clean(plain: dict[str, Any]) -> dict[str, Any]:
    return {_text(key): _clean_value(value) for key, value in plain.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_clean_value(each) for each in value]
    return value


def _text(value: str) -> str:
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
