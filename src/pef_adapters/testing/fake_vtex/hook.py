"""The orders hook: greeted with a ping, told of events, tried again when it does not answer.

One hook per AppKey; nothing is signed, the hook's own headers are all the proof there is.
Three days without an event remove it (platforms/vtex.md, section 6). Of JSONata it reads
what a refunds product needs, and refuses the rest.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.shop import Refused
from pef_adapters.testing.fake_vtex.state import VtexState
from pef_adapters.testing.fake_vtex.store_state import Hook, HookDelivery, Order

_FIRST_WAIT: Final = timedelta(seconds=30)
_MOST_DOUBLINGS: Final = 12
_IDLE: Final = timedelta(days=3)
_RETURNS: Final = "$count(packageAttachment.packages.restitutions.Refund.value) > 0"
_STATUS: Final = re.compile(r'status\s*=\s*"([a-z-]+)"\Z')


@dataclass(slots=True)
class Hooks:
    """The hooks of one account, and the events on their way to them."""

    settings: VtexSettings
    state: VtexState
    now: Callable[[], datetime]
    wake: Callable[[], None] = field(default=lambda: None)

    async def configure(self, hook: Hook) -> None:
        """Keep a hook, if its address answers the ping with 200.

        Raises:
            Refused: it does not, or its filter is beyond this fake.
        """
        _filter(hook.expression)
        if await self._post(hook, json.dumps({"hookConfig": "ping"})) != HTTPStatus.OK:
            raise Refused("the hook's address does not answer the ping with 200")
        self.state.hooks[hook.key] = hook

    def announce(self, order: Order) -> None:
        """Queue an event for each hook whose filter fits."""
        if self.state.moods.drop_hooks:
            return
        for hook in self.state.hooks.values():
            if self._fits(hook, order):
                hook.last_event = self.now()
                hook.told.append(order.id)
                self.state.hook_deliveries.append(self._delivery(hook, order))
        self.wake()

    def soonest(self) -> datetime | None:
        """When the next delivery is due, if any."""
        waiting = (delivery.due for delivery in self.state.hook_deliveries)
        return min((due for due in waiting if due is not None), default=None)

    async def run_due(self, *, at_once: bool = False) -> int:
        """Deliver what is due, or all that waits `at_once`; answers how many were sent."""
        self._forget_idle_hooks()
        waiting = [each for each in self.state.hook_deliveries if each.due is not None]
        due = [each for each in waiting if at_once or (each.due and each.due <= self.now())]
        for delivery in due:
            await self._deliver(delivery)
        return len(due)

    async def _deliver(self, delivery: HookDelivery) -> None:
        hook = self.state.hooks.get(delivery.key)
        delivery.due = None
        if hook is None:
            return
        delivery.tries += 1
        delivery.status = await self._post(hook, delivery.body)
        if delivery.status != HTTPStatus.OK:
            doublings = min(delivery.tries - 1, _MOST_DOUBLINGS)
            delivery.due = self.now() + _FIRST_WAIT * 2**doublings

    async def _post(self, hook: Hook, body: str) -> int | None:
        headers = {"Content-Type": "application/json", **hook.headers}
        limit = self.settings.hook_answer_seconds
        try:
            async with asyncio.timeout(limit), httpx.AsyncClient() as client:
                answer = await client.post(hook.url, content=body, headers=headers)
        except (httpx.HTTPError, TimeoutError):
            return None
        return answer.status_code

    def _delivery(self, hook: Hook, order: Order) -> HookDelivery:
        event = {
            "Domain": "Marketplace",
            "OrderId": order.id,
            "State": order.status,
            "LastChange": f"{order.changed:%Y-%m-%dT%H:%M:%S.%f}0Z",
            "Origin": {"Account": self.settings.account, "Key": hook.key},
        }
        return HookDelivery(
            id=self.state.next_number(),
            key=hook.key,
            url=hook.url,
            body=json.dumps(event),
            created=self.now(),
            due=self.now(),
        )

    def _fits(self, hook: Hook, order: Order) -> bool:
        if hook.filter_type == "FromWorkflow":
            return order.status in hook.statuses and _last_change_is_status(order)
        if hook.single_fire and order.id in hook.told:
            return False
        return _filter(hook.expression)(order)

    def _forget_idle_hooks(self) -> None:
        for key, hook in list(self.state.hooks.items()):
            if self.now() - hook.last_event > _IDLE:
                del self.state.hooks[key]


def _last_change_is_status(order: Order) -> bool:
    """A workflow hook hears of steps only, not of every change to the order."""
    return bool(order.interactions) and order.interactions[-1].source == "OMS"


def _filter(expression: str) -> Callable[[Order], bool]:
    """Whether an order fits conditions joined by `or` and `and`; `and` binds first.

    Raises:
        Refused: JSONata that this fake does not know.
    """
    inner = expression.strip()
    if not inner:
        return lambda _: True
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    ways = [
        [_condition(part.strip()) for part in way.split(" and ")] for way in inner.split(" or ")
    ]
    return lambda order: any(all(fits(order) for fits in way) for way in ways)


def _condition(text: str) -> Callable[[Order], bool]:
    if text == _RETURNS:
        return lambda order: any(p.refund for p in order.packages)
    match = _STATUS.match(text)
    if match is None:
        raise Refused(f"this fake can't read the expression {text!r}")
    return lambda order: order.status == match[1]
