"""Nobody approves by a second name what he pressed or approved under another."""

import pytest

from desk_actors import house_owner
from desk_world import DeskWorld
from gate_world import MINE, ORIGIN, at_store
from pef_adapters.core.access import ROLES, Actor, ActorKind, Power, Role, store_place
from pef_adapters.core.errors import AlreadyApproved, EditorCannotApprove
from pef_adapters.engine.gate import approvals
from pef_adapters.engine.gate.sessions import person
from pef_adapters.engine.records import Refund, User


async def held(people: dict[str, str]) -> tuple[DeskWorld, Refund, str]:
    """A refund that number 1 pressed at the store, and its digest; two have to agree to it."""
    world = DeskWorld()
    await world.open_old(1, otherwise={"then": "hold", "approvers": 2})
    await world.press("15", 12980)
    await world.run()
    await world.set_store(people=people)
    refund = await world.refund()
    waiting = await approvals.look(world.ports, house_owner(), refund.id)
    return world, refund, waiting.review.digest[: approvals.DIGEST_LETTERS]


def from_platform(number: str) -> Actor:
    """Who came in by the store's platform."""
    power = Power(store_place(MINE), ROLES[Role.OWNER])
    return Actor(f"fake/{number}", ActorKind.PERSON, (power,))


async def approver(world: DeskWorld, email: str, name: str) -> Actor:
    """Who has an account of this name."""
    user = User(
        id=f"U-{email}",
        email=email,
        name=name,
        language="en",
        grants=(at_store(Role.APPROVER),),
        created_by="a test",
        created_at=world.clock.now(),
    )
    async with world.book.begin() as ledger:
        assert await ledger.add_user(user)
    return person(user, ORIGIN)


@pytest.mark.parametrize("people", [{}, {"1": "ana@tienda.pe"}, {"fake/1": "ana@tienda.pe"}])
async def test_who_pressed_at_the_platform_does_not_approve_from_there(
    people: dict[str, str],
) -> None:
    """The platform's number of a person and the name of his session are one person."""
    world, refund, seen = await held(people)
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, from_platform("1"), refund.id, seen)
    await approvals.approve(world.ports, from_platform("2"), refund.id, seen)


async def test_nobody_approves_from_the_platform_and_from_here() -> None:
    """Whom the store has told us to be one person has one vote."""
    world, refund, seen = await held({"42": "ana@tienda.pe"})
    await approvals.approve(world.ports, from_platform("42"), refund.id, seen)
    ana = await approver(world, "ana@tienda.pe", "Ana")
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, ana, refund.id, seen)


async def test_two_addresses_of_one_name_have_one_vote() -> None:
    """A second account under the same name is no second person."""
    world, refund, seen = await held({})
    first = await approver(world, "ana@tienda.pe", "Ana Ramos")
    second = await approver(world, "ana@otra.pe", "ana  ramos")
    await approvals.approve(world.ports, first, refund.id, seen)
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, second, refund.id, seen)


async def test_who_pressed_by_one_address_does_not_approve_by_another() -> None:
    """The store's number stands for an address, and the address for a name."""
    world, refund, seen = await held({"1": "ana@tienda.pe"})
    await approver(world, "ana@tienda.pe", "Ana Ramos")
    second = await approver(world, "ana@otra.pe", "Ana Ramos")
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, second, refund.id, seen)
