"""A small world whose store asks for payments and refunds by calling us."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engine_world import World
from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.engine import gateway
from pef_adapters.engine.records import Alarm, Checkout, Refund
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund
from pef_adapters.platforms.provider import Answer, Call
from pef_adapters.testing.fake_gateway import FakeGatewayPlatform

STORE = "tienda-pe"
PAYMENT = "pay-1"


class GatewayWorld(World):
    """As `World`, but nothing is announced: the gateway calls."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = FakeGatewayPlatform(self.clock.now)
        self.platform = self.gateway
        self.ports = replace(self.ports, platforms=self.gateway)

    async def call(self, path: str, *, secret: str = "hush", **body: Any) -> tuple[int, Any]:
        """What the gateway gets for a call; a refund's answer is "how it stands now"."""
        call = Call(
            method="POST",
            path=path,
            headers={"x-store": STORE, "x-secret": secret},
            query={},
            body=json.dumps({"payment": PAYMENT, **body}).encode(),
            at=self.clock.now(),
        )
        answer = await self._answer(call)
        return answer.status, json.loads(answer.body)

    async def _answer(self, call: Call) -> Answer:
        provider = self.gateway.provider
        try:
            store = await gateway.caller(self.ports, "fake", call)
            asked, answer = await gateway.serve(self.ports, store, call)
            if answer is not None:
                return answer
            assert isinstance(asked, AskedRefund)
            standing = await gateway.refund_standing(self.ports, store, asked)
            return provider.answer(asked, standing, connection(self.ports, store))
        except PefError as fault:
            return provider.refused(call, fault)

    async def ask_to_pay(self, amount: str = "129.80") -> Any:
        """The gateway asks for a payment; answers what it was told."""
        status, said = await self.call("/payment", order="G-1", amount=amount)
        assert status == 200, said
        await self.run()
        return said

    async def paid(self, amount: str = "129.80", *, days_ago: float = 1) -> Checkout:
        """A payment that was asked for and paid by its buyer."""
        await self.ask_to_pay(amount)
        checkout = await self.checkout()
        paid_at = self.clock.now() - timedelta(days=days_ago)
        self.rail.pay(checkout.transaction_id or "", Money.parse(amount, "PEN"), paid_at)
        await self.notify("cip.paid", cip=checkout.transaction_id or "")
        await self.run()
        return await self.checkout()

    async def checkout(self) -> Checkout:
        async with self.book.begin() as ledger:
            found = await ledger.find_checkout(STORE, PAYMENT)
        assert found is not None
        return found

    async def asked(self, request: str = "r1", operation: str = "refund") -> Refund:
        """The refund that came of a call."""
        return await self.refund(f"{PAYMENT}/{operation}/{request}")

    async def alarms(self) -> list[Alarm]:
        async with self.book.begin() as ledger:
            return await ledger.open_alarms()
