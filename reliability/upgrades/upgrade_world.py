"""The world around the service: PostgreSQL, the rail's sandbox and a fake store, all real HTTP.

The owner presses refund buttons all the while; one in ten of the rail's answers is lost
after it booked the refund, and the rail pays what it has every second.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from pef_adapters.demo.processes import Program, free_port, started, wait_for
from pef_adapters.demo.shop import get, post
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from upgrade_processes import STORE_KEYS, Ground, pef
from upgrade_releases import Code

ACCOUNT = "main"
_FIRST_CIP = 21000000
_AMOUNTS = ("50.00", "129.80", "75.25", "9.90")
_LOST_ANSWERS = 0.1
_SETTLE_SECONDS = 1.0
# On a busy machine the store needs minutes to deliver all that waits.
_PATIENCE_SECONDS = 900


@dataclass(slots=True)
class Outside:
    """The store and the rail, by their remote controls; `pressed` is order by refund id."""

    store: httpx.AsyncClient
    rail: httpx.AsyncClient
    dice: Random
    pressed: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, str] = field(default_factory=dict)

    async def press(self) -> None:
        """An order that was paid, and its refund button."""
        cip, total = str(_FIRST_CIP + len(self.pressed)), self.dice.choice(_AMOUNTS)
        order = await post(
            self.store, "/_store/orders", {"total": total, "transaction_id": cip, "paid": True}
        )
        await post(self.rail, "/sandbox/cips", {"cip": int(cip), "amount": total})
        if self.dice.random() < _LOST_ANSWERS:
            fault = {"fault": "answer_lost", "match": {"transaction": cip}}
            await post(self.rail, "/sandbox/faults", fault)
        answer = await post(self.store, f"/_store/orders/{order['id']}/refunds", {"reason": "load"})
        refund_id = str(answer["refund_ids"][0])
        self.pressed[refund_id], self.amounts[refund_id] = order["id"], total

    async def press_many(self, count: int, per_second: float) -> None:
        """Press at an even pace, whatever else happens."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / per_second - loop.time()))
            await self.press()

    async def keep_settling(self) -> None:
        """Let the rail pay what it has under way, until cancelled."""
        while True:
            await asyncio.sleep(_SETTLE_SECONDS)
            await post(self.rail, "/sandbox/settle", {})

    async def deliver_all(self) -> None:
        """Let the store deliver what waits, and wait for it."""
        await post(self.store, "/_store/deliveries/flush", {})

    async def payments(self) -> dict[str, int]:
        """How often the rail paid each of our ids."""
        found: dict[str, int] = (await get(self.rail, "/sandbox/refunds"))["payments"]
        return found

    async def told(self) -> dict[str, str]:
        """What the orders say of each refund."""
        orders: list[dict[str, Any]] = await get(self.store, "/_store/orders")
        records = [order["record"] or {} for order in orders]
        return {key: each["state"] for record in records for key, each in record.items()}


@asynccontextmanager
async def outside_world(folder: Path, seed: int) -> AsyncIterator[Outside]:
    """Sandbox and store as processes of this tree, whatever release the service is of."""
    rail, store = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    async with AsyncExitStack() as stack:
        running = stack.enter_context(started(_sandbox(rail, folder), _shop(store, folder)))
        await asyncio.to_thread(wait_for, running)
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=home, trust_env=False, timeout=_PATIENCE_SECONDS)
            )
            for home in (store, rail)
        ]
        yield Outside(*clients, dice=Random(seed))


async def connect(world: Outside, ground: Ground, code: Code) -> None:
    """Account and store, added by that release's own commands."""
    key, secret = STORE_KEYS
    rail, store = (str(client.base_url).rstrip("/") for client in (world.rail, world.store))
    account = ("--base-url", rail, "--service-id", DEFAULT_SERVICE_ID, "--mode", "sandbox")
    keys = {"PEF_ACCESS_KEY": DEFAULT_ACCESS_KEY, "PEF_ACCOUNT_SECRET": DEFAULT_SECRET_KEY}
    await asyncio.to_thread(pef, ground, code, "account", "add", *account, **keys)
    shop = ("--url", store, "--payment-method", "pagoefectivo", "--allow-http")
    its = {"PEF_STORE_KEY": key, "PEF_STORE_SECRET": secret}
    await asyncio.to_thread(pef, ground, code, "store", "add", "woocommerce", *shop, **its)
    callback = {"url": f"{ground.address}/webhooks/pagoefectivo/{ACCOUNT}"}
    await post(world.rail, "/sandbox/callback-url", callback)


def _sandbox(home: str, folder: Path) -> Program:
    book = {"port": httpx.URL(home).port, "database": str(folder / "sandbox.sqlite3")}
    return Program(
        module="pef_adapters.pagoefectivo.sandbox",
        arguments=(json.dumps(book),),
        log=folder / "sandbox.log",
        ready=f"{home}/",
    )


def _shop(home: str, folder: Path) -> Program:
    keys = [{"consumer_key": STORE_KEYS[0], "consumer_secret": STORE_KEYS[1]}]
    port = httpx.URL(home).port
    chosen = {"port": port, "home": home, "keys": keys, "demo_orders": False}
    return Program(
        module="pef_adapters.testing.fake_woocommerce",
        arguments=(json.dumps(chosen),),
        log=folder / "store.log",
        ready=f"{home}/",
    )
