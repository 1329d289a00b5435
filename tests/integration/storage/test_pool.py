"""The pool: its errors, and a life across lost connections."""

from contextlib import AsyncExitStack

import psycopg
import pytest

from pef_adapters.core.errors import DatabaseUnavailable
from pef_adapters.storage.postgres import Pool, open_pool


async def test_no_database_is_a_clear_error() -> None:
    """A pool that can't connect says so instead of waiting for ever."""
    with pytest.raises(DatabaseUnavailable, match="no connection within"):
        async with open_pool("postgresql://pef@127.0.0.1:1/pef", wait_seconds=0.2):
            pass


async def _cut_all(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def _timezone(pool: Pool, *, within: float) -> str:
    async with pool.connection(timeout=within) as conn:
        row = await (await conn.execute("SHOW timezone")).fetchone()
    return str(row[0]) if row else ""


async def test_a_cut_connection_is_replaced(pool: Pool, database: str) -> None:
    """After the server cut every connection the next use gets a living one."""
    await _cut_all(database)
    assert await _timezone(pool, within=30) == "UTC"


async def test_many_cut_connections_are_given_up_together(pool: Pool, database: str) -> None:
    """However many idle ones a restart cut, who comes waits for no more than one pause."""
    async with AsyncExitStack() as held:
        for _ in range(10):
            await held.enter_async_context(pool.connection())
    await _cut_all(database)
    # One by one the pauses would be 1, 2, 4 ... seconds long.
    assert await _timezone(pool, within=5) == "UTC"
