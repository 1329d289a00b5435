"""Ratios of our work to bare baselines, measured in the same run on the same database.

`python bench/run.py [--quick] [--database-url URL]`; without a URL an embedded
PostgreSQL is started, and removed afterwards. Absolute times depend on the
machine; the ratios hardly do, and are what to compare between two versions.
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pef_adapters import logs
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import migrate
from policy import policy
from ratios import Measured, measure
from refund import refund
from webhook import webhook
from world import open_bench


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, and how often in each: webhooks, decisions, refunds."""

    rounds: int
    webhooks: int
    decisions: int
    refunds: int


_FULL = Effort(rounds=15, webhooks=200, decisions=5000, refunds=40)
_QUICK = Effort(rounds=3, webhooks=5, decisions=100, refunds=2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Ratios of our work to bare baselines.")
    parser.add_argument("--quick", action="store_true", help="few repetitions, rough ratios")
    parser.add_argument("--database-url", help="an empty PostgreSQL database to work in")
    asked = parser.parse_args()
    logs.configure("error", as_json=False)
    with _database(asked.database_url) as dsn:
        migrate(dsn)
        measured = asyncio.run(_measured(dsn, _QUICK if asked.quick else _FULL))
    print("\n".join(table(measured)))


def table(measured: list[Measured], names: str = "ours / bare") -> list[str]:
    """The results as lines of text; `names` says which of the two times is which."""
    first, second = names.split(" / ")
    heads = (names, "ratio", "range", first.split()[0], second.split()[0])
    lines = ["{:<56}{:>8}{:>16}{:>12}{:>12}".format(*heads)]
    for each in measured:
        ours, bare = (f"{seconds * 1e6:.1f} µs" for seconds in each.seconds)
        span = f"{each.ratios[0]:.2f} to {each.ratios[-1]:.2f}"
        lines.append(f"{each.name:<56}{each.ratio:>8.2f}{span:>16}{ours:>12}{bare:>12}")
    return lines


async def _measured(dsn: str, effort: Effort) -> list[Measured]:
    async with open_bench(dsn) as bench:
        pairs = (
            await webhook(bench, effort.webhooks),
            policy(effort.decisions),
            await refund(bench, effort.refunds),
        )
        return [await measure(pair, effort.rounds) for pair in pairs]


@contextmanager
def _database(dsn: str | None) -> Iterator[str]:
    if dsn:
        yield dsn
        return
    folder = Path(tempfile.mkdtemp(prefix="pef-bench-"))
    with EmbeddedPostgres(folder) as embedded:
        yield embedded.dsn
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
