"""Compare conditions with each other: which can never hold, and which hold wherever others do."""

from typing import Any

from pef_adapters.core.policy.conditions import Conditions, Hours, TextTest, Words, fold

_HOURS = range(24)
_RANGES = ("amount", "share_of_payment", "age_days", "age_business_days", "buyer_past_refunds")
_LISTS = ("currencies", "payment_methods", "platforms", "categories", "tags", "pressed_by")
_ALL_PERCENT = 100


def impossible(when: Conditions) -> tuple[str, str] | None:
    """The name and the text of a condition that no refund can meet; None: all can be met."""
    for name in _RANGES:
        asked = getattr(when, name)
        if asked is not None and _empty(asked):
            return name, str(asked)
    for name in _LISTS:
        if getattr(when, name) == ():
            return name, "[]"
    if when.reason is not None and when.reason == TextTest():
        return "reason", "{}"
    if when.hours is not None and when.hours.start == when.hours.end:
        return "hours", str(when.hours)
    return _at_odds(when)


def covers(early: Conditions, late: Conditions) -> bool:
    """Whether `early` surely holds for every refund for which `late` does."""
    return (
        all(_wider(getattr(early, name), getattr(late, name)) for name in _RANGES)
        and all(_listed(name, early, late) for name in _LISTS)
        and _fits_reason(early.reason, late.reason)
        and (early.hours is None or _hours(late.hours) <= _hours(early.hours))
    )


def _empty(asked: Any) -> bool:
    return asked.min is not None and asked.max is not None and bool(asked.min > asked.max)


def _at_odds(when: Conditions) -> tuple[str, str] | None:
    """Conditions that can each be met, but not together, or not past the guards."""
    amount, share = when.amount, when.share_of_payment
    if amount is not None and amount.max == 0:
        return "amount", str(amount)
    if amount is not None and amount.currency not in (when.currencies or (amount.currency,)):
        return "currencies", str(Words(when.currencies or ()))
    if share is not None and (share.max == 0 or (share.min or 0) > _ALL_PERCENT):
        return "share_of_payment", str(share)
    days, business = when.age_days, when.age_business_days
    if days and business and days.max is not None and (business.min or 0) > days.max:
        return "age_business_days", str(business)
    return None


def _wider(early: Any, late: Any) -> bool:
    """Whether the range `early` holds everything in `late`; without a range all is in."""
    if early is None:
        return True
    if late is None or getattr(early, "currency", None) != getattr(late, "currency", None):
        return False
    low = early.min is None or (late.min is not None and late.min >= early.min)
    return low and (early.max is None or (late.max is not None and late.max <= early.max))


def _listed(name: str, early: Conditions, late: Conditions) -> bool:
    wide = getattr(early, name)
    if wide is None:
        return True
    narrow = getattr(late, name)
    if narrow is None and name == "currencies" and late.amount is not None:
        narrow = (late.amount.currency,)
    return narrow is not None and {fold(w) for w in narrow} <= {fold(w) for w in wide}


def _fits_reason(early: TextTest | None, late: TextTest | None) -> bool:
    if early is None:
        return True
    if late is None:
        return False
    # A text that contains a word also contains each part of that word.
    parts = TextTest(contains=early.contains)
    return all(parts.holds(word) for word in late.contains) and all(map(early.holds, late.equals))


def _hours(hours: Hours | None) -> set[int]:
    return {hour for hour in _HOURS if hours is None or hours.holds(hour)}
