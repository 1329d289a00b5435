"""The job queue: wake-ups commit with the ledger, run once at a time, survive deaths."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from pef_adapters.engine.records import Refund
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue, QueueSettings, Work, make_queue
from storage_samples import NOON, received, refund, settle_in

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
    swept: int = 0
    polled: int = 0
    meanwhile: Callable[[str], Awaitable[None]] | None = None

    async def advance(self, refund_id: str) -> None:
        if self.meanwhile is not None:
            await self.meanwhile(refund_id)
        self.advanced.append(refund_id)

    async def digest(self, received_id: int) -> None:
        self.digested.append(received_id)

    async def sweep(self) -> None:
        self.swept += 1

    async def poll(self) -> None:
        self.polled += 1

    @property
    def work(self) -> Work:
        return Work(advance=self.advance, digest=self.digest, sweep=self.sweep, poll=self.poll)


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """The ledger with an account, a store and a payment."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
    return postgres_book


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
            " WHERE task_name IN ('advance', 'digest') AND coalesce(task_name = %s, true)"
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


# --- deferring ------------------------------------------------------------------


async def test_a_row_and_its_job_commit_together(book: PostgresBook, pool: Pool) -> None:
    """Refund and wake-up, delivery and wake-up: both are there after the commit."""
    async with book.begin() as ledger:
        await ledger.add_refund(refund())
        await ledger.wake(refund())
        received_id = await ledger.add_received(received())
        assert await jobs(pool) == []
    assert await jobs(pool) == [
        ("advance", "todo", "shop/31"),
        ("digest", "todo", f"received/{received_id}"),
    ]


async def test_a_rolled_back_transaction_leaves_no_job(book: PostgresBook, pool: Pool) -> None:
    """What did not happen wakes nobody."""

    async def fail() -> None:
        async with book.begin() as ledger:
            await ledger.add_refund(refund())
            await ledger.wake(refund())
            await ledger.add_received(received())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await jobs(pool) == []


async def test_the_same_wake_up_waits_once(book: PostgresBook, pool: Pool) -> None:
    """Repeating a wake-up adds none; another moment or another refund does."""
    async with book.begin() as ledger:
        received_id = await ledger.add_received(received())
    for _ in range(3):
        async with book.begin() as ledger:
            await ledger.wake(refund(1))
            await ledger.wake(refund(1), FAR)
            await ledger.wake(refund(2))
            await ledger.wake_received(received_id)
    assert len(await jobs(pool, "advance")) == 3
    assert len(await jobs(pool, "digest")) == 1


async def test_a_wake_up_that_was_found_waiting_runs_after_the_commit(
    book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """Whoever relies on a waiting job holds it: no worker takes it before the commit."""
    await put(book, refund())
    manager = queue._app.job_manager
    await queue._app.open_async(pool)
    worker_id = await manager.register_worker()
    async with book.begin() as ledger:
        await ledger.wake(refund())
        assert await manager.fetch_job(queues=None, worker_id=worker_id) is None
    taken = await manager.fetch_job(queues=None, worker_id=worker_id)
    assert taken is not None
    assert taken.task_kwargs == {"refund_id": "rf-1"}


async def test_a_wake_up_beside_a_running_job_is_kept(
    book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """A job that has begun may have looked already, so it does not count as waiting."""
    await put(book, refund())
    manager = queue._app.job_manager
    await queue._app.open_async(pool)
    await manager.fetch_job(queues=None, worker_id=await manager.register_worker())
    async with book.begin() as ledger:
        await ledger.wake(refund())
    assert [status for _, status, _ in await jobs(pool)] == ["doing", "todo"]


async def test_the_databases_own_error_surfaces(book: PostgresBook, pool: Pool) -> None:
    """What the database says while a job is deferred is psycopg's error, not the queue's."""
    async with pool.connection() as conn:
        await conn.execute("ALTER TABLE procrastinate_jobs ADD CHECK (task_name <> 'advance')")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with book.begin() as ledger:
            await ledger.wake(refund())


# --- running ----------------------------------------------------------------------


async def test_a_worker_runs_what_is_due(book: PostgresBook, pool: Pool) -> None:
    """Wake-ups reach the work that was handed in; what ran leaves no trace."""
    diary = Diary()
    await put(book, refund())
    async with working(make_queue(pool, QUICK), diary.work):
        async with book.begin() as ledger:
            received_id = await ledger.add_received(received())
            await ledger.wake(refund(2), LONG_AGO)
            await ledger.wake(refund(3), FAR)
        await eventually(lambda: len(diary.advanced) == 2 and diary.swept > 0)
        await eventually(lambda: diary.polled > 0)
    assert sorted(diary.advanced) == ["rf-1", "rf-2"]
    assert diary.digested == [received_id]
    assert await jobs(pool) == [("advance", "todo", "shop/31")]


async def test_a_wake_up_for_next_year_holds_nothing_back(book: PostgresBook, pool: Pool) -> None:
    """Of one order, whatever is due runs, though an older job waits for a later day."""
    diary = Diary()
    async with book.begin() as ledger:
        await ledger.wake(refund(1), FAR)
        await ledger.wake(refund(2), LONG_AGO)
        await ledger.wake(refund(3))
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: len(diary.advanced) == 2)
    assert sorted(diary.advanced) == ["rf-2", "rf-3"]


async def test_jobs_of_one_order_run_one_after_the_other(book: PostgresBook, pool: Pool) -> None:
    """Two refunds of one order never run together; another order's does not wait."""
    running: set[str] = set()
    together: list[set[str]] = []
    other_ran = asyncio.Event()

    async def meanwhile(refund_id: str) -> None:
        running.add(refund_id)
        together.append(set(running))
        if refund_id == "rf-3":
            other_ran.set()
        await other_ran.wait()
        running.discard(refund_id)

    diary = Diary(meanwhile=meanwhile)
    await put(book, refund(1), refund(2), refund(3, order_id="32"))
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: len(diary.advanced) == 3)
    assert {"rf-1", "rf-3"} in together
    assert not any({"rf-1", "rf-2"} <= each for each in together)


async def test_a_job_that_raises_is_not_repeated(book: PostgresBook, pool: Pool) -> None:
    """The janitor wakes what is due again; a failed job just ends."""
    seen: list[str] = []

    async def fail(refund_id: str) -> None:
        seen.append(refund_id)
        if refund_id == "rf-1":
            raise ZeroDivisionError

    diary = Diary(meanwhile=fail)
    await put(book, refund(1), refund(2))
    async with working(make_queue(pool, QUICK), diary.work, concurrency=1):
        await eventually(lambda: diary.advanced == ["rf-2"])
    assert seen == ["rf-1", "rf-2"]
    assert await jobs(pool) == []


async def test_stopping_waits_for_the_running_job(book: PostgresBook, pool: Pool) -> None:
    """A cancelled worker finishes what it has begun and begins nothing new."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def meanwhile(_: str) -> None:
        begun.set()
        await go_on.wait()

    diary = Diary(meanwhile=meanwhile)
    await put(book, refund(1), refund(2))
    worker = asyncio.create_task(make_queue(pool, QUICK).run_worker(diary.work))
    await begun.wait()
    worker.cancel()
    done, _ = await asyncio.wait([worker], timeout=0.2)
    assert not done
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert diary.advanced == ["rf-1"]
    assert await jobs(pool) == [("advance", "todo", "shop/31")]


async def test_a_worker_outlives_a_lost_database(
    book: PostgresBook, pool: Pool, database: str
) -> None:
    """After all its connections were cut it connects again and goes on working."""
    diary = Diary()
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: diary.swept > 0)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await put(book, refund())
        await eventually(lambda: diary.advanced == ["rf-1"])


# --- dead workers -----------------------------------------------------------------

DYING_WORKER = """
import asyncio, sys
from pef_adapters.storage.postgres import open_pool
from pef_adapters.storage.queue import QueueSettings, Work, make_queue

async def advance(refund_id):
    print("begun", flush=True)
    await asyncio.Event().wait()

async def nothing(*_):
    pass

async def main():
    async with open_pool(sys.argv[1]) as pool:
        work = Work(advance=advance, digest=nothing, sweep=nothing, poll=nothing)
        await make_queue(pool, QueueSettings(heartbeat=0.1, stalled_after=1)).run_worker(work)

asyncio.run(main())
"""


@pytest.fixture
def dying_worker(tmp_path: Path) -> Path:
    """A program whose worker never finishes a job."""
    script = tmp_path / "dying_worker.py"
    script.write_text(DYING_WORKER, encoding="utf-8")
    return script


async def test_a_killed_workers_job_runs_again(
    book: PostgresBook, pool: Pool, database: str, dying_worker: Path
) -> None:
    """After kill -9 in the middle of a job the sweep gives it to a living worker."""
    await put(book, refund())
    command = [sys.executable, str(dying_worker), database]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220 -- its start is awaited below
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"begun\n"
        process.send_signal(signal.SIGKILL)
    assert await jobs(pool) == [("advance", "doing", "shop/31")]
    diary = Diary()
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: diary.advanced == ["rf-1"])
    assert await jobs(pool) == []


async def test_a_living_workers_job_is_left_alone(
    book: PostgresBook, pool: Pool, queue: Queue
) -> None:
    """While the heartbeat is fresh nothing is given back."""
    await put(book, refund())
    manager = queue._app.job_manager
    await queue._app.open_async(pool)
    await manager.fetch_job(queues=None, worker_id=await manager.register_worker())
    assert await queue.requeue_stalled() == 0
    assert [status for _, status, _ in await jobs(pool)] == ["doing"]


async def test_a_dead_workers_sweep_is_dropped(pool: Pool) -> None:
    """The scheduler makes the next sweep; the one of a dead worker is not repeated."""
    queue = make_queue(pool, QueueSettings(stalled_after=0))
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status)"
            " VALUES ('default', 'sweep', 'sweep', 'doing')"
        )
    assert await queue.requeue_stalled() == 1
    async with pool.connection() as conn:
        left = await conn.execute("SELECT count(*) FROM procrastinate_jobs")
        assert await left.fetchone() == (0,)
