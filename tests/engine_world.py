"""A whole small world for engine tests: twin ledger, virtual time, hostile rail."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from pef_adapters.bank_files import csv_format
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.janitor import poll_stores, sweep
from pef_adapters.engine.mind_checkout import mind_checkout
from pef_adapters.engine.ports import Boundary, LedgerBook, Ports, Refusal
from pef_adapters.engine.receive import hint_record, keep
from pef_adapters.engine.records import Account, Attempt, Payment, Refund, Source, Store
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.storage.house_key import KeyedHash, SignedLinks
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.fake_platform import FakePlatform
from pef_adapters.testing.hostile_rail import HostileRail

CIP = "11546901"
PAID = Money(12980, "PEN")
HOUSE_KEY = "a key that every test may know"


class Killed(BaseException):
    """The process died here; nothing may catch it."""


class World:
    """One store, one account, one paid CIP of S/ 129.80."""

    def __init__(self, book: LedgerBook | None = None) -> None:
        self.clock = VirtualClock()
        self.platform = FakePlatform(self.clock.now)
        self.rail = HostileRail()
        self.memory = MemoryBook()
        self.book: LedgerBook = book or self.memory
        self.die_at: Boundary | None = None
        self.waiting: list[Wake] = []
        self.ports = Ports(
            book=self.book,
            rails=self.rail,
            platforms=self.platform,
            clock=self.clock,
            at=self._boundary,
            fingerprint=KeyedHash(HOUSE_KEY),
            links=SignedLinks(HOUSE_KEY),
            bank_format=lambda _: csv_format.bank_format(),
            public_url="https://refunds.example",
        )
        self.rail.pay(CIP, PAID, self.clock.now() - timedelta(days=1))

    async def open(self, **store_changes: Any) -> Self:
        """Connect the account and the store."""
        now = self.clock.now()
        account = Account(
            id="main",
            mode=Mode.SANDBOX,
            base_url="http://127.0.0.1:8082",
            service_id="9999",
            settings={},
            secrets={"access_key": "SBX", "secret_key": "s"},
            created_at=now,
        )
        store = Store(
            id="tienda-pe",
            platform="fake",
            identity="https://tienda.pe",
            account_id="main",
            mode=Mode.SANDBOX,
            language="en",
            callback_url="https://refunds.example/webhooks/fake/tienda-pe",
            settings={},
            secrets={"webhook_secret": "hush"},
            poll_cursor=now - timedelta(minutes=1),
            created_at=now,
        )
        async with self.book.begin() as ledger:
            await ledger.add_account(account)
            await ledger.add_store(replace(store, **store_changes))
        return self

    async def press(self, refund_id: str = "15", minor: int = 12980, **changes: Any) -> None:
        """Press the store's refund button and deliver its webhook."""
        self.platform.press(refund_id, Money(minor, "PEN"), at=self.clock.now(), **changes)
        await self.deliver(refund_id)

    async def deliver(self, refund_id: str, kind: HintKind = HintKind.REFUND_CREATED) -> int:
        """Deliver a webhook about a refund."""
        return await self.hear(Hint(kind=kind, refund_id=refund_id))

    async def hear(self, hint: Hint) -> int:
        """Deliver any hint of the store."""
        return await keep(
            self.ports,
            source=Source.STORE,
            owner_id="tienda-pe",
            topic=hint.kind,
            body=b"",
            hints=(hint_record(hint),),
        )

    async def notify(self, event: str, **about: str) -> None:
        """Deliver a verified notification of the rail."""
        await keep(
            self.ports,
            source=Source.RAIL,
            owner_id="main",
            topic=event,
            body=b"",
            hints=({"event": event, **about},),
        )

    async def run(self) -> None:
        """Work off every wake-up that is due now, until nothing is."""
        for _ in range(50):
            due = self._due_jobs()
            if not due:
                return
            for wake in due:
                if wake.task == "advance":
                    await advance(self.ports, str(wake.subject))
                elif wake.task == "mind":
                    await mind_checkout(self.ports, str(wake.subject))
                else:
                    await digest(self.ports, int(wake.subject))
        raise AssertionError("the engine does not come to rest")

    def _due_jobs(self) -> list[Wake]:
        now = self.clock.now()
        self.waiting += self.memory.drain()
        due = [wake for wake in self.waiting if wake.at is None or wake.at <= now]
        self.waiting = [wake for wake in self.waiting if wake not in due]
        return list(dict.fromkeys(due))

    async def later(self, **step: float) -> None:
        """Let time pass, then let the janitor and the jobs do what is due."""
        self.clock.advance(**step)
        await sweep(self.ports)
        await self.run()

    async def poll(self) -> None:
        """What the scheduled poll does."""
        await poll_stores(self.ports)
        await self.run()

    async def until(self, state: State, refund_id: str = "15", hours: int = 48) -> Refund:
        """Let time pass, minute by minute, until the refund is in `state`."""
        for _ in range(hours * 60):
            refund = await self.refund(refund_id)
            if refund.state is state:
                return refund
            await self.later(minutes=1)
        raise AssertionError(f"refund {refund_id} is {refund.state}, never {state}")

    async def refund(self, refund_id: str = "15") -> Refund:
        async with self.book.begin() as ledger:
            found = await ledger.find_refund("tienda-pe", refund_id)
        assert found is not None, f"refund {refund_id} was never registered"
        return found

    async def payment(self) -> Payment:
        async with self.book.begin() as ledger:
            found = await ledger.payment("main", CIP)
        assert found is not None
        return found

    async def refused_once(self) -> tuple[Refund, Attempt]:
        """A refund of S/ 50 whose first attempt the rail refused for good."""
        self.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
        await self.press("15", 5000)
        await self.run()
        refund = await self.refund()
        async with self.book.begin() as ledger:
            first = await ledger.attempt(f"{refund.id}-1")
        assert first is not None
        return refund, first

    def _boundary(self, boundary: Boundary) -> None:
        if boundary is self.die_at:
            self.die_at = None
            raise Killed(boundary)
