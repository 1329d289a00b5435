"""A buyer who was asked: a refund that waits for bank details, and its page over real HTTP."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from engine_world import CIP, PAID, World
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Destination, Refund
from pef_adapters.server.app import create_app
from served import served

# Past the 30 days of the original route, within the 90 of a payout by hand.
OLD = timedelta(days=40)
ORDER_NUMBER = "1042"
_LINK = re.compile(r"https://\S+/payout/\S+")

# Made up and nobody's; the check digits are right.
CCI, DNI, RUC = "00219310000000000117", "45678912", "20100070970"
PHONE_NUMBER = "987654321"
GOOD: Mapping[str, str] = MappingProxyType(
    {
        "name": "Ana Quispe Rojas",
        "document_type": "DNI",
        "document_number": DNI,
        "method": "cci",
        "account": CCI,
    }
)
BAD: Mapping[str, str] = MappingProxyType({**GOOD, "account": CCI[:-1] + "0"})


@dataclass(slots=True)
class BuyerWorld:
    """The world behind the page; `address` is where its pages are really served."""

    world: World
    address: str

    async def refund(self) -> Refund:
        return await self.world.refund()

    async def link(self) -> str:
        """The path of the newest link that the buyer was sent."""
        return urlsplit(links_in(self.world)[-1]).path

    async def destinations(self) -> int:
        """How many details were kept for the refund; the newest counts."""
        newest = await self.newest()
        return 0 if newest is None else newest.id

    async def newest(self) -> Destination | None:
        refund = await self.refund()
        async with self.world.book.begin() as ledger:
            return await ledger.newest_destination(refund.id)


def links_in(world: World, order_id: str = "14") -> list[str]:
    """Every link that the store's mail carried to the order's buyer, oldest first."""
    messages = world.platform.order(order_id).messages.values()
    return [link for text in messages for link in _LINK.findall(text)]


async def asked(book: LedgerBook | None = None, **store_changes: Any) -> World:
    """A world whose one refund waits for the details that its buyer was asked for."""
    world = await World(book).open(**store_changes)
    world.rail.pay(CIP, PAID, world.clock.now() - OLD)
    world.platform.press("15", PAID, at=world.clock.now(), order_number=ORDER_NUMBER)
    # By hand, because only the ledger in memory tells what it wakes.
    await digest(world.ports, await world.deliver("15"))
    await advance(world.ports, (await world.refund()).id)
    return world


@asynccontextmanager
async def buyer_world(
    book: LedgerBook | None = None, **store_changes: Any
) -> AsyncIterator[BuyerWorld]:
    """The page of such a refund, served for as long as the context lasts."""
    world = await asked(book, **store_changes)
    async with served(create_app(world.ports, world.ports.public_url)) as address:
        yield BuyerWorld(world, address)
