"""The job queue and scheduler (Procrastinate), in the same PostgreSQL.

Owns when our tasks run; what they do is handed in. A job is only a wake-up: it
carries an id and no fact, so losing one costs minutes and repeating one costs
nothing. Jobs of one order run one after the other, and so do those of one checkout.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg.types.json import Jsonb

from pef_adapters.engine.records import Refund
from pef_adapters.storage.postgres.pool import Connection, Pool

ADVANCE, DIGEST, MIND = "advance", "digest", "mind"
SWEEP, POLL = "sweep", "poll"

Subject = dict[str, str] | dict[str, int]

_log = structlog.get_logger(__name__)
_LOCK = 0x70656A71
# Where Procrastinate's 32-bit priorities begin to count seconds from; see `_priority`.
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_LOWEST = -(2**31)
# Together longer than a database that is away leaves its workers alive.
_FINISH_PAUSES = (0.1, 0.5, 2, 5, 15, 30)

# A waiting job that is locked here can't be fetched before this transaction ends,
# so it will see what the transaction wrote; one that is being fetched is skipped.
# One that is due by now is as urgent as a new one: else whatever comes in goes before it.
_ALREADY_WAITING = """
    UPDATE procrastinate_jobs SET priority = greatest(priority, %(priority)s)
    WHERE id = (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND lock = %(lock)s AND task_name = %(task)s AND args = %(subject)s
          AND CASE WHEN %(at)s::timestamptz IS NULL THEN coalesce(scheduled_at <= now(), true)
                   ELSE scheduled_at = %(at)s END
        LIMIT 1 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the tasks do: the use cases, handed in by whoever runs a worker."""

    advance: Callable[[str], Awaitable[None]]
    digest: Callable[[int], Awaitable[None]]
    mind: Callable[[str], Awaitable[None]]
    sweep: Callable[[], Awaitable[None]]
    poll: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """When things happen. Seconds, and cron expressions (a sixth field counts seconds).

    A worker that was silent for `stalled_after` is dead: its jobs run again.
    """

    heartbeat: float = 10
    stalled_after: float = 30
    look_for_jobs: float = 1
    finish_within: float = 30
    reconnect_after: float = 2
    sweep_cron: str = "* * * * *"
    poll_cron: str = "*/5 * * * *"


class Queue:
    """Defers wake-ups and runs them. See `make_queue`."""

    def __init__(self, pool: Pool, settings: QueueSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._app = App(connector=PsycopgConnector())

    # deferring: always on the caller's connection, inside its transaction

    async def wake_refund(self, conn: Connection, refund: Refund, at: datetime | None) -> None:
        """Defer `advance(refund.id)`."""
        lock = f"{refund.store_id}/{refund.order_id}"
        await self._defer(conn, ADVANCE, {"refund_id": refund.id}, lock, at)

    async def wake_received(self, conn: Connection, received_id: int, at: datetime | None) -> None:
        """Defer `digest(received_id)`."""
        await self._defer(conn, DIGEST, {"received_id": received_id}, f"received/{received_id}", at)

    async def wake_checkout(self, conn: Connection, checkout_id: str, at: datetime | None) -> None:
        """Defer `mind(checkout_id)`."""
        await self._defer(conn, MIND, {"checkout_id": checkout_id}, f"checkout/{checkout_id}", at)

    async def _defer(
        self, conn: Connection, task: str, subject: Subject, lock: str, at: datetime | None
    ) -> None:
        """Add the job, unless the same one is waiting already."""
        priority = _priority(at)
        same = {
            "task": task,
            "subject": Jsonb(subject),
            "lock": lock,
            "at": at,
            "priority": priority,
        }
        if (await conn.execute(_ALREADY_WAITING, same)).rowcount:
            return
        job = self._app.configure_task(
            task, connection=conn, lock=lock, schedule_at=at, priority=priority
        )
        with _database_errors_as_they_are():
            await job.defer_async(**subject)

    # running

    async def run_worker(self, work: Work, *, concurrency: int = 8) -> None:
        """Run jobs until cancelled; cancelling waits for those that are running.

        A database that goes away stops the jobs, not the worker: it tries again.
        """
        while True:
            try:
                await self._run_until_broken(work, concurrency)
                _log.warning("worker_stopped_by_itself")
            except (ConnectorException, psycopg.Error) as error:
                # Of the cause its kind only: its words can hold a statement with what was in it.
                kinds = {"error": type(error).__name__, "cause": type(error.__cause__).__name__}
                _log.warning("worker_lost_the_database", **kinds, **self._pool.get_stats())
            await asyncio.sleep(self._settings.reconnect_after)

    async def _run_until_broken(self, work: Work, concurrency: int) -> None:
        app = App(connector=PsycopgConnector())
        app.job_manager = _Finishing(app.connector)
        _register(app, work, self._settings, self.requeue_stalled)
        await app.open_async(self._pool)
        await app.run_worker_async(
            concurrency=concurrency,
            listen_notify=True,
            fetch_job_polling_interval=self._settings.look_for_jobs,
            shutdown_graceful_timeout=self._settings.finish_within,
            # What became of a refund stands in the ledger; a finished job tells nothing.
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._settings.heartbeat,
            stalled_worker_timeout=self._settings.stalled_after,
        )

    async def requeue_stalled(self) -> int:
        """Give the jobs of dead workers back to the living; answers how many.

        One process at a time: a job given back twice could be taken from a live worker.
        """
        async with self._pool.connection() as conn, conn.transaction():
            taken = await conn.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))
            row = await taken.fetchone()
            return await self._retry_stalled() if row and row[0] else 0

    async def _retry_stalled(self) -> int:
        await self._app.open_async(self._pool)
        manager = self._app.job_manager
        silence = self._settings.stalled_after
        jobs = list(await manager.get_stalled_jobs(seconds_since_heartbeat=silence))
        for job in jobs:
            await _give_back(manager, job)
        await manager.prune_stalled_workers(silence)
        return len(jobs)


class _Finishing(JobManager):
    """A job that ran leaves the queue, even if the database fails at that very moment.

    It would be "doing" for as long as its worker lives, and hold back all others of its order.
    """

    async def finish_job_by_id_async(self, job_id: int, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - its parent's signature
        for pause in _FINISH_PAUSES:
            try:
                return await super().finish_job_by_id_async(job_id, status, delete_job)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    return None  # it left before: only the answer was lost
                _log.warning("job_not_finished_yet", job=job_id)
                await asyncio.sleep(pause)
        return await super().finish_job_by_id_async(job_id, status, delete_job)


def make_queue(pool: Pool, settings: QueueSettings | None = None) -> Queue:
    """The queue in the pool's database, which must have been migrated."""
    return Queue(pool, settings or QueueSettings())


def _register(
    app: App,
    work: Work,
    settings: QueueSettings,
    requeue_stalled: Callable[[], Awaitable[int]],
) -> None:
    """Tell the app's tasks. None retries by itself: the janitor re-creates wake-ups."""

    async def advance(refund_id: str) -> None:
        await work.advance(refund_id)

    async def digest(received_id: int) -> None:
        await work.digest(received_id)

    async def mind(checkout_id: str) -> None:
        await work.mind(checkout_id)

    async def sweep(timestamp: int) -> None:  # noqa: ARG001 -- the scheduler passes it
        await requeue_stalled()
        await work.sweep()

    async def poll(timestamp: int) -> None:  # noqa: ARG001 -- the scheduler passes it
        await work.poll()

    app.task(name=ADVANCE)(advance)
    app.task(name=DIGEST)(digest)
    app.task(name=MIND)(mind)
    # At most one of each waits, however long the last one takes.
    for cron, name, body in (
        (settings.sweep_cron, SWEEP, sweep),
        (settings.poll_cron, POLL, poll),
    ):
        app.periodic(cron=cron)(app.task(name=name, queueing_lock=name)(body))


async def _give_back(manager: JobManager, job: Job) -> None:
    _log.warning("stalled_job_found", task=job.task_name, job=job.id)
    if job.queueing_lock is None:
        await manager.retry_job(job, retry_at=_EPOCH)
    else:  # the scheduler has made, or will make, the next one of these
        await manager.finish_job(job, Status.ABORTED, delete_job=True)


def _priority(at: datetime | None) -> int:
    """Sooner is more urgent.

    Procrastinate holds a job back while an older one of the same order waits, even
    one that is due next week, unless the newer has the higher priority.
    """
    if at is None:
        return 0
    return max(_LOWEST, min(-1, -int((at - _EPOCH).total_seconds())))


@contextmanager
def _database_errors_as_they_are() -> Iterator[None]:
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise
