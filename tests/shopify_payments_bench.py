"""What the tests of Shopify's payments extension share: a fake shop, our side, a store."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import Checkout, CheckoutState
from pef_adapters.platforms.contract import Outcome, StoreConnection
from pef_adapters.platforms.provider import Call
from pef_adapters.testing.provider_harness import PAY_URL, KeptInMemory
from pef_shopify.payments import ShopifyPayments
from shopify_bench import (
    DOMAIN,
    PAYMENTS_ID,
    PAYMENTS_SECRET,
    PAYMENTS_TOKEN,
    RemoteShop,
    payments_app,
    shop_running,
)
from woocommerce_bench import free_port, serving

STORE: Final = "tienda-myshopify-com"
NOW: Final = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SESSION: Final = "u0nwmSrNntjIWozmNslK5Tlq"
REFUND: Final = "2sl4WR9jF82W0vQVg8fjux9S"
ENVIRONMENT: Final = {
    "PEF_SHOPIFY_PAYMENTS_CLIENT_ID": PAYMENTS_ID,
    "PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET": PAYMENTS_SECRET,
    "PEF_PAYMENTS_CERT": "own.pem",
    "PEF_PAYMENTS_KEY": "own.key",
    "PEF_PAYMENTS_CLIENT_CA": "clients.pem",
}
_PAYMENTS: Final = {
    "open": None,
    "pending": CheckoutState.WAITING,
    "resolved": CheckoutState.PAID,
    "rejected": CheckoutState.EXPIRED,
}
_REFUNDS: Final = {"open": None, "resolved": Outcome.REFUNDED, "rejected": Outcome.FAILED}


async def no_wait(_: float) -> None:
    """Shopify asks us to slow down; a test does not wait for it."""


def connection(**changes: Any) -> StoreConnection:
    """A shop's connection, with its records."""
    secrets = {"access_token": PAYMENTS_TOKEN} | changes.pop("secrets", {})
    given: dict[str, Any] = {
        "store_id": STORE,
        "platform": "shopify_payments",
        "address": f"https://{DOMAIN}",
        "mode": Mode.SANDBOX,
        "language": "es_PE",
        "callback_url": f"https://pef.example/webhooks/shopify_payments/{STORE}",
        "secrets": secrets,
        "records": KeptInMemory(secrets),
    }
    return StoreConnection(**given | changes)


def payment_body(**changes: Any) -> dict[str, Any]:
    """A payment session as Shopify sends it (platforms/shopify.md, section 1)."""
    return {
        "id": SESSION,
        "gid": f"gid://shopify/PaymentSession/{SESSION}",
        "group": "rZNvy+1jH6Z+BcPqA5U5BSIcnUavBha3C63xBalm+xE=",
        "amount": "119.80",
        "currency": "PEN",
        "test": True,
        "merchant_locale": "es-PE",
        "payment_method": {
            "type": "offsite",
            "data": {"cancel_url": "https://tienda.example/checkouts/4c94d6"},
        },
        "proposed_at": "2026-11-23T14:59:58Z",
        "customer": {"email": "ana@example.com", "locale": "es-PE"},
        "kind": "sale",
    } | changes


def refund_body(**changes: Any) -> dict[str, Any]:
    """A refund session as Shopify sends it."""
    return {
        "id": REFUND,
        "gid": f"gid://shopify/RefundSession/{REFUND}",
        "payment_id": SESSION,
        "amount": "59.90",
        "currency": "PEN",
        "test": True,
        "merchant_locale": "es-PE",
        "proposed_at": "2026-11-24T09:00:00Z",
    } | changes


def call(path: str, body: Any = None, **changes: Any) -> Call:
    """A call of Shopify's; `shop` is what its header names."""
    shop = changes.pop("shop", DOMAIN)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given: dict[str, Any] = {
        "method": "POST",
        "path": path,
        "headers": {"shopify-shop-domain": shop, "shopify-api-version": "2026-10"},
        "query": {},
        "body": raw,
        "at": NOW,
    }
    return Call(**given | changes)


@dataclass(slots=True)
class OurSide:
    """Where sessions arrive: keeps each call, answers as the adapter would."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)

    async def _session(self, request: Request) -> Response:
        arrived = Call(
            method=request.method,
            path=request.url.path,
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=await request.body(),
            at=datetime.now(UTC),
        )
        self.calls.append(arrived)
        if request.url.path == "/payment":
            return Response(json.dumps({"redirect_url": PAY_URL}))
        return Response("{}", 201)

    @contextmanager
    def listening(self) -> Iterator["OurSide"]:
        """Serve in a thread while the context lasts."""
        paths = ("/payment", "/refund")
        app = Starlette(routes=[Route(path, self._session, methods=["POST"]) for path in paths])
        with serving(app) as self.url:
            yield self


@contextmanager
def shop_with_payments(ours: OurSide, **changes: Any) -> Iterator[RemoteShop]:
    """A fake shop that has installed our payments app and found it ready."""
    with shop_running(apps=(payments_app(ours.url, **changes),)) as shop:
        yield shop


class PaymentsHarness:
    """The provider suite's hands on a fake shop, over real HTTP."""

    tells_outcomes = True

    def __init__(self, shop: RemoteShop, ours: OurSide, env: pytest.MonkeyPatch) -> None:
        self.platform = ShopifyPayments(no_wait)
        self.store = connection()
        self.shop = shop
        self.ours = ours
        self._env = env
        for name, value in ENVIRONMENT.items():
            env.setenv(name, value)
        self._reach(shop.home)

    @property
    def records(self) -> KeptInMemory:
        assert isinstance(self.store.records, KeptInMemory)
        return self.store.records

    async def ask_payment(self, amount: str) -> Call:
        self.shop.start_payment(amount, test=True)
        return self.ours.calls[-1]

    async def ask_refund(self, payment: Checkout, amount: str) -> Call:
        session = self.shop.sessions()["payments"][payment.payment_id]
        self.shop.press(str(session["order_id"]), amount)
        self.shop.flush()
        assert self.ours.calls[-1].path == "/refund"
        return self.ours.calls[-1]

    def strangers(self, call: Call) -> Mapping[str, Call]:
        shop = "shopify-shop-domain"
        bare = {name: value for name, value in call.headers.items() if name != shop}
        named = {
            "it names another shop": {**bare, shop: "otra.myshopify.com"},
            "it names what is no shop": {**bare, shop: "tienda.myshopify.com.evil.example"},
            "it names no shop": bare,
        }
        return {wrong: replace(call, headers=headers) for wrong, headers in named.items()}

    async def payment_at_gateway(self, payment_id: str) -> CheckoutState | None:
        return _PAYMENTS[self.shop.sessions()["payments"][payment_id]["state"]]

    async def refund_at_gateway(self, refund_id: str) -> Outcome | None:
        return _REFUNDS[self.shop.sessions()["refunds"][refund_id]["state"]]

    async def lose_next_answer(self) -> None:
        self.shop.moods(lose_answers=1)

    def unreachable(self) -> StoreConnection:
        self._reach(f"http://127.0.0.1:{free_port()}")
        return self.store

    def with_wrong_keys(self) -> StoreConnection:
        secrets = {"access_token": "shpat_not_the_right_one"}
        return replace(self.store, secrets=secrets, records=KeptInMemory(secrets))

    def _reach(self, address: str) -> None:
        self._env.setenv("PEF_SHOPIFY_API_URL", address)
