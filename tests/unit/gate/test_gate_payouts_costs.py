"""The gate to costs: who reads and records what refunds cost, and whose figures are whose."""

import pytest

from desk_actors import ELSEWHERE, audits, person, with_second_store
from desk_world import DeskWorld
from pef_adapters.core.access import HOUSE, Role
from pef_adapters.core.costs import CostSettings, Month, read_costs
from pef_adapters.core.errors import InvalidInput, NotAllowed, NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine.gate import costs
from pef_adapters.engine.records import Refund

OWNER, AGENT = person(Role.OWNER), person(Role.AGENT)
FEE = Money(150, "PEN")


async def one_refund() -> tuple[DeskWorld, Refund]:
    """A refund that went by itself."""
    world = DeskWorld()
    await world.open_old(1)
    await world.press("15", 12980)
    await world.run()
    return world, await world.refund()


async def test_costs_are_recorded_by_who_may_pay_out_and_read_by_who_sees() -> None:
    """An agent reads what an owner has written down, and writes nothing himself."""
    world, refund = await one_refund()
    with pytest.raises(NotAllowed):
        await costs.record(world.ports, AGENT, refund.id, FEE, "fee")
    await costs.record(world.ports, OWNER, refund.id, FEE, "fee")
    known = await costs.of_refund(world.ports, AGENT, refund.id)
    assert ([cost.amount for cost in known.actual], known.expected) == ([FEE], None)
    entries = [(each.what, each.outcome, each.store_id) for each in await audits(world)]
    assert entries == [
        ("record_cost", "done", "tienda-pe"),
        ("record_cost", "NOT_ALLOWED", "tienda-pe"),
    ]
    with pytest.raises(InvalidInput):
        await costs.record(world.ports, OWNER, refund.id, Money(0, "PEN"), "nothing")


async def test_foreign_costs_are_not_there() -> None:
    """Of another's refund, store or account no figure is told."""
    world, refund = await one_refund()
    stranger, month = person(Role.OWNER, ELSEWHERE), Month.parse("2026-11")
    for call in (
        costs.of_refund(world.ports, stranger, refund.id),
        costs.record(world.ports, stranger, refund.id, FEE, "fee"),
        costs.quote(world.ports, stranger, month, "tienda-pe"),
        costs.settings_of(world.ports, stranger, "main"),
        costs.set_costs(world.ports, stranger, "main", CostSettings()),
    ):
        with pytest.raises(NotThere):
            await call
    assert await audits(world) == []


async def test_a_months_sheet_is_of_a_store_or_of_the_house() -> None:
    """One store's people read their own month; only the house reads everybody's."""
    world, _ = await one_refund()
    month = Month.parse("2026-11")
    assert (await costs.quote(world.ports, AGENT, month, "tienda-pe")).as_record()
    assert (await costs.quote(world.ports, person(Role.AGENT, HOUSE), month)).as_record()
    with pytest.raises(NotAllowed):
        await costs.quote(world.ports, OWNER, month)


async def test_an_accounts_fees_take_every_store_of_it() -> None:
    """Who edits accounts in each of its stores sets its fees; they are read again."""
    world, _ = await one_refund()
    fees = read_costs("fees:\n  - currency: PEN\n    refund_fee: 1.50\n")
    with pytest.raises(NotAllowed):
        await costs.set_costs(world.ports, AGENT, "main", fees)
    await costs.set_costs(world.ports, OWNER, "main", fees)
    assert await costs.settings_of(world.ports, AGENT, "main") == fees
    await with_second_store(world)
    with pytest.raises(NotThere):
        await costs.set_costs(world.ports, OWNER, "main", CostSettings())
