"""A fake VTEX, the service and the engine, over real HTTP, with a worker that works."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from pef_adapters.core.money import Money
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms import http
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.server.app import create_app
from served import served
from vtex_bench import (
    PARTNER_KEY,
    PARTNER_TOKEN,
    STORE_KEY,
    STORE_TOKEN,
    RemoteVtex,
    free_port,
    vtex_running,
)
from vtex_road import STORE, VtexWorld
from vtex_samples import TOKEN

_Given = ParamSpec("_Given")
_Got = TypeVar("_Got")
SECRETS = {
    "app_token": TOKEN,
    "partner_app_key": PARTNER_KEY,
    "partner_app_token": PARTNER_TOKEN,
    "store_app_key": STORE_KEY,
    "store_app_token": STORE_TOKEN,
}


@dataclass(slots=True)
class Stage:
    """One store at one VTEX. The fake's remote control blocks, so it is used in a thread."""

    world: VtexWorld
    vtex: RemoteVtex

    async def at_vtex(
        self, do: Callable[_Given, _Got], *given: _Given.args, **more: _Given.kwargs
    ) -> _Got:
        """Do something at VTEX while our service goes on serving."""
        return await asyncio.to_thread(do, *given, **more)

    async def bought(self, *totals: str) -> Any:
        """A purchase whose CIP was paid and whose payment was settled; with `order_ids`."""
        bought = await self.at_vtex(self.vtex.buy, *totals)
        await self.buyer_pays(bought["payment_id"])
        await self.at_vtex(self.vtex.press, bought["order_ids"][0], "settle")
        return bought

    async def buyer_pays(self, payment_id: str) -> None:
        """The buyer pays the CIP, PagoEfectivo says so, and VTEX is told."""
        async with self.world.book.begin() as ledger:
            checkout = await ledger.find_checkout(STORE, payment_id)
        assert checkout is not None
        cip = checkout.transaction_id or ""
        self.world.rail.pay(cip, Money(checkout.amount.minor, "PEN"), self.world.clock.now())
        await self.world.notify("cip.paid", cip=cip)
        await self.world.run()

    async def while_time_passes(self, doing: Coroutine[Any, Any, _Got]) -> _Got:
        """Wait for something while a second passes about every tenth of one."""
        task = asyncio.create_task(doing)
        while not task.done():
            await self.world.later(seconds=1)
            await asyncio.wait({task}, timeout=0.1)
        return task.result()

    async def money_arrives(self) -> None:
        """PagoEfectivo has paid every refund that it took."""
        self.world.rail.settle()
        await self.world.later(days=2)

    async def here(self) -> StoreConnection:
        """The store as its adapter sees it."""
        async with self.world.book.begin() as ledger:
            store = await ledger.store(STORE)
        assert store is not None
        return connection(self.world.ports, store)


@asynccontextmanager
async def staged(*, suite: bool = False, **settings: Any) -> AsyncIterator[Stage]:
    """The whole stage; `settings` are the store's."""
    http.allow_private_stores(allowed=True)
    world, port = VtexWorld(), free_port()
    ahead = datetime.now(UTC) - world.clock.now()
    world.clock.advance(seconds=ahead.total_seconds())
    home = f"http://127.0.0.1:{port}"
    own = {"api_address": home, "payments_address": home, "order_writing": "interactions"}
    async with served(create_app(world.ports, "https://refunds.example")) as address:
        callback = f"{address}/webhooks/vtex/{STORE}"
        await world.open(settings=own | settings, secrets=SECRETS, callback_url=callback)
        # The suite may send no keys, so its address names the store.
        base = f"{address}/provider/vtex" + (f"/{STORE}" if suite else "")
        given = {"provider_key": STORE, "provider_token": TOKEN, "payment_method": "Promissories"}
        with vtex_running(base, port=port, **given) as vtex:
            worker = asyncio.create_task(_work(world))
            try:
                yield Stage(world, vtex)
            finally:
                worker.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await worker
    http.allow_private_stores(allowed=False)


async def _work(world: VtexWorld) -> None:
    """A worker: whatever is due is done, while the service serves."""
    while True:
        await world.run()
        await asyncio.sleep(0.01)
