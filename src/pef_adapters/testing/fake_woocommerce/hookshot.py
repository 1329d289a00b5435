"""Webhook deliveries as WooCommerce makes them: late, merged, signed, never repeated.

The body is built when it is delivered; one failure loses the event, and the 7th in
a row switches the webhook off without a word (section 3).
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from pef_adapters.testing.fake_woocommerce.php_json import php_json
from pef_adapters.testing.fake_woocommerce.settings import StoreSettings
from pef_adapters.testing.fake_woocommerce.state import DeliveryRecord, StoreState, Webhook
from pef_adapters.testing.fake_woocommerce.wire import Json, Wire

_TIMEOUT: Final = 60.0
_PING_TIMEOUT: Final = 5.0
_FAILURES_BEFORE_OFF: Final = 5
_ERASED: Final[Json] = {
    "code": "woocommerce_rest_shop_order_invalid_id",
    "message": "Invalid ID.",
    "data": {"status": 404},
}
_MAY_NOT_READ: Final[Json] = {
    "code": "woocommerce_rest_cannot_view",
    "message": "Sorry, you cannot view this resource.",
    "data": {"status": 401},
}


@dataclass(frozen=True, slots=True)
class _Job:
    """One event waiting for its delivery; two equal jobs are one."""

    webhook_id: int
    topic: str
    arg: int


@dataclass(slots=True)
class Hookshot:
    """The store's queue of deliveries."""

    settings: StoreSettings
    state: StoreState
    wire: Wire
    now: Callable[[], datetime]
    _pending: dict[_Job, float] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def announce(self, topic: str, arg: int) -> None:
        """Queue a delivery for each active webhook of the topic; equal ones are merged."""
        if self.state.moods.drop_webhooks:
            return
        due = asyncio.get_running_loop().time() + self.settings.delivery_delay_seconds
        for webhook in self.state.webhooks.values():
            if webhook.topic == topic and webhook.status == "active":
                self._pending.setdefault(_Job(webhook.id, topic, arg), due)
        self._wake.set()

    async def run(self) -> None:
        """Deliver what is due, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            await self._deliver([job for job, due in self._pending.items() if due <= loop.time()])
            soonest = min(self._pending.values(), default=None)
            wait = None if soonest is None else max(0.0, soonest - loop.time())
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def flush(self) -> None:
        """Deliver everything that waits, now, as an opened admin page would."""
        await self._deliver(list(self._pending))

    async def repeat(self, times: int, topic: str | None = None) -> int:
        """Send the last delivery again, byte for byte; answers how often it was sent."""
        sent = [d for d in self.state.deliveries if topic in (None, d.topic)]
        for _ in range(times if sent else 0):
            await self._post(sent[-1].model_copy(deep=True))
        return times if sent else 0

    async def ping(self, webhook: Webhook) -> int | None:
        """Greet a new webhook: unsigned, form-encoded, without any of our headers."""
        async with httpx.AsyncClient(timeout=_PING_TIMEOUT) as client:
            try:
                answer = await client.post(
                    webhook.delivery_url,
                    data={"webhook_id": str(webhook.id)},
                    headers={"User-Agent": self._user_agent},
                )
            except httpx.HTTPError:
                return None
        return answer.status_code

    async def _deliver(self, jobs: list[_Job]) -> None:
        async with self._busy:
            for job in jobs:
                if self._pending.pop(job, None) is None:
                    continue
                webhook = self.state.webhooks.get(job.webhook_id)
                if webhook is not None and webhook.status == "active":
                    record = self._request(webhook, job.arg)
                    self._count(webhook, await self._post(record))

    def _request(self, webhook: Webhook, arg: int) -> DeliveryRecord:
        body = php_json(self._payload(webhook.topic, arg))
        resource, _, event = webhook.topic.partition(".")
        headers = {
            "User-Agent": self._user_agent,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self.settings.home}/",
            "X-WC-Webhook-Topic": webhook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": sign(body, webhook.secret),
            "X-WC-Webhook-ID": str(webhook.id),
            "X-WC-Webhook-Delivery-ID": self._delivery_id(webhook),
        }
        return DeliveryRecord(
            webhook_id=webhook.id,
            topic=webhook.topic,
            url=webhook.delivery_url,
            headers=headers,
            body=body.decode("ascii"),
            status=None,
        )

    def _payload(self, topic: str, arg: int) -> Json:
        if topic.startswith("action."):
            return {"action": topic.removeprefix("action."), "arg": arg}
        if not self.state.moods.webhook_owner_may_read:
            return _MAY_NOT_READ
        order = self.state.orders.get(arg)
        return self.wire.order(order, self.state.moods.decimals) if order else _ERASED

    async def _post(self, record: DeliveryRecord) -> int | None:
        async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client:
            try:
                answer = await client.post(record.url, content=record.body, headers=record.headers)
                record.status = answer.status_code
            except httpx.HTTPError:
                record.status = None
        self.state.deliveries.append(record)
        return record.status

    def _count(self, webhook: Webhook, status: int | None) -> None:
        if status is not None and HTTPStatus.OK <= status <= HTTPStatus.FOUND:
            webhook.failures = 0
        elif webhook.failures > _FAILURES_BEFORE_OFF:
            webhook.status = "disabled"
        else:
            webhook.failures += 1

    def _delivery_id(self, webhook: Webhook) -> str:
        """A keyed hash of webhook and second: whatever leaves within one second shares it."""
        text = f"{webhook.id}{int(self.now().timestamp())}"
        return hmac.new(b"fake store", text.encode(), hashlib.md5).hexdigest()

    @property
    def _user_agent(self) -> str:
        version, wordpress = self.settings.woocommerce_version, self.settings.wordpress_version
        return f"WooCommerce/{version} Hookshot (WordPress/{wordpress})"


def sign(body: bytes, secret: str) -> str:
    """WooCommerce's webhook signature."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
