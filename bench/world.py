"""What the benchmarks work on: an engine on PostgreSQL between a rail and a store in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet

from pef_adapters.bank_files import registry as bank_files
from pef_adapters.core.policy import Mode
from pef_adapters.engine.ports import Boundary, Ports
from pef_adapters.engine.records import Account, Store
from pef_adapters.storage.house_key import KeyedHash, SignedLinks, house_key_of
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.fake_platform import FakePlatform
from pef_adapters.testing.hostile_rail import HostileRail

_CONNECTED = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bench:
    """The ports, what stands behind them, and one connected store."""

    ports: Ports
    pool: Pool
    store: Store
    rail: HostileRail
    shop: FakePlatform


@asynccontextmanager
async def open_bench(dsn: str) -> AsyncIterator[Bench]:
    """Connect one account and one store."""
    clock = VirtualClock()
    rail, shop = HostileRail(), FakePlatform(clock.now)
    async with open_pool(dsn) as pool:
        book = PostgresBook(pool, SecretBox(Fernet.generate_key().decode()), make_queue(pool))
        key = await house_key_of(book)
        ports = Ports(
            book=book,
            rails=rail,
            platforms=shop,
            clock=clock,
            at=_walk_on,
            fingerprint=KeyedHash(key),
            links=SignedLinks(key),
            bank_format=bank_files.load,
        )
        store = _store()
        async with book.begin() as ledger:
            await ledger.add_account(_account())
            await ledger.add_store(store)
        yield Bench(ports, pool, store, rail, shop)


def _account() -> Account:
    return Account(
        id="main",
        mode=Mode.SANDBOX,
        base_url="http://127.0.0.1:8082",
        service_id="1000",
        settings={},
        secrets={"access_key": "SBX", "secret_key": "none"},
        created_at=_CONNECTED,
    )


def _store() -> Store:
    return Store(
        id="tienda-pe",
        platform="fake",
        identity="https://tienda.pe",
        account_id="main",
        mode=Mode.SANDBOX,
        language="es_PE",
        callback_url="https://refunds.example/webhooks/fake/tienda-pe",
        settings={},
        secrets={"webhook_secret": "none"},
        poll_cursor=_CONNECTED - timedelta(minutes=1),
        created_at=_CONNECTED,
    )


def _walk_on(boundary: Boundary) -> None:
    """Nothing stops a benchmark."""
    del boundary
