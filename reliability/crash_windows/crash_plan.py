"""Which kills are executed, and which places of the code they cover.

Where something durable has changed since the crossing before, every fault follows. Where
nothing has, to die is as to die before; there each place still meets each fault somewhere.
"""

import asyncio
import gc
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from crash_faults import FAULTS
from crash_play import Played, play
from crash_ports import Crossing
from crash_scenarios import DESKS, RAIL, Scenario
from crash_scenarios_more import BY_PEOPLE, GATEWAYS
from crash_scenarios_rare import RARE
from crash_scenarios_trouble import TROUBLES
from crash_stack import places

SCENARIOS: tuple[Scenario, ...] = (*RAIL, *DESKS, *GATEWAYS, *BY_PEOPLE, *TROUBLES, *RARE)
REASONS = Path(__file__).with_name("crash_reasons.toml")
NONE = 0

Kill = tuple[int, int, int]
"""A scenario, a crossing of it, and a fault, by their numbers."""


@dataclass(slots=True)
class Plan:
    """Every kill, and the places of the code that they cover; each place meets every fault.

    The kills that meet a place for the first time come first, the rest in an order that the
    seed decides, so that a run that is cut short has still been everywhere.
    """

    references: list[Played]
    kills: list[Kill] = field(default_factory=list)
    crossed: set[str] = field(default_factory=set)

    def cells_of(self, kill: Kill) -> set[tuple[str, int]]:
        """The places that one kill is at, each with the fault that follows."""
        scenario, at, fault = kill
        return {(place, fault) for place in self.references[scenario].log[at - 1].places}


async def make_plan(*, everything: bool = False, seed: int = 0) -> Plan:
    """Play every scenario once unharmed, and plan its kills."""
    plan = Plan([await play(scenario) for scenario in SCENARIOS])
    first: list[Kill] = []
    rest: list[Kill] = []
    for scenario, at, crossing in _crossings(plan.references):
        new = not plan.crossed.issuperset(crossing.places)
        plan.crossed.update(crossing.places)
        follow = range(len(FAULTS)) if new or everything or crossing.changes else (NONE,)
        (first if new else rest).extend((scenario, at, fault) for fault in follow)
    dice = Random(seed)
    dice.shuffle(first)
    dice.shuffle(rest)
    plan.kills = first + rest
    return plan


def _crossings(references: list[Played]) -> Iterator[tuple[int, int, Crossing]]:
    """Every crossing of every scenario; those at which something durable is new come first."""
    for durable in (True, False):
        for number, reference in enumerate(references):
            for at, crossing in enumerate(reference.log, 1):
                if crossing.changes is durable:
                    yield number, at, crossing


def reasons(table: str = "reasons", path: Path = REASONS) -> dict[str, str]:
    """Why a place is never killed at, by its id; of "files", why no refund runs through it."""
    found: dict[str, str] = tomllib.loads(path.read_text())[table]
    return found


def beyond_reach(told: dict[str, str]) -> list[str]:
    """What is wrong with the reasons for use cases that no refund runs through."""
    there = set(places().beyond)
    wrongs = [
        f"no refund reaches parts of it, and nobody says why: {f}"
        for f in sorted(there - set(told))
    ]
    return wrongs + [
        f"a reason for a file that is reached whole: {f}" for f in sorted(set(told) - there)
    ]


def unexplained(crossed: set[str], told: dict[str, str]) -> list[str]:
    """What is wrong with the coverage: places without a kill or a reason, and stale reasons."""
    known = set(places().all)
    wrongs = [
        f"never killed at, and nobody says why: {p}" for p in sorted(known - crossed - set(told))
    ]
    wrongs += [f"a reason for what is killed at: {p}" for p in sorted(set(told) & crossed)]
    wrongs += [f"a reason for what is not there: {p}" for p in sorted(set(told) - known)]
    wrongs += [f"a reason that says nothing: {p}" for p, why in told.items() if len(why) < 20]
    return wrongs


def run_kills(kills: Iterable[Kill], ends: list[dict[str, str]], seed: int = 0) -> list[str]:
    """Execute these kills; answers what went wrong, each with the command that repeats it.

    For a process of its own: what was made before it is looked through for garbage no more.
    """
    gc.freeze()
    return asyncio.run(killed_one_by_one(kills, ends, seed))


async def killed_one_by_one(
    kills: Iterable[Kill], ends: list[dict[str, str]], seed: int = 0
) -> list[str]:
    """As `run_kills`, where a loop runs already."""
    found: list[str] = []
    for number, at, fault in kills:
        scenario, follows = SCENARIOS[number], FAULTS[fault]
        played = await play(scenario, at, follows, seed)
        wrongs = list(played.wrongs)
        if played.way is None:
            wrongs.append("nobody was killed: the run is not the one that was planned")
        if follows.same_end and not scenario.race and played.ends != ends[number]:
            wrongs.append(f"ends {played.ends}, unharmed {ends[number]}")
        found += [
            f"{scenario.name} | {at} | {follows.name} | {played.way} | {wrong}"
            f" | at {played.places[:1]} | --again {number},{at},{fault}"
            for wrong in wrongs
        ]
    return found
