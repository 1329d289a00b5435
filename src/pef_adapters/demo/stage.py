"""Sets the demo's stage: sandbox, stores and service running and connected.

Everything goes the way a real installation goes: stores are added with keys or install our
app, and the service hears of refunds as each platform tells it, and in no other way.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from pef_adapters.core.policy import Mode
from pef_adapters.demo.processes import Program, free_port, started, wait_for
from pef_adapters.demo.shop import ACCOUNT, Shop, get, post
from pef_adapters.demo.shopify import Shopify
from pef_adapters.demo.vtex import Vtex
from pef_adapters.demo.woocommerce import WooCommerce
from pef_adapters.engine.onboarding import add_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings

_USUAL_PORTS = (8080, 8081, 8082, 8083, 8084)


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo, and the remote controls of its stores and its sandbox."""

    ports: Ports
    settings: Settings
    sandbox: httpx.AsyncClient
    woocommerce: WooCommerce
    shopify: Shopify | None = None
    vtex: Vtex | None = None

    @property
    def shops(self) -> tuple[Shop, ...]:
        """Every store that is there."""
        found: tuple[Shop | None, ...] = (self.woocommerce, self.shopify, self.vtex)
        return tuple(shop for shop in found if shop is not None)

    @property
    def store(self) -> httpx.AsyncClient:
        """The remote control of the WooCommerce store."""
        return self.woocommerce.remote

    @property
    def store_id(self) -> str:
        """The WooCommerce store's name in the ledger."""
        return self.woocommerce.store_id

    async def press_refund(self, order: int, amount: str | None, reason: str) -> str:
        """Press the WooCommerce store's refund button; answers the store's refund id."""
        return await self.woocommerce.press_refund(order, amount, reason)

    async def lose_answer(self, transaction_id: str) -> None:
        """Let the rail book the next refund of this payment and lose its answer."""
        match = {"transaction": transaction_id}
        await post(self.sandbox, "/sandbox/faults", {"fault": "answer_lost", "match": match})

    async def pass_business_days(self, days: int) -> None:
        """Fast-forward the sandbox; refunds whose day has come are paid."""
        await post(self.sandbox, "/sandbox/clock", {"advance_business_days": days})

    async def payments(self) -> dict[str, int]:
        """How often the sandbox really paid each merchant refund id."""
        payments: dict[str, int] = (await get(self.sandbox, "/sandbox/refunds"))["payments"]
        return payments


@asynccontextmanager
async def stage(
    folder: Path, *, usual_ports: bool, with_worker: bool = True, all_stores: bool = False
) -> AsyncIterator[Stage]:
    """Start everything in `folder`, connect it, and stop it at the end.

    Without `all_stores` the WooCommerce store is the only one; VTEX's needs the worker too.

    Raises:
        ProcessFailed: something did not start; the message names its log.
    """
    homes = _Homes.found(usual=usual_ports)
    settings = _settings(folder, homes.service)
    # What `base` holds outlasts the processes, the service's database among it.
    async with AsyncExitStack() as base, AsyncExitStack() as stack:
        sandbox = await base.enter_async_context(_remote(homes.sandbox))
        shops = await _shops(base, homes, all_stores=all_stores)
        programs = _programs(settings, homes, shops, with_worker=with_worker)
        running = stack.enter_context(started(*programs))
        # The database is made while the processes wake up.
        runtime = await base.enter_async_context(Runtime.open(settings))
        wait_for(running)
        everything = Stage(runtime.ports, settings, sandbox, *shops)
        await _connect(everything)
        yield everything


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which a process shares this stage's database and settings."""
    return {
        "PEF_DATA_DIR": str(settings.data_dir),
        "PEF_PORT": str(settings.port),
        "PEF_PUBLIC_URL": settings.public_url,
        "PEF_ALLOW_PRIVATE_STORES": "1",
    }


@dataclass(frozen=True, slots=True)
class _Homes:
    """The addresses of everything, without a slash at the end."""

    service: str
    woocommerce: str
    sandbox: str
    shopify: str
    vtex: str

    @classmethod
    def found(cls, *, usual: bool) -> Self:
        """Addresses where nobody listens; the usual ones where they are free and wanted."""
        ports = (free_port(port if usual else 0) for port in _USUAL_PORTS)
        return cls(*(f"http://127.0.0.1:{port}" for port in ports))


_Shops = tuple[WooCommerce, Shopify | None, Vtex | None]


async def _shops(stack: AsyncExitStack, homes: _Homes, *, all_stores: bool) -> _Shops:
    async def remote(home: str) -> httpx.AsyncClient:
        return await stack.enter_async_context(_remote(home))

    woocommerce = WooCommerce(homes.woocommerce, await remote(homes.woocommerce))
    if not all_stores:
        return woocommerce, None, None
    shopify = Shopify(homes.shopify, await remote(homes.shopify))
    return woocommerce, shopify, Vtex(homes.vtex, await remote(homes.vtex))


def _remote(home: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=home, trust_env=False, timeout=30)


def _settings(folder: Path, service: str) -> Settings:
    return Settings(
        # Whatever the environment says: the demo keeps to a database of its own.
        database_url=None,
        secret_key=None,
        data_dir=folder,
        port=httpx.URL(service).port or 0,
        public_url=service,
        allow_private_stores=True,
    )


def _programs(
    settings: Settings, homes: _Homes, shops: _Shops, *, with_worker: bool
) -> list[Program]:
    """Every process, the slowest to wake up first."""
    folder, (_, shopify, _vtex) = settings.data_dir, shops
    service = Program(
        module="pef_adapters",
        arguments=("serve",) if with_worker else ("serve", "--no-worker"),
        log=folder / "service.log",
        ready=f"{homes.service}/health/ready",
        environment={**environment_of(settings), **(shopify.environment if shopify else {})},
    )
    book = {"port": httpx.URL(homes.sandbox).port, "database": str(folder / "sandbox.sqlite3")}
    sandbox = Program(
        module="pef_adapters.pagoefectivo.sandbox",
        arguments=(json.dumps(book),),
        log=folder / "sandbox.log",
        ready=f"{homes.sandbox}/",
    )
    stores = [shop.program(folder, homes.service) for shop in shops if shop is not None]
    return [service, sandbox, *stores]


async def _connect(everything: Stage) -> None:
    ports, rail = everything.ports, everything.sandbox
    account = Account(
        id=ACCOUNT,
        mode=Mode.SANDBOX,
        base_url=str(rail.base_url).rstrip("/"),
        service_id=DEFAULT_SERVICE_ID,
        settings={},
        secrets={"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY},
        created_at=ports.clock.now(),
    )
    await add_account(ports, account)
    callback = {"url": f"{ports.public_url}/webhooks/pagoefectivo/{ACCOUNT}"}
    await post(rail, "/sandbox/callback-url", callback)
    await asyncio.gather(*(shop.connect(ports) for shop in everything.shops))
    for shop in everything.shops:  # a CIP that is made takes the next number: one by one
        await shop.sell(rail, ports.clock.now())
