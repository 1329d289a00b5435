"""When to look again, and what stands beside a refund: each rule at its edges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.states import State
from pef_adapters.engine import schedule
from pef_adapters.engine.attention import (
    ALARMS,
    KEYS_TROUBLE,
    PAID_BEYOND,
    RAIL_TROUBLE,
    STORE_TROUBLE,
    WRITE_BACK_TROUBLE,
    for_the_order,
    is_trouble,
    standing,
    why,
    without_trouble,
)
from storage_samples import refund

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seconds(at: datetime) -> float:
    """How long to wait."""
    return (at - NOW).total_seconds()


# schedule


@pytest.mark.parametrize(
    ("tries", "unknown", "fault", "refusal"),
    [
        (0, 5, 5, 60),
        (1, 15, 15, 900),
        (2, 60, 60, 3600),
        (3, 300, 300, 3600),
        (4, 900, 900, 3600),
        (5, 3600, 900, 3600),
        (99, 3600, 900, 3600),
    ],
)
def test_waits_grow_to_their_last_step(tries: int, unknown: int, fault: int, refusal: int) -> None:
    """Each up to a fifth longer, the same for the same refund."""
    for wait, least in (
        (schedule.unknown, unknown),
        (schedule.after_fault, fault),
        (schedule.after_refusal, refusal),
    ):
        waited = seconds(wait("RF", tries, NOW))
        assert least <= waited <= least * 1.2
        assert wait("RF", tries, NOW) == wait("RF", tries, NOW)


def test_crowds_disperse() -> None:
    """A hundred refunds that failed together are not looked at together."""
    moments = {schedule.after_fault(f"RF{n}", 4, NOW) for n in range(100)}
    spread = (max(moments) - min(moments)).total_seconds()
    assert len(moments) > 50
    assert 100 < spread <= 180


def test_a_platforms_own_rhythm_is_kept() -> None:
    """Where it prescribes none, ours counts."""
    assert 7 <= seconds(schedule.next_telling((7, 70), "s", 0, NOW)) <= 8.4
    assert 70 <= seconds(schedule.next_telling((7, 70), "s", 5, NOW)) <= 84
    assert 5 <= seconds(schedule.next_telling((), "s", 0, NOW)) <= 6


@pytest.mark.parametrize(
    ("so_far", "least"),
    [(0, 60), (30, 60), (600, 600), (6 * 3600, 6 * 3600), (99 * 3600, 6 * 3600)],
)
def test_money_on_its_way_is_looked_at_after_as_long_again(so_far: int, least: int) -> None:
    """A minute at least, six hours at most."""
    since = NOW - timedelta(seconds=so_far)
    assert least <= seconds(schedule.pending("RF", since, NOW)) <= least * 1.2


@pytest.mark.parametrize(("so_far", "least"), [(0, 60), (600, 600), (3600, 3600), (9 * 3600, 3600)])
def test_a_waiting_payment_is_looked_at_hourly_at_last(so_far: int, least: int) -> None:
    """A buyer may pay for days."""
    since = NOW - timedelta(seconds=so_far)
    assert least <= seconds(schedule.checkout("PC", since, NOW)) <= least * 1.2


@pytest.mark.parametrize(
    ("after", "day"),
    [(0, 1), (1, 3), (2.9, 3), (3, 7), (7, 14), (13.9, 14), (14, None), (20, None)],
)
def test_what_was_paid_is_looked_at_four_times_more(after: float, day: int | None) -> None:
    """A bank can still send it back within two weeks."""
    since = NOW - timedelta(days=after)
    assert schedule.settled(since, NOW) == (None if day is None else since + timedelta(days=day))


def test_the_usual_day_is_seven_business_days_away() -> None:
    """From a Monday: the Wednesday of the next week, with no holiday between."""
    assert schedule.usual_day(NOW) == "2026-12-02"


@pytest.mark.parametrize(
    ("state", "expected", "at", "late"),
    [
        (State.PENDING, "2026-11-23", date(2026, 11, 26), False),
        (State.PENDING, "2026-11-23", date(2026, 11, 27), True),
        (State.PENDING, None, date(2026, 11, 27), False),
        (State.REFUNDED, "2026-11-23", date(2026, 11, 27), False),
    ],
)
def test_money_is_overdue_after_three_business_days(
    state: State, expected: str | None, at: date, *, late: bool
) -> None:
    """Only while it is on its way, and only where a day was promised."""
    known = refund(state=state, expected_on=expected)
    moment = datetime(at.year, at.month, at.day, 12, tzinfo=LIMA)
    assert schedule.is_overdue(known, moment) is late


# attention


@pytest.mark.parametrize("alarm", ALARMS)
@pytest.mark.parametrize("new", [None, "code.REST_TAKEN", RAIL_TROUBLE, *ALARMS])
def test_an_alarm_stays_and_the_graver_one_stands(alarm: str, new: str | None) -> None:
    """Nothing lesser hides it."""
    graver = min(alarm, new, key=ALARMS.index) if new in ALARMS else alarm
    assert standing(alarm, new) == graver


@pytest.mark.parametrize(
    ("before", "new", "stands"),
    [
        (None, None, None),
        (None, "code.X", "code.X"),
        (None, RAIL_TROUBLE, RAIL_TROUBLE),
        ("code.X", None, None),
        ("code.X", "code.Y", "code.Y"),
        ("code.X", RAIL_TROUBLE, "code.X"),
        ("code.X", "error.X", "code.X"),
        (RAIL_TROUBLE, STORE_TROUBLE, STORE_TROUBLE),
        (RAIL_TROUBLE, "code.X", "code.X"),
        ("code.X", PAID_BEYOND, PAID_BEYOND),
    ],
)
def test_a_trouble_hides_nothing_and_anything_else_is_news(
    before: str | None, new: str | None, stands: str | None
) -> None:
    """Whoever can't be reached is no reason to forget why a refund is held."""
    assert standing(before, new) == stands


@pytest.mark.parametrize(
    ("attention", "trouble", "told"),
    [
        (None, False, None),
        ("code.X", False, "code.X"),
        ("error.X", True, None),
        (RAIL_TROUBLE, True, RAIL_TROUBLE),
        (STORE_TROUBLE, True, None),
        (KEYS_TROUBLE, True, None),
        (WRITE_BACK_TROUBLE, True, None),
    ],
)
def test_the_order_hears_of_what_concerns_its_buyer(
    attention: str | None, told: str | None, *, trouble: bool
) -> None:
    """That the store can't be told is between the store and us."""
    assert is_trouble(attention) is trouble
    assert without_trouble(attention) == (None if trouble else attention)
    assert for_the_order(attention) == told


def test_a_refund_is_explained_by_its_attention_else_by_its_decision() -> None:
    """Where a decision says nothing about the state, nothing is said."""
    decision = {"code": "AMOUNT_WITHIN_REST", "figures": {"rest": "1"}}
    held = refund(state=State.HELD, decision=decision)
    assert why(held, "code.X") == ("code.X", {})
    assert why(held, None) == ("code.AMOUNT_WITHIN_REST", {"rest": "1"})
    assert why(replace(held, state=State.PENDING), None) == (None, {})
    assert why(replace(held, decision=None), None) == (None, {})
