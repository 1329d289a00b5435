"""What the WooCommerce tests share: recordings, connections, a store and a webhook listener."""

import dataclasses
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.policy import Mode
from pef_adapters.demo.processes import free_port
from pef_adapters.platforms.contract import Delivery, Platform, StoreConnection
from pef_adapters.testing.conformance_facts import FiledOrder
from pef_adapters.testing.fake_woocommerce import ApiKey, StoreSettings, running
from pef_adapters.testing.fake_woocommerce.hookshot import sign
from pef_woocommerce import platform

FIXTURES = Path(__file__).parent / "fixtures" / "woocommerce"
KEY, SECRET = "ck_made_up_for_tests", "cs_made_up_for_tests"
READ_ONLY_KEY = "ck_made_up_read_only"
WEBHOOK_SECRET = "madeUpWebhookSecret42"
CIP = "11546901"
KEYS = (
    ApiKey(consumer_key=KEY, consumer_secret=SECRET),
    ApiKey(key_id=2, consumer_key=READ_ONLY_KEY, consumer_secret=SECRET, permissions="read"),
)


def recording(name: str) -> Any:
    """A recording of a real store's webhooks, by its scenario."""
    return json.loads((FIXTURES / "recordings" / f"{name}.json").read_text("utf-8"))


def rest_answer(name: str) -> bytes:
    """The body of a real store's recorded REST answer."""
    answer = json.loads((FIXTURES / "rest" / f"{name}.json").read_text("utf-8"))
    return json.dumps(answer["body"]).encode()


def recorded_requests() -> list[dict[str, Any]]:
    """Every recorded request of every scenario."""
    paths = sorted((FIXTURES / "recordings").glob("*.json"))
    return [r for path in paths for r in json.loads(path.read_text("utf-8"))["requests"]]


def delivery_of(request: Mapping[str, Any]) -> Delivery:
    """A recorded request as the server would hand it to the adapter."""
    headers = {name.lower(): value for name, value in request["headers"]}
    return Delivery(headers, request["body"].encode())


def connection(address: str = "https://127.0.0.1:8443", **changes: Any) -> StoreConnection:
    """A store's connection; `settings` and `secrets` are merged into working ones."""
    settings = {"payment_methods": ["pagoefectivo"], "allow_http": True}
    secrets = {"consumer_key": KEY, "consumer_secret": SECRET, "webhook_secret": WEBHOOK_SECRET}
    return StoreConnection(
        store_id="tienda",
        platform="woocommerce",
        address=address,
        mode=Mode.SANDBOX,
        language="es_PE",
        callback_url=changes.get("callback_url", "https://pef.example/webhooks/woocommerce/tienda"),
        settings=settings | changes.get("settings", {}),
        secrets=secrets | changes.get("secrets", {}),
    )


@dataclasses.dataclass(slots=True)
class Listener:
    """A web server that keeps each request as it arrived and answers `status`."""

    url: str = ""
    status: int = 200
    deliveries: list[Delivery] = dataclasses.field(default_factory=list)

    async def _hook(self, request: Request) -> Response:
        self.deliveries.append(Delivery(dict(request.headers), await request.body()))
        return Response(status_code=self.status)

    @contextmanager
    def listening(self) -> Iterator["Listener"]:
        """Serve in a thread while the context lasts."""
        app = Starlette(routes=[Route("/hook", self._hook, methods=["POST", "GET"])])
        with serving(app) as address:
            self.url = f"{address}/hook"
            yield self


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@contextmanager
def store_running(**changes: Any) -> Iterator["RemoteStore"]:
    """A fake store on a free port, without demo orders."""
    port = changes.pop("port", None) or free_port()
    home = changes.pop("home", "http://127.0.0.1") + f":{port}"
    given = {"keys": KEYS, "demo_orders": False} | changes
    with running(StoreSettings(port=port, home=home, **given)), RemoteStore(home) as store:
        yield store


class RemoteStore:
    """The fake store's remote control."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._client = httpx.Client(base_url=home, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def do(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, f"/_store{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def paid_order(self, total: str | None = "119.80", **more: Any) -> str:
        order = {"total": total, "transaction_id": CIP, **more}
        return str(self.do("POST", "/orders", order)["id"])

    def press(self, order_id: str, amount: str, **more: Any) -> str:
        pressed = self.do("POST", f"/orders/{order_id}/refunds", {"amount": amount, **more})
        return str(pressed["refund_ids"][0])

    def order(self, order_id: str) -> Any:
        return self.do("GET", f"/orders/{order_id}")

    def moods(self, **moods: Any) -> None:
        self.do("POST", "/moods", moods)


class WooHarness:
    """The conformance suite's hands on a fake WooCommerce store, over real HTTP."""

    def __init__(self, remote: RemoteStore, listener: Listener, store: StoreConnection) -> None:
        self.platform: Platform = platform()
        self.store = store
        self.remote = remote
        self._listener = listener

    async def paid_order(self, total: str) -> str:
        return self.remote.paid_order(total)

    async def order_of(self, email: str) -> str:
        return self.remote.paid_order(email=email)

    async def filed_order(self) -> FiledOrder:
        """A hand-made jumper and coffee, as the store's catalog files them."""
        order_id = self.remote.paid_order(None, items={11: 1, 13: 1})
        categories = {"Ropa & accesorios", "ropa-accesorios", "Alimentos", "alimentos"}
        tags = {"Hecho a mano", "hecho-a-mano", "Perecible", "perecible", "茶"}
        return FiledOrder(order_id, frozenset(categories), frozenset(tags))

    async def messages(self, order_id: str) -> Sequence[str]:
        return list(self.remote.order(order_id)["mails"])

    async def press_refund(self, order_id: str, amount: str) -> str:
        return self.remote.press(order_id, amount)

    async def delete_refund(self, order_id: str, refund_id: str) -> None:
        self.remote.do("DELETE", f"/orders/{order_id}/refunds/{refund_id}?silently=true")

    async def erase_order(self, order_id: str) -> None:
        self.remote.do("POST", f"/orders/{order_id}", {"action": "erase"})

    async def deliveries(self) -> Sequence[Delivery]:
        self.remote.do("POST", "/deliveries/flush")
        return tuple(self._listener.deliveries)

    async def lose_webhooks(self) -> None:
        self.remote.moods(drop_webhooks=True)

    async def kill_webhooks(self) -> None:
        self.remote.do("POST", "/webhooks/off")

    async def heal(self) -> None:
        self.remote.moods(drop_webhooks=False)

    async def live_webhooks(self) -> Sequence[str]:
        hooks = self.remote.do("GET", "/webhooks")
        return [hook["topic"] for hook in hooks if hook["status"] == "active"]

    async def notes(self, order_id: str) -> Sequence[str]:
        return list(self.remote.order(order_id)["notes"])

    async def record(self, order_id: str) -> Mapping[str, Any]:
        record: Mapping[str, Any] = self.remote.order(order_id)["record"] or {}
        return record

    async def status(self, order_id: str) -> str:
        return str(self.remote.order(order_id)["status"])

    def unsigned(self, delivery: Delivery) -> Delivery:
        kept = {k: v for k, v in delivery.headers.items() if k != "x-wc-webhook-signature"}
        return Delivery(kept, delivery.body)

    def of_another_store(self, delivery: Delivery) -> Delivery:
        signature = sign(delivery.body, WEBHOOK_SECRET)
        source = {"x-wc-webhook-source": "https://otra-tienda.example/"}
        headers = {**delivery.headers, **source, "x-wc-webhook-signature": signature}
        return Delivery(headers, delivery.body)

    def unreachable(self) -> StoreConnection:
        return dataclasses.replace(self.store, address=f"http://127.0.0.1:{free_port()}")

    def with_wrong_keys(self) -> StoreConnection:
        secrets = {**self.store.secrets, "consumer_secret": "cs_not_the_right_one"}
        return dataclasses.replace(self.store, secrets=secrets)
