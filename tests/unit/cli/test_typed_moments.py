"""Days and times as people type them, and as they are shown: by Lima's clocks."""

from datetime import UTC, date, datetime

import pytest

from pef_adapters.cli import moments
from pef_adapters.core.errors import InvalidInput


def test_a_day_begins_at_midnight_in_lima() -> None:
    """A day typed alone is a day in Lima, five hours behind UTC."""
    assert moments.day("2026-11-30") == date(2026, 11, 30)
    assert moments.start_of("2026-11-30") == datetime(2026, 11, 30, 5, tzinfo=UTC)


def test_a_time_keeps_its_zone_and_is_shown_in_lima() -> None:
    """Whatever zone is typed, Lima's clock is what is shown."""
    at = moments.moment("2026-11-30T18:00-05:00")
    assert at == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert moments.shown(at) == "2026-11-30 18:00"
    assert moments.record(at) == "2026-11-30T18:00:00-05:00"
    assert (moments.shown(None), moments.record(None)) == ("", None)


def test_a_time_without_zone_is_refused_with_its_mend() -> None:
    """Nobody has to guess which clock was meant."""
    with pytest.raises(InvalidInput, match="write 2026-11-30T18:00-05:00 if you mean Lima"):
        moments.moment("2026-11-30T18:00")


@pytest.mark.parametrize("text", ["", "30/11/2026", "2026-02-30", "soon"])
def test_what_is_no_day_or_time_is_refused(text: str) -> None:
    """The error shows how one is written."""
    with pytest.raises(InvalidInput, match="such as 2026-11-30"):
        moments.day(text)
    with pytest.raises(InvalidInput, match="such as 2026-11-30T18:00-05:00"):
        moments.moment(text)
