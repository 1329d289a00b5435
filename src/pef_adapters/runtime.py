"""Puts everything together for one process: settings in, ports and queue out.

The only place that knows which storage, rail and adapters are used. It holds no
rule of refunding.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pef_adapters.bank_files import registry as bank_files
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.evidence import seal
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.ports import Boundary, Clock, FaultPoint, LedgerBook, Ports
from pef_adapters.engine.records import Exchange
from pef_adapters.pagoefectivo.evidence import Recorder
from pef_adapters.pagoefectivo.rail import PagoEfectivoRails
from pef_adapters.platforms import http, registry
from pef_adapters.platforms.contract import Platform
from pef_adapters.settings import Settings
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.house_key import KeyedHash, SignedLinks, house_key_of
from pef_adapters.storage.migrations import migrate, refuse_older
from pef_adapters.storage.postgres.book import PostgresBook
from pef_adapters.storage.postgres.pool import open_pool
from pef_adapters.storage.queue import Queue, QueueSettings, Work, make_queue
from pef_adapters.storage.secrets import SecretBox


class SystemClock:
    """The machine's clock, aware and in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class InstalledPlatforms:
    """Adapters as the installed distributions register them."""

    def named(self, platform: str) -> Platform:
        return registry.load(platform)


@dataclass(frozen=True, slots=True)
class Runtime:
    """A process that can work: its ports and its queue."""

    ports: Ports
    queue: Queue
    settings: Settings

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        at: FaultPoint | None = None,
        rhythm: QueueSettings | None = None,
    ) -> AsyncIterator[Self]:
        """Database (started and migrated where it has to be and may be), rail and adapters.

        `clock`, `at` and `rhythm` are for tests that hurry time or stop a process.

        Raises:
            DatabaseUnavailable, SchemaUnfit, SettingInvalid: with what to do about it.
        """
        http.allow_private_stores(settings.allow_private_stores)
        async with AsyncExitStack() as stack:
            dsn = stack.enter_context(database(settings))
            if settings.migrate:
                migrate(dsn)
            else:
                refuse_older(dsn)
            pool = await stack.enter_async_context(open_pool(dsn))
            queue = make_queue(pool, rhythm or _rhythm(settings))
            book = PostgresBook(pool, secret_box(settings), queue)
            used_clock = clock or SystemClock()
            rails = PagoEfectivoRails(used_clock, evidence_recorder(book))
            stack.push_async_callback(rails.aclose)
            key = await house_key_of(book)
            ports = Ports(
                book=book,
                rails=rails,
                platforms=InstalledPlatforms(),
                clock=used_clock,
                at=at or _walk_on,
                fingerprint=KeyedHash(key),
                links=SignedLinks(key),
                bank_format=bank_files.load,
                public_url=settings.address,
                replay_window_seconds=settings.replay_window_seconds,
            )
            yield cls(ports, queue, settings)

    async def work(self) -> None:
        """Run jobs until cancelled."""
        await self.queue.run_worker(
            work_of(self.ports), concurrency=self.settings.worker_concurrency
        )


def work_of(ports: Ports) -> Work:
    """The use cases behind the queue's tasks."""

    async def run_advance(refund_id: str) -> None:
        await advance(ports, refund_id)

    async def run_digest(received_id: int) -> None:
        await digest(ports, received_id)

    async def run_sweep() -> None:
        await sweep(ports)
        await seal(ports)

    async def run_poll() -> None:
        await poll_stores(ports)

    async def run_mind(checkout_id: str) -> None:
        await mind_checkout(ports, checkout_id)

    return Work(
        advance=run_advance, digest=run_digest, mind=run_mind, sweep=run_sweep, poll=run_poll
    )


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The database's address; a private one is started where none is named."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with EmbeddedPostgres(settings.data_dir) as embedded:
        yield embedded.dsn


def secret_box(settings: Settings) -> SecretBox:
    """The box for stored secrets, by PEF_SECRET_KEY or the key file."""
    if settings.secret_key is not None:
        return SecretBox.from_setting(settings.secret_key.get_secret_value())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SecretBox.from_folder(settings.data_dir)


def evidence_recorder(book: LedgerBook) -> Recorder:
    """Writes each exchange with the rail in a transaction of its own.

    Evidence must survive whatever the use case around it decides.
    """

    async def record(exchange: Exchange) -> None:
        async with book.begin() as ledger:
            await ledger.add_exchange(exchange)

    return record


def _rhythm(settings: Settings) -> QueueSettings:
    return QueueSettings(
        heartbeat=settings.worker_heartbeat_seconds,
        stalled_after=settings.worker_dead_after_seconds,
    )


def _walk_on(boundary: Boundary) -> None:
    """Outside tests no boundary stops anybody."""
