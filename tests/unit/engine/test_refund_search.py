"""Searching refunds: within reach, by hashed buyers, and as a file that says where it ends."""

import csv
import io
from dataclasses import replace

import pytest

from engine_world import World
from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine import refund_search
from pef_adapters.engine.records import RefundSearch
from pef_adapters.engine.refund_search import mark_of, search, table
from storage_samples import refund

WANTED = RefundSearch()


async def filled(count: int) -> World:
    """A store with so many refunds."""
    world = await World().open()
    async with world.book.begin() as ledger:
        for number in range(count):
            own = {"store_id": "tienda-pe", "account_id": "main"}
            await ledger.add_refund(refund(number, **own))
    return world


async def rows_of(world: World) -> list[dict[str, str]]:
    """The file's rows."""
    whole = b"".join([piece async for piece in table(world.ports, None, WANTED)])
    return list(csv.DictReader(io.StringIO(whole.decode("utf-8-sig"))))


async def test_a_file_goes_on_until_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, each refund once, and no last sentence where nothing is left out."""
    monkeypatch.setattr(refund_search, "_PAGE", 3)
    rows = await rows_of(await filled(8))
    assert len({row["refund"] for row in rows}) == len(rows) == 8
    assert not any("narrow" in row["refund"] for row in rows)


async def test_a_file_that_leaves_something_out_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the most rows stands one sentence, and not a refund more."""
    monkeypatch.setattr(refund_search, "_PAGE", 3)
    monkeypatch.setattr(refund_search, "MOST_ROWS", 6)
    rows = await rows_of(await filled(7))
    assert len(rows) == 7
    assert "narrow the search" in rows[-1]["refund"]
    assert len(await rows_of(await filled(6))) == 6


async def test_nothing_outside_the_reach_is_found() -> None:
    """Whatever reach the search itself names, the given one counts."""
    world = await filled(2)
    wide = replace(WANTED, reach=None)
    assert await search(world.ports, frozenset(("otra-pe",)), wide) == []
    assert len(await search(world.ports, frozenset(("tienda-pe",)), wide)) == 2


async def test_a_buyer_is_searched_by_his_hash_in_stores_within_reach() -> None:
    """An e-mail address finds its refunds, in whatever letters; a foreign reach finds none."""
    world = await World().open()
    await world.press("15", 1000, buyer="email:ana@example.pe")
    await world.run()
    (found,) = await search(world.ports, None, WANTED, " Ana@Example.pe ")
    assert found.buyer is not None
    assert "ana" not in found.buyer
    assert await search(world.ports, frozenset(), WANTED, "ana@example.pe") == []
    assert await search(world.ports, None, WANTED, "luis@example.pe") == []
    with pytest.raises(InvalidInput):
        await search(world.ports, None, WANTED, "12345678")


async def test_a_list_goes_on_behind_its_last_refund() -> None:
    """The mark of the last refund leads to those that are left."""
    world = await filled(5)
    first = await search(world.ports, None, replace(WANTED, limit=2))
    rest = await search(world.ports, None, replace(WANTED, after=mark_of(first[-1])))
    assert len({each.id for each in (*first, *rest)}) == 5
