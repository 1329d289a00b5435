"""Held refunds and the people who decide about them."""

import pytest

from desk_world import DeskWorld
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    InvalidInput,
    NothingToApprove,
    NotThere,
)
from pef_adapters.core.policy import read_policy
from pef_adapters.core.states import State
from pef_adapters.engine import approvals
from pef_adapters.engine.people import retry
from pef_adapters.engine.policies import owner_of_store, publish
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.records import Act, ReviewEnd

HOLDS = {"rules": [{"id": "big", "when": {}, "then": "hold"}]}
TWICE = {"rules": [{"id": "big", "when": {}, "then": "hold", "approvers": 2}]}


async def held(**policy: object) -> DeskWorld:
    """A world whose one refund is held by a rule."""
    world = await DeskWorld().open_old(days=1, **policy)
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.HELD
    return world


async def test_an_approved_refund_is_decided_anew_and_paid_once() -> None:
    """One yes lets the refund go, with who said it in its decision."""
    world = await held(**HOLDS)
    refund = await world.approve("Rosa")
    assert refund.state is State.PENDING
    assert refund.decision is not None
    assert refund.decision["code"] == "APPROVED_BY_PEOPLE"
    assert refund.decision["figures"] == {"people": "rosa"}
    assert len(world.rail.paid_out()) == 1


async def test_two_approvers_are_two_people() -> None:
    """The same person twice is one, also in other letters; a second one ends the wait."""
    world = await held(**TWICE)
    refund = await world.approve("Rosa")
    assert refund.state is State.HELD
    for name in ("Rosa", " ROSA ", "rosá"):
        with pytest.raises(AlreadyApproved):
            await approvals.approve(world.ports, refund.id, name)
    assert (await world.approve("Marta")).state is State.PENDING


async def test_who_pressed_the_button_cannot_approve() -> None:
    """The store's operator is refused under its own number and under its person's name."""
    world = await DeskWorld().open_old(days=1, **HOLDS)
    await world.set_store(people={"1": "Rosa Díaz"})
    await world.press()
    await world.run()
    refund = await world.refund()
    for name in ("1", "rosa diaz"):
        with pytest.raises(EditorCannotApprove):
            await approvals.approve(world.ports, refund.id, name)
    assert (await world.approve("Marta")).state is State.PENDING


async def test_a_refund_that_changed_needs_a_new_yes() -> None:
    """Whoever approves what was shown before is told that it is not that any more."""
    world = await held(**HOLDS)
    refund = await world.refund()
    shown = (await approvals.look(world.ports, refund.id)).review.digest
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Rosa", seen="0" * 12)
    done = await approvals.approve(world.ports, refund.id, "Rosa", seen=shown[:12])
    assert done.state is State.RECEIVED


async def test_another_amount_at_the_store_is_not_approved_with_the_old_yes() -> None:
    """Between the yes and the new decision the store raises the amount: nothing is paid."""
    world = await held(**HOLDS)
    refund = await world.refund()
    await approvals.approve(world.ports, refund.id, "Rosa")
    world.platform.press("15", type(refund.amount)(12000, "PEN"), at=refund.requested_at)
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.AMOUNT_CHANGED_AT_STORE")
    assert world.rail.sends == []


async def test_a_new_reason_to_hold_needs_a_new_yes() -> None:
    """An approval covers the rule it was asked about, not a limit that is reached later."""
    world = await held(**HOLDS)
    refund = await world.refund()
    await approvals.approve(world.ports, refund.id, "Rosa")
    limit = {"per": "refund", "amount": "10.00", "currency": "PEN"}
    policy = (await world.store()).settings["policy"]
    await world.set_store(policy={**policy, "limits": [limit]})
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "LIMIT_REACHED_REFUND"
    assert set(refund.decision["holds"]) == {"big", "limit_refund_10.00_PEN"}
    assert (await world.approve("Marta")).state is State.PENDING


async def test_a_declined_refund_is_rejected_with_its_reason() -> None:
    """A no ends it; the order hears it, and earlier votes count no more after a retry."""
    world = await held(**TWICE)
    await world.approve("Rosa")
    refund = await world.refund()
    with pytest.raises(InvalidInput):
        await approvals.decline(world.ports, refund.id, "Marta", "  ")
    await approvals.decline(world.ports, refund.id, "Marta", "Not our buyer")
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.REJECTED, "code.DECLINED_BY_PERSON")
    await retry(world.ports, refund.id, "Luis")
    await world.run()
    assert (await world.approve("Marta")).state is State.HELD
    assert (await world.approve("Rosa")).state is State.PENDING


async def test_questions_are_shown_until_they_are_answered() -> None:
    """Asking for more information calls for attention; the answer takes that away."""
    world = await held(**HOLDS)
    refund = await world.refund()
    asked = await approvals.speak(world.ports, refund.id, "Rosa", Act.ASK, "Which size?")
    assert asked.attention == "code.MORE_INFORMATION_NEEDED"
    answered = await approvals.speak(world.ports, refund.id, "Luis", Act.ANSWER, "M")
    assert answered.attention is None
    await approvals.speak(world.ports, refund.id, "Luis", Act.COMMENT, "urgent")
    waiting = await approvals.look(world.ports, refund.id)
    assert [(act.act, act.comment) for act in waiting.acts] == [
        (Act.ASK, "Which size?"),
        (Act.ANSWER, "M"),
        (Act.COMMENT, "urgent"),
    ]


async def test_whatever_takes_the_refund_away_ends_the_review() -> None:
    """A refund that its store withdrew leaves the queue, and can't be approved."""
    world = await held(**HOLDS)
    refund = await world.refund()
    world.platform.delete("15")
    await world.later(days=1, minutes=1)
    assert (await world.refund()).state is State.CANCELLED
    assert await approvals.queue(world.ports) == []
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Rosa")
    async with world.book.begin() as ledger:
        assert [r.ended_as for r in await ledger.reviews(refund.id)] == [ReviewEnd.VOID]


async def test_what_a_guard_holds_waits_for_no_approval() -> None:
    """Nobody's yes passes a guard, so nobody is asked."""
    world = await DeskWorld().open_old(days=1)
    await world.set_account(kyc_until="2026-11-01")
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert await approvals.queue(world.ports) == []
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Rosa")
    with pytest.raises(NotThere):
        await approvals.approve(world.ports, "RFNOBODY", "Rosa")


async def test_an_approval_given_while_the_rail_is_busy_is_not_lost() -> None:
    """The refund waits in ready, is decided anew, and the same yes still counts."""
    world = await held(**HOLDS)
    world.rail.refuse((Refusal.BUSY, "RATE_LIMITED"))
    assert (await world.approve("Rosa")).state is State.READY
    await world.later(minutes=1)
    assert (await world.refund()).state is State.PENDING


async def test_a_yes_from_before_a_retry_counts_no_more() -> None:
    """What took the refund out of the queue voids the votes given there, for the count too."""
    world = await held(**TWICE)
    await world.approve("Rosa")
    await retry(world.ports, (await world.refund()).id, "Luis")
    await world.run()
    assert (await world.approve("Marta")).state is State.HELD
    assert (await world.approve("Rosa")).state is State.PENDING


async def test_a_new_policy_version_asks_anew() -> None:
    """Who agreed to a rule agreed to that version of it, not to what it says now."""
    world = await held(**TWICE)
    await world.approve("Rosa")
    draft = read_policy("name: shop\nrules: [{id: big, then: hold, approvers: 1}]\notherwise: hold")
    await world.later(minutes=1)
    await publish(world.ports, owner_of_store("tienda-pe"), draft, "Luis")
    await retry(world.ports, (await world.refund()).id, "Luis")
    await world.run()
    assert (await world.refund()).state is State.HELD
    assert (await world.approve("Marta")).state is State.PENDING
