"""The demo's Shopify store: our app is installed from its link, as an owner does it.

The refund button stands in the store's admin. Webhooks tell the service, which reads the
refund by GraphQL and writes metafields and tags on the order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from pef_adapters.demo.processes import Program
from pef_adapters.demo.shop import ACCOUNT, Scene, ShownOrder, fake, get, paid_cip, post
from pef_adapters.engine import installs
from pef_adapters.engine.onboarding import StoreRequest, store_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund

_SHOP = "tienda.myshopify.com"
_CLIENT_ID, _CLIENT_SECRET = "demo-refunds", "shpss_demo_of_refunds_opens_nothing_else"
_PAYMENT_METHOD = "PagoEfectivo"
_PAID_BEFORE = timedelta(days=2)
_ORDERS = (
    ({"CHOMPA-1": 1}, "11546911"),
    ({"POLO-1": 2, "CAFE-1": 1}, "11546912"),
    ({"POLO-1": 1, "LLAV-1": 3}, "11546913"),
)


@dataclass(frozen=True, slots=True)
class Shopify:
    """See `shop.Shop`; `remote` is the store's remote control."""

    home: str
    remote: httpx.AsyncClient

    @property
    def name(self) -> str:
        return "Shopify"

    @property
    def store_id(self) -> str:
        return store_id(f"https://{_SHOP}")

    @property
    def admin(self) -> str:
        return f"{self.home}/admin"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the service has to know of the app that its operator made at Shopify."""
        return {
            "PEF_SHOPIFY_API_URL": self.home,
            "PEF_SHOPIFY_CLIENT_ID": _CLIENT_ID,
            "PEF_SHOPIFY_CLIENT_SECRET": _CLIENT_SECRET,
            "PEF_SHOPIFY_DISTRIBUTION": "custom",
        }

    def program(self, folder: Path, service: str) -> Program:
        app = {
            "client_id": _CLIENT_ID,
            "client_secret": _CLIENT_SECRET,
            "app_url": f"{service}/apps/shopify",
            "redirect_urls": [f"{service}/connect/shopify/callback"],
        }
        chosen = {"domain": _SHOP, "apps": [app], "allow_http": True, "demo_orders": False}
        return fake("fake_shopify", self.home, folder / "shopify.log", chosen)

    async def connect(self, ports: Ports) -> None:
        request = StoreRequest(
            platform="shopify",
            address=f"https://{_SHOP}",
            account_id=ACCOUNT,
            settings={"gateways": [_PAYMENT_METHOD]},
        )
        await self._install(await installs.prepare(ports, request))

    async def sell(self, rail: httpx.AsyncClient, now: datetime) -> None:
        for items, cip in _ORDERS:
            wanted = {"items": items, "payment_id": cip, "days_old": _PAID_BEFORE.days}
            order = await post(self.remote, "/_shop/orders", wanted)
            await paid_cip(rail, cip, order["total"], now - _PAID_BEFORE)

    async def press_refund(self, order: int, amount: str | None, note: str) -> str:
        """Press the refund button in the admin; answers the store's refund id."""
        pressed = {"amount": amount, "note": note}
        answer = await post(self.remote, f"/_shop/orders/{order}/refunds", pressed)
        return str(answer["refund_id"])

    async def listed(self) -> list[dict[str, Any]]:
        """Every order as its merchant sees it, oldest first."""
        orders: list[dict[str, Any]] = await get(self.remote, "/_shop/orders")
        return orders

    async def orders(self) -> list[ShownOrder]:
        return [_shown(order) for order in await self.listed() if order["refunds"]]

    async def tells(self, scene: Scene, refund: Refund) -> bool:
        records = (order["record"] for order in await self.listed())
        found = (record[scene.refund_id] for record in records if scene.refund_id in record)
        return any(entry["state"] == refund.state for entry in found)

    async def _install(self, link: str) -> None:
        """Open the link as the owner, press Install, and end on our page in the admin."""
        page = await self.remote.get(link, follow_redirects=True)
        asked = dict(page.raise_for_status().url.params)
        pressed = {**asked, "answer": "install"}
        (
            await self.remote.post("/admin/oauth/authorize", data=pressed, follow_redirects=True)
        ).raise_for_status()


def _shown(order: dict[str, Any]) -> ShownOrder:
    said = [note["text"] for entry in order["record"].values() for note in entry["notes"]]
    tags = [f"tags: {', '.join(order['tags'])}"] if order["tags"] else []
    return ShownOrder(
        number=order["name"].removeprefix("#"),
        total=Decimal(order["total"]),
        refunded=Decimal(order["refunded"]),
        currency=order["currency"],
        notes=(*said, *tags),
    )
