"""Ratios of a large ledger's answers to a small one's, measured in turns on one PostgreSQL.

`python bench/scale.py [--refunds N] [--rounds N] [--database-url URL]`; with a URL, two
databases are made beside that one and removed afterwards. The last line holds the ratios alone.
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from console_page import list_page
from many import FEW, fill
from pef_adapters import logs
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import migrate
from questions import ACTORS, questions
from ratios import Measured, Pair, Work, measure
from run import table
from world import open_bench

_LARGE, _SMALL = "pef_bench_large", "pef_bench_small"
_TIMES = 5


def main() -> None:
    """Fill two ledgers, measure and print."""
    parser = argparse.ArgumentParser(description="Ratios of a large ledger to a small one.")
    parser.add_argument("--refunds", type=int, default=1_000_000, help="in the large ledger")
    parser.add_argument("--rounds", type=int, default=15, help="of each question")
    parser.add_argument("--database-url", help="a PostgreSQL in which databases may be made")
    asked = parser.parse_args()
    logs.configure("error", as_json=False)
    with _server(asked.database_url) as server, _databases(server) as (large, small):
        measured = asyncio.run(_measured(large, small, asked.refunds, asked.rounds))
    print("\n".join(table(measured, f"{asked.refunds:,} refunds / {FEW:,}")))
    print(
        "ratios:", ", ".join(f"{each.name.replace(':', '')} {each.ratio:.2f}" for each in measured)
    )


async def _measured(large: str, small: str, count: int, rounds: int) -> list[Measured]:
    async with AsyncExitStack() as stack:
        ports = []
        for dsn, refunds in ((large, count), (small, FEW)):
            bench = await stack.enter_async_context(open_bench(dsn))
            await fill(bench.pool, refunds)
            ports.append(bench.ports)
        pairs = [
            Pair(name, *(_work(partial(asked, each)) for each in ports), _TIMES)
            for name, asked in questions()
        ]
        for who, place in ACTORS.items():
            pages = [await stack.enter_async_context(list_page(p, who, place)) for p in ports]
            pairs.append(Pair(f"{who}: the console's list", *map(_work, pages), _TIMES))
        return [await measure(pair, rounds) for pair in pairs]


def _work(asked: Callable[[], Awaitable[object]]) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            await asked()

    return work


@contextmanager
def _server(dsn: str | None) -> Iterator[str]:
    if dsn:
        yield dsn
        return
    folder = Path(tempfile.mkdtemp(prefix="pef-bench-"))
    with EmbeddedPostgres(folder) as embedded:
        yield embedded.dsn
    shutil.rmtree(folder)


@contextmanager
def _databases(server: str) -> Iterator[tuple[str, str]]:
    with psycopg.connect(server, autocommit=True) as admin:
        for name in (_LARGE, _SMALL):
            admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            dsns = [make_conninfo(server, dbname=name) for name in (_LARGE, _SMALL)]
            for dsn in dsns:
                migrate(dsn)
            yield dsns[0], dsns[1]
        finally:
            for name in (_LARGE, _SMALL):
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


if __name__ == "__main__":
    main()
