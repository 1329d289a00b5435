"""When to look again, and when money is late.

Growing waits with a jitter that is derived, not random.
"""

import hashlib
from datetime import date, datetime, timedelta

from pef_adapters.core.calendar import add_business_days, lima_date
from pef_adapters.core.states import State
from pef_adapters.engine.records import Refund

_UNKNOWN = (5, 15, 60, 300, 900, 3600)
_FIRST_PENDING, _LAST_PENDING = timedelta(minutes=1), timedelta(hours=6)
_LAST_CHECKOUT = timedelta(hours=1)
_AFTER_PAID = tuple(timedelta(days=days) for days in (1, 3, 7, 14))
_FAULT = (5, 15, 60, 300, 900)
_STORE_REFUSES = (60, 900, 3600)
_USUAL_BUSINESS_DAYS = 7
_OVERDUE_BUSINESS_DAYS = 3


def unknown(refund_id: str, tries: int, now: datetime) -> datetime:
    """After a lost answer: seconds at first, an hour at last."""
    return now + _wait(_UNKNOWN, refund_id, tries)


def pending(refund_id: str, since: datetime, now: datetime) -> datetime:
    """While the money is on its way: after as long again as it has taken so far."""
    so_far = max(_FIRST_PENDING, min(now - since, _LAST_PENDING))
    return now + so_far * _spread(refund_id, int(so_far.total_seconds()))


def settled(since: datetime, now: datetime) -> datetime | None:
    """After it was paid: a few looks more, because a bank can still send it back."""
    return next((since + day for day in _AFTER_PAID if since + day > now), None)


def after_fault(refund_id: str, tries: int, now: datetime) -> datetime:
    """After somebody outside could not be reached."""
    return now + _wait(_FAULT, refund_id, tries)


def after_refusal(refund_id: str, tries: int, now: datetime) -> datetime:
    """After a store refused our keys: a person has to act first."""
    return now + _wait(_STORE_REFUSES, refund_id, tries)


def next_telling(rhythm: tuple[int, ...], seed: str, tries: int, now: datetime) -> datetime:
    """When a platform is told again: in the rhythm it prescribes, in seconds, or in ours."""
    return now + _wait(rhythm or _FAULT, seed, tries)


def checkout(checkout_id: str, since: datetime, now: datetime) -> datetime:
    """While a buyer may pay: after as long again as the CIP has waited, an hour at most."""
    waited = max(_FIRST_PENDING, min(now - since, _LAST_CHECKOUT))
    return now + waited * _spread(checkout_id, int(waited.total_seconds()))


def usual_day(now: datetime) -> str:
    """The last of the usual business days of a payment that leaves now (spec S5)."""
    return str(add_business_days(lima_date(now), _USUAL_BUSINESS_DAYS))


def is_overdue(refund: Refund, now: datetime) -> bool:
    """Whether its money should have arrived some business days ago."""
    if refund.state is not State.PENDING or refund.expected_on is None:
        return False
    last = add_business_days(date.fromisoformat(refund.expected_on), _OVERDUE_BUSINESS_DAYS)
    return lima_date(now) > last


def _wait(steps: tuple[int, ...], seed: str, tries: int) -> timedelta:
    return timedelta(seconds=steps[min(tries, len(steps) - 1)]) * _spread(seed, tries)


def _spread(seed: str, number: int) -> float:
    """Up to a fifth more, so that crowds disperse."""
    return 1 + hashlib.sha256(f"{seed}/{number}".encode()).digest()[0] / 255 / 5
