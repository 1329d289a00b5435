"""Past refunds from the ledger: each once, as it was decided the first time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_world import DeskWorld
from pef_adapters.core.errors import HistoryUnreadable, NotThere, PolicyLocked
from pef_adapters.core.policy import Outcome, read_policy
from pef_adapters.core.policy.backtest import backtest
from pef_adapters.core.policy.history import read_history, write_history
from pef_adapters.engine.history import as_published, past_refunds
from pef_adapters.engine.policies import owner_of_agency, publish
from pef_adapters.engine.upkeep import join_agency

HOLDS = {"id": "large", "when": {"amount": {"min": 50.01, "currency": "PEN"}}, "then": "hold"}
YOUNG = {"original_route_days": 60, "payout_days": 90}


async def decided_world() -> DeskWorld:
    """Refund 15 of S/ 60 was held and approved by Rosa a day later; 16 of S/ 20 went at once."""
    rule = {**HOLDS, "when": {"amount": {"min": "50.01", "currency": "PEN"}}}
    world = await DeskWorld().open_old(rules=[rule], window=YOUNG)
    await world.press("15", 6000)
    await world.run()
    world.clock.advance(days=1)
    await world.approve("Rosa")
    await world.press("16", 2000)
    await world.run()
    return world


async def test_a_refund_counts_as_it_was_decided_first() -> None:
    """What people agreed to later is left out, and so is its second decision."""
    world = await decided_world()
    past = await past_refunds(world.ports, world.clock.now() - timedelta(days=2), "tienda-pe")
    assert [each.outcome for each in past] == [Outcome.HOLD, Outcome.APPROVE]
    assert [str(each.facts.amount) for each in past] == ["60.00 PEN", "20.00 PEN"]
    assert past[0].facts.votes == ()


async def test_a_refund_decided_first_before_the_day_is_left_out() -> None:
    """A decision anew does not make an old refund a new one."""
    world = await decided_world()
    past = await past_refunds(world.ports, world.clock.now() - timedelta(hours=1), None)
    assert [str(each.facts.amount) for each in past] == ["20.00 PEN"]


async def test_the_ledger_and_its_export_are_decided_alike() -> None:
    """A policy tried on the ledger and on the exported CSV gives the same figures."""
    world = await decided_world()
    past = await past_refunds(world.ports, world.clock.now() - timedelta(days=2), None)
    policy = read_policy("name: new\notherwise: approve\nwindow: {original_route_days: 60}\n")
    exported = list(read_history(write_history(past)))
    on_ledger, on_csv = (backtest(each, policy).as_record() for each in (past, exported))
    assert on_ledger["would_be"] == on_csv["would_be"]
    assert on_ledger["refunds"] == 2


async def test_other_stores_and_unknown_ones() -> None:
    """Without a store all count; one that is not there is an error."""
    world = await decided_world()
    with pytest.raises(NotThere, match="pef store list"):
        await past_refunds(world.ports, world.clock.now(), "nobody")


async def test_a_record_that_cannot_be_read_is_named() -> None:
    """The error names the refund whose facts are no facts."""
    world = await decided_world()
    refund, since = await world.refund("16"), world.clock.now() - timedelta(days=2)
    async with world.book.begin() as ledger:
        last = (await ledger.decided(since))[-1]
        await ledger.add_decided(replace(last, at=since, facts={}))
    with pytest.raises(HistoryUnreadable, match=refund.id):
        await past_refunds(world.ports, since, None)


async def test_a_draft_is_tried_under_its_agency() -> None:
    """A store's draft is joined with the agency's newest policy, whose locks hold."""
    world = await DeskWorld().open_old()
    agency = read_policy("name: acme\notherwise: hold\nlocked: [window]\n")
    await publish(world.ports, owner_of_agency("acme"), agency, "Rosa")
    draft = read_policy("name: shop\notherwise: approve\n")
    assert await as_published(world.ports, "tienda-pe", draft) == draft
    await join_agency(world.ports, "tienda-pe", "acme")
    joined = await as_published(world.ports, "tienda-pe", draft)
    assert joined.label == "shop-0/acme-1"
    locked = read_policy("name: shop\notherwise: approve\nwindow: {payout_days: 400}\n")
    with pytest.raises(PolicyLocked):
        await as_published(world.ports, "tienda-pe", locked)
    with pytest.raises(NotThere):
        await as_published(world.ports, "nobody", draft)
