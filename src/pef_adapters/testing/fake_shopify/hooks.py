"""Webhook deliveries as Shopify makes them: signed over the body alone, tried again, kept.

A delivery keeps its body and ids through all its tries. After 8 failures in a row a
subscription made by API or by the merchant is gone; one of an app's TOML stays (section 2).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from pef_adapters.testing.fake_shopify.courier import Courier
from pef_adapters.testing.fake_shopify.settings import ShopSettings
from pef_adapters.testing.fake_shopify.state import DeliveryRecord, ShopState, Webhook
from pef_adapters.testing.fake_shopify.wire import Json, body_bytes

_TIMEOUT: Final = httpx.Timeout(5.0, connect=1.0)
_FAILURES_BEFORE_GONE: Final = 8
TOPICS: Final = {
    "APP_SCOPES_UPDATE": "app/scopes_update",
    "APP_UNINSTALLED": "app/uninstalled",
    "ORDERS_CANCELLED": "orders/cancelled",
    "ORDERS_CREATE": "orders/create",
    "ORDERS_DELETE": "orders/delete",
    "ORDERS_PAID": "orders/paid",
    "ORDERS_UPDATED": "orders/updated",
    "ORDER_TRANSACTIONS_CREATE": "order_transactions/create",
    "REFUNDS_CREATE": "refunds/create",
}
PRIVACY_TOPICS: Final = ("customers/data_request", "customers/redact", "shop/redact")


@dataclass(frozen=True, slots=True)
class _Address:
    """Who hears of an event: an app (None is the merchant) and, where there is one, a webhook."""

    client_id: str | None
    uri: str
    webhook: int | None = None
    name: str | None = None


@dataclass(slots=True)
class Hooks:
    """The shop's deliveries. `keep` writes the state down."""

    settings: ShopSettings
    state: ShopState
    now: Callable[[], datetime]
    keep: Callable[[], None]
    courier: Courier[DeliveryRecord] = field(init=False)

    def __post_init__(self) -> None:
        self.courier = Courier(self._waiting, self._try, self.now)

    def announce(self, topic: str, body: Json, only: str | None = None) -> None:
        """Queue a delivery for everybody who asked for the topic, or for one app only."""
        if self.state.moods.drop_webhooks:
            return
        event = secrets.token_hex(16)
        for address in self._addresses(topic, only):
            self.state.deliveries.append(self._record(topic, body, event, address))
        self.courier.wake()

    async def repeat(self, topic: str | None, times: int, older_by_seconds: float) -> int:
        """Send the last delivery again with the same body and ids; says how often it went.

        `older_by_seconds` sets its time of triggering back, as a delivery has that comes late.
        """
        sent = [d for d in self.state.deliveries if topic in {None, d.topic}]
        for _ in range(times if sent else 0):
            copy = sent[-1].model_copy(deep=True, update={"tries": [], "done": True})
            if older_by_seconds:
                stamp = self.now() - timedelta(seconds=older_by_seconds)
                copy.headers["X-Shopify-Triggered-At"] = _zulu(stamp)
            copy.tries.append(await _post(copy))
            self.state.deliveries.append(copy)
        return times if sent else 0

    def _addresses(self, topic: str, only: str | None) -> Iterator[_Address]:
        for app in self.state.apps.values():
            if app.client_id == only or (only is None and app.client_id in self.state.installs):
                found = (s for s in app.subscriptions if s.topic == topic)
                yield from (_Address(app.client_id, s.uri) for s in found)
        for hook in self.state.webhooks.values():
            if hook.topic == topic and only in {None, hook.client_id}:
                yield _Address(hook.client_id, hook.uri, hook.id, hook.name)

    def _record(self, topic: str, body: Json, event: str, address: _Address) -> DeliveryRecord:
        raw = body_bytes(body)
        app = self.state.apps.get(address.client_id or "")
        secret = app.still_signs_with or app.client_secret if app else self.settings.webhook_secret
        headers = {
            "User-Agent": "Shopify-Captain-Hook",
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-SHA256": sign(raw, secret),
            "X-Shopify-Shop-Domain": self.settings.domain,
            "X-Shopify-API-Version": app.webhook_version
            if app
            else self.settings.live_versions[-1],
            "X-Shopify-Webhook-Id": secrets.token_hex(16),
            "X-Shopify-Triggered-At": _zulu(self.now()),
            "X-Shopify-Event-Id": event,
        }
        return DeliveryRecord(
            topic=topic,
            uri=address.uri,
            client_id=address.client_id,
            webhook=address.webhook,
            headers=headers | ({"X-Shopify-Name": address.name} if address.name else {}),
            body=raw.decode(),
            due=self.now() + timedelta(seconds=self.settings.delivery_delay_seconds),
        )

    def _waiting(self) -> list[DeliveryRecord]:
        return [delivery for delivery in self.state.deliveries if not delivery.done]

    async def _try(self, delivery: DeliveryRecord) -> None:
        status = await _post(delivery)
        delivery.tries.append(status)
        good = status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        retries, tried = self.settings.retry_seconds, len(delivery.tries)
        delivery.done = good or tried > len(retries)
        if not delivery.done:
            delivery.due = self.now() + timedelta(seconds=retries[tried - 1])
        hook = self.state.webhooks.get(delivery.webhook or 0)
        if hook is not None:
            self._count(hook, good=good)
        self.keep()

    def _count(self, hook: Webhook, *, good: bool) -> None:
        hook.failures = 0 if good else hook.failures + 1
        if hook.failures >= _FAILURES_BEFORE_GONE:
            self.remove(hook)

    def remove(self, hook: Webhook) -> None:
        """Take a subscription away; what still waits for it is lost."""
        self.state.webhooks.pop(hook.id, None)
        for delivery in self._waiting():
            if delivery.webhook == hook.id:
                delivery.done = True


def sign(body: bytes, secret: str) -> str:
    """Shopify's webhook signature: over the raw bytes, nothing of the headers."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


async def _post(delivery: DeliveryRecord) -> int | None:
    async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client:
        try:
            content = delivery.body.encode()
            answer = await client.post(delivery.uri, content=content, headers=delivery.headers)
        except httpx.HTTPError:
            return None
    return answer.status_code


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "000Z")
