"""Known mistakes, planted in the product one by one, and how soon the simulation sees each.

    planted_faults.py --jobs 2 [--write | --known] [NAME …]

`--write` refreshes the table from which `make test` takes one seed for each mistake; it has
to be made anew whenever the simulation draws its dice otherwise.
"""

import argparse
import os
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import planted_desk
import planted_hearing
import planted_identity
import planted_intake
import planted_ledger
import planted_sending
import planted_telling
import planted_tenants
from pef_adapters.testing.simulation.play import play
from planted_kit import MISTAKES, Planted
from record import keep

ROOMS: Final = (
    *(planted_identity, planted_sending, planted_hearing, planted_ledger),
    *(planted_intake, planted_telling, planted_desk, planted_tenants),
)
TABLE: Final = Path(__file__).with_name("planted_seeds.toml")
MOST_SEEDS: Final = 10_000
_LETTERS: Final = 90


@dataclass(frozen=True, slots=True)
class Catch:
    """How a planted mistake fared: the first seed that saw it, and what it said."""

    name: str
    seed: int | None
    wrong: str
    seconds: float

    @property
    def seeds(self) -> int:
        """How many seeds were played until it was seen."""
        return 0 if self.seed is None else self.seed + 1


def wrong_in(planted: Planted, seed: int) -> str:
    """What a seed says of the product with this mistake; "" where it sees nothing."""
    with planted.planted():
        wrongs = play(seed).wrongs
    return wrongs[0] if wrongs else ""


def first_catch(name: str, most: int = MOST_SEEDS) -> Catch:
    """Play seeds from 0 on until one sees the mistake."""
    began = time.monotonic()
    for seed in range(most):
        wrong = wrong_in(MISTAKES[name], seed)
        if wrong:
            return Catch(name, seed, wrong, time.monotonic() - began)
    return Catch(name, None, "", time.monotonic() - began)


def known_catch(name: str) -> Catch:
    """Play only the seed that is known to see the mistake; it need not be the first one."""
    began, seed = time.monotonic(), known_seeds()[name]
    wrong = wrong_in(MISTAKES[name], seed)
    return Catch(name, seed if wrong else None, wrong, time.monotonic() - began)


def wrongs_without(seed: int) -> list[str]:
    """The control: the same seed without any mistake of ours."""
    return play(seed).wrongs


def known_seeds() -> dict[str, int]:
    """For each mistake a seed that sees it, as the last `--write` found it."""
    kept: dict[str, int] = tomllib.loads(TABLE.read_text())["seeds"]
    return kept


def caught(
    pool: ProcessPoolExecutor, names: Sequence[str], look: Callable[[str], Catch]
) -> Iterator[Catch]:
    """Each mistake's catch, told as it comes."""
    for done in as_completed([pool.submit(look, name) for name in names]):
        catch = done.result()
        seen = "not caught" if catch.seed is None else f"{catch.seeds:5} seeds"
        said = catch.wrong[:_LETTERS]
        sys.stdout.write(f"{catch.name:30} {seen:11} {catch.seconds:6.1f} s  {said}\n")
        sys.stdout.flush()
        yield catch


def control(pool: ProcessPoolExecutor, seeds: int) -> list[int]:
    """The seeds below this that see something though nothing is planted."""
    found = zip(range(seeds), pool.map(wrongs_without, range(seeds), chunksize=10), strict=True)
    return [seed for seed, wrongs in found if wrongs]


def main() -> int:
    """Plant, play, tell; 1 where a mistake was not seen, or an innocent product was blamed."""
    asked = _arguments()
    names = asked.names or list(MISTAKES)
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        look = known_catch if asked.known else partial(first_catch, most=asked.seeds)
        catches = sorted(caught(pool, names, look), key=lambda each: names.index(each.name))
        worst = max((catch.seeds for catch in catches), default=0)
        blamed = control(pool, min(worst, asked.control))
    found = [catch for catch in catches if catch.seed is not None]
    figures = _figures(catches, found, blamed, controlled=min(worst, asked.control))
    figures["seeds_are"] = "known ones" if asked.known else "the first"
    if asked.write:
        _write({catch.name: catch.seed for catch in found if catch.seed is not None})
    if not asked.names:
        keep("planted_faults", figures)
    sys.stdout.write(_closing(figures))
    return int(len(found) < len(catches) or bool(blamed))


def _figures(
    catches: list[Catch], found: list[Catch], blamed: list[int], *, controlled: int
) -> dict[str, Any]:
    counts = [catch.seeds for catch in found]
    return {
        "planted": len(catches),
        "caught": len(found),
        "median_seeds": round(statistics.median(counts)) if counts else 0,
        "worst_seeds": max(counts, default=0),
        "control_seeds": controlled,
        "control_violations": len(blamed),
        "mistakes": [
            {
                **asdict(catch),
                "what": MISTAKES[catch.name].what,
                "known": MISTAKES[catch.name].known,
            }
            for catch in catches
        ],
    }


def _closing(figures: dict[str, Any]) -> str:
    return (
        f"control: {figures['control_seeds']} seeds without a mistake, "
        f"{figures['control_violations']} violations\n"
        f"planted faults: {figures['caught']} of {figures['planted']} caught, "
        f"median {figures['median_seeds']} seeds, worst {figures['worst_seeds']}\n"
    )


def _write(seeds: dict[str, int]) -> None:
    kept = {**(known_seeds() if TABLE.exists() else {}), **seeds}
    lines = [f"{name} = {kept[name]}" for name in MISTAKES if name in kept]
    head = "# For each planted mistake a seed that sees it; made by planted_faults.py --write.\n"
    TABLE.write_text(head + "[seeds]\n" + "\n".join(lines) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these mistakes")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS, help="how many at most")
    parser.add_argument("--control", type=int, default=MOST_SEEDS, help="how many at most")
    parser.add_argument("--write", action="store_true", help="refresh the table of seeds")
    parser.add_argument("--known", action="store_true", help="only the table's own seeds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
