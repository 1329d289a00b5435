"""Tokens of gateways and apps stand nowhere but sealed: not in a log, an answer, an error, a repr.

The platforms' APIs are played by a server that sends back whatever it was sent, under each
kind of answer: that is how a secret gets into an error that quotes too much.
"""

import base64
import json
import traceback
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine_world import World
from pef_adapters.core.errors import PefError
from pef_adapters.engine.onboarding import check_store
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms import http
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.platforms.provider import Call
from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app, create_certificate_app
from served import served
from shopify_samples import refund_body, signed
from vtex_samples import PAYMENT, payment_body

_SECRETS: Mapping[str, str] = {
    "app_token": "canaryAppToken-4f7a1c",
    "partner_app_token": "canaryPartnerToken-91be",
    "store_app_token": "canaryStoreToken-0d33",
    "access_token": "shpat_canaryAccess7712",
    "refresh_token": "shprt_canaryRefresh5b9e",
    "client_secret": "shpss_canaryClient60aa",
    "webhook_secret": "canaryWebhookSecret2e84",
    "code": "CANA-RY00-C0DE",
}
_VTEX, _SHOPIFY, _PAYMENTS, _WOO = "tienda-vtex", "tienda-myshopify-com", "pagos-shop", "tienda-woo"
_ANSWERS = (200, 400, 401, 403, 404, 429, 500)


@dataclass(slots=True)
class Left:
    """Everything that was said, by who said it; and how often the platforms were really asked."""

    said: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def keep(self, what: str, said: object) -> None:
        self.said[f"{len(self.said)} {what}"] = str(said)

    def heard(self) -> dict[str, list[str]]:
        """Which secrets stand where, in whatever disguise."""
        found = {where: _heard_in(text) for where, text in self.said.items()}
        return {where: names for where, names in found.items() if names}


def _heard_in(text: str) -> list[str]:
    return [name for name, secret in _SECRETS.items() if any(f in text for f in _forms(secret))]


def _forms(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return secret, quote(secret, safe=""), base64.b64encode(raw).decode(), raw.hex()


@pytest.fixture
async def left(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Left]:
    """A heap that grows while a test does things, with the process told of its app."""
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_ID", "made-up-client")
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", _SECRETS["client_secret"])
    monkeypatch.setenv("PEF_SHOPIFY_PAYMENTS_CLIENT_ID", "made-up-payments")
    monkeypatch.setenv("PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET", _SECRETS["client_secret"])
    http.allow_private_stores(allowed=True)
    heap = Left()
    with structlog.testing.capture_logs() as logs:
        yield heap
    http.allow_private_stores(allowed=False)
    heap.keep("logs", json.dumps(logs, default=str))
    assert heap.heard() == {}


def _echo(left: Left, status: int) -> Starlette:
    """Somebody who sends back all that he was sent."""

    async def answer(request: Request) -> Response:
        left.asked.append(request.url.path)
        sent = {"headers": dict(request.headers), "body": (await request.body()).decode()}
        told = {"error": json.dumps(sent), "message": json.dumps(sent), "errors": [sent]}
        return Response(json.dumps(told), status, media_type="application/json")

    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=every)])


async def _world(api: str = "http://127.0.0.1:9") -> World:
    """Stores of each kind; `api` is where their platforms are reached."""
    world = await World().open()
    world.ports = replace(world.ports, platforms=InstalledPlatforms())
    vtex = {"account": "tienda", "api_address": api, "payments_address": api}
    expired = (world.clock.now() - timedelta(days=9000)).isoformat()
    for name, platform, settings in (
        (_VTEX, "vtex", vtex),
        (_SHOPIFY, "shopify", {"gateways": ["PagoEfectivo"]}),
        (_PAYMENTS, "shopify_payments", {}),
        (_WOO, "woocommerce", {"payment_methods": ["cheque"], "allow_http": True}),
    ):
        keys = {"store_app_key": "k", "partner_app_key": "k", "client_id": "c"}
        woo = {"consumer_key": "ck_x", "consumer_secret": "cs_x"}
        store = replace(
            await _stored(world, "tienda-pe"),
            id=name,
            platform=platform,
            identity="https://tienda.myshopify.com" if "shopify" in platform else api,
            settings={"platform": settings},
            secrets={**_SECRETS, **keys, **woo, "expires_at": expired},
        )
        async with world.book.begin() as ledger:
            await ledger.add_store(store)
    return world


async def _stored(world: World, name: str) -> Store:
    async with world.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


async def test_calls_of_gateways_leave_no_token(left: Left) -> None:
    """Right, wrong and unreadable calls, a token in the wrong place: nothing repeats it."""
    world = await _world()
    right = {"x-vtex-api-appkey": _VTEX, "x-vtex-api-apptoken": _SECRETS["app_token"]}
    swapped = {"x-vtex-api-appkey": _SECRETS["app_token"], "x-vtex-api-apptoken": _VTEX}
    token = {"token": _SECRETS["app_token"], "paymentId": _SECRETS["app_token"]}
    async with _client(create_app(world.ports, "https://refunds.example")) as client:
        for headers in (right, swapped, {**right, "x-vtex-api-apptoken": "wrong"}, {}):
            for path in ("payments", f"payments/{PAYMENT}/refunds", "nowhere", "manifest"):
                for body in (
                    json.dumps(payment_body(sandBoxMode=True)),
                    json.dumps(token),
                    "{",
                    "",
                ):
                    answer = await client.post(
                        f"/provider/vtex/{path}", content=body, headers=headers
                    )
                    left.keep(f"{answer.status_code} {path}", _without_echo(answer))
    assert {"200", "400", "401"} <= {name.split()[1] for name in left.said}


def _without_echo(answer: httpx.Response) -> str:
    """The answer, without what VTEX's protocol wants repeated: the payment's own id."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text
    told = {key: value for key, value in body.items() if key != "paymentId"}
    return f"{dict(answer.headers)} {json.dumps(told)}"


async def test_webhooks_and_sessions_leave_no_token(left: Left) -> None:
    """Forged, swapped and broken deliveries that quote a secret: the refusal does not."""
    world = await _world()
    body = refund_body(note=_SECRETS["access_token"])
    async with _client(create_app(world.ports, "https://refunds.example")) as client:
        for secret in (_SECRETS["client_secret"], _SECRETS["access_token"]):
            for content in (body, b"{", json.dumps(_SECRETS["refresh_token"]).encode()):
                delivery = signed(content, "refunds/create", secret)
                answer = await client.post(
                    "/webhooks/shopify", content=delivery.body, headers=dict(delivery.headers)
                )
                left.keep(str(answer.status_code), answer.text)
        for call in ("checks", "refunds", "disconnect"):
            answer = await client.post(
                f"/plugin/woocommerce/{_WOO}/{call}",
                content=json.dumps({"at": _SECRETS["webhook_secret"]}),
                headers={"X-WC-Webhook-Signature": _SECRETS["webhook_secret"]},
            )
            left.keep(f"{answer.status_code} {call}", answer.text)
        asked = {"code": _SECRETS["code"], "address": "https://a.example", "return_url": "x"}
        for choices in ({"payment_methods": ["cheque"]}, {"payment_methods": _SECRETS["code"]}):
            answer = await client.post("/plugin/woocommerce/connect", json=asked | choices)
            left.keep(f"{answer.status_code} connect", answer.text)
    async with _client(create_certificate_app(world.ports)) as client:
        for what in ("payment", "refund", "nowhere"):
            headers = {"shopify-shop-domain": "tienda.myshopify.com"}
            answer = await client.post(
                f"/provider/shopify_payments/{what}",
                content=json.dumps({"id": _SECRETS["access_token"]}),
                headers=headers,
            )
            left.keep(f"{answer.status_code} {what}", answer.text)
    assert {"SIGNATURE_INVALID", "BODY_UNREADABLE", "NOT_THERE"} <= set(_codes(left))


def _codes(left: Left) -> list[str]:
    words = " ".join(left.said.values()).replace('"', " ").split()
    return [word for word in words if word.isupper() and "_" in word]


@pytest.mark.parametrize("status", _ANSWERS)
@pytest.mark.parametrize("name", [_VTEX, _SHOPIFY, _PAYMENTS])
async def test_a_platform_that_quotes_our_tokens_is_not_quoted(
    left: Left, name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the platform answers, its words about our keys reach no error, check or log."""
    async with served(_echo(left, status)) as api:
        monkeypatch.setenv("PEF_SHOPIFY_API_URL", api)
        world = await _world(api)
        here = connection(world.ports, await _stored(world, name))
        platform = world.ports.platforms.named(here.platform)
        hint = Hint(kind=HintKind.ORDER_CHANGED, order_id="14")
        for what, doing in (
            ("check", check_store(world.ports, name)),
            ("connect", platform.connect(here)),
            ("read", platform.read(hint, here)),
            ("changes", platform.find_changes(world.clock.now(), here)),
        ):
            left.keep(what, await _told(doing))
    assert left.asked, "nobody was asked: this test proves nothing"


async def _told(doing: Any) -> str:
    """What came of it, or the whole trace of its error."""
    try:
        return repr(await doing)
    except PefError as fault:
        return f"{fault!r} {fault} {''.join(traceback.format_exception(fault))}"


async def test_records_show_no_secret_when_they_are_printed(left: Left) -> None:
    """A store, its connection and a call can be printed by mistake."""
    world = await _world()
    for name in (_VTEX, _SHOPIFY, _PAYMENTS, _WOO):
        store = await _stored(world, name)
        left.keep("store", repr(store))
        left.keep("connection", repr(connection(world.ports, store)))
    headers = {"x-vtex-api-apptoken": _SECRETS["app_token"]}
    body = _SECRETS["access_token"].encode()
    call = Call(
        method="POST", path="/", headers=headers, query=headers, body=body, at=world.clock.now()
    )
    left.keep("call", repr(call))


async def test_the_search_hears_every_secret(left: Left) -> None:
    """The search means something: a secret that is said anywhere is heard."""
    for name, secret in _SECRETS.items():
        for form in _forms(secret):
            assert name in _heard_in(f"x{form}y")
    left.keep("nothing", "nothing")


def _client(app: Starlette) -> httpx.AsyncClient:
    """A client of the application; what it does not handle is raised."""
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="https://refunds.example")
