"""Publishing: versions that never change, agencies over their stores."""

from typing import Any

import pytest

from desk_world import DeskWorld
from pef_adapters.core.errors import InvalidInput, NotThere, PolicyLocked, PolicyUnreadable
from pef_adapters.core.policy import Policy, decide, read_policy
from pef_adapters.core.policy.recorded import facts_of
from pef_adapters.core.states import State
from pef_adapters.engine.policies import (
    effective,
    owner_of_agency,
    owner_of_store,
    publish,
)
from pef_adapters.engine.records import PublishedPolicy
from pef_adapters.engine.upkeep import join_agency

STORE, AGENCY = owner_of_store("tienda-pe"), owner_of_agency("acme")
OPEN = "name: shop\notherwise: approve\n"
HOLDING = "name: shop\nrules: [{id: all, then: hold}]\notherwise: approve\n"


async def publish_text(
    world: DeskWorld, text: str, owner: str = STORE, by: str = "Rosa"
) -> PublishedPolicy:
    """Publish what somebody wrote."""
    return await publish(world.ports, owner, read_policy(text), by)


async def world() -> DeskWorld:
    """A world that was connected without a policy."""
    opened = DeskWorld()
    await opened.open()
    return opened


async def test_the_newest_published_version_decides() -> None:
    """Each change is the next version, and a refund keeps the one it was decided by."""
    here = await world()
    assert (await publish_text(here, OPEN)).version == 1
    assert (await publish_text(here, HOLDING)).version == 2
    await here.press()
    await here.run()
    refund = await here.refund()
    assert refund.decision is not None
    assert (refund.state, refund.decision["policy_version"]) == (State.HELD, "shop-2")


async def test_the_same_contents_again_publish_nothing() -> None:
    """Publishing is safe to repeat."""
    here = await world()
    first = await publish_text(here, OPEN)
    assert await publish_text(here, OPEN, by="Luis") == first


async def test_a_file_names_the_next_version_or_none() -> None:
    """A number that is not the next one is refused, with the right one in the message."""
    here = await world()
    with pytest.raises(InvalidInput, match="the next is 1"):
        await publish_text(here, f"{OPEN}version: 3\n")
    assert (await publish_text(here, f"{OPEN}version: 1\n")).version == 1
    with pytest.raises(InvalidInput, match="say who"):
        await publish_text(here, HOLDING, by=" ")


async def test_a_policy_with_errors_is_not_published() -> None:
    """What lint calls an error never decides."""
    here = await world()
    with pytest.raises(PolicyUnreadable):
        await publish_text(
            here,
            "name: shop\nrules: [{id: a, then: hold}]\nwindow: "
            "{original_route_days: 30, payout_days: 3}\notherwise: approve\n",
        )
    with pytest.raises(NotThere):
        await publish_text(here, OPEN, owner=owner_of_store("nobody"))


async def test_a_store_inherits_what_it_leaves_open() -> None:
    """Agency's limits and windows hold in the store, and its own rules stand after the locked."""
    here = await world()
    agency = (
        "name: acme\notherwise: hold\nwindow: {original_route_days: 5, payout_days: 9}\n"
        "rules: [{id: fraud, when: {reason: {contains: [fraude]}}, then: reject, locked: true}]\n"
    )
    await publish_text(here, agency, owner=AGENCY)
    await publish_text(here, "name: shop\nrules: [{id: mine, then: approve}]\n")
    await join_agency(here.ports, "tienda-pe", "acme")
    whole = await effective(here.ports, "tienda-pe")
    assert [rule.id for rule in whole.rules] == ["fraud", "mine"]
    assert whole.window.original_route_days == 5
    assert whole.label == "shop-1/acme-1"
    await here.press(reason="fraude de tarjeta")
    await here.run()
    assert (await here.refund()).state is State.REJECTED


async def test_a_new_agency_version_reaches_its_stores_at_once() -> None:
    """The next decision is made under the agency's newest version, and names it."""
    here = await world()
    await publish_text(here, "name: acme\notherwise: approve\n", owner=AGENCY)
    await join_agency(here.ports, "tienda-pe", "acme")
    await publish_text(
        here,
        "name: shop\n" + "rules: [{id: big, when: {amount: {min: 9999, "
        "currency: PEN}}, then: hold}]\n",
    )
    await join_agency(here.ports, "tienda-pe", "acme")
    await publish_text(here, "name: acme\notherwise: hold\n", owner=AGENCY)
    await here.press()
    await here.run()
    refund = await here.refund()
    assert refund.decision is not None
    assert (refund.state, refund.decision["policy_version"]) == (State.HELD, "shop-1/acme-2")


async def test_what_an_agency_locks_its_stores_cannot_change() -> None:
    """Neither the store's next version nor the agency's may break the lock, and it says where."""
    here = await world()
    locked = "name: acme\notherwise: approve\nwindow: {original_route_days: 5}\nlocked: [window]\n"
    own = f"{OPEN}window: {{original_route_days: 60}}\n"
    await publish_text(here, locked, owner=AGENCY)
    await join_agency(here.ports, "tienda-pe", "acme")
    with pytest.raises(PolicyLocked):
        await publish_text(here, own)
    await join_agency(here.ports, "tienda-pe", None)
    await publish_text(here, own)
    with pytest.raises(PolicyLocked):
        await join_agency(here.ports, "tienda-pe", "acme")


async def test_an_agencys_change_that_breaks_a_store_is_refused_with_its_name() -> None:
    """Nobody's store stops deciding because its agency published something."""
    here = await world()
    await publish_text(here, "name: acme\notherwise: approve\n", owner=AGENCY)
    await publish_text(here, f"{OPEN}window: {{original_route_days: 60}}\n")
    await join_agency(here.ports, "tienda-pe", "acme")
    with pytest.raises(PolicyLocked, match="store tienda-pe"):
        await publish_text(here, "name: acme\notherwise: approve\nlocked: [window]\n", owner=AGENCY)


async def test_every_decision_keeps_the_facts_it_was_made_from() -> None:
    """They can be decided again, and come to the same decision byte for byte."""
    here = await world()
    await publish_text(here, HOLDING)
    await here.press()
    await here.run()
    async with here.book.begin() as ledger:
        [decided] = await ledger.decided(here.clock.now())
    policy: Policy = await effective(here.ports, "tienda-pe")
    again: dict[str, Any] = decide(facts_of(decided.facts), policy).as_record()
    assert again == decided.decision
