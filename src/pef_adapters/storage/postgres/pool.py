"""The connection pool: one per process, shared by the ledger and the queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from pef_adapters.core.errors import DatabaseUnavailable

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]

# Whatever the server's own defaults are: every time comes back in UTC, and what is
# read under a lock is what the lock's last holder has committed. Our queries read a few rows
# of an index in its own order: a bitmap would read all that match, to sort them, and compiling
# a query that only looks long (a probe of each of 2,000 stores) would cost more than it.
_SESSION = " ".join(
    f"-c {setting}"
    for setting in (
        "timezone=UTC",
        r"default_transaction_isolation=read\ committed",
        "enable_bitmapscan=off",
        "jit=off",
    )
)


@asynccontextmanager
async def open_pool(dsn: str, *, size: int = 16, wait_seconds: float = 30) -> AsyncIterator[Pool]:
    """A pool that is open and has proved that it can connect.

    A connection is checked before each use, so that a restarted database costs
    one reconnection and no failed work. The first that is found dead takes all idle ones
    with it: they died together, and one by one the pool would pause longer after each
    (1, 2, 4 ... seconds), until whoever waits has waited too long.

    Raises:
        DatabaseUnavailable: no connection within `wait_seconds`.
    """

    async def check(conn: Connection) -> None:
        try:
            await AsyncConnectionPool.check_connection(conn)
        except psycopg.OperationalError:
            await pool.drain()
            raise

    pool: Pool = AsyncConnectionPool(
        dsn,
        kwargs={"options": _SESSION},
        min_size=1,
        max_size=size,
        open=False,
        check=check,
    )
    try:
        await pool.open(wait=True, timeout=wait_seconds)
    except PoolTimeout as error:
        await pool.close()
        raise DatabaseUnavailable(f"no connection within {wait_seconds:g} s") from error
    try:
        yield pool
    finally:
        await pool.close()
