"""What a person should know, and what refunds really cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pef_adapters.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person should know; raised once for each `key`, until it is cleared.

    `subject` names a refund ("refund/ID"), an account or a store; `code` is a text key.
    """

    key: str
    subject: str
    code: str
    figures: Mapping[str, str]
    raised_at: datetime
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualCost:
    """What one refund really cost, as a person read it on a statement."""

    refund_id: str
    amount: Money
    what: str
    recorded_by: str
    recorded_at: datetime
