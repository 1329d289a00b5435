"""What the Shopify tests share: a fake shop by remote control, its apps, GraphQL by hand."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.platforms.contract import Delivery
from pef_adapters.testing.fake_shopify import (
    PaymentsExtension,
    ShopifyApp,
    ShopSettings,
    Subscription,
    running,
)
from woocommerce_bench import Listener, free_port, serving

__all__ = ["Listener", "PaymentsListener", "RemoteShop", "free_port", "shop_running"]

FIXTURES = Path(__file__).parent / "fixtures" / "shopify"
SCHEMAS = FIXTURES / "schemas"
DOMAIN = "tienda.myshopify.com"
CLIENT_ID, CLIENT_SECRET = "made-up-client", "shpss_made_up_for_tests_of_the_refund_app"
PAYMENTS_ID, PAYMENTS_SECRET = "made-up-payments", "shpss_made_up_for_tests_of_the_payments_app"
TOKEN, PAYMENTS_TOKEN = "shpat_made_up_for_tests", "shpat_made_up_for_payments"
WEBHOOK_SECRET = "hechoParaPruebas42"
RETURN_URL = "https://pef.example/shopify/return"
CIP = "11546901"
# The first id of a fresh shop, so that each is beyond what a JavaScript number holds.
BEYOND_DOUBLE = 2**53


def shopify_app(listener: Listener | None = None, **changes: Any) -> ShopifyApp:
    """The app of way B, with a token that never expires and its TOML's webhooks."""
    topics = ("app/uninstalled", "customers/data_request", "customers/redact", "shop/redact")
    hooks = [Subscription(topic=topic, uri=listener.url) for topic in topics] if listener else []
    given = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_urls": (RETURN_URL,),
        "subscriptions": tuple(hooks),
        "access_token": TOKEN,
    }
    return ShopifyApp(**given | changes)


def payments_app(address: str, **changes: Any) -> ShopifyApp:
    """The app of way A, which takes sessions at `address`."""
    extension = PaymentsExtension(
        payment_session_url=f"{address}/payment", refund_session_url=f"{address}/refund"
    )
    given = {
        "client_id": PAYMENTS_ID,
        "client_secret": PAYMENTS_SECRET,
        "scopes": (),
        "payments": extension,
        "access_token": PAYMENTS_TOKEN,
    }
    return ShopifyApp(**given | changes)


@contextmanager
def shop_running(**changes: Any) -> Iterator["RemoteShop"]:
    """A fake shop on a free port, without demo orders; failed webhooks wait for a flush."""
    port = changes.pop("port", None) or free_port()
    home = f"http://127.0.0.1:{port}"
    given: dict[str, Any] = {
        "apps": (shopify_app(),),
        "demo_orders": False,
        "allow_http": True,
        "first_id": BEYOND_DOUBLE,
        "older_schemas": SCHEMAS,
        "webhook_secret": WEBHOOK_SECRET,
        "session_retry_seconds": (3600, 3600),
    }
    settings = ShopSettings(port=port, home=home, **given | changes)
    with running(settings), RemoteShop(home) as shop:
        yield shop


class RemoteShop:
    """The fake shop's remote control. `home` is where its API is reached."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._client = httpx.Client(base_url=home, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def do(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, f"/_shop{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def paid_order(self, total: str | None = "119.80", **more: Any) -> str:
        """A paid order on the manual method PagoEfectivo; gives its number as text."""
        order = {"total": total, "payment_id": CIP, "attributes": {"CIP": CIP}, **more}
        return str(self.do("POST", "/orders", order)["id"])

    def press(self, order_id: str, amount: str | None = None, **more: Any) -> str:
        """The refund button; gives the refund's number as text."""
        pressed = self.do("POST", f"/orders/{order_id}/refunds", {"amount": amount, **more})
        return str(pressed["refund_id"])

    def order(self, order_id: str) -> Any:
        return self.do("GET", f"/orders/{order_id}")

    def refund_transaction(self, order_id: str) -> Any:
        """The order's newest refund transaction."""
        found = self.order(order_id)["transactions"]
        return [t for t in found if t["kind"] == "refund"][-1]

    def change(self, order_id: str, action: str) -> None:
        """Cancel, erase or save an order."""
        self.do("POST", f"/orders/{order_id}", {"action": action})

    def moods(self, **moods: Any) -> None:
        self.do("POST", "/moods", moods)

    def flush(self) -> None:
        """Let everything that waits be tried once, and wait for it."""
        self.do("POST", "/deliveries/flush")

    def deliveries(self, topic: str | None = None) -> list[Any]:
        """What went out so far, or still tries to."""
        found = self.do("GET", "/deliveries")
        return [delivery for delivery in found if topic in {None, delivery["topic"]}]

    def live_webhooks(self) -> list[str]:
        """The topics of webhooks made by API or by the merchant."""
        return [hook["topic"] for hook in self.do("GET", "/webhooks")]

    def install(self, client_id: str = CLIENT_ID, **more: Any) -> Any:
        """Install an app without OAuth's walk; gives its tokens."""
        return self.do("POST", f"/apps/{client_id}/install", more)

    def deploy(self, app: ShopifyApp) -> None:
        """Deploy an app, new or changed."""
        self.do("POST", "/apps", app.model_dump(mode="json"))

    def start_payment(self, amount: str = "119.80", **more: Any) -> Any:
        """A buyer chooses the payments app; gives the session as the shop keeps it."""
        return self.do("POST", "/sessions/payments", {"amount": amount, **more})

    def sessions(self) -> Any:
        return self.do("GET", "/sessions")

    def open(self, path: str, form: Mapping[str, str] | None = None) -> httpx.Response:
        """A page, as a browser gets it; a form is posted."""
        if form is None:
            return self._client.get(path)
        return self._client.post(path, data=dict(form))

    def token_request(self, **fields: str) -> httpx.Response:
        """Ask OAuth for tokens, with the app's own keys unless others are given."""
        keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return self._client.post("/admin/oauth/access_token", json=keys | fields)

    def graphql(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str = TOKEN,
        api: str = "admin",
        version: str = "2026-10",
    ) -> httpx.Response:
        """Ask one of the GraphQL APIs, whatever it answers."""
        return self._client.post(
            f"/{api}/api/{version}/graphql.json",
            json={"query": document, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": token},
        )

    def data(self, document: str, variables: Mapping[str, Any] | None = None, **how: Any) -> Any:
        """The data of a query that must succeed."""
        answer = self.graphql(document, variables, **how).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def fault(
        self, document: str, variables: Mapping[str, Any] | None = None, **how: Any
    ) -> tuple[str | None, str]:
        """The code and message of the first error of a query that must fail."""
        error = self.graphql(document, variables, **how).json()["errors"][0]
        return error.get("extensions", {}).get("code"), error["message"]


@dataclasses.dataclass(slots=True)
class PaymentsListener:
    """A payments app that keeps each session as it arrived and answers as it is told."""

    url: str = ""
    status: int = 201
    answer: bytes = b"{}"
    redirect_url: str = "https://pef.example/pay"
    sessions: list[tuple[str, Delivery]] = dataclasses.field(default_factory=list)

    def bodies(self, kind: str) -> list[Any]:
        """The bodies of sessions of a kind, `payment` or `refund`."""
        return [json.loads(got.body) for name, got in self.sessions if name == kind]

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{kind}", self._session, methods=["POST"])])

    async def _session(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        self.sessions.append((kind, Delivery(dict(request.headers), await request.body())))
        if kind == "payment":
            return JSONResponse({"redirect_url": self.redirect_url})
        return Response(self.answer, self.status)

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Serve in a thread while the context lasts."""
        with serving(self.app) as self.url:
            yield self


def body_of(listener: Listener, topic: str) -> Any:
    """The body of the last webhook of a topic that came, ids as exact integers."""
    found = [d for d in listener.deliveries if d.headers.get("x-shopify-topic") == topic]
    assert found, (
        f"no {topic} among {[d.headers.get('x-shopify-topic') for d in listener.deliveries]}"
    )
    return json.loads(found[-1].body)
