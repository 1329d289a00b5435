"""What Shopify sends and answers, written out by hand after what is known of its recordings.

Shapes only (platforms/shopify.md, section 2): no recording holds soles or PagoEfectivo.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import Delivery, StoreConnection
from pef_shopify.mapping import View, view_of
from pef_shopify.wire import Order, Refund, Transaction

SHOP = "tienda.myshopify.com"
SECRET = "hecho_para_pruebas_1"
WEBHOOK_SECRET = "hecho_para_pruebas_a_mano"
CIP = "11546901"
# Above 2^53: a float of it ends in other digits.
REFUND_ID, ORDER_ID = 9007199254740993, 6318000000000011
CALLBACK_URL = "https://pef.example/webhooks/shopify/tienda-myshopify-com"
TRIGGERED_AT = "2026-11-23T15:00:27.877041743Z"


def connection(**changes: Any) -> StoreConnection:
    """A store's connection; `settings` and `secrets` are merged into working ones."""
    settings = {"gateways": ["PagoEfectivo"]} | changes.get("settings", {})
    secrets = {
        "client_id": "hecha_para_pruebas",
        "client_secret": SECRET,
        "webhook_secret": WEBHOOK_SECRET,
        "access_token": "shpat_hecho_para_pruebas",
    }
    return StoreConnection(
        store_id="tienda-myshopify-com",
        platform="shopify",
        address=changes.get("address", f"https://{SHOP}"),
        mode=changes.get("mode", Mode.LIVE),
        language="es_PE",
        callback_url=changes.get("callback_url", CALLBACK_URL),
        settings=settings,
        secrets=secrets | changes.get("secrets", {}),
        records=changes.get("records"),
    )


def by_hand(**changes: Any) -> StoreConnection:
    """A store whose merchant made the webhook himself."""
    settings = {"way_in": "webhook"} | changes.pop("settings", {})
    return connection(settings=settings, **changes)


# --- webhooks -----------------------------------------------------------------------


def signed(body: Any, topic: str, secret: str = SECRET, **headers: str) -> Delivery:
    """A delivery as Shopify signs it; `headers` are added, or replaced, without the prefix."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    given = {
        "topic": topic,
        "hmac-sha256": base64.b64encode(digest).decode(),
        "shop-domain": SHOP,
        "api-version": "2026-10",
        "webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "triggered-at": TRIGGERED_AT,
    }
    every = given | {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery({f"x-shopify-{k}": v for k, v in every.items() if v}, raw)


def payment_body(**changes: Any) -> dict[str, Any]:
    """A refund's transaction as a webhook tells it."""
    return {
        "id": 1068278543,
        "order_id": ORDER_ID,
        "kind": "refund",
        "gateway": "PagoEfectivo",
        "status": "success",
        "message": None,
        "test": False,
        "parent_id": 801038806,
        "amount": "59.90",
        "currency": "PEN",
        "payment_id": CIP,
        "manual_payment_gateway": True,
        "receipt": {},
    } | changes


def refund_body(*payments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The body of refunds/create; its lines and adjustments are there to mislead."""
    return {
        "id": REFUND_ID,
        "admin_graphql_api_id": f"gid://shopify/Refund/{REFUND_ID}",
        "order_id": ORDER_ID,
        "created_at": "2026-11-23T10:00:27-05:00",
        "note": "Talla equivocada",
        "user_id": 548380009,
        "refund_line_items": [{"quantity": 1, "subtotal": "2606.73"}],
        "order_adjustments": [{"amount": "-414.95", "reason": "Refund discrepancy"}],
        "transactions": list(payments or (payment_body(),)),
    } | changes


def privacy_body(**changes: Any) -> dict[str, Any]:
    """The body of customers/data_request."""
    return {
        "shop_id": 954889,
        "shop_domain": SHOP,
        "orders_requested": [299938, 280263],
        "customer": {"id": 191167, "email": "Ana@Example.com", "phone": "+51999888777"},
        "data_request": {"id": 9999},
    } | changes


# --- GraphQL ------------------------------------------------------------------------


def bag(amount: str, currency: str = "PEN", *, shop: tuple[str, str] | None = None) -> Any:
    """One amount in the buyer's currency, and in the shop's where that is another."""
    shop_amount, shop_currency = shop or (amount, currency)
    return {
        "presentmentMoney": {"amount": amount, "currencyCode": currency},
        "shopMoney": {"amount": shop_amount, "currencyCode": shop_currency},
    }


def transaction(amount: str = "59.9", **changes: Any) -> Transaction:
    """A transaction as GraphQL answers it: a refund on a manual method named PagoEfectivo."""
    node = {
        "kind": "REFUND",
        "status": "SUCCESS",
        "gateway": "PagoEfectivo",
        "manualPaymentGateway": True,
        "test": False,
        "paymentId": None,
        "processedAt": "2026-11-23T15:00:27Z",
        "amountSet": bag(amount),
        "parentTransaction": {"gateway": "PagoEfectivo", "paymentId": CIP},
    }
    return Transaction.model_validate(node | changes)


def sale(**changes: Any) -> Transaction:
    """The payment of the order, as it stands in the order's transactions."""
    given = {
        "kind": "SALE",
        "paymentId": CIP,
        "processedAt": "2026-11-20T12:00:00Z",
        "parentTransaction": None,
    }
    return transaction("119.8", **given | changes)


def order(*payments: Transaction, **changes: Any) -> Order:
    """An order as GraphQL answers it."""
    node = {
        "id": f"gid://shopify/Order/{ORDER_ID}",
        "name": "#1001",
        "number": 1,
        "test": False,
        "paymentGatewayNames": ["PagoEfectivo"],
        "totalPriceSet": bag("119.8"),
        "customAttributes": [{"key": "CIP", "value": " 11546902 "}],
        "transactions": [],
    }
    made = Order.model_validate(node | changes)
    return made.model_copy(update={"transactions": payments or (sale(),)})


def refund(**changes: Any) -> Refund:
    """A refund as GraphQL answers it, without its transactions."""
    node = {
        "id": f"gid://shopify/Refund/{REFUND_ID}",
        "createdAt": "2026-11-23T15:00:27Z",
        "processedAt": "2026-11-23T15:00:28Z",
        "note": None,
        "order": {"id": f"gid://shopify/Order/{ORDER_ID}"},
        "transactions": {"nodes": [], "pageInfo": {"hasNextPage": False}},
    }
    return Refund.model_validate(node | changes)


def view(**changes: Any) -> View:
    """How a store of these settings reads its orders."""
    return view_of(connection(**changes))
