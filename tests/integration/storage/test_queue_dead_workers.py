"""The job queue: what a dead worker left is given to the living."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import Queue, QueueSettings, make_queue
from queue_world import QUICK, Diary, eventually, jobs, put, working
from storage_samples import refund, settle_in


@pytest.fixture
async def book(postgres_book: PostgresBook) -> PostgresBook:
    """The ledger with an account, a store and a payment."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
    return postgres_book


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
        work = Work(
            advance=advance, digest=nothing, mind=nothing, sweep=nothing, poll=nothing
        )
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
