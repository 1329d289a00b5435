"""Each outcome of VTEX's refund table, from the button in its admin to the order's history."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from vtex_scenes import OPEN, SCENES, heard, soles

from pagoefectivo_bench import sandbox_process
from pef_adapters.core.states import State
from vtex_service import House

Played = Mapping[str, asyncio.Task[None]]


@pytest.fixture(scope="module")
async def played(running: House) -> AsyncIterator[Played]:
    """Every scene under way; a test waits for the end of its own."""
    tasks = {scene.__name__: asyncio.ensure_future(scene(running)) for scene in SCENES}
    yield tasks
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("scene", [scene.__name__ for scene in SCENES])
async def test_from_the_button_to_the_order(played: Played, scene: str) -> None:
    """What VTEX was answered, what the rail has paid and what the order says agree."""
    await played[scene]


async def test_money_that_takes_days(running: House, tmp_path: Path) -> None:
    """VTEX gives up after a day; the money arrives after three, once, and the order says so."""
    with sandbox_process(tmp_path / "sandbox.db", callback_retry_after=0.2) as rail:
        shop = await running.opens("dias", rail=rail)
        bought = await shop.bought("129.80")
        (order,) = bought["order_ids"]
        await shop.press(order, "return", "129.80")
        asked = await shop.reaches(await shop.asked(bought["payment_id"]), State.PENDING)
        await shop.order_tells(order, asked)
        await shop.at_vtex(shop.vtex.advance, days=3)
        assert set(await heard(shop, bought)) == {(500, OPEN)}
        assert await shop.painted(bought["payment_id"]) == [("email-notification", "129.80")]
        rail.post("clock", advance_business_days=3)
        refund = await shop.reaches(asked, State.REFUNDED)
        await shop.order_tells(order, refund)
        (late,) = await shop.at_vtex(shop.vtex.repeat, bought["payment_id"], "refunds")
        assert late["status"] == 200
        assert await shop.paid_back(bought) == soles("129.80")
        await shop.kept_the_rules()


@pytest.mark.usefixtures("played")
async def test_the_service_never_stumbled(running: House) -> None:
    """Whatever VTEX did, no mistake of ours stands in the service's log."""
    assert running.stumbles() == []
