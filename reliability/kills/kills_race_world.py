"""One race: two workers' sides of one house, on one refund, with a rail that counts.

Each side has connections, a clock and a pace of its own, and a book that can be unsteady:
it pauses at every call, so that the two meet at ever other places; it can lose its connection
while it holds locks; and a commit can be reported as failed although it is durable.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
from cryptography.fernet import Fernet

from pef_adapters.bank_files import csv_format
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.engine.ports import LedgerAway, LedgerBook, Ports, RailRefund, RailRefusal
from pef_adapters.engine.records import Account, Attempt, Refund, Store
from pef_adapters.storage.house_key import KeyedHash, SignedLinks
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.postgres.pool import Connection
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.testing.clock import START, VirtualClock
from pef_adapters.testing.fake_platform import FakePlatform
from pef_adapters.testing.hostile_rail import HostileRail

HOUSE_KEY = "opens nothing but this race"
AMOUNT = Money(4500, "PEN")
_PAID = Money(12980, "PEN")
_LONGEST_PAUSE = 0.004
_AT_ONCE, _TO_THE_LOOP = 0.55, 0.85


class NoWakes:
    """A race needs no queue: both sides are awake."""

    async def wake_refund(self, conn: Connection, refund: Refund, at: datetime | None) -> None: ...

    async def wake_received(
        self, conn: Connection, received_id: int, at: datetime | None
    ) -> None: ...

    async def wake_checkout(
        self, conn: Connection, checkout_id: str, at: datetime | None
    ) -> None: ...


@dataclass(slots=True)
class Pace:
    """When one side pauses, drawn from the race's seed."""

    dice: Random

    async def pause(self) -> None:
        drawn = self.dice.random()
        if drawn > _TO_THE_LOOP:
            await asyncio.sleep(self.dice.random() * _LONGEST_PAUSE)
        elif drawn > _AT_ONCE:
            await asyncio.sleep(0)


@dataclass(slots=True)
class UnsteadyBook:
    """A book on PostgreSQL that pauses, is cut off at its `cut_at`-th call, or lies once."""

    inner: PostgresBook
    pace: Pace
    admin: psycopg.AsyncConnection[Any]
    cut_at: int = 0
    lie_at: int = 0
    calls: int = 0
    commits: int = 0
    cuts: int = 0
    lies: int = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        await self.pace.pause()
        async with self.inner.begin() as ledger:
            yield _Unsteady(ledger, self)
            await self.pace.pause()  # with every lock in hand
        self.commits += 1
        if self.commits == self.lie_at:
            self.lies += 1
            raise LedgerAway("it is durable, and nobody heard so")

    async def before_call(self, ledger: Any) -> None:
        await self.pace.pause()
        self.calls += 1
        if self.calls == self.cut_at:
            self.cuts += 1
            pid = ledger._conn.info.backend_pid
            await self.admin.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def steady(self) -> None:
        """No more trouble from here on."""
        self.cut_at = self.lie_at = 0


class _Unsteady:
    def __init__(self, ledger: Any, book: UnsteadyBook) -> None:
        self._ledger = ledger
        self._book = book

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._ledger, name)

        async def call(*given: Any, **named: Any) -> Any:
            await self._book.before_call(self._ledger)
            return await method(*given, **named)

        return call


class CountingRail(HostileRail):
    """Its book is true; the first request can be held up on its way there."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self.on_its_way = asyncio.Event()
        self.let_through: asyncio.Event | None = None

    async def send(self, attempt: Attempt) -> RailRefund | RailRefusal:
        gate, self.let_through = self.let_through, None
        await self._pace.pause()
        if gate is not None:
            self.on_its_way.set()
            await gate.wait()
        answer = await super().send(attempt)
        await self._pace.pause()
        return answer

    async def find_refund(self, attempt: Attempt) -> RailRefund | None:
        await self._pace.pause()
        found = await super().find_refund(attempt)
        await self._pace.pause()
        return found


@dataclass(slots=True)
class Side:
    """One worker's view of the house."""

    ports: Ports
    book: UnsteadyBook
    clock: VirtualClock


@dataclass(slots=True)
class Lane:
    """Where races run one after the other: an account and a store, and two pools of connections."""

    name: str
    pools: tuple[Pool, Pool]
    admin: psycopg.AsyncConnection[Any]
    box: SecretBox
    wakes: NoWakes = field(default_factory=NoWakes)

    async def open(self) -> None:
        account = Account(
            id=self.name,
            mode=Mode.SANDBOX,
            base_url="http://127.0.0.1:8082",
            service_id="9999",
            settings={},
            secrets={"access_key": "SBX", "secret_key": "s"},
            created_at=START,
        )
        store = Store(
            id=self.name,
            platform="fake",
            identity=f"https://{self.name}.pe",
            account_id=self.name,
            mode=Mode.SANDBOX,
            language="en",
            callback_url=f"https://refunds.example/webhooks/fake/{self.name}",
            settings={},
            secrets={"webhook_secret": "hush"},
            poll_cursor=START,
            created_at=START - timedelta(days=30),
        )
        async with PostgresBook(self.pools[0], self.box, self.wakes).begin() as ledger:
            await ledger.add_account(account)
            await ledger.add_store(store)

    def side(self, which: int, dice: Random, rail: HostileRail, shop: FakePlatform) -> Side:
        clock = VirtualClock()
        inner = PostgresBook(self.pools[which], self.box, self.wakes)
        book = UnsteadyBook(inner, Pace(dice), self.admin)
        return Side(_ports(book, rail, shop, clock), book, clock)


def _ports(book: LedgerBook, rail: HostileRail, shop: FakePlatform, clock: VirtualClock) -> Ports:
    return Ports(
        book=book,
        rails=rail,
        platforms=shop,
        clock=clock,
        at=lambda _: None,
        fingerprint=KeyedHash(HOUSE_KEY),
        links=SignedLinks(HOUSE_KEY),
        bank_format=lambda _: csv_format.bank_format(),
        public_url="https://refunds.example",
    )


def paid_refund(number: int, rail: HostileRail) -> FakePlatform:
    """A store in which one refund was pressed, of a payment that the rail knows."""
    shop = FakePlatform(lambda: START)
    cip = str(30_000_000 + number)
    rail.pay(cip, _PAID, START - timedelta(days=1))
    shop.press(str(number), AMOUNT, at=START, order_id=f"o{number}", transaction_id=cip)
    return shop


@asynccontextmanager
async def lanes(dsn: str, number: int) -> AsyncIterator[list[Lane]]:
    """So many lanes on a migrated database."""
    box = SecretBox(Fernet.generate_key().decode())
    async with AsyncExitStack() as stack:
        made: list[Lane] = []
        for which in range(number):
            one, other = [await stack.enter_async_context(open_pool(dsn, size=4)) for _ in range(2)]
            admin = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
            await stack.enter_async_context(admin)
            made.append(Lane(f"lane{which}", (one, other), admin, box))
            await made[-1].open()
        yield made
