"""Questions to the ledger that a person or a program asks, and their answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State

Reach = frozenset[str] | None
"""The ids of the stores that may be looked at; None means all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list that is sorted by time and id, newest first."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSearch:
    """Which refunds; whatever is left empty does not narrow. Newest (`created_at`) first.

    `order` is an order's number or id, `buyer` a keyed hash. `after` continues behind a
    refund that was shown. At most `limit` come.
    """

    reach: Reach = None
    store_id: str | None = None
    states: frozenset[State] = frozenset()
    order: str = ""
    transaction_id: str = ""
    buyer: str = ""
    amount: Money | None = None
    attention: bool = False
    asked_from: datetime | None = None
    asked_before: datetime | None = None
    after: Mark | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which audit entries, newest first: of these stores, or of these agencies.

    Entries of no store and no agency are shown only where `reach` is None.
    """

    reach: Reach = None
    agencies: frozenset[str] = frozenset()
    actor: str = ""
    subject: str = ""
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class StateTally:
    """How many unfinished refunds are in a state, and their sum in one currency."""

    state: State
    count: int
    total: Money


@dataclass(frozen=True, slots=True)
class DayTally:
    """How many refunds were asked for on a day in Lima, and their sum in one currency."""

    day: date
    count: int
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHead:
    """What of a store can be read without opening a secret."""

    id: str
    platform: str
    identity: str
    account_id: str
    mode: Mode
    language: str
    agency: str | None
    settings: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """What the last check of a store found: name, passed, detail and mend of each."""

    store_id: str
    at: datetime
    checks: tuple[Mapping[str, Any], ...]
