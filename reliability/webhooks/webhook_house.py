"""The service as webhooks meet it: the real app over real HTTP, on a real PostgreSQL.

Time is virtual and the rail is a book in memory, so that every payment is counted; stores are
the fakes on the real wire. `restart` is what happens to a service in the middle of a storm.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.fernet import Fernet

from pef_adapters.bank_files import csv_format
from pef_adapters.core.policy import Mode
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account, Store
from pef_adapters.platforms import registry
from pef_adapters.platforms.contract import Platform
from pef_adapters.server.app import create_app
from pef_adapters.storage.house_key import KeyedHash, SignedLinks
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.postgres.pool import Pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.testing.clock import VirtualClock
from pef_vtex import Vtex
from served import served
from shopify_bench import CLIENT_ID, TOKEN, RemoteShop, shop_running
from shopify_connected import reached
from webhook_rail import RailOfFacts
from woocommerce_bench import KEY, SECRET, RemoteStore, store_running

# Tables that a delivery could leave something in.
_TRACES: Final = ("received", "asked_refunds", "refunds", "attempts", "checkouts", "privacy_cases")
_PAUSE_SECONDS: Final = 0.2
_MOST_ROUNDS: Final = 300
ODD_SECRET: Final = "made-up-secret-of-somebody-else"
RAIL_SECRET: Final = "made-up-secret-of-the-rail"
WOO_SECRET: Final = "madeUpSecretOfTheShop42"
APP_SECRETS: Final = ("shpss_made_up_newer", "shpss_made_up_older")
BY_HAND_SECRET: Final = "made-up-secret-of-the-admin-page"
# Another shop of the very same app.
SISTER_SHOP: Final = "hermana.myshopify.com"
VTEX_TOKEN, HOOK_SECRET = "made-up-provider-token", "made-up-hook-secret"


@dataclass(frozen=True, slots=True)
class Adapters:
    """The installed adapters; VTEX's reads the house's clock."""

    clock: VirtualClock

    def named(self, platform: str) -> Platform:
        return Vtex(self.clock.now) if platform == "vtex" else registry.load(platform)


@dataclass(slots=True)
class House:
    """The running service, its clock and rail, and two fake shops in the world outside."""

    dsn: str
    woo: RemoteStore
    shop: RemoteShop
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(datetime.now(UTC)))
    rail: RailOfFacts = field(default_factory=RailOfFacts)
    port: int = 0
    restarts: int = -1
    ports: Ports = field(init=False)
    _pool: Pool = field(init=False)
    _box: SecretBox = field(default_factory=lambda: SecretBox(Fernet.generate_key().decode()))
    _life: AsyncExitStack = field(default_factory=AsyncExitStack)
    _at_work: asyncio.Lock = field(default_factory=asyncio.Lock)
    _worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Pool, ports, web half and worker, all anew; the same port as before."""
        self._pool = await self._life.enter_async_context(open_pool(self.dsn))
        book = PostgresBook(self._pool, self._box, make_queue(self._pool))
        self.ports = _ports(book, self.rail, self.clock)
        app = create_app(self.ports, "https://refunds.example")
        address = await self._life.enter_async_context(served(app, port=self.port))
        self.port = int(address.rpartition(":")[2])
        self._worker = asyncio.create_task(self._work_on())
        self.restarts += 1

    async def stop(self) -> None:
        """Nothing of the service is left but its database."""
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        await self._life.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def settle(self) -> None:
        """Work off all that is due now."""
        for _ in range(_MOST_ROUNDS):
            if not await self._work():
                return
        raise RuntimeError("the service does not come to rest")

    async def later(self, **step: float) -> None:
        """Let time pass; then the janitor looks round, and all that is due is done."""
        self.clock.advance(**step)
        await sweep(self.ports)
        await self.settle()

    async def poll(self) -> None:
        """What the schedule does every five minutes."""
        await poll_stores(self.ports)
        await self.settle()

    async def traces(self) -> Counter[str]:
        """How much is kept, table by table."""
        async with self._pool.connection() as conn:
            found = Counter[str]()
            for table in _TRACES:
                row = await (await conn.execute(f"SELECT count(*) FROM {table}")).fetchone()  # noqa: S608 - a constant
                found[table] = row[0] if row else 0
        return found

    async def change_store(self, name: str, **secrets: str) -> None:
        """The owner gives a store other secrets."""
        async with self.ports.book.begin() as ledger:
            store = await ledger.store(name)
            assert store is not None  # noqa: S101 - the house opened it
            await ledger.add_store(replace(store, secrets={**store.secrets, **secrets}))

    async def _work_on(self) -> None:
        while True:
            await self._work()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _work(self) -> int:
        async with self._at_work:
            return await _work_once(self.ports)


async def _work_once(ports: Ports) -> int:
    """One round of every job that is due; answers how many that were."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        deliveries = await ledger.open_received(now + timedelta(milliseconds=1), 1000)
        refunds = await ledger.due_refunds(now, 1000)
        checkouts = await ledger.due_checkouts(now, 1000)
    for received_id in deliveries:
        await digest(ports, received_id)
    for refund_id in refunds:
        await advance(ports, refund_id)
    for checkout_id in checkouts:
        await mind_checkout(ports, checkout_id)
    return len(deliveries) + len(refunds) + len(checkouts)


def _ports(book: PostgresBook, rail: RailOfFacts, clock: VirtualClock) -> Ports:
    key = "a key that every run may know"
    return Ports(
        book=book,
        rails=rail,
        platforms=Adapters(clock),
        clock=clock,
        at=lambda _: None,
        fingerprint=KeyedHash(key),
        links=SignedLinks(key),
        bank_format=lambda _: csv_format.bank_format(),
        public_url="https://refunds.example",
    )


@asynccontextmanager
async def open_house(dsn: str) -> AsyncIterator[House]:
    """The service with two tenants of each kind, and the shops that belong to the first."""
    with ExitStack() as outside:
        woo = outside.enter_context(store_running())
        shop = outside.enter_context(shop_running())
        outside.enter_context(reached(shop))
        house = House(dsn, woo, shop, port=_reserved_port())
        await house.start()
        try:
            await _move_in(house)
            yield house
        finally:
            await house.stop()


def _reserved_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
    return number


async def _move_in(house: House) -> None:
    for remote in (house.woo, house.shop):
        await asyncio.to_thread(remote.moods, drop_webhooks=True)
    async with house.ports.book.begin() as ledger:
        for account in (_account("main", RAIL_SECRET), _account("other", ODD_SECRET)):
            await ledger.add_account(account)
        for store in _stores(house):
            await ledger.add_store(store)


def _account(name: str, secret: str) -> Account:
    return Account(
        id=name,
        mode=Mode.SANDBOX,
        base_url="http://127.0.0.1:8082",
        service_id="9999",
        settings={},
        secrets={"access_key": "SBX", "secret_key": secret},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _stores(house: House) -> list[Store]:
    """Two tenants of each platform; of each pair the first is the one that is spoken to."""
    woo = {"payment_methods": ["pagoefectivo"], "allow_http": True}
    keys = {"consumer_key": KEY, "consumer_secret": SECRET}
    gateways = {"gateways": ["PagoEfectivo"]}
    by_hand = {**gateways, "way_in": "webhook"}
    app = {"client_id": CLIENT_ID, "client_secret": ",".join(APP_SECRETS), "access_token": TOKEN}
    vtex = {"account": "tiendamisti", "order_writing": "none"}
    pair = {"app_token": VTEX_TOKEN, "webhook_secret": HOOK_SECRET}
    odd_pair = {"app_token": ODD_SECRET, "webhook_secret": ODD_SECRET}
    return [
        _store(house, "woo-a", house.woo.home, woo, {**keys, "webhook_secret": WOO_SECRET}),
        _store(house, "woo-b", "http://127.0.0.1:9", woo, {**keys, "webhook_secret": ODD_SECRET}),
        _store(house, "tienda-myshopify-com", "https://tienda.myshopify.com", gateways, app),
        _store(
            house,
            "otra-myshopify-com",
            "https://otra.myshopify.com",
            gateways,
            {**app, "client_secret": ODD_SECRET, "access_token": "shpat_of_another_shop"},
        ),
        _store(
            house,
            SISTER_SHOP.replace(".", "-"),
            f"https://{SISTER_SHOP}",
            gateways,
            {**app, "access_token": "shpat_of_a_sister_shop"},
        ),
        _store(
            house,
            "amano-a",
            "https://amano.myshopify.com",
            by_hand,
            {"webhook_secret": BY_HAND_SECRET},
        ),
        _store(
            house,
            "amano-b",
            "https://amano-b.myshopify.com",
            by_hand,
            {"webhook_secret": ODD_SECRET},
        ),
        _store(house, "vtex-a", "https://tiendamisti.myvtex.com", vtex, pair),
        _store(house, "vtex-b", "https://otra.myvtex.com", {**vtex, "account": "otra"}, odd_pair),
    ]


def _store(
    house: House, name: str, address: str, settings: dict[str, Any], secrets: dict[str, str]
) -> Store:
    platform = {"woo": "woocommerce", "vtex": "vtex"}.get(name.partition("-")[0], "shopify")
    now = house.clock.now()
    return Store(
        id=name,
        platform=platform,
        identity=address,
        account_id="main",
        mode=Mode.SANDBOX,
        language="en",
        callback_url=f"http://127.0.0.1:{house.port}/webhooks/{platform}/{name}",
        settings={"platform": settings},
        secrets=secrets,
        poll_cursor=now - timedelta(minutes=1),
        created_at=now - timedelta(days=30),
    )
