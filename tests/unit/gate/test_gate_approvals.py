"""The gate to approvals: who sees the queue, who decides, and what is never let through."""

import pytest

from desk_actors import (
    ELSEWHERE,
    HERE,
    audits,
    house_owner,
    known_as,
    machine,
    person,
    with_second_store,
)
from desk_world import DeskWorld
from pef_adapters.core.access import HOUSE, Role
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    InvalidInput,
    NotAllowed,
    NothingToApprove,
    NotThere,
)
from pef_adapters.core.states import State
from pef_adapters.engine.gate import approvals
from pef_adapters.engine.records import Act, Refund

ROLES = {
    Role.AGENT: {"look": True, "speak": True, "approve": False, "decline": False},
    Role.APPROVER: {"look": True, "speak": True, "approve": True, "decline": True},
    Role.OWNER: {"look": True, "speak": True, "approve": True, "decline": True},
    Role.AGENCY_ADMINISTRATOR: {"look": True, "speak": True, "approve": True, "decline": True},
}


async def held(world: DeskWorld, approvers: int = 2) -> Refund:
    """A refund of S/ 129.80 that two people have to agree to."""
    await world.open_old(1, otherwise={"then": "hold", "approvers": approvers})
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    return refund


async def digest_of(world: DeskWorld, refund: Refund) -> str:
    """What the page shows, to come back with an approval."""
    waiting = await approvals.look(world.ports, house_owner(), refund.id)
    return waiting.review.digest[: approvals.DIGEST_LETTERS]


@pytest.mark.parametrize(
    ("role", "action", "may"),
    [(role, action, may) for role, table in ROLES.items() for action, may in table.items()],
)
async def test_each_role_does_what_the_table_says(role: Role, action: str, may: bool) -> None:  # noqa: FBT001 - a row of the table
    """Agents look and speak; approvers and whoever stands above decide as well."""
    world = DeskWorld()
    refund = await held(world)
    seen, actor = await digest_of(world, refund), person(role)
    calls = {
        "look": lambda: approvals.look(world.ports, actor, refund.id),
        "speak": lambda: approvals.speak(world.ports, actor, refund.id, Act.COMMENT, "hm"),
        "approve": lambda: approvals.approve(world.ports, actor, refund.id, seen),
        "decline": lambda: approvals.decline(world.ports, actor, refund.id, "no"),
    }
    if may:
        await calls[action]()
        return
    with pytest.raises(NotAllowed):
        await calls[action]()
    (entry,) = await audits(world)
    assert (entry.what, entry.outcome, entry.store_id) == (action, "NOT_ALLOWED", "tienda-pe")


async def test_a_foreign_refund_is_answered_like_one_that_is_not_there() -> None:
    """Nobody learns from the gate what waits in another's store."""
    world = DeskWorld()
    refund, stranger = await held(world), person(Role.OWNER, ELSEWHERE)
    calls = (approvals.look, lambda *at: approvals.decline(*at, "no"))
    for call in calls:
        with pytest.raises(NotThere) as foreign:
            await call(world.ports, stranger, refund.id)
        with pytest.raises(NotThere) as missing:
            await call(world.ports, stranger, "RF404")
        assert str(foreign.value).replace(refund.id, "X") == str(missing.value).replace(
            "RF404", "X"
        )
    assert await audits(world) == []


async def test_the_queue_holds_the_actors_own_stores_only() -> None:
    """Each reader finds his stores' held refunds, and the house all of them."""
    world = DeskWorld()
    refund = await held(world)
    await with_second_store(world)
    for actor, found in (
        (person(Role.AGENT), [refund.id]),
        (person(Role.AGENT, HOUSE), [refund.id]),
        (person(Role.AGENT, ELSEWHERE), []),
    ):
        waiting = await approvals.queue(world.ports, actor)
        assert [each.refund.id for each in waiting] == found


async def test_the_scoped_queue_says_what_the_whole_one_says() -> None:
    """Whoever sees one store sees the same entry as the house, its acts included."""
    world = DeskWorld()
    refund = await held(world)
    await approvals.speak(world.ports, person(Role.AGENT), refund.id, Act.COMMENT, "hm")
    scoped = await approvals.queue(world.ports, person(Role.AGENT, HERE))
    assert scoped == await approvals.queue(world.ports, house_owner())
    assert [act.comment for act in scoped[0].acts] == ["hm"]


async def test_what_expires_first_comes_first_in_a_scoped_queue() -> None:
    """The order of the queue is that of urgency, also for one store."""
    world = DeskWorld()
    await world.open_old(1, otherwise="hold")
    for number, minor in (("15", 1000), ("16", 2000)):
        await world.press(number, minor)
        await world.run()
        world.clock.advance(minutes=5)
    waiting = await approvals.queue(world.ports, person(Role.AGENT))
    assert [each.refund.platform_refund_id for each in waiting] == ["15", "16"]
    assert [each.refund.platform_refund_id for each in waiting[:1]] == [
        each.refund.platform_refund_id
        for each in await approvals.queue(world.ports, person(Role.AGENT), 1)
    ]


async def test_a_machine_never_decides() -> None:
    """Whatever a token holds, a program can neither approve nor decline."""
    world = DeskWorld()
    refund = await held(world)
    seen = await digest_of(world, refund)
    with pytest.raises(NotAllowed):
        await approvals.approve(world.ports, machine(), refund.id, seen)
    with pytest.raises(NotAllowed):
        await approvals.decline(world.ports, machine(), refund.id, "no")
    assert (await world.refund()).state is State.HELD
    assert [entry.outcome for entry in await audits(world)] == ["NOT_ALLOWED", "NOT_ALLOWED"]


async def test_to_speak_is_never_to_approve() -> None:
    """An act that decides does not get past the permission to speak."""
    world = DeskWorld()
    refund = await held(world)
    for act in (Act.APPROVE, Act.DECLINE):
        with pytest.raises(NotAllowed):
            await approvals.speak(world.ports, machine(), refund.id, act, "yes")
    assert (await approvals.look(world.ports, house_owner(), refund.id)).acts == ()


@pytest.mark.parametrize("seen", ["", "0", "0" * 12, "0" * 64])
async def test_only_what_was_shown_is_approved(seen: str) -> None:
    """Without the digest that the page showed, or with another, nothing is agreed to."""
    world = DeskWorld()
    refund = await held(world)
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, person(Role.APPROVER), refund.id, seen)
    assert (await audits(world))[0].outcome == "NOTHING_TO_APPROVE"


async def test_two_people_approve_and_each_once() -> None:
    """The first yes waits for a second; the same person's second counts for nothing."""
    world = DeskWorld()
    refund = await held(world)
    seen = await digest_of(world, refund)
    first, second = person(Role.APPROVER), person(Role.OWNER, name="marta@tienda.pe")
    await approvals.approve(world.ports, first, refund.id, seen, "ok")
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, first, refund.id, seen)
    assert (await world.refund()).state is State.HELD
    await approvals.approve(world.ports, second, refund.id, seen)
    await world.run()
    assert (await world.refund()).state is not State.HELD
    assert [e.outcome for e in await audits(world)] == ["done", "ALREADY_APPROVED", "done"]


@pytest.mark.parametrize("pressed_by", ["rosa@tienda.pe", "Rosa Díaz", "ROSA DIAZ"])
async def test_nobody_approves_what_he_pressed(pressed_by: str) -> None:
    """Neither the e-mail address nor the person's own name is a way around."""
    world = DeskWorld()
    refund = await held(world)
    await world.set_store(people={str(refund.requested_by): pressed_by})
    actor = await known_as(world, person(Role.APPROVER), "Rosa Díaz")
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, actor, refund.id, await digest_of(world, refund))


async def test_one_person_under_two_names_is_one_person() -> None:
    """Who approved by name on the command line does not approve again by e-mail address."""
    world = DeskWorld()
    refund = await held(world)
    await world.approve("Rosa Díaz")
    actor = await known_as(world, person(Role.APPROVER), "Rosa Díaz")
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, actor, refund.id, await digest_of(world, refund))


async def test_declining_takes_a_reason() -> None:
    """Nothing is refused without words that are kept."""
    world = DeskWorld()
    refund = await held(world)
    with pytest.raises(InvalidInput):
        await approvals.decline(world.ports, person(Role.APPROVER), refund.id, "  ")
    declined = await approvals.decline(world.ports, person(Role.APPROVER), refund.id, "fraud")
    assert declined.state is State.REJECTED
