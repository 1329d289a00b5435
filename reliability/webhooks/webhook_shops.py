"""The senders: one hand on each platform's refund button, and on what that platform then says.

Each makes a paid order of its own, presses refund once, and words the deliveries about it as
the platform does, rightly signed. The rail tells its part in its own words.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Final, Protocol

from pef_adapters.core.money import Money
from pef_adapters.engine.identity import merchant_refund_id, refund_id
from pef_adapters.engine.records import Refund
from shopify_samples import payment_body, refund_body
from vtex_samples import payment_body as vtex_payment
from vtex_samples import refund_body as vtex_refund
from webhook_house import (
    APP_SECRETS,
    BY_HAND_SECRET,
    HOOK_SECRET,
    RAIL_SECRET,
    VTEX_TOKEN,
    WOO_SECRET,
    House,
)
from webhook_http import Headers, Letter, Reply, post

PAID: Final = "119.80"
_AMOUNT: Final = "59.90"
_FIRST_CIP: Final = 30_000_001
_cips = count(_FIRST_CIP)
_pressed = count(1)
JSON: Final = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Pressed:
    """One refund as its store knows it; `our_id` is what we will call it."""

    store_id: str
    platform_refund_id: str
    order_id: str
    cip: str
    our_id: str

    @property
    def merchant_refund_id(self) -> str:
        """What the rail calls its first attempt."""
        return merchant_refund_id(self.our_id, 1)


class Shop(Protocol):
    """A platform, as far as the battery uses it."""

    name: str
    store_id: str

    async def press(self, house: House) -> Pressed: ...

    def created(self, house: House, refund: Pressed, copy: int = 0) -> Letter: ...

    def changed(self, house: House, refund: Pressed, copy: int = 0) -> Letter: ...


def base64_hmac(body: bytes, secret: str, algorithm: str = "sha256") -> str:
    """As WooCommerce and Shopify sign."""
    return base64.b64encode(hmac.new(secret.encode(), body, algorithm).digest()).decode()


def hex_hmac(body: bytes, secret: str, algorithm: str = "sha256") -> str:
    """As PagoEfectivo signs."""
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def compact(value: Any) -> bytes:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


async def find(house: House, refund: Pressed) -> Refund | None:
    """How a pressed refund stands with us; None where we never heard of it."""
    async with house.ports.book.begin() as ledger:
        return await ledger.find_refund(refund.store_id, refund.platform_refund_id)


async def deliver(house: House, letter: Letter) -> Reply:
    """Deliver and have its consequences worked off."""
    reply = await post(house.port, letter)
    await house.settle()
    return reply


def _paid_cip(house: House) -> str:
    cip = str(next(_cips))
    house.rail.pay(cip, Money.parse(PAID, "PEN"), house.clock.now() - timedelta(days=1))
    return cip


async def _known(house: House, store_id: str, number: str, order: str, cip: str) -> Pressed:
    async with house.ports.book.begin() as ledger:
        store = await ledger.store(store_id)
    assert store is not None  # noqa: S101 - the house opened it
    return Pressed(store_id, number, order, cip, refund_id(store.identity, store.platform, number))


class WooCommerce:
    """Signs the raw body with the store's secret, in base64."""

    name, store_id = "woocommerce", "woo-a"

    async def press(self, house: House) -> Pressed:
        cip = _paid_cip(house)
        order = await asyncio.to_thread(house.woo.paid_order, PAID, transaction_id=cip)
        number = await asyncio.to_thread(house.woo.press, order, _AMOUNT)
        return await _known(house, self.store_id, number, order, cip)

    def created(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        del copy  # its Delivery-ID says nothing, so no copy has a name of its own
        body = {"action": "woocommerce_refund_created", "arg": int(refund.platform_refund_id)}
        return self.letter(house, "action.woocommerce_refund_created", compact(body))

    def changed(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        del copy
        listed = [{"id": int(refund.platform_refund_id), "total": f"-{_AMOUNT}"}]
        body = {"id": int(refund.order_id), "status": "processing", "refunds": listed}
        return self.letter(house, "order.updated", compact(body))

    def letter(self, house: House, topic: str, body: bytes) -> Letter:
        own = (
            ("X-WC-Webhook-Source", f"{house.woo.home}/"),
            ("X-WC-Webhook-Topic", topic),
            ("X-WC-Webhook-Signature", base64_hmac(body, WOO_SECRET)),
        )
        return Letter(f"/webhooks/woocommerce/{self.store_id}", (JSON, *own), body)


class ShopifyApp:
    """Signs with the app's secret, and names each delivery; `secret` is which of the two."""

    name, store_id = "shopify app", "tienda-myshopify-com"
    path, shop_name = "/webhooks/shopify", "tienda.myshopify.com"

    def __init__(self, secret: str = APP_SECRETS[0]) -> None:
        self.secret = secret

    async def press(self, house: House) -> Pressed:
        cip = _paid_cip(house)
        of = {"payment_id": cip, "attributes": {"CIP": cip}}
        order = await asyncio.to_thread(lambda: house.shop.paid_order(PAID, **of))
        number = await asyncio.to_thread(house.shop.press, order, _AMOUNT)
        return await _known(house, self.store_id, number, order, cip)

    def created(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        del house
        told = refund_body(
            payment_body(payment_id=refund.cip, order_id=int(refund.order_id)),
            id=int(refund.platform_refund_id),
            admin_graphql_api_id=f"gid://shopify/Refund/{refund.platform_refund_id}",
            order_id=int(refund.order_id),
        )
        return self.letter("refunds/create", compact(told), f"{refund.our_id}-c{copy}")

    def changed(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        del house
        listed = [{"id": int(refund.platform_refund_id), "transactions": [{"id": 1}]}]
        body = compact({"id": int(refund.order_id), "refunds": listed})
        return self.letter("orders/updated", body, f"{refund.our_id}-u{copy}")

    def letter(self, topic: str, body: bytes, name: str) -> Letter:
        own = (
            ("X-Shopify-Topic", topic),
            ("X-Shopify-Shop-Domain", self.shop_name),
            ("X-Shopify-Webhook-Id", name),
            ("X-Shopify-Hmac-Sha256", base64_hmac(body, self.secret)),
        )
        return Letter(self.path, (JSON, *own), body)


class ShopifyByHand(ShopifyApp):
    """The merchant's own webhook: its body is the only word there is about a refund."""

    name, store_id = "shopify by hand", "amano-a"
    path, shop_name = "/webhooks/shopify/amano-a", "amano.myshopify.com"

    def __init__(self) -> None:
        super().__init__(BY_HAND_SECRET)

    async def press(self, house: House) -> Pressed:
        cip, number = _paid_cip(house), next(_pressed)
        refund, order = 9_100_000_000_000_000 + number, 6_400_000_000_000 + number
        return await _known(house, self.store_id, str(refund), str(order), cip)

    def changed(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        """Nothing else is ever sent; a later copy under another name is all there can be."""
        return self.created(house, refund, copy + 100)


class VtexGateway:
    """VTEX signs nothing: two headers prove its gateway, one header its Orders hook."""

    name, store_id = "vtex", "vtex-a"

    async def press(self, house: House) -> Pressed:
        payment = f"{next(_pressed):032X}"
        await post(house.port, self.payment(payment))
        async with house.ports.book.begin() as ledger:
            checkout = await ledger.find_checkout(self.store_id, payment)
        assert checkout is not None  # noqa: S101 - it was just asked for
        cip = checkout.transaction_id or ""
        house.rail.pay(cip, checkout.amount, house.clock.now())
        await deliver(house, told_by_rail("cip.paid", cip=cip))
        number = f"{payment}/refund/r1"
        return await _known(house, self.store_id, number, payment, cip)

    def payment(self, payment: str) -> Letter:
        """The gateway asks for a payment."""
        body = vtex_payment(paymentId=payment, orderId=payment, sandBoxMode=True)
        return Letter("/provider/vtex/payments", (JSON, *self.pair), compact(body))

    def created(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        """The call itself; VTEX may write the same call otherwise each time."""
        del house
        payment = refund.order_id
        body = vtex_refund(paymentId=payment, requestId="r1", value=59.9, sandboxMode=True)
        written = json.dumps(body, indent=copy or None).encode() if copy else compact(body)
        return Letter(f"/provider/vtex/payments/{payment}/refunds", (JSON, *self.pair), written)

    def changed(self, house: House, refund: Pressed, copy: int = 0) -> Letter:
        del house, copy
        body = compact({"OrderId": refund.order_id, "Origin": {"Account": "tiendamisti"}})
        return Letter(f"/webhooks/vtex/{self.store_id}", (JSON, ("X-PEF-Hook", HOOK_SECRET)), body)

    @property
    def pair(self) -> Headers:
        return (("X-VTEX-API-AppKey", self.store_id), ("X-VTEX-API-AppToken", VTEX_TOKEN))


def told_by_rail(event: str, *, cip: str, name: str = "", number: int = 1) -> Letter:
    """A notification of PagoEfectivo, signed over its compact body."""
    data = {"cip": cip, "currency": "PEN", "amount": 59.9, "merchantRefundId": name or None}
    body = compact({"eventType": event, "operationNumber": str(number), "data": data})
    signature = ("PE-Signature", hex_hmac(body, RAIL_SECRET))
    return Letter("/webhooks/pagoefectivo/main", (JSON, signature), body)


def sha256_hex(text: str) -> str:
    """A digest that anybody can make."""
    return hashlib.sha256(text.encode()).hexdigest()


SHOPS: Final[tuple[Callable[[], Shop], ...]] = (
    WooCommerce,
    ShopifyApp,
    ShopifyByHand,
    VtexGateway,
)
