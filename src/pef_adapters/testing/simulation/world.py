"""One simulated world: stores, rail, bank, people and our own machines, all from one seed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Final

import httpx

from pef_adapters.bank_files import csv_format
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account, Refund, Store
from pef_adapters.pagoefectivo.rail import PagoEfectivoRails
from pef_adapters.runtime import evidence_recorder
from pef_adapters.server.app import create_app
from pef_adapters.storage.house_key import KeyedHash, SignedLinks
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.simulation import furnishing
from pef_adapters.testing.simulation.bank import Bank
from pef_adapters.testing.simulation.clock import SkewedClock
from pef_adapters.testing.simulation.computer import (
    DatabaseTrouble,
    FailingBook,
    Killed,
    Process,
    Queue,
)
from pef_adapters.testing.simulation.network import Network, application
from pef_adapters.testing.simulation.palette import Fault, Weather, happens
from pef_adapters.testing.simulation.post import Post
from pef_adapters.testing.simulation.rail import Rail
from pef_adapters.testing.simulation.rail_wire import HOST as RAIL_HOST
from pef_adapters.testing.simulation.rail_wire import Keys, RailWire
from pef_adapters.testing.simulation.sealing import Sealing
from pef_adapters.testing.simulation.sending import wrong_request
from pef_adapters.testing.simulation.shops.contract import PAID, Setting, Shop, StoreFront
from pef_adapters.testing.simulation.shops.kinds import KINDS, OURS, Kind
from pef_adapters.testing.simulation.story import Story

_HOUSE_KEY: Final = "a key of simulated worlds"
# The rail refunds by itself for thirty days; after that people pay by bank file.
_AGES_IN_DAYS: Final = (1, 1, 1, 1, 1, 40)
_MOST_ROUNDS: Final = 60
DESK_POLICY: Final[dict[str, Any]] = {
    "name": "desk",
    "rules": [
        {"id": "by-hand", "when": {"amount": {"max": "30.00", "currency": "PEN"}}, "then": "payout"}
    ],
    "otherwise": "approve",
    "payout": {"approvers": 1, "cooling_off_hours": 2},
    "limits": [{"per": "store", "days": 1, "amount": "100.00", "currency": "PEN"}],
}


@dataclass(slots=True)
class Facts:
    """What a world knows and the engine may not: what was sent though it should not have been.

    `unheard` are ids that the rail paid after its no, and nothing of which has reached us yet.
    """

    wrongs: list[str] = field(default_factory=list)
    no_taken_back: bool = False
    unheard: set[str] = field(default_factory=set)
    pressed: set[tuple[str, int]] = field(default_factory=set)


class World:
    """Everything of one seed; what happens in it is `life`'s."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 - a history to play again, not a secret
        self.clock = VirtualClock()
        self.began = self.clock.now()
        self.story = Story(self.clock)
        self.weather = Weather(self.dice, self.story.tell)
        self.process = Process(self.dice)
        self.memory = MemoryBook()
        self.book = FailingBook(self.memory, self.process, self.weather)
        self.queue = Queue(self.memory, self.dice, self.weather)
        self.network = Network(self.process)
        self.machine_clock = SkewedClock(self.clock)
        self.facts = Facts()
        self.ports = self._ports()
        self.sealing = Sealing(seed, self.ports, self.memory, self.story)
        self.rail = Rail(self.clock.now, timedelta(seconds=self.ports.replay_window_seconds))
        self.rail_wire = RailWire(self.rail, self.weather, self.clock.now)
        self.bank = Bank(self)
        self.post = Post(self, OURS)
        self.shops: list[Shop] = []
        self.fronts: list[StoreFront] = []
        self._wire_up()

    def _ports(self) -> Ports:
        self.rails = PagoEfectivoRails(self.machine_clock, evidence_recorder(self.book))
        return Ports(
            book=self.book,
            rails=self.rails,
            platforms=furnishing.Adapters(self.machine_clock, self.clock),
            clock=self.machine_clock,
            at=self.process.at,
            fingerprint=KeyedHash(_HOUSE_KEY),
            links=SignedLinks(_HOUSE_KEY),
            bank_format=lambda _: csv_format.bank_format(),
            public_url=OURS,
        )

    def _wire_up(self) -> None:
        self.weather.states = lambda: (refund.state for refund in self.memory.refunds)
        self.rail_wire.slow = lambda: self.pass_time(seconds=self.dice.randrange(5, 20))
        self.rail_wire.on_request = lambda order: self.facts.wrongs.extend(
            wrong_request(self, order)
        )
        self.rail_wire.on_early = self.post.carry_news_of
        self.network.serve(RAIL_HOST, self.rail_wire.answer)
        service = application(create_app(self.ports, OURS))
        self.network.serve_ourselves(httpx.URL(OURS).host, service, self.died)

    # making it

    async def open(self) -> None:
        """Accounts and stores, connected in good weather."""
        enabled, self.weather.enabled = self.weather.enabled, frozenset()
        for number, make in enumerate(self._chosen_shops()):
            await self._add(number, make)
        self.weather.enabled = enabled
        self.story.tell(f"weather: {', '.join(sorted(enabled)) or 'fine'}")

    def _chosen_shops(self) -> list[Kind]:
        count = 2 if happens(self.dice, 0.2) else 1
        return [self.dice.choice(KINDS) for _ in range(count)]

    async def _add(self, number: int, make: Kind) -> None:
        account = furnishing.account(number, self.clock)
        keys = Keys(account.id, account.secrets["access_key"], account.secrets["secret_key"])
        self.rail_wire.keys[keys.access_key] = keys
        store = self._store(number, account, make)
        cip = f"1154690{number + 1}"
        age = timedelta(days=self.dice.choice(_AGES_IN_DAYS))
        self.rail.pay(cip, account.id, PAID, self.clock.now() - age)
        async with self.memory.begin() as ledger:
            await ledger.add_account(account)
            await ledger.add_store(store)
        setting = Setting(
            store=store,
            cip=cip,
            ports=self.ports,
            platform=self.ports.platforms.named(store.platform),
            clock=self.clock,
            service=OURS,
            work=self._work_off,
            buyer_pays=self.rail.pay_waiting,
        )
        shop = make.make(setting)
        front = StoreFront(shop.answer, self.weather)
        self.network.serve(httpx.URL(store.identity).host, front.answer)
        self.shops.append(shop)
        self.fronts.append(front)
        await shop.open()
        self.story.tell(f"{store.id} ({store.platform}) has a paid order, CIP {shop.cip}")

    def _store(self, number: int, account: Account, make: Kind) -> Store:
        now, store = self.clock.now(), make.store(number)
        policy = {"policy": DESK_POLICY} if happens(self.dice, 0.35) else {}
        return replace(
            store,
            account_id=account.id,
            settings={**store.settings, **policy},
            poll_cursor=now - timedelta(minutes=1),
            created_at=now,
        )

    # its time and its work

    def pass_time(self, **step: float) -> None:
        """Time passes for everybody."""
        self.clock.advance(**step)

    async def _work_off(self) -> None:
        await self.post.carry()
        await self.work()

    async def work(self) -> None:
        """Work off every wake-up that is due now, until nothing is."""
        for _ in range(_MOST_ROUNDS):
            due = self.queue.due(self.machine_clock.now())
            if not due:
                return
            for wake in due:
                await self.guarded(partial(self._do, wake))
        self.facts.wrongs.append("the engine does not come to rest")

    async def guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do it; where our process dies or its database fails, the next one finds what is left."""
        try:
            await step()
        except (Killed, DatabaseTrouble) as fault:
            self.died(fault)

    def died(self, fault: BaseException) -> None:
        """Our process is gone, or its database was: a new one begins with what is durable."""
        self.story.tell(f"{type(fault).__name__}: {fault}")
        self.process.spare()
        self.rails._rails.clear()  # noqa: SLF001 - a dead process has no tokens

    async def _do(self, wake: Wake) -> None:
        if wake.task == "advance":
            await self._advance(str(wake.subject))
        elif wake.task == "mind":
            await mind_checkout(self.ports, str(wake.subject))
        else:
            await digest(self.ports, int(wake.subject))

    async def _advance(self, refund_id: str) -> None:
        if not self.weather.strikes(Fault.TWO_WORKERS):
            await advance(self.ports, refund_id)
            return
        both = (advance(self.ports, refund_id), advance(self.ports, refund_id))
        for ended in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended

    # looking at it

    @property
    def refunds(self) -> list[Refund]:
        """All refunds, as committed."""
        return list(self.memory.refunds)

    def refunds_in(self, *states: State) -> list[Refund]:
        return [refund for refund in self.refunds if refund.state in states]

    def shop_of(self, refund: Refund) -> Shop:
        return next(shop for shop in self.shops if shop.store.id == refund.store_id)

    def lives(self, refund_id: str) -> bool:
        """Whether money of this refund is with its buyer, or on its way, by either lane."""
        rail = any(self.owner_of(booked.key) == refund_id for booked in self.rail.live())
        return rail or self.bank.holds(refund_id)

    def is_unheard(self, refund_id: str) -> bool:
        """Whether the rail paid it after its no, and every notification of that was lost."""
        return any(self.owner_of(key) == refund_id for key in self.facts.unheard)

    def owner_of(self, key: str) -> str:
        """The refund behind one of our ids at the rail; "" where we never used it."""
        attempt = self.memory.committed_attempt(key)
        return attempt.refund_id if attempt else ""
