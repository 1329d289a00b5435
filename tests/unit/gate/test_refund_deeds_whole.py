"""Presses by hand and deeds on refunds at the gate: whole answers and whole entries."""

import pytest

from desk_actors import ELSEWHERE, HERE, house_owner, person, with_second_store
from desk_told import AGENT, OWNER, kept, of_owner
from desk_world import DeskWorld
from engine_world import CIP
from pef_adapters.core.access import Actor, ActorKind, Permission, Power, Role
from pef_adapters.core.errors import (
    NotAllowed,
    NotThere,
    PefError,
)
from pef_adapters.core.money import Money
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.gate import beside, by_hand, costs, refunds
from pef_adapters.engine.records import RefundSearch

# presses by hand


def pressed(minor: int, rest: int = 12980, key: str = "form-1") -> Press:
    """A press of so many céntimos, by somebody else's name."""
    return Press(
        transaction_id=CIP,
        order_number="",
        amount=Money(minor, "PEN"),
        expected_rest=Money(rest, "PEN"),
        reason="broken",
        person="somebody else",
        key=key,
    )


async def test_a_press_is_kept_at_its_refund_and_in_his_own_name() -> None:
    """A refused one is kept at the store; whoever is named in the form counts for nothing."""
    world = DeskWorld()
    await world.open_old(1)
    with pytest.raises(PefError) as refused:
        await by_hand.press(world.ports, OWNER, "tienda-pe", pressed(100, rest=1))
    refund = await by_hand.press(world.ports, OWNER, "tienda-pe", pressed(100))
    with pytest.raises(NotAllowed):
        await by_hand.press(world.ports, AGENT, "tienda-pe", pressed(100))
    assert refund.requested_by == OWNER.name
    asked = {"transaction": CIP, "amount": "1.00 PEN"}
    code = refused.value.code
    assert await kept(world) == [
        of_owner("press_by_hand", "store/tienda-pe", code, **asked),
        of_owner("press_by_hand", f"refund/{refund.id}", **asked),
        of_owner("press_by_hand", "store/tienda-pe", "NOT_ALLOWED"),
    ]


async def test_a_shared_payment_is_found_where_it_is_known() -> None:
    """By its order or by a refund of this store, each alone; by neither it is told in words."""
    world = DeskWorld()
    await world.open_old(1)
    await with_second_store(world)
    with pytest.raises(NotThere) as refused:
        await by_hand.find(world.ports, OWNER, "tienda-pe", CIP)
    assert str(refused.value) == (
        f"no payment {CIP} is known to be this store's, which shares its account;"
        " ask who runs all stores of the account"
    )
    with pytest.raises(NotThere) as refused:
        await by_hand.find(world.ports, OWNER, "tienda-pe", "9" * 60)
    assert str(refused.value).startswith(f"no payment {'9' * 40} is known")
    await by_hand.press(world.ports, house_owner(), "tienda-pe", pressed(100))
    found = await by_hand.find(world.ports, OWNER, "tienda-pe", CIP)
    assert (found.order_number, len(found.refunds)) == ("", 1)
    with pytest.raises(NotThere):
        await by_hand.find(world.ports, person(Role.OWNER, ELSEWHERE), "otra-pe", CIP)


async def test_an_account_of_ones_own_is_not_narrowed_by_others() -> None:
    """A store whose account nobody shares finds what nobody knows yet; so does the house."""
    world = DeskWorld()
    await world.open_old(1)
    await with_second_store(world, "second")
    found = await by_hand.find(world.ports, OWNER, "tienda-pe", CIP)
    assert (found.order_number, found.refunds) == ("", ())
    with pytest.raises(NotThere):
        await by_hand.find(world.ports, OWNER, "otra-pe", CIP)


async def test_stores_to_press_in_are_those_of_the_actor() -> None:
    """By id; an agent presses nowhere."""
    world = DeskWorld()
    await world.open_old(1)
    await with_second_store(world)
    for actor, ids in (
        (house_owner(), ["otra-pe", "tienda-pe"]),
        (OWNER, ["tienda-pe"]),
        (AGENT, []),
    ):
        assert [head.id for head in await by_hand.stores(world.ports, actor)] == ids


# refunds


async def test_deeds_on_a_refund_are_kept_whole() -> None:
    """What was asked for and its details, done or refused."""
    world = DeskWorld()
    await world.open_old(1, otherwise="hold")
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    at = world.clock.now()
    await refunds.bundle(world.ports, OWNER, refund, "en")
    await refunds.retry(world.ports, OWNER, refund)
    await refunds.set_deadline(world.ports, OWNER, refund, at)
    await refunds.set_deadline(world.ports, OWNER, refund, None)
    await costs.record(world.ports, OWNER, refund, Money(150, "PEN"), "fee")
    for deed in (
        refunds.settle(world.ports, OWNER, refund, paid=True),
        refunds.settle(world.ports, OWNER, refund, paid=False),
        refunds.withdraw(world.ports, OWNER, refund, "no"),
        refunds.retry(world.ports, AGENT, refund),
    ):
        with pytest.raises(PefError):
            await deed
    subject = f"refund/{refund}"
    entries = await kept(world)
    assert [each[:3] for each in entries] == [
        (OWNER.name, what, subject)
        for what in (
            *("bundle", "retry", "set_deadline", "set_deadline", "record_cost"),
            *("settle", "settle", "withdraw_by_hand", "retry"),
        )
    ]
    assert {each[3] for each in entries} == {("tienda-pe", None)}
    assert [each[6] for each in entries] == [
        {},
        {},
        {"at": at.isoformat()},
        {"at": None},
        {"amount": "1.50 PEN"},
        {"paid": True},
        {"paid": False},
        {},
        {},
    ]
    assert entries[-1][4] == "NOT_ALLOWED"


async def test_what_is_possible_is_what_the_actor_may() -> None:
    """An agent is offered nothing, and an owner what the refund's state allows."""
    world = DeskWorld()
    await world.open_old(1, otherwise="hold")
    await world.press("15", 12980)
    await world.run()
    refund = (await world.refund()).id
    owners = (await refunds.lay_out(world.ports, OWNER, refund, "en")).possible
    agents = (await refunds.lay_out(world.ports, AGENT, refund, "en")).possible
    assert agents == frozenset()
    acts = Power(HERE, frozenset({Permission.SEE_REFUNDS, Permission.ACT_ON_REFUNDS}))
    settles = Power(HERE, frozenset({Permission.SEE_REFUNDS, Permission.SETTLE_REFUNDS}))
    halves = [
        (await refunds.lay_out(world.ports, actor, refund, "en")).possible
        for actor in (
            Actor("a@x.pe", ActorKind.PERSON, (acts,)),
            Actor("b@x.pe", ActorKind.PERSON, (settles,)),
        )
    ]
    assert owners == halves[0] | halves[1]
    assert not halves[0] & halves[1]


async def test_beside_refunds_stands_what_the_actor_may_see() -> None:
    """Payments where there is one, timelines oldest first, and neither of another's refund."""
    world = DeskWorld()
    await world.open_old(1)
    await world.press("15", 5000)
    await world.press("16", 100, transaction_id=None)
    await world.run()
    both = [await world.refund("15"), await world.refund("16")]
    payment = await world.payment()
    assert await beside.payments(world.ports, AGENT, both) == {both[0].id: payment}
    lines = await beside.timelines(world.ports, AGENT, both)
    assert set(lines) == {both[0].id, both[1].id}
    assert all(lines.values())
    stranger = person(Role.OWNER, ELSEWHERE)
    assert await beside.payments(world.ports, stranger, both) == {}
    assert await beside.timelines(world.ports, stranger, both) == {}
    found = await refunds.search(world.ports, AGENT, RefundSearch(reach=None))
    assert {each.id for each in found} == {each.id for each in both}
    assert await refunds.search(world.ports, stranger, RefundSearch(reach=None)) == []
