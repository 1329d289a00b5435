"""The demo's WooCommerce store: added with REST keys, heard of by its webhooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from pef_adapters.demo.processes import Program
from pef_adapters.demo.shop import ACCOUNT, Scene, ShownOrder, fake, get, paid_cip, post
from pef_adapters.engine.onboarding import StoreRequest, add_store, store_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund

_KEY, _SECRET = "ck_demo", "cs_demo_opens_nothing_else"
_PAID_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class WooCommerce:
    """See `shop.Shop`; `remote` is the store's remote control."""

    home: str
    remote: httpx.AsyncClient

    @property
    def name(self) -> str:
        return "WooCommerce"

    @property
    def store_id(self) -> str:
        return store_id(self.home)

    @property
    def admin(self) -> str:
        return f"{self.home}/"

    def program(self, folder: Path, _service: str) -> Program:
        keys = [{"consumer_key": _KEY, "consumer_secret": _SECRET}]
        return fake("fake_woocommerce", self.home, folder / "store.log", {"keys": keys})

    async def connect(self, ports: Ports) -> None:
        request = StoreRequest(
            platform="woocommerce",
            address=self.home,
            account_id=ACCOUNT,
            settings={"payment_methods": ["pagoefectivo"], "allow_http": True},
        )
        keys = {"consumer_key": _KEY, "consumer_secret": _SECRET}
        await add_store(ports, request, keys, ports.public_url)

    async def sell(self, rail: httpx.AsyncClient, now: datetime) -> None:
        """The fake store has orders from the start; the sandbox has to know their CIPs."""
        for order in await self.listed():
            await paid_cip(rail, order["transaction_id"], order["total"], now - _PAID_BEFORE)

    async def press_refund(self, order: int, amount: str | None, reason: str) -> str:
        """Press the refund button; answers the store's refund id."""
        pressed = {"reason": reason, **({"amount": amount} if amount else {})}
        answer = await post(self.remote, f"/_store/orders/{order}/refunds", pressed)
        return str(answer["refund_ids"][0])

    async def deliver_again(self, times: int) -> None:
        """Deliver the last refund webhook again."""
        topic = "action.woocommerce_refund_created"
        await post(self.remote, "/_store/deliveries/flush", {})
        await post(self.remote, "/_store/deliveries/repeat", {"times": times, "topic": topic})

    async def listed(self) -> list[dict[str, Any]]:
        """Every order as its owner sees it, oldest first."""
        orders: list[dict[str, Any]] = await get(self.remote, "/_store/orders")
        return orders

    async def orders(self) -> list[ShownOrder]:
        return [_shown(order) for order in await self.listed() if order["refunds"]]

    async def tells(self, scene: Scene, refund: Refund) -> bool:
        order = await get(self.remote, f"/_store/orders/{scene.order}")
        told = (order["record"] or {}).get(scene.refund_id, {}).get("state")
        return bool(told == refund.state)


def _shown(order: dict[str, Any]) -> ShownOrder:
    return ShownOrder(
        number=str(order["id"]),
        total=Decimal(order["total"]),
        refunded=Decimal(order["refunded"]),
        currency=order["currency"],
        notes=tuple(order["notes"]),
    )
