"""Where the bars of the chart of refunds per day stand. Pure; the template draws them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pef_adapters.core.calendar import lima_date
from pef_adapters.core.money import Money
from pef_adapters.engine.gate.today import DAYS
from pef_adapters.engine.records import DayTally

WIDTH: Final = 600
HEIGHT: Final = 120
_STEP: Final = WIDTH // DAYS
_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: how many refunds, their sums, and where its bar stands (units of the picture)."""

    day: date
    count: int
    totals: tuple[Money, ...]
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One bar a day, oldest first; `highest` is the count of the highest one."""

    bars: tuple[Bar, ...]
    highest: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def busy(self) -> tuple[Bar, ...]:
        """Days on which refunds were asked for."""
        return tuple(bar for bar in self.bars if bar.count)


def chart_of(tallies: Iterable[DayTally], now: datetime) -> Chart:
    """The chart of the last `DAYS` days in Lima."""
    by_day: dict[date, list[DayTally]] = {}
    for tally in tallies:
        by_day.setdefault(tally.day, []).append(tally)
    counts = {day: sum(each.count for each in own) for day, own in by_day.items()}
    highest = max(counts.values(), default=0)
    days = [lima_date(now) - timedelta(days=n) for n in range(DAYS - 1, -1, -1)]
    bars = (
        _bar(place, day, counts.get(day, 0), by_day.get(day, []), highest)
        for place, day in enumerate(days)
    )
    return Chart(tuple(bars), highest)


def _bar(place: int, day: date, count: int, own: list[DayTally], highest: int) -> Bar:
    height = -(-count * HEIGHT // highest) if highest else 0
    totals = tuple(each.total for each in own)
    return Bar(day, count, totals, place * _STEP, HEIGHT - height, _STEP - _GAP, height)
