"""Webhooks in: verify the raw bytes, then say what to look at.

Never reads an amount from a body and never uses the Delivery-ID, which several
different deliveries of one second share (section 3).
"""

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreConnection
from pef_woocommerce import mapping
from pef_woocommerce.settings import secrets_of
from pef_woocommerce.wire import ActionBody, OrderChange, Trouble

MAX_BODY_BYTES: Final = 5 * 1024 * 1024
REFUND_CREATED: Final = "action.woocommerce_refund_created"
REFUND_DELETED: Final = "action.woocommerce_refund_deleted"
ORDER_UPDATED: Final = "order.updated"

_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}\Z")
_ORDER_ACTION: Final = "action.woocommerce_order_"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def receive(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    """See `platforms.contract.Platform.receive`."""
    if len(delivery.body) > MAX_BODY_BYTES:
        raise BodyTooLarge
    if _is_ping(delivery):
        return (Hint(kind=HintKind.PING),)
    verify(delivery, store)
    return _hints(delivery)


def verify(delivery: Delivery, store: StoreConnection) -> None:
    """Let pass only what this store signed, under its own name.

    Raises:
        SignatureMissing, SignatureInvalid, SourceMismatch: it is not.
    """
    _verify_signature(delivery, secrets_of(store).webhook_secret.get_secret_value())
    _verify_source(delivery, store)


def same_place(one: str, other: str) -> bool:
    """Whether two store addresses are one place; http and https are not told apart."""
    return _place(one) == _place(other)


def _is_ping(delivery: Delivery) -> bool:
    """WooCommerce's greeting is unsigned and says nothing; it only wants a 200."""
    unsigned = "x-wc-webhook-signature" not in delivery.headers
    return unsigned and _PING.match(delivery.body) is not None


def _verify_signature(delivery: Delivery, secret: str) -> None:
    given = delivery.headers.get("x-wc-webhook-signature", "")
    if not given:
        raise SignatureMissing
    digest = hmac.new(secret.encode(), delivery.body, hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), given.encode("utf-8", "replace")):
        raise SignatureInvalid


def _verify_source(delivery: Delivery, store: StoreConnection) -> None:
    if not same_place(delivery.headers.get("x-wc-webhook-source", ""), store.address):
        raise SourceMismatch


def _place(address: str) -> tuple[str | None, int | None, str]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None, None, address
    if port == _DEFAULT_PORTS.get(parts.scheme):
        port = None
    return parts.hostname, port, parts.path.rstrip("/")


def _hints(delivery: Delivery) -> tuple[Hint, ...]:
    trouble = _trouble(delivery.body)
    if trouble:
        return (mapping.trouble_hint(trouble),)
    topic = delivery.headers.get("x-wc-webhook-topic", "")
    try:
        return _hints_of(topic, delivery.body)
    except ValidationError:
        raise BodyUnreadable(f"the body is not what {topic[:80]} sends") from None


def _hints_of(topic: str, body: bytes) -> tuple[Hint, ...]:
    if topic == REFUND_CREATED:
        return (Hint(kind=HintKind.REFUND_CREATED, refund_id=_arg(body)),)
    if topic == REFUND_DELETED:
        return (Hint(kind=HintKind.REFUND_DELETED, refund_id=_arg(body)),)
    if topic.startswith(_ORDER_ACTION):
        return (Hint(kind=HintKind.ORDER_CHANGED, order_id=_arg(body)),)
    if topic.startswith("order."):
        return (mapping.order_hint(OrderChange.model_validate_json(body)),)
    return ()


def _arg(body: bytes) -> str:
    return str(ActionBody.model_validate_json(body).arg)


def _trouble(body: bytes) -> Trouble | None:
    """A signed delivery can be an error: its owner lost rights, or the order is erased."""
    try:
        return Trouble.model_validate_json(body)
    except ValidationError:
        return None
