"""The demo's VTEX store, whose gateway takes payments through us and asks us for refunds.

A buyer's order has a CIP made; once that is paid, VTEX is called back and the order can be
cancelled or returned. A refund is answered 500 until the money is back, and VTEX asks again.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from pef_adapters.core.errors import PefError
from pef_adapters.demo.processes import Program
from pef_adapters.demo.shop import ACCOUNT, Scene, ShownOrder, fake, get, post
from pef_adapters.engine.onboarding import StoreRequest, add_store, store_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund

_NAME, _ADDRESS = "tiendamisti", "https://tiendamisti.myvtex.com"
_METHOD = "Promissories"
# Three pairs, as at a real store: the provider's, its partner account's, the store's own.
_PROVIDER = "demo-provider-opens-nothing-else"
_PARTNER = ("demo-partner", "demo-partner-opens-nothing-else")
_STORE = ("demo-store", "demo-store-opens-nothing-else")
_CARTS: tuple[Mapping[str, int], ...] = ({"11": 1, "13": 2}, {"10": 3}, {"13": 4})
_PATIENCE_SECONDS = 30
_LOOK_SECONDS = 0.05


class PaymentNotTaken(PefError):
    """VTEX did not hear in time that the buyer paid."""

    code = "PAYMENT_NOT_TAKEN"


@dataclass(frozen=True, slots=True)
class Vtex:
    """See `shop.Shop`; `remote` is the store's remote control."""

    home: str
    remote: httpx.AsyncClient

    @property
    def name(self) -> str:
        return "VTEX"

    @property
    def store_id(self) -> str:
        return store_id(_ADDRESS)

    @property
    def admin(self) -> str:
        return f"{self.home}/admin"

    def program(self, folder: Path, service: str) -> Program:
        chosen = {
            "account": _NAME,
            "provider_url": f"{service}/provider/vtex",
            "provider_key": self.store_id,
            "provider_token": _PROVIDER,
            "partner_key": _PARTNER[0],
            "partner_token": _PARTNER[1],
            "payment_method": _METHOD,
            "keys": [{"key": _STORE[0], "token": _STORE[1]}],
        }
        return fake("fake_vtex", self.home, folder / "vtex.log", chosen)

    async def connect(self, ports: Ports) -> None:
        request = StoreRequest(
            platform="vtex",
            address=_ADDRESS,
            account_id=ACCOUNT,
            settings={
                "account": _NAME,
                "methods": [_METHOD],
                "api_address": self.home,
                "payments_address": self.home,
            },
        )
        keys = {
            "app_token": _PROVIDER,
            "partner_app_key": _PARTNER[0],
            "partner_app_token": _PARTNER[1],
            "store_app_key": _STORE[0],
            "store_app_token": _STORE[1],
        }
        await add_store(ports, request, keys, ports.public_url)

    async def sell(self, rail: httpx.AsyncClient, _: datetime) -> None:
        """Buyers order and pay just now."""
        await asyncio.gather(*(self._buy(cart, rail) for cart in _CARTS))

    async def press(self, order: str, button: str, **more: Any) -> str:
        """Press `cancel` or `return` on an order; answers the name of the refund asked for."""
        pressed = await post(self.remote, f"/_vtex/orders/{order}", {"action": button, **more})
        payment = pressed["payment"]
        request = _refunds(payment)[-1]["request_id"]
        return f"{payment['payment_id']}/refund/{request}"

    async def invoice(self, order: str) -> None:
        """Invoice an order, without which nothing can be returned."""
        await post(self.remote, f"/_vtex/orders/{order}", {"action": "invoice"})

    async def ask_again(self) -> None:
        """Let VTEX ask at once for what it would ask for again in minutes or hours."""
        await post(self.remote, "/_vtex/retry", {})

    async def listed(self) -> list[dict[str, Any]]:
        """Every order with its payment, oldest first."""
        orders = await get(self.remote, "/_vtex/orders")
        return [await get(self.remote, f"/_vtex/orders/{order['id']}") for order in orders]

    async def orders(self) -> list[ShownOrder]:
        calls = (await get(self.remote, "/_vtex/seen"))["calls"]
        found = [order for order in await self.listed() if _refunds(order["payment"])]
        return [_shown(order, calls) for order in found]

    async def tells(self, scene: Scene, refund: Refund) -> bool:
        """The order has the newest sentence, and VTEX has the refund's name as its answer."""
        order = await get(self.remote, f"/_vtex/orders/{scene.order}")
        asks = {ask["request_id"]: ask for ask in _refunds(order["payment"])}
        ask = asks[scene.refund_id.rpartition("/")[2]]
        mark = f"[{refund.id}/{refund.revision}]"
        said = any(mark in each["message"] for each in order["interactions"])
        return said and (ask["ended"], ask["answered_id"]) == ("online", refund.id)

    async def _buy(self, cart: Mapping[str, int], rail: httpx.AsyncClient) -> None:
        """A buyer orders and pays the CIP that our service made; the payment is settled."""
        bought = await post(self.remote, "/_vtex/orders", {"items": cart})
        listed = (await get(rail, "/sandbox/cips"))["cips"]
        cip = next(each["cip"] for each in listed if each["transactionCode"] == bought["tid"])
        await post(rail, f"/sandbox/cips/{cip}/pay", {})
        await self._wait_for_payment(bought["payment_id"])
        await post(self.remote, f"/_vtex/orders/{bought['order_ids'][0]}", {"action": "settle"})

    async def _wait_for_payment(self, payment_id: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            payment = await get(self.remote, f"/_vtex/payments/{payment_id}")
            if payment["status"] == "approved":
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise PaymentNotTaken


def _refunds(payment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the gateway asked to be refunded of a payment, oldest first."""
    return [ask for ask in payment["asks"] if ask["operation"] == "refunds"]


def _shown(order: dict[str, Any], calls: list[dict[str, Any]]) -> ShownOrder:
    payment, ours = order["payment"], {"PagoEfectivo"}
    said = [each["message"] for each in order["interactions"] if each["source"] in ours]
    asked = [
        call["status"]
        for call in calls
        if (call["operation"], call["payment_id"]) == ("refunds", payment["payment_id"])
    ]
    answers = ", then ".join(map(str, asked))
    return ShownOrder(
        number=order["id"],
        total=Decimal(order["total"]),
        refunded=sum((Decimal(ask["ended_value"]) for ask in _refunds(payment)), Decimal(0)),
        currency=order["currency"],
        notes=(*said, f"VTEX's gateway asked for the refund; answered {answers}"),
    )
