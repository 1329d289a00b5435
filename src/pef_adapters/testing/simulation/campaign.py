"""Many seeds over several processes: totals, the table of faults by states, what to replay."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Self

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.play import play

_CHUNK: Final = 25
_BY_ITSELF: Final = "*"


@dataclass(slots=True)
class Totals:
    """What a campaign has found so far. `done` seeds were played, from the first on.

    `fired` counts by "fault / state"; the state is "*" for the fault by itself.
    """

    first: int = 0
    done: int = 0
    refunds: int = 0
    virtual_seconds: float = 0.0
    repeated: int = 0
    differed: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Self) -> None:
        """Take in another chunk's totals."""
        self.done += other.done
        self.refunds += other.refunds
        self.virtual_seconds += other.virtual_seconds
        self.repeated += other.repeated
        self.differed += other.differed
        self.fired += other.fired
        self.violations += other.violations

    def of(self, fault: Fault, state: State | None = None) -> int:
        """How often a fault fired, by itself or while a refund stood in a state."""
        return self.fired[f"{fault} / {state or _BY_ITSELF}"]

    def empty_cells(self) -> Iterator[tuple[Fault, State]]:
        """Pairs that no seed has met."""
        return ((f, s) for f in Fault for s in State if not self.of(f, s))

    def to_json(self) -> dict[str, Any]:
        """For the file in which a campaign can be left and taken up again."""
        return {name: getattr(self, name) for name in self.__slots__} | {"fired": dict(self.fired)}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The totals of an earlier, unfinished campaign."""
        read = json.loads(text)
        return cls(**{**read, "fired": Counter(read["fired"])})


def play_chunk(first: int, count: int, repeat_every: int) -> Totals:
    """Play some seeds; each `repeat_every`th twice, to see that its trace is the same."""
    totals = Totals()
    for seed in range(first, first + count):
        played = play(seed)
        totals.done += 1
        totals.refunds += played.refunds
        totals.virtual_seconds += played.seconds
        totals.fired.update(
            {f"{f} / {s or _BY_ITSELF}": times for (f, s), times in played.fired.items()}
        )
        if played.wrongs:
            totals.violations.append({"seed": seed, "wrongs": played.wrongs[:5]})
        if repeat_every and seed % repeat_every == 0:
            totals.repeated += 1
            totals.differed += play(seed).trace != played.trace
    return totals


def campaign(
    totals: Totals,
    seeds: int,
    *,
    jobs: int,
    repeat_every: int,
    keep: Callable[[Totals], None],
) -> Totals:
    """Play on until `seeds` are done; `keep` hears of the totals after each chunk."""
    starts = range(totals.first + totals.done, totals.first + seeds, _CHUNK)
    sizes = [min(_CHUNK, totals.first + seeds - start) for start in starts]
    every = [repeat_every] * len(sizes)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for chunk in pool.map(play_chunk, starts, sizes, every):
            totals.add(chunk)
            keep(totals)
    return totals


def resumed(path: Path, first: int) -> Totals:
    """The totals kept in a file, or new ones."""
    return Totals.from_json(path.read_text()) if path.exists() else Totals(first=first)


def written(path: Path) -> Callable[[Totals], None]:
    """Keeps totals in a file, whole at every moment."""

    def keep(totals: Totals) -> None:
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(totals.to_json()))
        beside.replace(path)

    return keep
