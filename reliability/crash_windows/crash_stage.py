"""A small world in which the product runs as processes that can be killed and started again.

What is durable outlives them: the twin ledger and the jobs in its queue. A job that was
running when its process died is given back, as the queue does with a dead worker's jobs,
or it is lost, and then the janitor has to find what it was about.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from by_hand_world import BothPlatforms
from crash_ports import CrashBook, CrashPlatforms, CrashRails, LedgerGoneError, Meter
from desk_world import DeskWorld
from engine_world import World
from gateway_world import GatewayWorld
from pef_adapters.core.errors import PefError, PlatformError
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.ports import Boundary, Ledger, RailStatus
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.platforms.contract import (
    Delivery,
    Hint,
    OrderReport,
    StoreConnection,
    StoreRefund,
)
from pef_adapters.platforms.kept import read_kept
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.storage.memory.ledger import MemoryLedger
from pef_adapters.storage.memory.tables import Tables
from pef_adapters.testing.fake_platform import FakeOrder, FakePlatform
from random_world import ForgetfulRail

_MOST_JOBS = 400
# A worker that was silent for so long is dead, and its job runs again.
_DEAD_AFTER = timedelta(seconds=40)


class NotYetError(Exception):
    """What a step of a scenario needs is not there yet; it is tried again later."""


class RestlessError(Exception):
    """The engine does not come to rest."""


class TellingStore(FakePlatform):
    """A store whose next delivery means `hints`, some of which alone tell of a refund."""

    hints: tuple[Hint, ...] = ()
    stage: "Stage"

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        del delivery, store
        return self.hints

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        """Of what only a webhook told, it has no more than we kept."""
        kept = await read_kept(hint, store)
        listed = await super().read(hint, store)
        return (*listed, *kept)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        if self.stage.telling_trouble is not None:
            raise self.stage.telling_trouble
        await super().write_back(report, store)


class CrashRail(ForgetfulRail):
    """Knows whose id is whose, and of which payment each booking is."""

    def __init__(self, clock: Any, window: timedelta) -> None:
        super().__init__(clock, window)
        self.payment_of: dict[str, str] = {}

    def _book(self, attempt: Attempt) -> Any:
        self.payment_of[attempt.merchant_refund_id] = attempt.transaction_id.lstrip("0")
        return super()._book(attempt)


class QuickBook(MemoryBook):
    """The twin as it is; only its copy for a transaction is made with fewer questions asked."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        if self._writer is not None and self._writer is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction would wait for ever")
        async with self._turn:
            self._writer = asyncio.current_task()
            draft = Tables(*[getattr(self._tables, name).copy() for name in _TABLES])
            try:
                yield MemoryLedger(draft)
                self._tables = draft
            finally:
                self._writer = None


def _nothing() -> None:
    """Nobody does anything."""


_TABLES = tuple(each.name for each in fields(Tables))


class Stage(World):
    """What shops and gateways have in common here."""

    def arm(self) -> None:
        """Put the crossings between the engine and everything else."""
        window = timedelta(seconds=self.ports.replay_window_seconds)
        rail = CrashRail(self.clock, window)
        rail.payments = self.rail.payments
        self.rail = rail
        self.crash_rail = rail
        self.memory = self.book = QuickBook()
        self.meter = Meter()
        self.heard: list[Hint] = []
        self.events: list[tuple[str, dict[str, str]]] = []
        self.running: Wake | None = None
        self.loses_jobs = self.crowded = False
        self.skew = timedelta(0)
        self.rail_lied = self.may_stumble = False
        self.telling_trouble: PlatformError | None = None
        self.meanwhile: dict[Boundary, Callable[[], None]] = {}
        self.paid_by_bank: dict[str, bool] = {}
        self.notes: dict[Any, Any] = {}
        self.ports = replace(
            self.ports,
            book=CrashBook(self.memory, self.meter),
            rails=CrashRails(rail, self.meter),
            platforms=CrashPlatforms(BothPlatforms(self.platform), self.meter),
        )

    # the process

    async def run(self) -> None:
        """Work off what is due; a killed worker leaves its job to whoever comes next."""
        for _ in range(_MOST_JOBS):
            due = self._due_jobs()
            if not due:
                return
            if self.crowded:
                self.meter.crowded = True
                await asyncio.gather(self._each(due), self._each(list(due)))
                self.meter.crowded = False
                continue
            job, *others = due
            self.waiting += others
            self.running = job
            await self._do(job)
            self.running = None
        raise RestlessError

    async def _each(self, jobs: list[Wake]) -> None:
        for job in jobs:
            await self._do(job)

    async def _do(self, job: Wake) -> None:
        try:
            if job.task == "advance":
                await advance(self.ports, str(job.subject))
            elif job.task == "mind":
                await mind_checkout(self.ports, str(job.subject))
            else:
                await digest(self.ports, int(job.subject))
        except (LedgerGoneError, PefError):
            return  # the job has failed; the queue does not repeat it
        except ZeroDivisionError:
            if not self.may_stumble:
                raise

    def restart(self) -> None:
        """Another process takes over; whoever waits has noticed by then that the first is dead."""
        self.meter.dead = self.meter.crowded = False
        self.clock.advance(seconds=_DEAD_AFTER.total_seconds())
        if self.running is not None and not self.loses_jobs:
            self.waiting.append(self.running)
        self.running = None

    @property
    def true_time(self) -> datetime:
        """What the clocks of others show, wherever ours has jumped to."""
        return self.clock.now() - self.skew

    def _boundary(self, boundary: Boundary) -> None:
        """What somebody else does at this very moment, once."""
        self.meanwhile.pop(boundary, _nothing)()

    # what it is told

    async def hear(self, hint: Hint) -> int:
        self.heard.append(hint)
        return await super().hear(hint)

    async def notify(self, event: str, **about: str) -> None:
        self.events.append((event, about))
        await super().notify(event, **about)

    # the truth

    async def refund(self, refund_id: str = "15") -> Refund:
        async with self.book.begin() as ledger:
            found = await ledger.find_refund("tienda-pe", refund_id)
        if found is None:
            raise NotYetError(refund_id)
        return found

    async def refunds(self) -> list[Refund]:
        async with self.book.begin() as ledger:
            return await ledger.list_refunds()

    def rail_ends(self, status: RailStatus = RailStatus.REFUNDED) -> None:
        """The rail brings to an end whatever it has accepted so far."""
        keys = [k for k, booked in self.rail.book.items() if booked.status is RailStatus.ACCEPTED]
        if not keys:
            raise NotYetError("the rail has nothing to end")
        for key in keys:
            self.crash_rail.turn(key, status)

    def well_again(self) -> None:
        """Nobody fails any more."""
        self.platform.trouble = self.rail.down = self.telling_trouble = None
        for faults in (self.rail.send_faults, self.rail.find_faults, self.rail.create_faults):
            faults.clear()
        self.rail.refusals.clear()
        self.rail.lose_created = 0
        self.crowded = self.loses_jobs = False
        self.meter.stop_at = 0


class ShopStage(Stage, DeskWorld):
    """A store with a refund button, a payout desk, and people who press here."""

    def __init__(self) -> None:
        super().__init__()
        self.telling = TellingStore(self.clock.now)
        self.telling.orders["14"], self.telling.stage = FakeOrder(), self
        self.platform = self.telling
        self.arm()


class GatewayStage(Stage, GatewayWorld):
    """A store whose gateway calls."""

    def __init__(self) -> None:
        super().__init__()
        self.arm()

    def well_again(self) -> None:
        super().well_again()
        self.gateway.telling_fails.clear()
        self.gateway.outcome_answers_lost = 0
