"""What refunds cost, and the figures of a month, told from the ledger."""

from typing import Any

import pytest

from desk_world import DeskWorld
from engine_world import CIP
from pef_adapters.core.costs import Month, Quote
from pef_adapters.core.errors import InvalidInput, NotThere
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.costs import expected, quote_of, record_actual

FEES: dict[str, Any] = {
    "currency": "PEN",
    "original": {"fixed": "1.00", "percent": "1%"},
    "payout": {"fixed": "3.50"},
    "refund_fee": "0.50",
    "keeps_payment_fee": True,
    "payment": {"fixed": "2.00"},
}
NOVEMBER = Month(2026, 11)


async def priced(days: int = 1, **policy: Any) -> DeskWorld:
    """A world whose account has fees."""
    world = await DeskWorld().open_old(days=days, **policy)
    await world.set_account(costs={"fees": [FEES]})
    return world


async def total(world: DeskWorld, number: str = "15") -> Money:
    """The expected cost of one refund."""
    cost = await expected(world.ports, (await world.refund(number)).id)
    assert cost is not None
    return cost.total


async def test_a_part_bears_its_share_of_the_payment_fee() -> None:
    """Half of S/ 129.80: S/ 1 and 1 %, S/ 0.50, and half of the S/ 2 that was kept."""
    world = await priced()
    await world.press("15", 6490)
    await world.run()
    assert await total(world) == Money(100 + 65 + 50 + 100, "PEN")


async def test_the_lane_decides_the_fee() -> None:
    """Paid out by hand it costs the payout's fee."""
    world = await priced(days=40)
    await world.press("15", 12980)
    await world.run()
    assert await total(world) == Money(350 + 50 + 200, "PEN")


async def test_a_refund_above_its_payment_has_a_cost_too() -> None:
    """A held refund that asks for too much is no reason to fail."""
    world = await priced()
    await world.press("15", 20000)
    await world.run()
    assert (await world.refund()).state is State.HELD
    assert (await total(world)).minor > 0


async def test_without_fees_nothing_is_made_up() -> None:
    """No fees known, no cost told."""
    world = await DeskWorld().open_old(days=1)
    await world.press()
    await world.run()
    assert await expected(world.ports, (await world.refund()).id) is None
    with pytest.raises(NotThere):
        await expected(world.ports, "RFNOBODY")


async def test_actual_costs_add_up_and_name_who_wrote_them() -> None:
    """Two entries and a credit are one sum; zero and nobody are refused."""
    world = await priced()
    await world.press()
    await world.run()
    refund = (await world.refund()).id
    for minor in (150, 90, -40):
        await record_actual(world.ports, refund, Money(minor, "PEN"), "statement", "Rosa")
    with pytest.raises(InvalidInput):
        await record_actual(world.ports, refund, Money(0, "PEN"), "", "Rosa")
    with pytest.raises(InvalidInput):
        await record_actual(world.ports, refund, Money(1, "PEN"), "", " ")
    sheet = await quote_of(world.ports, NOVEMBER)
    assert [figures.actual_cost for figures in sheet.refunds] == [Money(200, "PEN")]


async def test_the_months_sheet_counts_what_happened() -> None:
    """One by itself, one approved, one disputed and one withdrawn: each figure knows them."""
    rule = {"id": "big", "when": {"amount": {"min": "50.00", "currency": "PEN"}}, "then": "hold"}
    world = await priced(rules=[rule])
    for number, minor in (("15", 1000), ("16", 5000), ("17", 2000)):
        await world.press(number, minor)
        await world.run()
    await world.approve("Rosa", refund_id="16")
    world.platform.delete("17")
    await world.press("18", 6000)
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    sheet: Quote = await quote_of(world.ports, NOVEMBER)
    automatic = {figures.amount.minor: figures.automatic for figures in sheet.refunds}
    assert automatic == {1000: True, 5000: False, 2000: True, 6000: True}
    disputed = {figures.amount.minor for figures in sheet.refunds if figures.disputed}
    assert {1000, 5000, 6000} <= disputed
    assert [each.asked for each in sheet.currencies.values()] == [4]
    assert (await quote_of(world.ports, Month(2026, 10))).refunds == ()
