"""The REST v3 shapes of orders, refunds, notes and webhooks, as recorded on a real store.

Amounts are shown with as many decimals as are asked for; webhooks ask for the
store's display decimals, which is why an amount in a webhook can't be trusted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from pef_adapters.testing.fake_woocommerce.catalog import Product
from pef_adapters.testing.fake_woocommerce.state import (
    Item,
    Meta,
    Note,
    Order,
    Refund,
    RefundedItem,
    Webhook,
)

Json = dict[str, Any]

_LIMA: Final = timedelta(hours=-5)
_BUYER: Final = {
    "first_name": "Ana",
    "last_name": "Quispe Ñahui",
    "company": "",
    "address_1": "Jr. Unión 123",
    "address_2": "",
    "city": "Lima",
    "state": "LMA",
    "postcode": "15001",
    "country": "PE",
}
_NOBODY: Final = dict.fromkeys(_BUYER, "")
_ORDER_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Wire:
    """Writes shapes for one store: its address, its version's habits."""

    def __init__(self, home: str, version: str) -> None:
        self._root = f"{home}/wp-json/wc/v3"
        self._home = home
        self._version = version
        # Refund summaries carry their tax in newer versions only.
        self._tells_tax = int(version.split(".", maxsplit=1)[0]) > 8  # noqa: PLR2004 - 8.2.2 was recorded without

    def order(self, order: Order, decimals: int) -> Json:
        zero = amount(Decimal(0), decimals)
        return {
            "id": order.id,
            "parent_id": 0,
            "status": order.status,
            "currency": order.currency,
            "version": self._version,
            "prices_include_tax": False,
            "date_created": _local(order.created),
            "date_modified": _local(order.modified),
            "discount_total": zero,
            "discount_tax": zero,
            "shipping_total": zero,
            "shipping_tax": zero,
            "cart_tax": zero,
            "total": amount(order.total, decimals),
            "total_tax": zero,
            "customer_id": order.customer_id,
            "order_key": f"wc_order_fake{order.id:08d}",
            "billing": _BUYER | {"email": order.email, "phone": "999888777"},
            "shipping": _NOBODY | {"phone": ""},
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method_title,
            "transaction_id": order.transaction_id,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": "rest-api",
            "customer_note": "",
            "date_completed": None,
            "date_paid": _local(order.paid),
            "cart_hash": "",
            "number": str(order.id),
            "meta_data": _metas(order.meta),
            "line_items": [_item(item, decimals) for item in order.items],
            "tax_lines": [],
            "shipping_lines": [],
            "fee_lines": [],
            "coupon_lines": [],
            # Newest first; real stores were seen to answer either way.
            "refunds": [self._summary(r, decimals) for r in reversed(order.refunds)],
            "payment_url": f"{self._home}/checkout/order-pay/{order.id}/?pay_for_order=true"
            f"&key=wc_order_fake{order.id:08d}",
            "is_editable": order.status in ("pending", "on-hold"),
            "needs_payment": order.paid is None,
            "needs_processing": True,
            "date_created_gmt": _gmt(order.created),
            "date_modified_gmt": _gmt(order.modified),
            "date_completed_gmt": None,
            "date_paid_gmt": _gmt(order.paid),
            "currency_symbol": "S/",
            "_links": self._links(f"orders/{order.id}", "orders", _ORDER_METHODS),
        }

    def refund(self, refund: Refund, order: Order, decimals: int, *, with_parent: bool) -> Json:
        path = f"orders/{order.id}/refunds"
        links = self._links(f"{path}/{refund.id}", path, ("GET", "DELETE"))
        return {
            "id": refund.id,
            **({"parent_id": order.id} if with_parent else {}),
            "date_created": _local(refund.created),
            "date_created_gmt": _gmt(refund.created),
            "amount": amount(refund.amount, decimals),
            "reason": refund.reason,
            "refunded_by": refund.refunded_by,
            "refunded_payment": refund.refunded_payment,
            "meta_data": _metas(refund.meta),
            "line_items": [_refunded_item(item, decimals) for item in refund.items],
            "shipping_lines": [],
            "tax_lines": [],
            "fee_lines": [],
            "_links": links | {"up": [{"href": f"{self._root}/orders/{order.id}"}]},
        }

    def note(self, note: Note, order: Order) -> Json:
        path = f"orders/{order.id}/notes"
        links = self._links(f"{path}/{note.id}", path, ("GET", "DELETE"))
        return {
            "id": note.id,
            "author": note.author,
            "date_created": _local(note.created),
            "date_created_gmt": _gmt(note.created),
            "note": note.text,
            "customer_note": note.customer,
            "_links": links | {"up": [{"href": f"{self._root}/orders/{order.id}"}]},
        }

    def product(self, product: Product) -> Json:
        """The fields that matter here, of some seventy."""
        return {
            "id": product.id,
            "name": product.name,
            "type": "simple",
            "status": "publish",
            "sku": product.sku,
            "price": amount(product.price, 2),
            "categories": [term.model_dump() for term in product.categories],
            "tags": [term.model_dump() for term in product.tags],
            "_links": self._links(f"products/{product.id}", "products", _ORDER_METHODS),
        }

    def webhook(self, webhook: Webhook) -> Json:
        resource, _, event = webhook.topic.partition(".")
        return {
            "id": webhook.id,
            "name": webhook.name,
            "status": webhook.status,
            "topic": webhook.topic,
            "resource": resource,
            "event": event,
            "hooks": [event] if resource == "action" else ["woocommerce_update_order"],
            "delivery_url": webhook.delivery_url,
            "date_created": _local(webhook.created),
            "date_created_gmt": _gmt(webhook.created),
            "date_modified": _local(webhook.modified),
            "date_modified_gmt": _gmt(webhook.modified),
            "_links": self._links(f"webhooks/{webhook.id}", "webhooks", _ORDER_METHODS),
        }

    def _summary(self, refund: Refund, decimals: int) -> Json:
        tax = {"total_tax": amount(Decimal(0), decimals)} if self._tells_tax else {}
        total = f"-{amount(refund.amount, decimals)}"
        return {"id": refund.id, "reason": refund.reason, "total": total, **tax}

    def _links(self, own: str, collection: str, allow: Sequence[str]) -> Json:
        hints = {"allow": list(allow)}
        return {
            "self": [{"href": f"{self._root}/{own}", "targetHints": hints}],
            "collection": [{"href": f"{self._root}/{collection}"}],
        }


def amount(value: Decimal, decimals: int) -> str:
    """`value` with `decimals` decimals, rounded as WooCommerce does."""
    return format(value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), "f")


def _item(item: Item, decimals: int) -> Json:
    return {
        "id": item.id,
        "name": item.name,
        "product_id": item.product_id,
        "variation_id": 0,
        "quantity": item.quantity,
        "tax_class": "",
        "subtotal": amount(item.total, decimals),
        "subtotal_tax": amount(Decimal(0), decimals),
        "total": amount(item.total, decimals),
        "total_tax": amount(Decimal(0), decimals),
        "taxes": [],
        "meta_data": [],
        "sku": item.sku,
        "global_unique_id": "",
        "price": item.price,
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def _refunded_item(refunded: RefundedItem, decimals: int) -> Json:
    """The order's line again, as taken away: its numbers are negative."""
    total = amount(-refunded.total, decimals)
    origin = str(refunded.item.id)
    meta = {"id": refunded.id, "key": "_refunded_item_id", "value": origin}
    shown = {"display_key": "_refunded_item_id", "display_value": origin}
    return _item(refunded.item, decimals) | {
        "id": refunded.id,
        "quantity": -refunded.quantity,
        "subtotal": total,
        "total": total,
        "meta_data": [meta | shown],
    }


def _metas(metas: Sequence[Meta]) -> list[Json]:
    return [meta.model_dump(mode="json") for meta in metas]


def _gmt(moment: datetime | None) -> str | None:
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else _gmt(moment + _LIMA)
