"""What PagoEfectivo tells by itself, spoiled: before it was signed, and after."""

import hashlib
import hmac
from typing import Any, Final

from fuzz_answers import Answers, Target, Unreadable, differing, exactly, number
from fuzz_mutations import Raw, told
from fuzz_rail_truth import REFUND
from pef_adapters.core.errors import WebhookRejected
from pef_adapters.pagoefectivo import read_notification

SECRET: Final = "hechoParaPruebas"
_NEWS: Final = {
    "eventType": "cip.paid",
    "operationNumber": "000123",
    "data": {
        "cip": "11546901",
        "currency": "PEN",
        "amount": Raw("129.80"),
        "transactionCode": "CO1A2B3C",
        "refundId": "RFD-0000000001",
        "merchantRefundId": REFUND,
        "status": "REFUNDED",
    },
}


def targets() -> list[Target]:
    """Deliveries of the rail."""
    return [
        Target("rail.notification", {"body": told(_NEWS)}, _heard, _news, (WebhookRejected,)),
        Target(
            "rail.notification unsigned", {"body": told(_NEWS)}, _forged, _never, (WebhookRejected,)
        ),
    ]


async def _heard(answers: Answers) -> Any:
    """Signed after it was spoiled: PagoEfectivo itself speaks nonsense."""
    body = answers["body"].body
    proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return read_notification(body, {"pe-signature": proof}, SECRET)


async def _forged(answers: Answers) -> Any:
    """Signed before it was spoiled: somebody on the way changed it."""
    proof = hmac.new(SECRET.encode(), told(_NEWS).body, hashlib.sha256).hexdigest()
    return read_notification(answers["body"].body, {"pe-signature": proof}, SECRET)


def _never(answers: Answers, _: Any) -> str | None:
    same = answers["body"].body == told(_NEWS).body  # a mutation may change headers alone
    return None if same else "a changed body was taken for PagoEfectivo's"


def _news(answers: Answers, came: Any) -> str | None:
    try:
        said = exactly(answers["body"].body, once=True)
        data = said["data"]
        told_of = {name: data.get(name) for name in ("cip", "transactionCode", "refundId")}
    except (Unreadable, KeyError, TypeError, AttributeError) as error:
        return f"news made of an unreadable body ({error})"
    amount = data.get("amount")
    return differing(
        {
            "event": (came.event_type, said.get("eventType")),
            "cip": (came.cip, _text(told_of["cip"])),
            "code": (came.transaction_code, _text(told_of["transactionCode"])),
            "rail id": (came.refund_id, _text(told_of["refundId"])),
            "our id": (came.merchant_refund_id, data.get("merchantRefundId")),
            "currency": (came.currency, data.get("currency")),
            "status": (came.status, data.get("status")),
            "amount": (came.amount, None if amount is None else number(amount)),
        }
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
