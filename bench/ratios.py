"""Interleaved rounds of two works, ours and a bare one, and the ratio of their times."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

Work = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pair:
    """What is measured: `ours` and `bare` each do the named thing so many times."""

    name: str
    ours: Work
    bare: Work
    times: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds a time in each round, ours and bare."""

    name: str
    rounds: tuple[tuple[float, float], ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """How often the bare work fits into ours, smallest first."""
        return tuple(sorted(ours / bare for ours, bare in self.rounds))

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def seconds(self) -> tuple[float, float]:
        """Medians, ours and bare."""
        ours, bare = zip(*self.rounds, strict=True)
        return median(ours), median(bare)


async def measure(pair: Pair, rounds: int) -> Measured:
    """Warm both up, then take turns, so that a slow moment of the machine strikes both."""
    for work in (pair.ours, pair.bare):
        await work(max(1, pair.times // 10))
    timed = [(await _timed(pair.ours, pair), await _timed(pair.bare, pair)) for _ in range(rounds)]
    return Measured(pair.name, tuple(timed))


async def _timed(work: Work, pair: Pair) -> float:
    started = time.perf_counter()
    await work(pair.times)
    return (time.perf_counter() - started) / pair.times
