"""Kills the product at every place of its code at which it can die, with every fault after it.

python crash_windows.py                  the release run
python crash_windows.py --all            every crossing with every fault
python crash_windows.py --minutes 20     as much of it as fits, the widest first
python crash_windows.py --again 3,120,7  one kill once more, as a violation names it
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from crash_faults import FAULTS
from crash_plan import (
    SCENARIOS,
    Kill,
    Plan,
    beyond_reach,
    make_plan,
    reasons,
    run_kills,
    unexplained,
)
from crash_stack import places
from record import keep

_CHUNK = 100


def main() -> int:
    """Plan, kill, count; 1 where a promise was broken or a place has no kill and no reason."""
    asked = _arguments()
    plan = asyncio.run(make_plan(everything=asked.all, seed=asked.seed))
    ends = [reference.ends for reference in plan.references]
    if asked.again:
        number, at, fault = (int(part) for part in asked.again.split(","))
        found = run_kills([(number, at, fault)], ends, asked.seed)
        print("\n".join(found) or "nothing is wrong")
        return bool(found)
    wrongs = unexplained(plan.crossed, reasons()) + beyond_reach(reasons("files"))
    wrongs += [f"unharmed: {w}" for reference in plan.references for w in reference.wrongs]
    print(*wrongs, sep="\n", end="\n" if wrongs else "")
    return _run(plan, ends, wrongs, asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long; 0: never")
    parser.add_argument("--all", action="store_true", help="every crossing with every fault")
    parser.add_argument("--again", default="", help="one kill: scenario,crossing,fault")
    return parser.parse_args()


def _run(
    plan: Plan, ends: list[dict[str, str]], wrongs: list[str], asked: argparse.Namespace
) -> int:
    started = time.monotonic()
    done: list[Kill] = []
    for kills, found in _killed(plan.kills, ends, asked, started):
        done += kills
        wrongs += found
        print(*found, sep="\n", end="\n" if found else "", flush=True)
        print(f"{len(done)}/{len(plan.kills)}", file=sys.stderr, flush=True)
    _keep(plan, done, len(wrongs), time.monotonic() - started)
    return bool(wrongs)


def _killed(
    kills: list[Kill], ends: list[dict[str, str]], asked: argparse.Namespace, started: float
) -> Iterator[tuple[list[Kill], list[str]]]:
    """Chunk by chunk, in order, until all is done or the time is over."""
    chunks = iter([kills[at : at + _CHUNK] for at in range(0, len(kills), _CHUNK)])
    running: dict[Future[list[str]], list[Kill]] = {}
    with ProcessPoolExecutor(asked.jobs) as pool:
        while True:
            over = asked.minutes and time.monotonic() - started > asked.minutes * 60
            while not over and len(running) < asked.jobs + 1 and (chunk := next(chunks, None)):
                running[pool.submit(run_kills, chunk, ends, asked.seed)] = chunk
            if not running:
                return
            for each in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(each), each.result()


def _keep(plan: Plan, done: list[Kill], wrongs: int, seconds: float) -> None:
    cells = set().union(*(plan.cells_of(kill) for kill in done))
    crossings = [crossing for reference in plan.references for crossing in reference.log]
    ways = Counter(plan.references[s].log[at - 1].way.value for s, at, _ in done)
    figures = {
        "places": len(places().all),
        "places_killed": len({place for place, _ in cells}),
        "places_with_a_reason": len(reasons()),
        "places_no_refund_reaches": sum(places().beyond.values()),
        "faults": len(FAULTS),
        "cells": len(cells),
        "cells_to_execute": len(plan.crossed) * len(FAULTS),
        "scenarios": len(SCENARIOS),
        "crossings": len(crossings),
        "crossings_with_something_new": sum(crossing.changes for crossing in crossings),
        "kills": len(done),
        "kills_planned": len(plan.kills),
        "kills_by_fault": dict(Counter(FAULTS[fault].name for _, _, fault in done)),
        "kills_by_way": dict(ways),
        "violations": wrongs,
        "seconds": round(seconds),
    }
    keep("crash_windows", figures)
    print(f"cells {len(cells)} of {figures['cells_to_execute']}, {len(done)} of {len(plan.kills)}")
    print(
        f"crash windows: {len(places().all)} places, {len(SCENARIOS)} scenarios, "
        f"{len(done)} kills, {wrongs} violations"
    )


if __name__ == "__main__":
    sys.exit(main())
