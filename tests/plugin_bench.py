"""The store's own plugin, as tests of the service see it: calls, a store, an operator."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from engine_world import PAID, World
from pef_adapters.engine.onboarding import StoreRequest, add_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Alarm, Refund, Store
from pef_adapters.platforms import http
from pef_adapters.runtime import InstalledPlatforms, SystemClock, work_of
from pef_adapters.server.app import create_app
from pef_adapters.storage.postgres import PostgresBook
from pef_adapters.storage.queue import Queue
from queue_world import working
from recordings import signed
from served import served
from web_service import RECORDED_SECRETS, RECORDED_STORE, Service
from woocommerce_bench import KEY, SECRET, RemoteStore

CALLS = ("refunds", "deletions", "checks", "settings", "disconnect")
CHOICES = {"payment_methods": ["cheque"], "transaction_id_from": "transaction_id", "auth": "header"}
TOPICS = {
    "action.woocommerce_refund_created",
    "action.woocommerce_refund_deleted",
    "order.updated",
}


def said(call: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """The body of a call that has nothing wrong with it."""
    about = {"order_id": 14, "refund_id": 15} if call in {"refunds", "deletions"} else {}
    chosen = CHOICES if call == "settings" else {}
    return {"call": call, "at": int(at.timestamp()), **about, **chosen, **changes}


async def post(
    service: Service,
    call: str,
    body: bytes,
    *,
    secret: str = "abc",
    store: str = "abc",
    **more: str,
) -> httpx.Response:
    """One signed call of the recorded store's plugin; `more` replaces headers."""
    headers = {**signed(body, secret, RECORDED_STORE, ""), **more}
    del headers["X-WC-Webhook-Topic"]
    path = f"/plugin/woocommerce/{store}/{call}"
    # As bytes: what a header holds need not be text.
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    return await service.client.post(path, content=body, headers=raw)


async def stored(ports: Ports, name: str = "abc") -> Store:
    """The store as it is kept."""
    async with ports.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


async def alarms(ports: Ports) -> list[Alarm]:
    """What people are told to look at."""
    async with ports.book.begin() as ledger:
        return await ledger.open_alarms()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; there is a sentence beside them, and never the secret."""
    told = answer.json()
    assert told["message"]
    assert not any(secret in answer.text for secret in RECORDED_SECRETS.values())
    return answer.status_code, told["code"]


@dataclass(slots=True)
class Shop:
    """The service and a connected store on this machine; `queue` is worked by whoever wants."""

    client: httpx.AsyncClient
    ports: Ports
    world: World
    remote: RemoteStore
    queue: Queue
    name: str

    async def call(self, call: str, **changes: Any) -> httpx.Response:
        """A signed call of the store's plugin, made now."""
        store = await stored(self.ports, self.name)
        body = json.dumps(said(call, self.ports.clock.now(), **changes)).encode()
        headers = signed(body, store.secrets["webhook_secret"], store.identity, "")
        path = f"/plugin/woocommerce/{self.name}/{call}"
        return await self.client.post(path, content=body, headers=headers)

    async def press(self, amount: str = "129.80") -> dict[str, int]:
        """Press refund on a new order; answers what the plugin says of it."""
        order = await asyncio.to_thread(self.remote.paid_order, "129.80")
        refund = await asyncio.to_thread(self.remote.press, order, amount)
        return {"order_id": int(order), "refund_id": int(refund)}

    async def refunds(self, **about: int) -> dict[str, Any]:
        """What the store is answered about a refund that was pressed."""
        answer = await self.call("refunds", **about)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert set(told) == {"outcome", "state", "sentence", "our_id", "expected_on"}
        return told

    async def refund(self, number: int) -> Refund | None:
        async with self.ports.book.begin() as ledger:
            return await ledger.find_refund(self.name, str(number))

    async def webhooks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await asyncio.to_thread(self.remote.do, "GET", "/webhooks")
        return found

    async def moods(self, **moods: Any) -> None:
        await asyncio.to_thread(lambda: self.remote.moods(**moods))

    def working(self) -> Any:
        """A worker that runs meanwhile."""
        return working(self.queue, work_of(self.ports))


@asynccontextmanager
async def opened(book: PostgresBook, queue: Queue, remote: RemoteStore) -> AsyncIterator[Shop]:
    """The service beside a store that nobody has connected."""
    world = await World(book).open()
    ports = replace(world.ports, platforms=InstalledPlatforms(), clock=SystemClock())
    world.rail.pay("11546901", PAID, datetime.now(UTC) - timedelta(days=1))
    http.allow_private_stores(allowed=True)
    async with (
        served(create_app(ports, "https://refunds.example")) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client,
    ):
        yield Shop(client, ports, world, remote, queue, "")
    http.allow_private_stores(allowed=False)


def request_of(remote: RemoteStore, **policy: Any) -> StoreRequest:
    """What the operator says of the store."""
    anything = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
    return StoreRequest(
        platform="woocommerce",
        address=remote.home,
        account_id="main",
        settings={"payment_methods": ["pagoefectivo"], "allow_http": True},
        policy=anything | policy,
        language="es_PE",
    )


async def connect(shop: Shop, **policy: Any) -> None:
    """Add the store by its keys, under a policy."""
    keys = {"consumer_key": KEY, "consumer_secret": SECRET}
    request = request_of(shop.remote, **policy)
    store, checks = await add_store(shop.ports, request, keys, "https://refunds.example")
    assert all(check.passed for check in checks), checks
    shop.name = store.id
