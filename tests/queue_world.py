"""A queue at work in tests: quick settings, a diary of what ran, a worker for a while."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from pef_adapters.engine.records import Refund
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue, QueueSettings, Work
from storage_samples import NOON

QUICK = QueueSettings(
    heartbeat=0.1,
    stalled_after=1,
    look_for_jobs=0.05,
    reconnect_after=0.05,
    sweep_cron="* * * * * *",
)
LONG_AGO = NOON - timedelta(days=3000)
FAR = NOON + timedelta(days=3000)


@dataclass
class Diary:
    """What ran, and hooks to make a job wait or fail."""

    advanced: list[str] = field(default_factory=list)
    digested: list[int] = field(default_factory=list)
    minded: list[str] = field(default_factory=list)
    swept: int = 0
    polled: int = 0
    meanwhile: Callable[[str], Awaitable[None]] | None = None

    async def advance(self, refund_id: str) -> None:
        if self.meanwhile is not None:
            await self.meanwhile(refund_id)
        self.advanced.append(refund_id)

    async def digest(self, received_id: int) -> None:
        self.digested.append(received_id)

    async def mind(self, checkout_id: str) -> None:
        self.minded.append(checkout_id)

    async def sweep(self) -> None:
        self.swept += 1

    async def poll(self) -> None:
        self.polled += 1

    @property
    def work(self) -> Work:
        return Work(
            advance=self.advance,
            digest=self.digest,
            mind=self.mind,
            sweep=self.sweep,
            poll=self.poll,
        )


@asynccontextmanager
async def working(queue: Queue, work: Work, concurrency: int = 4) -> AsyncIterator[None]:
    """A worker runs meanwhile and is stopped gracefully."""
    worker = asyncio.create_task(queue.run_worker(work, concurrency=concurrency))
    try:
        yield
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, with a deadline."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- the condition may live in another process
            await asyncio.sleep(0.01)


async def jobs(pool: Pool, task: str | None = None) -> list[tuple[str, str, str | None]]:
    """(task, status, lock) of each job but the scheduler's own."""
    async with pool.connection() as conn:
        found = await conn.execute(
            "SELECT task_name, status::text, lock FROM procrastinate_jobs"
            " WHERE task_name IN ('advance', 'digest', 'mind') AND coalesce(task_name = %s, true)"
            " ORDER BY id",
            (task,),
        )
        return [(row[0], row[1], row[2]) for row in await found.fetchall()]


async def put(book: PostgresBook, *refunds: Refund) -> None:
    """Add refunds and wake each, in one transaction."""
    async with book.begin() as ledger:
        for each in refunds:
            await ledger.add_refund(each)
            await ledger.wake(each)
