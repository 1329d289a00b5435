"""A small world whose store is a VTEX store: engine, twin ledger, and the adapter itself."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from engine_world import World
from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.engine import gateway
from pef_adapters.engine.records import Alarm, Checkout, Refund
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund
from pef_adapters.platforms.contract import Platform
from pef_adapters.platforms.provider import Answer, Call
from pef_vtex import Vtex
from vtex_samples import PAYMENT, TOKEN, payment_body, refund_body

STORE = "tienda-pe"
KEYS = {"x-vtex-api-appkey": STORE, "x-vtex-api-apptoken": TOKEN}


class VtexWorld(World):
    """As `World`, with VTEX's gateway before it. The store gave no keys for its orders."""

    def __init__(self) -> None:
        super().__init__()
        self.vtex = Vtex(self.clock.now)
        # A worker may be at it beside the test; a job is worked off by one of them.
        self._working = asyncio.Lock()
        self.ports = replace(self.ports, platforms=self)

    def named(self, platform: str) -> Platform:
        """The adapters of this world, which are one."""
        assert platform == "vtex"
        return self.vtex

    async def open(self, **changes: Any) -> Self:
        settings = {"account": "tiendamisti", "order_writing": "none"}
        secrets = {"webhook_secret": "hush", "app_token": TOKEN}
        settings |= changes.pop("settings", {})
        await super().open(
            platform="vtex",
            settings={"platform": settings},
            secrets=secrets | changes.pop("secrets", {}),
            **changes,
        )
        return self

    async def run(self) -> None:
        async with self._working:
            await super().run()

    async def call(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] = KEYS
    ) -> Answer:
        """What the gateway gets for a call; a refund's answer is "how it stands now"."""
        call = Call(
            method="POST",
            path=path,
            headers=headers,
            query={},
            body=json.dumps(body).encode(),
            at=self.clock.now(),
        )
        try:
            return await self._answer(call)
        except PefError as fault:
            return self.vtex.provider.refused(call, fault)

    async def _answer(self, call: Call) -> Answer:
        store = await gateway.caller(self.ports, "vtex", call)
        asked, answer = await gateway.serve(self.ports, store, call)
        if answer is not None:
            return answer
        assert isinstance(asked, AskedRefund)
        standing = await gateway.refund_standing(self.ports, store, asked)
        return self.vtex.provider.answer(asked, standing, connection(self.ports, store))

    async def pay(self, **changes: Any) -> Answer:
        """The gateway asks for a payment of S/ 129.80."""
        answer = await self.call("/payments", payment_body(sandBoxMode=True, **changes))
        await self.run()
        return answer

    async def refund_call(self, request: str = "r1", value: float = 20.0) -> Answer:
        """The gateway asks for a refund, and the engine does what it can at once."""
        body = refund_body(requestId=request, value=value, sandboxMode=True)
        answer = await self.call(f"/payments/{PAYMENT}/refunds", body)
        await self.run()
        return answer

    async def cancel_call(self, request: str = "c1") -> Answer:
        """The gateway cancels the payment."""
        body = {"paymentId": PAYMENT, "requestId": request, "authorizationId": "", "value": 1}
        answer = await self.call(f"/payments/{PAYMENT}/cancellations", body)
        await self.run()
        return answer

    async def buyer_pays(self, *, days_ago: float = 0) -> Checkout:
        """The CIP is paid, and PagoEfectivo says so."""
        checkout = await self.checkout()
        cip = checkout.transaction_id or ""
        paid_at = self.clock.now() - timedelta(days=days_ago)
        self.rail.pay(cip, Money(12980, "PEN"), paid_at)
        await self.notify("cip.paid", cip=cip)
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
