"""The pool: its errors, and a life across lost connections."""

import psycopg
import pytest

from pef_adapters.core.errors import DatabaseUnavailable
from pef_adapters.storage.postgres import Pool, open_pool


async def test_no_database_is_a_clear_error() -> None:
    """A pool that can't connect says so instead of waiting for ever."""
    with pytest.raises(DatabaseUnavailable, match="no connection within"):
        async with open_pool("postgresql://pef@127.0.0.1:1/pef", wait_seconds=0.2):
            pass


async def test_a_cut_connection_is_replaced(pool: Pool, database: str) -> None:
    """After the server cut every connection the next use gets a living one."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    async with pool.connection() as conn:
        assert await (await conn.execute("SHOW timezone")).fetchone() == ("UTC",)
