"""The shapes of the store's APIs: orders, notes, transactions. Amounts are cents.

Of an order's hundred fields these are the ones a refunds product may look at, named and
nested as the specification shows them (platforms/vtex.md, section 6).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.state import Action, Ask, Payment
from pef_adapters.testing.fake_vtex.store_state import Note, Order, Package
from pef_adapters.testing.fake_vtex.wire_json import Json


class Wire:
    """Writes shapes for one account."""

    def __init__(self, settings: VtexSettings) -> None:
        self._settings = settings

    def order(self, order: Order, payment: Payment) -> Json:
        """GET /api/oms/pvt/orders/{orderId}, and each entry of a group."""
        return {
            "orderId": order.id,
            "sequence": order.sequence,
            "marketplaceOrderId": "",
            "sellerOrderId": f"00-{order.id}",
            "origin": "Marketplace",
            "merchantName": None,
            "status": order.status,
            "workflowIsInError": False,
            "value": order.value,
            "creationDate": _offset(order.created),
            "lastChange": _offset(order.changed),
            "orderGroup": order.group,
            "hostname": self._settings.account,
            "isCompleted": True,
            "allowCancellation": not order.is_invoiced and order.status != "canceled",
            "authorizedDate": _offset(order.authorized),
            "invoicedDate": _offset(order.invoiced),
            "cancelReason": order.cancel_reason or None,
            "totals": _totals(order),
            "items": [_item(order, place) for place in range(len(order.items))],
            "clientProfileData": {"id": "clientProfileData", "email": order.email},
            "packageAttachment": {"packages": [_package(p) for p in order.packages]},
            "paymentData": {"giftCards": [], "transactions": [self._transaction_of(payment)]},
            "storePreferencesData": {"countryCode": "PER", "currencyCode": order.currency},
        }

    def summary(self, order: Order) -> Json:
        """An entry of GET /api/oms/pvt/orders, which has no date of the last change."""
        return {
            "orderId": order.id,
            "creationDate": _offset(order.created),
            "clientName": "Ana Quispe Ñahui",
            "totalValue": order.value,
            "paymentNames": self._settings.payment_method,
            "status": order.status,
            "sequence": order.sequence,
            "origin": "Marketplace",
            "orderIsComplete": True,
            "authorizedDate": _offset(order.authorized),
            "totalItems": len(order.items),
            "currencyCode": order.currency,
        }

    def note(self, note: Note, order: Order) -> Json:
        """A note of VTEX DO."""
        target = {"id": order.id, "type": note.target_type, "url": note.target_url}
        return {
            "id": note.id,
            "domain": note.domain,
            "owner": self._settings.account,
            "target": target,
            "description": note.description,
            "creationDate": _offset(note.at),
            "lastUpdate": _offset(note.at),
            "createdBy": {"id": note.key, "name": note.key, "email": None, "key": note.key},
        }

    def transaction(self, payment: Payment) -> Json:
        """GET /api/pvt/transactions/{transactionId}."""
        where = self._transaction_path(payment)
        links = ("interactions", "settlements", "payments", "refunds", "cancellations")
        return {
            "id": payment.transaction_id,
            "transactionId": payment.transaction_id,
            "referenceKey": payment.reference,
            **{name: {"href": f"{where}/{name}"} for name in links},
            "status": payment.transaction_status,
            "value": payment.value,
            "orderId": payment.group,
            "buyer": None,
        }

    def payment(self, payment: Payment, refunds: Sequence[Ask]) -> Json:
        """GET /api/pvt/transactions/{transactionId}/payments/{paymentId}."""
        given = [{"name": name, "value": value} for name, value in payment.fields.items()]
        done = [_refund_field(ask) for ask in refunds if ask.ended == "online"]
        if done:
            given.append({"name": "refund", "value": json.dumps(done)})
        return {
            "id": payment.id,
            "paymentSystemName": payment.method,
            "self": {"href": f"{self._transaction_path(payment)}/payments/{payment.id}"},
            "tid": payment.tid,
            "nsu": payment.nsu,
            "status": payment.transaction_status,
            "value": payment.value,
            "currencyCode": payment.currency,
            "fields": given,
        }

    def books(self, payment: Payment, asks: Sequence[Ask], actions: Sequence[Action]) -> Json:
        """The transaction's refunds: what was requested, and what was painted."""
        return {
            "requests": [_request(ask) for ask in asks],
            "actions": [self._action(payment, action) for action in actions],
        }

    def settlements(self, payment: Payment, asks: Sequence[Ask]) -> Json:
        """The transaction's settlements; empty until one was asked for."""
        sent = [ask for ask in asks if ask.tries]
        done = [ask for ask in sent if ask.ended == "done"]
        actions = [
            Action(
                payment_id=payment.id,
                at=ask.ended_at or ask.created,
                type="auto-settlement",
                value=ask.ended_value,
            )
            for ask in done
        ]
        return self.books(payment, sent, actions)

    def _action(self, payment: Payment, action: Action) -> Json:
        where = f"{self._transaction_path(payment)}/payments/{payment.id}"
        return {
            "paymentId": payment.id,
            "payment": {"href": where},
            "date": _plain(action.at),
            "type": action.type,
            "value": action.value,
            "connectorResponse": action.answer or None,
        }

    def _transaction_of(self, payment: Payment) -> Json:
        return {
            "isActive": True,
            "transactionId": payment.transaction_id,
            "merchantName": self._settings.account,
            "payments": [
                {
                    "id": payment.id,
                    "paymentSystemName": payment.method,
                    "value": payment.value,
                    "group": "promissory",
                    "tid": payment.tid or None,
                    "url": payment.payment_url,
                }
            ],
        }

    def _transaction_path(self, payment: Payment) -> str:
        return f"/api/pvt/transactions/{payment.transaction_id}"


def receipt(order: Order, package: Package | None, at: datetime) -> Json:
    """The answer to an invoice or a cancellation."""
    return {"date": _plain(at), "orderId": order.id, "receipt": package.receipt if package else ""}


def _totals(order: Order) -> list[Json]:
    values = {"Items": order.value, "Discounts": 0, "Shipping": 0, "Tax": 0}
    return [{"id": name, "name": f"Total {name}", "value": v} for name, v in values.items()]


def _item(order: Order, place: int) -> Json:
    item = order.items[place]
    return {
        "uniqueId": f"{order.id}-{place}",
        "id": item.id,
        "productId": item.id,
        "quantity": item.quantity,
        "seller": "1",
        "name": item.name,
        "price": item.price,
        "sellingPrice": item.price,
    }


def _package(package: Package) -> Json:
    refund: Any = {}
    if package.refund is not None:
        items = [{"id": i.get("id"), "quantity": i.get("quantity")} for i in package.items]
        refund = {"Refund": {"value": package.refund, "giftCardData": None, "items": items}}
    return {
        "items": package.items,
        "invoiceNumber": package.invoice_number,
        "invoiceValue": package.value,
        "issuanceDate": _offset(package.issued),
        "type": package.type,
        "restitutions": refund,
    }


def _request(ask: Ask) -> Json:
    return {"id": ask.request_id, "date": _plain(ask.created), "value": ask.value}


def _refund_field(ask: Ask) -> Json:
    return {
        "Id": ask.answered_id,
        "Token": ask.request_id,
        "RefundDate": _plain(ask.ended_at or ask.created),
        "ValueAsInt": ask.ended_value,
    }


def _offset(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def _plain(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
