"""Spoiled answers of the rail and of every platform, put to the real client and adapters.

No crash: whatever comes back, a question of ours ends in an error of ours or in an answer.
Never a false success: an answer is believed only where a second, independent reader finds
the very same in what was told.

    PYTHONPATH=tests:reliability python reliability/hostile/answer_fuzz.py 200000 [seed] [processes]
"""

import asyncio
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

import fuzz_rail
import fuzz_shopify
import fuzz_vtex
import fuzz_woocommerce
import record
from fuzz_answers import NETWORK, Target, in_place_of_the_net, tried

PAYLOADS: Final = 200_000
_USUAL: Final = (PAYLOADS, 1, 2)
_RAIL_SHARE: Final = 3
_SHOWN: Final = 200
_EVIDENCE_LETTERS: Final = 2000


@dataclass(slots=True)
class Findings:
    """What a run saw."""

    payloads: int = 0
    seconds: float = 0.0
    targets: Counter[str] = field(default_factory=Counter)
    mutations: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        """Take in what another process saw meanwhile."""
        self.payloads += other.payloads
        self.seconds = max(self.seconds, other.seconds)
        self.targets.update(other.targets)
        self.mutations.update(other.mutations)
        self.outcomes.update(other.outcomes)
        self.violations += other.violations


def every_target() -> list[Target]:
    """Every kind of answer there is; the rail's, which says that money moved, more often."""
    return [
        *fuzz_rail.targets() * _RAIL_SHARE,
        *fuzz_woocommerce.targets(),
        *fuzz_shopify.targets(),
        *fuzz_vtex.targets(),
    ]


async def fuzz(numbers: Iterable[int], seed: int) -> Findings:
    """The payloads of these numbers, all targets in turn. Number and seed say it all."""
    found, began = Findings(), time.monotonic()
    targets = every_target()
    with _by_itself():
        for number in numbers:
            await _one(targets[number % len(targets)], number, seed, found)
    found.seconds = time.monotonic() - began
    return found


def shared(payloads: int, seed: int, processes: int) -> Findings:
    """The same, shared out among processes; what is found does not depend on how many."""
    found = Findings()
    shares = [range(first, payloads, processes) for first in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        for share in pool.map(_share, shares, [seed] * processes):
            found.add(share)
    return found


def _share(numbers: range, seed: int) -> Findings:
    return asyncio.run(fuzz(numbers, seed))


@contextmanager
def _by_itself() -> Iterator[None]:
    """No network and no log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        with in_place_of_the_net(NETWORK):
            yield
    finally:
        structlog.configure(**before)


async def _one(target: Target, number: int, seed: int, found: Findings) -> None:
    done = await tried(target, random.Random(f"{seed}/{number}"))
    found.payloads += 1
    found.targets[target.name] += 1
    found.mutations.update(done.mutation.split(" + "))
    found.outcomes[f"{target.name}: {done.outcome}"] += 1
    if done.fault:
        print(f"{target.name} #{number}: {done.fault}", file=sys.stderr, flush=True)
        found.violations.append(
            f"{target.name} #{number} ({done.mutation}): {done.fault}; told "
            f"{done.told.status} {dict(done.told.headers)} {done.told.body[:_EVIDENCE_LETTERS]!r}"
        )


def figures(found: Findings, seed: int) -> dict[str, Any]:
    """What is kept of a run."""
    ends = Counter[str]()
    for name, count in found.outcomes.items():
        ends[name.rpartition(": ")[2]] += count
    return {
        "payloads": found.payloads,
        "seed": seed,
        "seconds": round(found.seconds, 1),
        "payloads_a_second": round(found.payloads / max(found.seconds, 0.001)),
        "crashes": sum("crash at" in each for each in found.violations),
        "false_successes": sum("crash at" not in each for each in found.violations),
        "violations": found.violations[:_SHOWN],
        "by_target": dict(sorted(found.targets.items())),
        "by_mutation": dict(found.mutations.most_common()),
        "by_outcome": dict(ends.most_common()),
        "by_target_and_outcome": dict(sorted(found.outcomes.items())),
    }


def main() -> int:
    """Run it; tell what was wrong, and keep the figures of a whole run."""
    payloads, seed, processes, *_ = [*map(int, sys.argv[1:]), *_USUAL[len(sys.argv) - 1 :]]
    found = shared(payloads, seed, processes)
    kept = figures(found, seed)
    if payloads >= PAYLOADS:
        record.keep("fuzz", kept)
    for each in found.violations[:_SHOWN]:
        print(each)
    print(
        f"fuzz: {found.payloads} payloads to {len(found.targets)} kinds of answers, "
        f"{kept['crashes']} crashes, {kept['false_successes']} false successes, "
        f"{kept['payloads_a_second']} a second"
    )
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
