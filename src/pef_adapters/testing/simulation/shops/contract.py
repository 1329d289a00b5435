"""What a simulated store is to its world, whatever its platform."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

import httpx

from pef_adapters.core.money import Money
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund, Store
from pef_adapters.platforms.contract import Platform
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.simulation.network import Answer
from pef_adapters.testing.simulation.palette import Fault, Weather

PAID = Money(12980, "PEN")

_BEFORE = (Fault.STORE_FAILS, Fault.STORE_BUSY, Fault.STORE_REFUSES, Fault.STORE_DOWN)
_AFTER = (Fault.STORE_LOSES_ANSWER, Fault.STORE_TALKS_NONSENSE, Fault.STORE_TRUNCATES)
_STATUS = {Fault.STORE_FAILS: 503, Fault.STORE_BUSY: 429, Fault.STORE_REFUSES: 401}
_NO = {
    "code": "woocommerce_rest_cannot_view",
    "message": "Sorry, you cannot view this resource.",
    "data": {"status": 401},
    "errors": "not now",
}


@dataclass(slots=True)
class Parcel:
    """A webhook on its way to us; `tries` are those it still has if it is not taken."""

    url: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    tries: int = 0


class BuyerPays(Protocol):
    """A buyer pays what waits under a transaction code; gives its CIP."""

    def __call__(self, account_id: str, code: str, at: datetime) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a store needs of its world when it is made.

    `service` is our own address; `work` lets everything that is due be done.
    """

    store: Store
    cip: str
    ports: Ports
    platform: Platform
    clock: VirtualClock
    service: str
    work: Callable[[], Awaitable[None]]
    buyer_pays: BuyerPays


class Shop(Protocol):
    """A store with one paid order."""

    store: Store
    cip: str
    answer: Answer

    async def open(self) -> None:
        """Connect it through its adapter and have its order paid."""
        ...

    async def press(self, minor: int, times: int = 1) -> bool:
        """Press the refund button, perhaps twice at once; False where the store refuses."""
        ...

    async def delete(self, dice: Random) -> bool:
        """Delete one of its refunds, where the platform can; False where there is none."""
        ...

    async def tick(self) -> None:
        """Do what its own clock makes it do by now."""
        ...

    def parcels(self) -> list[Parcel]:
        """Take the webhooks that wait."""
        ...

    def refund_ids(self) -> set[str]:
        """The refunds it told us of, by the ids under which we know them."""
        ...

    def has(self, number: str) -> bool:
        """Whether it has this refund, and wants it."""
        ...

    def says(self, refund: Refund) -> str | None:
        """What its order says of a refund: our word for its state; None where nothing stands."""
        ...

    def mails(self) -> list[str]:
        """What it mailed to the buyer for us."""
        ...


class StoreFront:
    """The way to a store's API, with all that can go wrong on it."""

    def __init__(self, answer: Answer, weather: Weather) -> None:
        self._answer = answer
        self._weather = weather
        self.down = False

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What a caller gets.

        Raises:
            httpx.TransportError: the connection failed, before or after the effect.
        """
        struck = None if self.down else self._weather.first(_BEFORE)
        self.down = self.down or struck is Fault.STORE_DOWN
        if self.down:
            raise httpx.ConnectError("nobody listens", request=request)
        if struck is not None:
            return httpx.Response(_STATUS[struck], json=_NO)
        response = await self._answer(request)
        return self._spoiled(response, await response.aread(), request)

    def _spoiled(
        self, response: httpx.Response, content: bytes, request: httpx.Request
    ) -> httpx.Response:
        fault = self._weather.first(_AFTER)
        if fault is Fault.STORE_LOSES_ANSWER:
            raise httpx.ReadError("the connection broke", request=request)
        if fault is Fault.STORE_TALKS_NONSENSE:
            return httpx.Response(200, html="<!DOCTYPE html><title>Mantenimiento</title>")
        if fault is Fault.STORE_TRUNCATES:
            content = content[: len(content) // 2]
        headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
        return httpx.Response(response.status_code, headers=headers, content=content)
