"""On PostgreSQL: agencies change while their stores come, go and change, all at once."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest

from engine_world import World
from pef_adapters.engine.agencies import INHERITED, inherited_part, set_agency_settings
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.upkeep import change_store_settings, join_agency
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from stores_file_world import Installed

AT_ONCE, STORES, ROUNDS = 8, 4, 6
METHODS = {"payment_methods": ["pagoefectivo"]}


@pytest.fixture
async def ports(database: str, secret_box: SecretBox) -> AsyncIterator[Ports]:
    """Some WooCommerce stores on PostgreSQL."""
    async with open_pool(database, size=AT_ONCE) as pool:
        world = World(PostgresBook(pool, secret_box, make_queue(pool)))
        await world.open(platform="woocommerce", settings={"platform": METHODS})
        async with world.book.begin() as ledger:
            first = await ledger.store("tienda-pe")
            assert first is not None
            for number in range(STORES):
                own = {"id": f"t{number}", "identity": f"https://t{number}.pe"}
                await ledger.add_store(dataclasses.replace(first, **own))
        yield dataclasses.replace(world.ports, platforms=Installed(world.platform))


async def test_each_store_ends_with_what_its_agency_says(ports: Ports) -> None:
    """However changes meet, none waits for ever, and no store keeps another agency's word."""
    for turn in range(ROUNDS):
        auth = ("query", "header")
        parts = {
            name: {"platform": {"woocommerce": {"auth": auth[(turn + place) % 2]}}}
            for place, name in enumerate(("Andina", "Costa"))
        }
        changes = [set_agency_settings(ports, n, n, part, "Rosa") for n, part in parts.items()]
        moves = [
            join_agency(ports, f"t{number}", (("Andina", "Costa", None)[(turn + number) % 3]))
            for number in range(STORES)
        ]
        words = [
            change_store_settings(ports, f"t{number}", METHODS, language="en")
            for number in range(STORES)
        ]
        async with asyncio.timeout(30):
            await asyncio.gather(*changes, *moves, *words)
    async with ports.book.begin() as ledger:
        for number in range(STORES):
            store = await ledger.store(f"t{number}")
            assert store is not None
            name = store.settings.get("agency")
            agency = await ledger.agency(name) if name else None
            assert store.settings.get(INHERITED, {}) == inherited_part(agency, "woocommerce")
