"""The conformance suite's hands on a fake VTEX, over real HTTP, with a wire that loses answers."""

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedPayment, Checkout, CheckoutState
from pef_adapters.platforms.contract import Outcome, StoreConnection
from pef_adapters.platforms.provider import Call, Plain
from pef_adapters.testing.fake_vtex import VtexSettings, running
from pef_adapters.testing.provider_harness import KeptInMemory, kept_payment
from pef_vtex import Vtex
from pef_vtex.provider import VtexProvider
from vtex_bench import (
    ACCOUNT,
    KEYS,
    PARTNER_KEY,
    PARTNER_TOKEN,
    STORE_KEY,
    STORE_TOKEN,
    Listener,
    RemoteVtex,
    free_port,
)
from vtex_samples import HOOK_SECRET, STORE, TOKEN
from woocommerce_bench import serving

_METHODS = ["GET", "POST", "PUT", "DELETE"]
_HELD = {
    "undefined": CheckoutState.WAITING,
    "approved": CheckoutState.PAID,
    "settled": CheckoutState.PAID,
    "denied": CheckoutState.EXPIRED,
    "cancelled": CheckoutState.CANCELLED,
}


def _now() -> datetime:
    """A little ahead: no call of the suite is still being answered when its order is told."""
    return datetime.now(UTC) + timedelta(seconds=30)


@dataclasses.dataclass(slots=True)
class Wire:
    """Stands between us and VTEX, passes everything on, and can lose an answer."""

    behind: str
    lose_next: bool = False
    down: bool = False

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._pass_on, methods=_METHODS)])

    async def _pass_on(self, request: Request) -> Response:
        if self.down:
            return Response(status_code=503)
        url = f"{self.behind}{request.scope['raw_path'].decode()}?{request.url.query}"
        headers = {k: v for k, v in request.headers.items() if k != "host"}
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.request(
                request.method, url, headers=headers, content=await request.body()
            )
        if self.lose_next and "/_vtex/" not in url:
            self.lose_next = False
            return Response(status_code=504)
        return Response(answer.content, answer.status_code, {"content-type": "application/json"})


@dataclasses.dataclass(slots=True)
class OurSide:
    """Where VTEX's gateway calls: each call is kept, and answered as the engine would."""

    harness: "VtexHarness | None" = None
    calls: list[Call] = dataclasses.field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])

    async def _serve(self, request: Request) -> Response:
        call = Call(
            method=request.method,
            path=request.url.path,
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=await request.body(),
            at=datetime.now(UTC),
        )
        self.calls.append(call)
        assert self.harness is not None
        return self.harness.serve(call)


class VtexHarness:
    """See `testing.provider_harness.ProviderHarness`."""

    tells_outcomes = False

    def __init__(self, vtex: RemoteVtex, wire: Wire, ours: OurSide, hook: Listener) -> None:
        self.platform: Vtex = Vtex(_now)
        self.records = KeptInMemory()
        self.store = StoreConnection(
            store_id=STORE,
            platform="vtex",
            address="https://tiendamisti.myvtex.com",
            mode=Mode.SANDBOX,
            language="es_PE",
            callback_url=hook.url,
            settings={
                "account": ACCOUNT,
                "api_address": vtex.home,
                "payments_address": vtex.home,
            },
            secrets={
                "app_token": TOKEN,
                "webhook_secret": HOOK_SECRET,
                "partner_app_key": PARTNER_KEY,
                "partner_app_token": PARTNER_TOKEN,
                "store_app_key": STORE_KEY,
                "store_app_token": STORE_TOKEN,
            },
            records=self.records,
        )
        self._vtex, self._wire, self._ours = vtex, wire, ours
        wire.lose_next = wire.down = False
        ours.harness = self

    def serve(self, call: Call) -> Response:
        """A payment waits for its buyer; what else is asked is only heard."""
        provider: VtexProvider = VtexProvider(_now)
        asked = provider.read(call, self.store)
        if isinstance(asked, Plain):
            return Response(asked.answer.body, asked.answer.status)
        if not isinstance(asked, AskedPayment):
            return Response(status_code=500)
        answer = provider.answer(asked, kept_payment(self, asked, call.at), self.store)
        return Response(answer.body, answer.status, {"content-type": "application/json"})

    async def ask_payment(self, amount: str) -> Call:
        await asyncio.to_thread(self._vtex.buy, amount)
        return self._last("/payments")

    async def ask_refund(self, payment: Checkout, amount: str) -> Call:
        await asyncio.to_thread(self._vtex.call_refunds, payment.payment_id, str(Decimal(amount)))
        return self._last("/refunds")

    def strangers(self, call: Call) -> Mapping[str, Call]:
        key, token = "x-vtex-api-appkey", "x-vtex-api-apptoken"
        bare = {k: v for k, v in call.headers.items() if k not in {key, token}}
        return {
            "no keys": dataclasses.replace(call, headers=bare),
            "empty keys": _with(call, {key: "", token: ""}),
            "another's token": _with(call, {token: "another"}),
            "no token": _with(call, {token: ""}),
            "another store's key": _with(call, {key: "another-store"}),
            "the test suite, uninvited": _with(
                call, {key: "", token: "", "x-vtex-api-is-testsuite": "true"}
            ),
            "another store's address": dataclasses.replace(call, path=f"/another{call.path}"),
        }

    async def payment_at_gateway(self, payment_id: str) -> CheckoutState | None:
        payment = await asyncio.to_thread(self._vtex.payment, payment_id)
        return _HELD.get(payment["status"])

    async def refund_at_gateway(self, refund_id: str) -> Outcome | None:
        del refund_id
        return None

    async def lose_next_answer(self) -> None:
        self._wire.lose_next = True

    def unreachable(self) -> StoreConnection:
        """The callback's address was given before, so it is the wire that goes down."""
        self._wire.down = True
        return self.store

    def with_wrong_keys(self) -> StoreConnection:
        wrong = {"partner_app_token": "not-the-token", "store_app_token": "not-the-token"}
        return dataclasses.replace(self.store, secrets={**self.store.secrets, **wrong})

    def _last(self, end: str) -> Call:
        return [call for call in self._ours.calls if call.path.endswith(end)][-1]


def _with(call: Call, headers: Mapping[str, str]) -> Call:
    return dataclasses.replace(call, headers={**call.headers, **headers})


@contextmanager
def vtex_behind_a_wire(ours: OurSide) -> Iterator[tuple[RemoteVtex, Wire]]:
    """A fake VTEX that is reached, by us and by the tests, through a wire."""
    wire = Wire(f"http://127.0.0.1:{free_port()}")
    with serving(ours.app()) as provider, serving(wire.app()) as home:
        settings = VtexSettings(
            port=int(wire.behind.rpartition(":")[2]),
            home=home,
            account=ACCOUNT,
            provider_url=provider,
            provider_key=STORE,
            provider_token=TOKEN,
            partner_key=PARTNER_KEY,
            partner_token=PARTNER_TOKEN,
            payment_method="Promissories",
            keys=KEYS,
        )
        with running(settings), RemoteVtex(home) as vtex:
            yield vtex, wire
