"""Sets the demo's stage: sandbox, store and service running and connected.

Everything goes the way a real installation goes: the store is added with keys, its
webhooks are created by REST, and the service hears of refunds by webhook alone.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from pef_adapters.core.policy import Mode
from pef_adapters.demo.processes import free_port, program
from pef_adapters.engine.onboarding import StoreRequest, add_account, add_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings

_KEY, _SECRET = "ck_demo", "cs_demo_opens_nothing_else"
_ACCOUNT = "demo"
_PAID_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo, and the remote controls of its store and its sandbox."""

    ports: Ports
    settings: Settings
    store_id: str
    store: httpx.AsyncClient
    sandbox: httpx.AsyncClient

    async def press_refund(self, order: int, amount: str | None, reason: str) -> str:
        """Press the store's refund button; answers the store's refund id."""
        pressed = {"reason": reason, **({"amount": amount} if amount else {})}
        answer = await _post(self.store, f"/_store/orders/{order}/refunds", pressed)
        return str(answer["refund_ids"][0])

    async def deliver_again(self, times: int) -> None:
        """Deliver the last refund webhook again."""
        topic = "action.woocommerce_refund_created"
        await _post(self.store, "/_store/deliveries/flush", {})
        await _post(self.store, "/_store/deliveries/repeat", {"times": times, "topic": topic})

    async def lose_answer(self, transaction_id: str) -> None:
        """Let the rail book the next refund of this payment and lose its answer."""
        match = {"transaction": transaction_id}
        await _post(self.sandbox, "/sandbox/faults", {"fault": "answer_lost", "match": match})

    async def pass_business_days(self, days: int) -> None:
        """Fast-forward the sandbox; refunds whose day has come are paid."""
        await _post(self.sandbox, "/sandbox/clock", {"advance_business_days": days})

    async def orders(self) -> list[dict[str, Any]]:
        """The store's orders as its owner sees them."""
        answer = await self.store.get("/_store/orders")
        orders: list[dict[str, Any]] = answer.raise_for_status().json()
        return orders

    async def payments(self) -> dict[str, int]:
        """How often the sandbox really paid each merchant refund id."""
        answer = await self.sandbox.get("/sandbox/refunds")
        payments: dict[str, int] = answer.raise_for_status().json()["payments"]
        return payments


@asynccontextmanager
async def stage(
    folder: Path, *, usual_ports: bool, with_worker: bool = True
) -> AsyncIterator[Stage]:
    """Start everything in `folder`, connect it, and stop it at the end."""
    wanted = (8080, 8081, 8082) if usual_ports else (0, 0, 0)
    service_port, store_port, sandbox_port = (free_port(port) for port in wanted)
    service, store, sandbox = (
        f"http://127.0.0.1:{port}" for port in (service_port, store_port, sandbox_port)
    )
    settings = Settings(
        # Whatever the environment says: the demo keeps to a database of its own.
        database_url=None,
        secret_key=None,
        data_dir=folder,
        port=service_port,
        public_url=service,
        allow_private_stores=True,
    )
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(Runtime.open(settings))
        _start(stack, folder, store, sandbox)
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=address, trust_env=False, timeout=30)
            )
            for address in (store, sandbox)
        ]
        arguments = ("serve",) if with_worker else ("serve", "--no-worker")
        log, ready = folder / "service.log", f"{service}/health/ready"
        environment = environment_of(settings)
        stack.enter_context(
            program("pef_adapters", *arguments, log=log, ready=ready, environment=environment)
        )
        store_id = await _connect(runtime.ports, service, store, sandbox, clients)
        yield Stage(runtime.ports, settings, store_id, clients[0], clients[1])


def _start(stack: AsyncExitStack, folder: Path, store: str, sandbox: str) -> None:
    sandbox_settings = {
        "port": httpx.URL(sandbox).port,
        "database": str(folder / "sandbox.sqlite3"),
    }
    store_settings = {
        "port": httpx.URL(store).port,
        "home": store,
        "keys": [{"consumer_key": _KEY, "consumer_secret": _SECRET}],
    }
    for name, module, chosen, address in (
        ("sandbox", "pef_adapters.pagoefectivo.sandbox", sandbox_settings, sandbox),
        ("store", "pef_adapters.testing.fake_woocommerce", store_settings, store),
    ):
        log = folder / f"{name}.log"
        stack.enter_context(program(module, json.dumps(chosen), log=log, ready=f"{address}/"))


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which a process shares this stage's database and settings."""
    return {
        "PEF_DATA_DIR": str(settings.data_dir),
        "PEF_PORT": str(settings.port),
        "PEF_PUBLIC_URL": settings.public_url,
        "PEF_ALLOW_PRIVATE_STORES": "1",
    }


async def _connect(
    ports: Ports, service: str, store: str, sandbox: str, clients: list[httpx.AsyncClient]
) -> str:
    now = ports.clock.now()
    account = Account(
        id=_ACCOUNT,
        mode=Mode.SANDBOX,
        base_url=sandbox,
        service_id=DEFAULT_SERVICE_ID,
        settings={},
        secrets={"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY},
        created_at=now,
    )
    await add_account(ports, account)
    request = StoreRequest(
        platform="woocommerce",
        address=store,
        account_id=_ACCOUNT,
        settings={"payment_methods": ["pagoefectivo"], "allow_http": True},
    )
    keys = {"consumer_key": _KEY, "consumer_secret": _SECRET}
    connected, _ = await add_store(ports, request, keys, service)
    shop, rail = clients
    await _post(
        rail, "/sandbox/callback-url", {"url": f"{service}/webhooks/pagoefectivo/{_ACCOUNT}"}
    )
    for order in (await shop.get("/_store/orders")).raise_for_status().json():
        paid = {
            "cip": int(order["transaction_id"]),
            "amount": order["total"],
            "paid_at": (now - _PAID_BEFORE).isoformat(),
        }
        await _post(rail, "/sandbox/cips", paid)
    return connected.id


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    return (await client.post(path, json=body)).raise_for_status().json()
