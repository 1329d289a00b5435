"""Webhooks in: verify the raw bytes, then say what to look at.

The signature covers the body alone, so headers prove nothing (platforms/shopify.md, section
2): a shop's name is compared wherever the body carries one, and a topic that the body does
not fit does nothing. Deliveries can be hours old, because Shopify tries for four. That is
harmless: a hint only makes us read how things stand now, and what can't be read afterwards,
that the app was removed, carries the time at which it was (`Hint.at`).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from pydantic import BaseModel

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SettingInvalid,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreConnection
from pef_shopify import merchant_webhook, privacy
from pef_shopify.app import app_of
from pef_shopify.deliveries import OrderBody, RefundBody, ScopesBody, ShopBody, TransactionBody
from pef_shopify.install import APP, SCOPES
from pef_shopify.settings import settings_of, shop_of, webhook_secret_of
from pef_shopify.wire import read_body

MAX_BODY_BYTES: Final = 5 * 1024 * 1024
TOPIC: Final = "x-shopify-topic"
SIGNATURE: Final = "x-shopify-hmac-sha256"
SHOP: Final = "x-shopify-shop-domain"
_WEBHOOK_ID: Final = "x-shopify-webhook-id"
_EVENT_ID: Final = "x-shopify-event-id"
_TRIGGERED_AT: Final = "x-shopify-triggered-at"
_TEST: Final = "x-shopify-test"

_Model = TypeVar("_Model", bound=BaseModel)


def receive(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    """See `platforms.contract.Platform.receive`."""
    if len(delivery.body) > MAX_BODY_BYTES:
        raise BodyTooLarge
    by_hand = settings_of(store).way_in == "webhook"
    _verify_signature(delivery, (webhook_secret_of(store),) if by_hand else _app_secrets(store))
    _verify_shop(delivery.headers.get(SHOP, ""), store)
    hints = _hints_by_hand(delivery, store) if by_hand else _hints_of_app(delivery, store)
    return tuple(_named(hint, delivery.headers) for hint in hints)


def may(granted: Iterable[str], scope: str) -> bool:
    """Whether a scope is granted; a right to write holds the right to read."""
    return bool({scope, scope.replace("read_", "write_", 1)} & set(granted))


# --- who says it ------------------------------------------------------------------


def _app_secrets(store: StoreConnection) -> tuple[str, ...]:
    secrets = app_of(store).client_secrets
    if not secrets:
        raise SettingInvalid("the app has no secret; set PEF_SHOPIFY_CLIENT_SECRET")
    return secrets


def _verify_signature(delivery: Delivery, secrets: Iterable[str]) -> None:
    given = delivery.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    if not given:
        raise SignatureMissing
    # Each is computed: how long it takes tells nobody which one fits.
    fits = [hmac.compare_digest(_signed(delivery.body, secret), given) for secret in secrets]
    if not any(fits):
        raise SignatureInvalid


def _signed(body: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())


def _verify_shop(name: str, store: StoreConnection) -> None:
    if name.strip().lower() != shop_of(store):
        raise SourceMismatch


# --- what it says -----------------------------------------------------------------


def _hints_by_hand(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    """Of a webhook that the merchant made only refunds/create can be used, and only its body."""
    if delivery.headers.get(_TEST, "").lower() == "true":
        return (Hint(kind=HintKind.PING),)
    if delivery.headers.get(TOPIC, "") != "refunds/create":
        return ()
    return merchant_webhook.hints(_body(RefundBody, delivery), store)


def _hints_of_app(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    topic = delivery.headers.get(TOPIC, "")
    if not topic:
        raise BodyUnreadable("the delivery names no topic")
    if topic in privacy.TOPICS:
        return _privacy(topic, delivery, store)
    read = _TOPICS.get(topic)
    return () if read is None else read(delivery, store)


def _privacy(topic: str, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    body = _body(privacy.PrivacyBody, delivery)
    _verify_shop(body.shop_domain, store)
    name = _delivery_id(delivery.headers) or hashlib.sha256(delivery.body).hexdigest()
    return (privacy.hint(topic, body, name),)


def _refund(delivery: Delivery, _: StoreConnection) -> tuple[Hint, ...]:
    body = _body(RefundBody, delivery)
    hint = Hint(kind=HintKind.REFUND_CREATED, order_id=body.order_id, refund_id=body.refund_id)
    return (hint,)


def _transaction(delivery: Delivery, _: StoreConnection) -> tuple[Hint, ...]:
    """A refund's money settled; refunds/create does not fire again. Payments say nothing new."""
    body = _body(TransactionBody, delivery)
    if body.kind not in ("", "refund"):
        return ()
    return (Hint(kind=HintKind.ORDER_CHANGED, order_id=body.order_id),)


def _order(delivery: Delivery, _: StoreConnection) -> tuple[Hint, ...]:
    body = _body(OrderBody, delivery)
    ids = None
    if body.refunds is not None:
        ids = frozenset(refund.id for refund in body.refunds if refund.transactions != ())
    return (Hint(kind=HintKind.ORDER_CHANGED, order_id=body.id, refund_ids=ids),)


def _uninstalled(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    _verify_shop(_body(ShopBody, delivery).myshopify_domain, store)
    return (Hint(kind=HintKind.UNINSTALLED),)


def _scopes(delivery: Delivery, _: StoreConnection) -> tuple[Hint, ...]:
    granted = _body(ScopesBody, delivery).current
    missing = [scope for scope in SCOPES[APP] if not may(granted, scope)]
    if not missing:
        return ()
    detail = f"the shop took back {', '.join(missing)}; open the app in its admin and accept them"
    return (Hint(kind=HintKind.STORE_TROUBLE, detail=detail),)


_TOPICS: Final[Mapping[str, Callable[[Delivery, StoreConnection], tuple[Hint, ...]]]] = {
    "refunds/create": _refund,
    "order_transactions/create": _transaction,
    "orders/updated": _order,
    "orders/cancelled": _order,
    "orders/delete": _order,
    "app/uninstalled": _uninstalled,
    "app/scopes_update": _scopes,
}


def _body(model: type[_Model], delivery: Delivery) -> _Model:
    body = read_body(model, delivery.body)
    if body is None:
        topic = delivery.headers.get(TOPIC, "")
        raise BodyUnreadable(f"the body is not what {topic[:80]} sends")
    return body


# --- which delivery it is ----------------------------------------------------------


def _named(hint: Hint, headers: Mapping[str, str]) -> Hint:
    return replace(hint, delivery_id=_delivery_id(headers), at=_triggered_at(headers))


def _delivery_id(headers: Mapping[str, str]) -> str:
    """Shopify's name of the delivery; an event's is shared by all topics that it fires."""
    if headers.get(_WEBHOOK_ID):
        return headers[_WEBHOOK_ID]
    event = headers.get(_EVENT_ID, "")
    return event and f"{headers.get(TOPIC, '')}/{event}"


def _triggered_at(headers: Mapping[str, str]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(headers.get(_TRIGGERED_AT, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
