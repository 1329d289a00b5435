"""The mutation score of core, engine and rail: would a test notice if this line were wrong?

    mutation.py                       every mutant; goes on where it stopped
    mutation.py --sample 3000 --seed 1   as many, spread over all modules
    mutation.py --sample core=300 engine=900   as many of each room
    mutation.py --only engine/send.py    one file, or one folder
    mutation.py --survivors              what no test noticed, so far

Why a runner of our own: mutmut 3.8 was tried first. It leaves functions with decorators and
all that is decided at import alone (tables, models, defaults: a ninth of our mutants); it keeps
original and mutants side by side in one file, at which the tests that read our sources fail
before the first mutant; and it collects the tests anew for each. cosmic-ray starts a process
for each mutant, which costs seconds here.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter, defaultdict
from typing import Any

import pytest

from mutation_child import QUIET
from mutation_mutants import SOURCES, Mutant, files, mutants_of
from mutation_run import Loop
from mutation_score import Results, figures, reasons
from record import keep

ROOT = SOURCES.parents[1]
TESTS = (
    "tests/unit/core",
    "tests/unit/engine",
    "tests/unit/gate",
    "tests/unit/pagoefectivo",
    "tests/unit/bank_files",
    "tests/unit/graphql",
    "tests/unit/server",
    "tests/unit/shopify_auth",
    "tests/contract/pagoefectivo",
    "tests/integration/console",
    "tests/integration/graphql",
    "tests/simulation",
)
BAR = 90.0
METHOD = (
    "one change of the syntax tree at a time, in a process forked from a warm pytest; asked are"
    " the fast tests that run the changed line, until one fails"
)


def main() -> int:
    """Look at the mutants that are asked for, and say what became of them."""
    asked = _arguments()
    everything = [mutant for file in files() for mutant in mutants_of(file)]
    chosen = sampled(everything, sizes_of(asked.sample, everything), asked.seed)
    if asked.only:
        chosen = [mutant for mutant in chosen if mutant.file.startswith(tuple(asked.only))]
    results = Results()
    if not asked.survivors:
        look_at(chosen, results, asked.workers, asked.minutes)
    return _told(asked, chosen, results, Counter(mutant.room for mutant in everything))


def sampled(everything: list[Mutant], sizes: dict[str, int], seed: int) -> list[Mutant]:
    """So many of each room, each module by its share."""
    rooms = Counter(mutant.room for mutant in everything)
    by_file: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in everything:
        by_file[mutant.file].append(mutant)
    found = []
    for file, of_file in by_file.items():
        # A larger sample contains the smaller one of the same seed.
        chance, room = random.Random(f"{seed}/{file}"), of_file[0].room
        exact = sizes.get(room, rooms[room]) * len(of_file) / rooms[room]
        count = int(exact) + (chance.random() < exact % 1)
        mixed = chance.sample(of_file, len(of_file))
        found += sorted(mixed[:count], key=of_file.index)
    if sizes != rooms:
        # Mixed, so that a run that is stopped has seen a sample as well.
        random.Random(seed).shuffle(found)
    return found


def sizes_of(asked: list[str], everything: list[Mutant]) -> dict[str, int]:
    """How many of each room: `3000` of all together, or `core=300 engine=900`."""
    rooms = Counter(mutant.room for mutant in everything)
    if len(asked) == 1 and asked[0].isdigit():
        share = min(1.0, int(asked[0]) / len(everything))
        return {room: round(share * count) for room, count in rooms.items()}
    named = dict(each.split("=") for each in asked)
    return {room: int(size) for room, size in named.items()}


def look_at(chosen: list[Mutant], results: Results, workers: int, minutes: float) -> None:
    """Run pytest with the loop in place of the tests."""
    end = time.monotonic() + 60 * minutes

    def known(mutant: Mutant, tests: list[str]) -> bool:
        return time.monotonic() > end or results.knows(mutant, tests)

    os.chdir(ROOT)
    loop = Loop(chosen, _Teller(results, len(chosen)), known, workers)
    ended = pytest.main([*QUIET, *TESTS], plugins=[loop])
    if ended:
        sys.exit(f"pytest could not start: {ended}")
    used = os.times()
    print(f"CPU seconds: {used.user:.0f} here, {used.children_user:.0f} in the mutants")


class _Teller:
    """Keeps each answer, and says from time to time how far it is."""

    def __init__(self, results: Results, of: int) -> None:
        self._results, self._of, self._count = results, of, Counter[str]()

    def __call__(self, mutant: Mutant, answer: dict[str, Any]) -> None:
        self._results.add(mutant, answer)
        self._count[answer["status"]] += 1
        if self._count.total() % 100 == 0:
            print(f"{self._count.total()} of {self._of}: {dict(self._count)}", flush=True)


def _told(
    asked: argparse.Namespace, chosen: list[Mutant], results: Results, everything: Counter[str]
) -> int:
    found = figures(chosen, results, reasons(), everything)
    for mutant in found["unexplained"]:
        kept = results.by_id[mutant]
        print(f"{kept['status']} line {kept['line']} ({kept['could']} tests) {mutant}")
    for room, score in found["rooms"].items():
        print(f"{room}: {score}")
    looked = sum(score["looked_at"] for score in found["rooms"].values())
    lowest = min(score["score_percent"] for score in found["rooms"].values())
    if not asked.only:
        how = {"sample": " ".join(asked.sample) or "all", "seed": asked.seed}
        bar = {"bar_percent": BAR, "bar_met": lowest >= BAR}
        keep("mutation", {"method": METHOD, **how, **bar, **found})
    print(f"mutation: {looked} mutants, {lowest} % in the lowest room")
    return int(lowest < BAR and not asked.only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=1, choices=(1, 2))
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--survivors", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
