"""The job queue: wake-ups commit with the ledger and run one at a time."""

import asyncio

import psycopg
import pytest

from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue, make_queue
from queue_world import FAR, LONG_AGO, QUICK, Diary, eventually, jobs, put, working
from storage_samples import received, refund, settle_in


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """The ledger with an account, a store and a payment."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
    return postgres_book


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


async def test_a_worker_minds_checkouts(book: PostgresBook, pool: Pool) -> None:
    """A checkout's wake-up reaches its work with the checkout's id."""
    diary = Diary()
    async with book.begin() as ledger:
        await ledger.wake_checkout("co-1")
        await ledger.wake_checkout("co-2", LONG_AGO)
        await ledger.wake_checkout("co-3", FAR)
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: len(diary.minded) == 2)
    assert sorted(diary.minded) == ["co-1", "co-2"]
    assert await jobs(pool, "mind") == [("mind", "todo", "checkout/co-3")]


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
