"""How the remote control shows what the account remembers: amounts as text, no secrets."""

from collections.abc import Sequence

from pef_adapters.testing.fake_vtex.state import Action, Ask, Payment
from pef_adapters.testing.fake_vtex.store_state import Order
from pef_adapters.testing.fake_vtex.wire_json import Json, in_text


def shown_order(order: Order) -> Json:
    """An order with its history, notes and invoices."""
    return {
        "id": order.id,
        "group": order.group,
        "status": order.status,
        "total": in_text(order.value),
        "returned": in_text(order.returned),
        "currency": order.currency,
        "interactions": [i.model_dump(mode="json") for i in order.interactions],
        "notes": [note.description for note in order.notes],
        "packages": [_package(order, place) for place in range(len(order.packages))],
    }


def shown_payment(payment: Payment, actions: Sequence[Action]) -> Json:
    """A payment with what was painted of its refunds."""
    return {
        "payment_id": payment.id,
        "transaction_id": payment.transaction_id,
        "group": payment.group,
        "value": in_text(payment.value),
        "currency": payment.currency,
        "status": payment.status,
        "transaction_status": payment.transaction_status,
        "payment_url": payment.payment_url,
        "tid": payment.tid,
        "settle_id": payment.settle_id,
        "settled": in_text(payment.settled),
        "metadata": payment.metadata,
        "actions": [
            {"type": action.type, "value": in_text(action.value), "at": action.at.isoformat()}
            for action in actions
        ],
    }


def shown_ask(ask: Ask) -> Json:
    """What the gateway wants, and how far it got."""
    return {
        "operation": ask.operation,
        "request_id": ask.request_id,
        "value": in_text(ask.value),
        "tries": ask.tries,
        "due": ask.due.isoformat() if ask.due else None,
        "ended": ask.ended,
        "ended_value": in_text(ask.ended_value),
        "answered_id": ask.answered_id,
        "answer": ask.answer,
    }


def _package(order: Order, place: int) -> Json:
    package = order.packages[place]
    return {
        "type": package.type,
        "invoice_number": package.invoice_number,
        "value": in_text(package.value),
        "refund": None if package.refund is None else in_text(package.refund),
    }
