"""Gateways call us: which listener serves whom, how much is read, how long they wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway_world import PAYMENT, STORE, GatewayWorld
from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import Platform
from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app, create_certificate_app
from pef_adapters.testing.fake_gateway import FakeGatewayPlatform, FakeProvider
from served import served

_REFUND = {"payment": PAYMENT, "request": "r1", "amount": "20.00"}


class CertifiedProvider(FakeProvider):
    """As `FakeProvider`, for callers that prove themselves by certificate."""

    by_certificate = True


class CertifiedPlatform(FakeGatewayPlatform):
    """The same platform, whose gateway shows a certificate."""

    @property
    def provider(self) -> FakeProvider:
        return CertifiedProvider(self)


@dataclass(frozen=True, slots=True)
class Platforms:
    """The fake gateways beside what is really installed."""

    ours: dict[str, Platform]

    def named(self, platform: str) -> Platform:
        return self.ours.get(platform) or InstalledPlatforms().named(platform)


@dataclass(slots=True)
class Listeners:
    """Both listeners, as gateways reach them."""

    world: GatewayWorld
    plain: httpx.AsyncClient
    certified: httpx.AsyncClient

    async def call(
        self, path: str, *, secret: str = "hush", store: str = STORE, **body: Any
    ) -> Any:
        """A call of the gateway to the plain listener."""
        headers = {"X-Store": store, "X-Secret": secret}
        return await self.plain.post(f"/provider/fake/{path}", json=body, headers=headers)

    async def kept(self) -> int:
        async with self.world.book.begin() as ledger:
            refunds = await ledger.asked_refunds_of_order(STORE, "G-1")
            received = await ledger.open_received(self.world.clock.advance(seconds=1), 100)
        return len(refunds) + len(received)


@asynccontextmanager
async def client_of(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application on a real port."""
    async with (
        served(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def at() -> AsyncIterator[Listeners]:
    """A store whose payment of S/ 129.80 is paid, behind both listeners."""
    world = await GatewayWorld().open()
    await world.paid()
    certified = CertifiedPlatform(world.clock.now)
    platforms = Platforms({"fake": world.gateway, "certified": certified})
    ports = replace(world.ports, platforms=platforms)
    async with (
        client_of(create_app(ports, "https://refunds.example")) as plain,
        client_of(create_certificate_app(ports)) as by_certificate,
    ):
        yield Listeners(world, plain, by_certificate)


@asynccontextmanager
async def working(world: GatewayWorld) -> AsyncIterator[None]:
    """Somebody works off what comes in meanwhile."""

    async def work() -> None:
        while True:
            await world.run()
            await asyncio.sleep(0.01)

    worker = asyncio.create_task(work())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait([worker])
    assert worker.cancelled(), worker.exception()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; no secret goes back."""
    assert "hush" not in answer.text
    return answer.status_code, answer.json()["code"]


# --- which listener serves whom -------------------------------------------------


@pytest.mark.parametrize("platform", ["nobody", "woocommerce", "shopify", "%00", "FAKE"])
async def test_a_platform_that_calls_nobody_is_not_there(at: Listeners, platform: str) -> None:
    """Neither listener serves a platform that is unknown, or has no gateway."""
    for listener in (at.plain, at.certified):
        answer = await listener.post(f"/provider/{platform}/refund", json=_REFUND)
        assert refusal(answer) == (404, "NOT_THERE")


async def test_a_certificate_is_not_waived_on_the_plain_listener(at: Listeners) -> None:
    """Who must show a certificate is served where one is demanded, and only there."""
    assert refusal(await at.plain.get("/provider/certified/manifest")) == (404, "NOT_THERE")
    assert (await at.certified.get("/provider/certified/manifest")).status_code == 200


async def test_the_certificate_listener_serves_nobody_else(at: Listeners) -> None:
    """A gateway without a certificate is served by the plain listener alone."""
    assert (await at.plain.get("/provider/fake/manifest")).status_code == 200
    assert refusal(await at.certified.get("/provider/fake/manifest")) == (404, "NOT_THERE")


async def test_installed_gateways_are_kept_apart_too(at: Listeners) -> None:
    """Shopify's payments platform comes by certificate, VTEX does not."""
    sessions, manifest = "/provider/shopify_payments/refund", "/provider/vtex/manifest"
    assert refusal(await at.plain.post(sessions, json={})) == (404, "NOT_THERE")
    assert (await at.certified.post(sessions, json={})).json().get("code") != "NOT_THERE"
    assert refusal(await at.certified.get(manifest)) == (404, "NOT_THERE")
    assert (await at.plain.get(manifest)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/webhooks/fake/tienda-pe",
        "/connect/woocommerce/keys",
        "/provider",
        "/",
    ],
)
async def test_nothing_else_is_behind_the_certificate(at: Listeners, path: str) -> None:
    """The listener for gateways knows no other address."""
    for method in ("GET", "POST"):
        assert (await at.certified.request(method, path)).status_code == 404


async def test_only_reading_and_posting_is_served(at: Listeners) -> None:
    """No other method reaches a gateway's protocol."""
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await at.plain.request(method, "/provider/fake/manifest")
        assert answer.status_code == 405


# --- what is refused ------------------------------------------------------------


async def test_a_forged_call_is_refused_and_keeps_nothing(at: Listeners) -> None:
    """A wrong secret, a store that is not there and no store at all look alike."""
    answers = [
        await at.call("refund", secret="guess", **_REFUND),
        await at.call("refund", store="nobody", **_REFUND),
        await at.call("refund", store="\x7f", **_REFUND),
        await at.plain.post("/provider/fake/refund", json=_REFUND),
    ]
    assert [refusal(answer) for answer in answers] == [(401, "SIGNATURE_INVALID")] * 4
    assert len({answer.text for answer in answers}) == 1
    assert await at.kept() == 0


async def test_a_store_of_another_platform_is_not_served(at: Listeners) -> None:
    """A store that is connected another way can't be named to this gateway."""
    headers = {"X-Store": STORE, "X-Secret": "hush"}
    answer = await at.certified.post("/provider/certified/refund", json=_REFUND, headers=headers)
    assert refusal(answer) == (401, "SIGNATURE_INVALID")
    assert await at.kept() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"payment": "pay-1"}'])
async def test_a_body_that_can_not_be_read_keeps_nothing(at: Listeners, body: bytes) -> None:
    """It is answered in the gateway's own form, and nothing is kept of it."""
    headers = {"X-Store": STORE, "X-Secret": "hush"}
    answer = await at.plain.post("/provider/fake/payment", content=body, headers=headers)
    assert refusal(answer) == (400, "BODY_UNREADABLE")
    assert await at.kept() == 0


async def test_a_body_is_read_up_to_its_bound(at: Listeners) -> None:
    """A byte more than the protocol ever needs is refused, announced or not."""
    headers = {"X-Store": STORE, "X-Secret": "hush"}
    announced = await at.plain.post("/provider/fake/refund", content=b" " * 10_001, headers=headers)
    flood: Iterator[bytes] = (b" " * 1_000 for _ in range(11))
    answers = [announced, await at.plain.post("/provider/fake/refund", content=_sent(flood))]
    assert [refusal(answer) for answer in answers] == [(413, "BODY_TOO_LARGE")] * 2
    assert await at.kept() == 0


async def _sent(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


# --- how long a refund is waited for ----------------------------------------------


async def test_a_refund_decided_within_patience_answers_decided(at: Listeners) -> None:
    """The gateway's first call hears already that the refund is on its way."""
    async with working(at.world):
        answer = await at.call("refund", **_REFUND)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["state"] == "pending"
    assert [amount for _, amount in at.world.rail.bookings] == [Money(2000, "PEN")]


async def test_a_refund_nobody_decides_is_answered_open_in_time(at: Listeners) -> None:
    """Patience ends inside the shortest time that a gateway waits; the refund is kept."""
    started = time.monotonic()
    answer = await at.call("refund", **_REFUND)
    assert time.monotonic() - started < 5
    assert (answer.status_code, answer.json()["state"]) == (200, None)
    await at.world.run()
    again = await at.call("refund", **_REFUND)
    assert (again.json()["state"], again.json()["ours"]) == ("pending", answer.json()["ours"])


async def test_one_refund_called_for_by_many_at_once_is_paid_once(at: Listeners) -> None:
    """A gateway that loses patience and calls again gets the same answer, and no second payment."""
    async with working(at.world):
        answers = await asyncio.gather(*(at.call("refund", **_REFUND) for _ in range(8)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(at.world.rail.bookings) == 1


async def test_a_call_that_asks_for_nothing_is_answered_at_once(at: Listeners) -> None:
    """An address that the protocol does not know is its own answer, without a body or a type."""
    answer = await at.call("nowhere", payment=PAYMENT)
    assert (answer.status_code, answer.content) == (404, b"")
    assert "content-type" not in answer.headers
