"""When to look again. Growing waits with a jitter that is derived, not random."""

import hashlib
from datetime import datetime, timedelta

_UNKNOWN = (5, 15, 60, 300, 900, 3600)
_PENDING = (60, 900, 3600, 6 * 3600)
_FAULT = (5, 15, 60, 300, 900)
_STORE_REFUSES = (60, 900, 3600)


def unknown(refund_id: str, tries: int, now: datetime) -> datetime:
    """After a lost answer: seconds at first, an hour at last."""
    return now + _wait(_UNKNOWN, refund_id, tries)


def pending(refund_id: str, tries: int, now: datetime) -> datetime:
    """While the money is on its way, which takes business days (spec S5)."""
    return now + _wait(_PENDING, refund_id, tries)


def after_fault(refund_id: str, tries: int, now: datetime) -> datetime:
    """After somebody outside could not be reached."""
    return now + _wait(_FAULT, refund_id, tries)


def after_refusal(refund_id: str, tries: int, now: datetime) -> datetime:
    """After a store refused our keys: a person has to act first."""
    return now + _wait(_STORE_REFUSES, refund_id, tries)


def _wait(steps: tuple[int, ...], seed: str, tries: int) -> timedelta:
    """The step for this try, stretched by up to a fifth so that crowds disperse."""
    base = steps[min(tries, len(steps) - 1)]
    spread = hashlib.sha256(f"{seed}/{tries}".encode()).digest()[0] / 255
    return timedelta(seconds=base * (1 + spread / 5))
