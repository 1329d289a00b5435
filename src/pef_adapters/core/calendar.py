"""Peruvian time: Lima dates, business days and the windows counted in them.

Holidays come from the `holidays` package (country PE). Peru is UTC-5 all year
(fact sheet 6.3). Pure: nothing here reads a clock.
"""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

import holidays

from pef_adapters.core.errors import InvalidInput

LIMA = timezone(timedelta(hours=-5), "America/Lima")
_SATURDAY = 5


def lima_time(moment: datetime) -> datetime:
    """The same moment on Lima's clocks.

    Raises:
        InvalidInput: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise InvalidInput("a time without a zone can't be placed on Lima's calendar")
    return moment.astimezone(LIMA)


def lima_date(moment: datetime) -> date:
    """The calendar day in Lima at `moment`.

    Raises:
        InvalidInput: `moment` has no time zone.
    """
    return lima_time(moment).date()


def is_business_day(day: date) -> bool:
    """Whether banks in Peru work on `day`: neither a weekend nor a national holiday."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def add_business_days(start: date, days: int) -> date:
    """The `days`-th business day after `start`; the start itself is not counted.

    Raises:
        InvalidInput: `days` is negative.
    """
    if days < 0:
        raise InvalidInput("business days are counted forwards")
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_business_day(day)
    return day


def age_in_days(since: datetime, now: datetime) -> int:
    """Whole calendar days in Lima between two moments; the same day is 0."""
    return (lima_date(now) - lima_date(since)).days


def age_in_business_days(since: datetime, now: datetime) -> int:
    """Business days in Lima after the day of `since`, up to and with that of `now`."""
    return _business_days(lima_date(since), lima_date(now))


@lru_cache(maxsize=4096)
def _business_days(start: date, end: date) -> int:
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_business_day(day) for day in days)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("PE", years=year))
