"""Peruvian days: the fact sheet's vectors and the borders of a day in Lima."""

from datetime import UTC, date, datetime

import pytest

from pef_adapters.core.calendar import (
    LIMA,
    add_business_days,
    age_in_days,
    is_business_day,
    lima_date,
)
from pef_adapters.core.errors import InvalidInput

# Fact sheet 6.3: start, +1, +3, +7.
VECTORS = [
    ("2026-11-23", "2026-11-24", "2026-11-26", "2026-12-02"),
    ("2026-12-04", "2026-12-07", "2026-12-11", "2026-12-17"),
    ("2026-12-07", "2026-12-10", "2026-12-14", "2026-12-18"),
    ("2026-12-24", "2026-12-28", "2026-12-30", "2027-01-06"),
    ("2026-07-22", "2026-07-24", "2026-07-30", "2026-08-05"),
    ("2027-03-24", "2027-03-29", "2027-03-31", "2027-04-06"),
]


@pytest.mark.parametrize(("start", "one", "three", "seven"), VECTORS)
def test_business_days_skip_weekends_and_holidays(
    start: str, one: str, three: str, seven: str
) -> None:
    """Counting 1, 3 and 7 business days ends where the fact sheet computed it."""
    day = date.fromisoformat(start)
    ends = [add_business_days(day, count).isoformat() for count in (1, 3, 7)]
    assert ends == [one, three, seven]


def test_no_business_days_is_the_day_itself() -> None:
    """Zero business days after a Sunday is still that Sunday."""
    assert add_business_days(date(2026, 11, 22), 0) == date(2026, 11, 22)


def test_business_days_are_not_counted_backwards() -> None:
    """A negative count is refused."""
    with pytest.raises(InvalidInput):
        add_business_days(date(2026, 11, 23), -1)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-23", True),
        ("2026-11-21", False),  # Saturday
        ("2026-11-22", False),  # Sunday
        ("2026-12-08", False),  # Immaculate Conception
        ("2026-12-09", False),  # Battle of Ayacucho, a holiday since 2022
        ("2027-03-26", False),  # Good Friday
        ("2026-07-23", False),  # a holiday since 2023
    ],
)
def test_banks_rest_on_weekends_and_national_holidays(day: str, *, works: bool) -> None:
    """A business day is neither a weekend nor one of the national holidays."""
    assert is_business_day(date.fromisoformat(day)) is works


def test_the_day_changes_at_midnight_in_lima() -> None:
    """04:59 UTC still belongs to yesterday in Lima, 05:00 UTC to today."""
    assert lima_date(datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert lima_date(datetime(2026, 11, 23, 5, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_ages_count_lima_days_and_not_hours() -> None:
    """Two minutes over midnight make a day; twenty-three hours within one make none."""
    late, early = (
        datetime(2026, 11, 1, 23, 59, tzinfo=LIMA),
        datetime(2026, 11, 2, 0, 1, tzinfo=LIMA),
    )
    assert age_in_days(late, early) == 1
    assert age_in_days(early, early.replace(hour=23)) == 0
    assert age_in_days(early, late) == -1


def test_naive_times_are_refused() -> None:
    """A time without a zone has no place on Lima's calendar."""
    naive = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001  the point of this test
    with pytest.raises(InvalidInput):
        lima_date(naive)
    with pytest.raises(InvalidInput):
        age_in_days(naive, datetime(2026, 11, 23, tzinfo=UTC))
