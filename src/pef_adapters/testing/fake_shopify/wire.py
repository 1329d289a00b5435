"""The bodies of webhooks: REST-like JSON, ids as bare numbers, amounts as text.

Only `transactions` tells how much money a refund is about; lines and adjustments are there
to mislead whoever adds them up (section 2).
"""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from pef_adapters.core.money import Money
from pef_adapters.testing.fake_shopify.state import (
    Adjustment,
    Order,
    Refund,
    RefundedLine,
    Transaction,
)

Json = dict[str, Any]

_LIMA: Final = timezone(timedelta(hours=-5))
SHOP_ID: Final = 690933842
STAFF_ID: Final = 548380009
_ESCAPES: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def gid(kind: str, number: int | str) -> str:
    """An id as GraphQL writes it."""
    return f"gid://shopify/{kind}/{number}"


def body_bytes(body: Json) -> bytes:
    """The body as it goes out, byte for byte what is signed."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES).encode()


def local(moment: datetime | None) -> str | None:
    """A time in the shop's own zone, as REST writes it."""
    return moment.astimezone(_LIMA).isoformat(timespec="seconds") if moment else None


def amount(value: Decimal, currency: str) -> str:
    """An amount with the currency's decimals: `10.00`, or `20` where there are none."""
    return str(Money.parse(value.normalize(), currency).decimal)


def transaction(order: Order, kept: Transaction, *, vague: bool = False) -> Json:
    """A transaction; a vague one leaves out what some recordings leave out."""
    return {
        "id": kept.id,
        "order_id": order.id,
        "kind": kept.kind,
        "gateway": "manual" if vague and kept.manual else kept.gateway,
        "status": kept.status,
        "message": kept.message or None,
        "created_at": local(kept.created),
        "test": kept.test,
        "authorization": None,
        "location_id": None,
        "user_id": STAFF_ID if kept.kind == "refund" else None,
        "parent_id": None if vague else kept.parent_id,
        "processed_at": local(kept.created),
        "device_id": None,
        "error_code": None if kept.status in {"success", "pending"} else "processing_error",
        "source_name": "web" if kept.kind == "sale" else "1830279",
        "receipt": {},
        "amount": amount(kept.amount, kept.currency),
        "currency": None if vague else kept.currency,
        "payment_id": kept.payment_id,
        "manual_payment_gateway": kept.manual,
        "admin_graphql_api_id": gid("OrderTransaction", kept.id),
    }


def refund(order: Order, kept: Refund, *, vague: bool = False) -> Json:
    """A refund with its transactions, lines and adjustments."""
    money = [transaction(order, t, vague=vague) for t in order.of_refund(kept.id)]
    return {
        "id": kept.id,
        "order_id": order.id,
        "created_at": local(kept.created),
        "note": kept.note or None,
        "user_id": STAFF_ID,
        "processed_at": local(kept.created),
        "restock": bool(kept.lines),
        "duties": [],
        "admin_graphql_api_id": gid("Refund", kept.id),
        "return": None,
        "refund_shipping_lines": [],
        "refund_line_items": [_line(order, line) for line in kept.lines],
        "transactions": money,
        "order_adjustments": [_adjustment(order, kept, a) for a in kept.adjustments],
    }


def order(kept: Order, status: str) -> Json:
    """An order with its refunds; `status` is its financial status in lower case."""
    total = amount(kept.total, kept.currency)
    return {
        "id": kept.id,
        "admin_graphql_api_id": gid("Order", kept.id),
        "name": f"#{kept.number}",
        "order_number": kept.number,
        "number": kept.number - 1000,
        "cancel_reason": kept.cancel_reason,
        "cancelled_at": local(kept.cancelled),
        "created_at": local(kept.created),
        "processed_at": local(kept.created),
        "updated_at": local(kept.updated),
        "currency": kept.currency,
        "presentment_currency": kept.currency,
        "financial_status": status,
        "fulfillment_status": None,
        "note": kept.note or None,
        "note_attributes": [{"name": k, "value": v} for k, v in kept.attributes.items()],
        "payment_gateway_names": [kept.gateway],
        "tags": ", ".join(kept.tags),
        "test": kept.test,
        "total_price": total,
        "subtotal_price": total,
        "total_tax": amount(Decimal(0), kept.currency),
        "user_id": None,
        "refunds": [refund(kept, r) for r in kept.refunds],
    }


def shop(domain: str, title: str, currency: str) -> Json:
    """The shop, as app/uninstalled carries it."""
    return {
        "id": SHOP_ID,
        "name": title,
        "email": f"contacto@{domain}",
        "domain": domain,
        "country": "PE",
        "currency": currency,
        "iana_timezone": "America/Lima",
        "myshopify_domain": domain,
    }


def customer(kept: Order) -> Json:
    """The buyer as the privacy topics name him."""
    return {"id": kept.customer_id, "email": kept.email, "phone": "+51999888777"}


def _line(kept: Order, line: RefundedLine) -> Json:
    subtotal = amount(line.item.price * line.quantity, kept.currency)
    return {
        "id": line.id,
        "quantity": line.quantity,
        "line_item_id": line.item.id,
        "location_id": 487838322,
        "restock_type": "return",
        "subtotal": subtotal,
        "total_tax": amount(Decimal(0), kept.currency),
        "line_item": {
            "id": line.item.id,
            "title": line.item.title,
            "sku": line.item.sku,
            "quantity": line.item.quantity,
            "price": amount(line.item.price, kept.currency),
            "admin_graphql_api_id": gid("LineItem", line.item.id),
        },
    }


def _adjustment(kept: Order, of: Refund, adjustment: Adjustment) -> Json:
    return {
        "id": adjustment.id,
        "order_id": kept.id,
        "refund_id": of.id,
        "amount": amount(adjustment.amount, kept.currency),
        "tax_amount": amount(Decimal(0), kept.currency),
        "kind": adjustment.reason,
        "reason": adjustment.reason.replace("_", " ").capitalize(),
    }
