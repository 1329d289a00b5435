"""The whole way by mutual TLS: the shop asks, the engine pays, and the shop hears the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from engine_world import World
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import Refusal
from pef_adapters.platforms import http
from pef_adapters.platforms.contract import Platform
from pef_adapters.server.app import create_certificate_app
from pef_adapters.server.mutual_tls import serve_by_certificate
from pef_adapters.settings import Settings
from pef_adapters.testing.fake_shopify import PaymentsExtension
from pef_shopify.payments import ShopifyPayments
from shopify_bench import DOMAIN, PAYMENTS_TOKEN, RemoteShop, payments_app, shop_running
from shopify_payments_bench import ENVIRONMENT, STORE, no_wait
from woocommerce_bench import free_port

OURS, SHOPIFYS = trustme.CA(), trustme.CA()


class OnePlatform:
    """The world's only platform is the payments extension."""

    def named(self, _: str) -> Platform:
        return ShopifyPayments(no_wait)


@dataclass(frozen=True, slots=True)
class Scene:
    """A shop, and the world that it calls."""

    shop: RemoteShop
    world: World

    async def press(self, what: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Do something at the shop, and work off what it calls us for meanwhile."""
        pressing = asyncio.create_task(asyncio.to_thread(what, *args, **more))
        while not pressing.done():
            await asyncio.wait({pressing}, timeout=0.02)
            await self.world.run()
        return pressing.result()

    async def session(self, kind: str) -> Any:
        """The shop's only session of a kind."""
        sessions = await asyncio.to_thread(self.shop.sessions)
        (found,) = sessions[kind].values()
        return found

    async def paid(self) -> str:
        """A payment of S/ 119.80 that the buyer made; answers its order."""
        await self.press(self.shop.start_payment, "119.80", test=True)
        (cip,) = self.world.rail.created
        self.world.rail.pay(cip, Money(11980, "PEN"), self.world.clock.now())
        await self.world.notify("cip.paid", cip=cip)
        await self.world.run()
        return str((await self.session("payments"))["order_id"])

    async def refund(self, order_id: str, amount: str) -> None:
        """The merchant's refund button; Shopify asks us at once."""
        await self.press(self.shop.press, order_id, amount)
        await self.press(self.shop.flush)


def files(folder: Path) -> dict[str, Path]:
    """Both sides' certificates: ours for localhost, and the one that Shopify shows."""
    issued = {"own": OURS.issue_cert("localhost"), "shopify": SHOPIFYS.issue_cert("shopify.com")}
    for name, certificate in issued.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    OURS.cert_pem.write_to_path(str(folder / "our_ca.pem"))
    SHOPIFYS.cert_pem.write_to_path(str(folder / "shopify_ca.pem"))
    return {path.stem: path for path in folder.glob("*.pem")}


@contextlib.asynccontextmanager
async def serving(world: World, pem: dict[str, Path], port: int) -> AsyncIterator[None]:
    """Our listener for gateways, in front of this world."""
    settings = Settings(
        payments_port=port,
        payments_cert=pem["own"],
        payments_key=pem["own"],
        payments_client_ca=pem["shopify_ca"],
    )
    app = create_certificate_app(world.ports)
    task = asyncio.create_task(serve_by_certificate(app, settings))
    await asyncio.sleep(0)  # it listens before it first waits
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def world() -> World:
    """An engine whose one store is the shop; its clock shows the machine's time, as the shop's."""
    world = World()
    world.clock.advance(seconds=(datetime.now(UTC) - world.clock.now()).total_seconds())
    world.ports = replace(world.ports, platforms=OnePlatform())
    return await world.open(
        id=STORE,
        platform="shopify_payments",
        identity=f"https://{DOMAIN}",
        secrets={"access_token": PAYMENTS_TOKEN},
        settings={"platform": {"payouts": "barred"}},
    )


@pytest.fixture
async def scene(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """Shop and world, each reaching the other."""
    pem, port = files(tmp_path), free_port()
    ours = f"https://localhost:{port}/provider/shopify_payments"
    extension = PaymentsExtension(
        payment_session_url=f"{ours}/payment", refund_session_url=f"{ours}/refund"
    )
    identity = {"client_certificate": pem["shopify"], "server_ca": pem["our_ca"]}
    http.allow_private_stores(True)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with shop_running(apps=(payments_app("", payments=extension),), **identity) as shop:
        monkeypatch.setenv("PEF_SHOPIFY_API_URL", shop.home)
        async with serving(world, pem, port):
            yield Scene(shop, world)
    http.allow_private_stores(False)


async def test_from_checkout_to_refunded(scene: Scene) -> None:
    """The buyer is sent to a CIP, pays it, gets half of it back, and the order says so."""
    order_id = await scene.paid()
    payment = await scene.session("payments")
    assert payment["redirect_url"].endswith(scene.world.rail.created[0])
    assert payment["state"] == "resolved"
    await scene.refund(order_id, "59.90")
    assert (await scene.session("refunds"))["sent"] == "sent"
    assert (await scene.session("refunds"))["state"] == "open"
    scene.world.rail.settle()
    await scene.world.later(minutes=10)
    assert (await scene.session("refunds"))["state"] == "resolved"
    assert [amount for _, amount in scene.world.rail.bookings] == [Money(5990, "PEN")]
    assert (await asyncio.to_thread(scene.shop.order, order_id))["refunded"] == "59.90"


async def test_a_repeated_session_pays_once(scene: Scene) -> None:
    """Asked again under the same id, the refund is the same refund, and answered again."""
    order_id = await scene.paid()
    await scene.refund(order_id, "59.90")
    session = (await scene.session("refunds"))["id"]
    for _ in range(3):
        again = await scene.press(scene.shop.do, "POST", f"/sessions/refunds/{session}/send")
        assert again["status"] == 201
    scene.world.rail.settle()
    await scene.world.later(minutes=10)
    assert len(scene.world.rail.bookings) == 1


async def test_a_refused_refund_fails_in_the_shop(scene: Scene) -> None:
    """PagoEfectivo refuses for good: the order's refund has failed, and the merchant reads why."""
    order_id = await scene.paid()
    scene.world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await scene.refund(order_id, "59.90")
    await scene.world.later(minutes=10)
    session = await scene.session("refunds")
    assert session["state"] == "rejected"
    assert session["merchant_message"]
    assert (await asyncio.to_thread(scene.shop.order, order_id))["refunded"] == "0.00"


async def test_a_lost_answer_to_the_outcome_ends_resolved(scene: Scene) -> None:
    """The mutation took effect unseen; told again in Shopify's rhythm, it stays resolved."""
    order_id = await scene.paid()
    await scene.refund(order_id, "59.90")
    scene.world.rail.settle()
    lost = {"lose_answers": 1, "lose_operation": "refundSessionResolve"}
    await asyncio.to_thread(scene.shop.moods, **lost)
    await scene.world.later(minutes=10)
    assert (await scene.session("refunds"))["state"] == "resolved"
    async with scene.world.book.begin() as ledger:
        refund = await ledger.find_refund(STORE, (await scene.session("refunds"))["id"])
        assert refund is not None
        assert refund.write_back_tries == 1
    await scene.world.later(minutes=1)
    async with scene.world.book.begin() as ledger:
        told = await ledger.refund(refund.id)
    assert told is not None
    assert told.write_back_tries == 0
    assert len(scene.world.rail.bookings) == 1


async def test_a_live_payment_moves_nothing_in_a_sandbox_store(scene: Scene) -> None:
    """The shop forgot its test mode: nothing is made at PagoEfectivo, the checkout fails."""
    session = await scene.press(scene.shop.start_payment, "119.80", test=False)
    assert session["redirect_url"] is None
    assert scene.world.rail.created == []
