"""Watches, in tests, who waits inside PostgreSQL for a lock that somebody else holds."""

import asyncio

from pef_adapters.storage.postgres import Pool

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def until_waiting(pool: Pool, count: int) -> None:
    """Until exactly so many transactions of the pool's database wait for a lock."""
    async with asyncio.timeout(20):
        while await _waiting(pool) != count:  # noqa: ASYNC110 -- they wait in another process
            await asyncio.sleep(0.01)


async def _waiting(pool: Pool) -> int:
    async with pool.connection() as conn:
        row = await (await conn.execute(_WAITING)).fetchone()
        assert row is not None
        return int(row[0])
