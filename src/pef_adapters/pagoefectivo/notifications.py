"""Reads a delivery from PagoEfectivo: verified first, then understood.

Owns the webhook's shape (fact sheet 2 and 7.6). A notification is a hint: nobody
may book money from it without asking the rail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pef_adapters.core.errors import BodyTooLarge, BodyUnreadable
from pef_adapters.pagoefectivo import exact_json, signature
from pef_adapters.pagoefectivo.wire import Amount, TextOrNumber

MAX_BODY_BYTES = 64 * 1024
EXTORNO = "cip.refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A verified delivery. `amount` is in major units of `currency`."""

    event_type: str
    operation_number: str
    cip: str | None
    transaction_code: str | None
    refund_id: str | None
    merchant_refund_id: str | None
    currency: str | None
    amount: Decimal | None
    status: str | None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two deliveries the same one; the rail sends no delivery id."""
        return self.event_type, self.cip or "", self.operation_number

    @property
    def is_extorno(self) -> bool:
        """The bank took the payment back: the CIP is unpaid again."""
        return self.event_type == EXTORNO


def read_notification(body: bytes, headers: Mapping[str, str], secret: str) -> Notification:
    """Verify and read one delivery; `secret` is the account's `secret_key`.

    Raises:
        BodyTooLarge: more than 64 KiB.
        SignatureMissing, SignatureInvalid: not from PagoEfectivo.
        BodyUnreadable: signed, but not a notification.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge
    signature.verify(body, headers, secret)
    try:
        return _canonical(_Body.model_validate(exact_json.read(body)))
    except (ValueError, ValidationError):
        raise BodyUnreadable from None


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    cip: TextOrNumber | None = None
    currency: str | None = None
    amount: Amount | None = None
    transaction_code: TextOrNumber | None = None
    refund_id: TextOrNumber | None = None
    merchant_refund_id: str | None = None
    status: str | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    event_type: str = Field(min_length=1, max_length=60)
    operation_number: TextOrNumber = ""
    data: _Data


def _canonical(body: _Body) -> Notification:
    data = body.data
    return Notification(
        event_type=body.event_type,
        operation_number=body.operation_number,
        cip=data.cip,
        transaction_code=data.transaction_code,
        refund_id=data.refund_id,
        merchant_refund_id=data.merchant_refund_id,
        currency=data.currency,
        amount=data.amount,
        status=data.status,
    )
