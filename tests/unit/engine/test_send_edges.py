"""The edges of sending: what is reserved, intended and sent when something is in the way."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine_world import CIP, PAID, World
from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import schedule, send
from pef_adapters.engine.attention import PAID_BEYOND
from pef_adapters.engine.ports import Boundary
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.testing.hostile_rail import LOST_REQUEST
from storage_samples import refund as sample


async def changed(world: World, **changes: Any) -> Refund:
    """The refund as if something else had happened to it meanwhile."""
    known = await world.refund()
    async with world.book.begin() as ledger:
        locked = await ledger.lock_refund(known.id)
        assert locked is not None
        await ledger.save_refund(replace(locked, **changes))
    return replace(known, **changes)


async def attempts_of(world: World) -> list[Attempt]:
    """Every id under which the refund was meant to leave."""
    known = await world.refund()
    async with world.book.begin() as ledger:
        return list(await ledger.attempts(known.id))


async def ready(world: World, minor: int = 5000) -> Refund:
    """A refund that was decided, and waits only for being sent."""
    world.platform.press("15", Money(minor, "PEN"), at=world.clock.now())
    await world.deliver("15")
    world.die_at = Boundary.RESERVING
    with pytest.raises(BaseException, match="reserving"):
        await world.run()
    refund = await world.refund()
    assert refund.state is State.READY
    return refund


async def test_a_rail_that_never_answers_leaves_the_refund_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixty seconds without an answer prove nothing: the money may be on its way."""
    world = await World().open()

    async def hang(_attempt: Attempt) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(world.rail, "send", hang)
    monkeypatch.setattr(send, "SEND_SECONDS", 0.01)
    await world.press("15", 5000)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.UNKNOWN
    assert (await world.payment()).reserved == Money(5000, "PEN")


async def test_money_taken_meanwhile_holds_the_refund() -> None:
    """Where another refund took the rest after the decision, nothing leaves and a person looks."""
    world = await World().open()
    await ready(world)
    async with world.book.begin() as ledger:
        payment = await ledger.lock_payment("main", CIP)
        assert payment is not None
        await ledger.save_payment(replace(payment, refunded=PAID))
    await send.send_refund(world.ports, await world.refund())
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.REST_TAKEN")
    assert world.rail.sends == []


async def test_what_left_ready_meanwhile_is_not_sent() -> None:
    """Only a refund that still waits for being sent is reserved and sent."""
    world = await World().open()
    refund = await ready(world)
    await changed(world, state=State.HELD)
    await send.send_refund(world.ports, refund)
    assert world.rail.sends == []
    assert await attempts_of(world) == []


async def test_each_boundary_of_a_send_is_passed_in_order() -> None:
    """Reserve, intend, send, observe: a crash can be planted between any two of them."""
    world = await World().open()
    passed: list[Boundary] = []
    world.ports = replace(world.ports, at=passed.append)
    await world.press("15", 5000)
    await world.run()
    expected = [Boundary.RESERVING, Boundary.INTENDED, Boundary.ANSWERED, Boundary.OBSERVED]
    assert [boundary for boundary in passed if boundary in expected] == expected


async def test_the_intent_is_written_with_its_first_send() -> None:
    """The attempt says when it was intended, when it first left, and that it left once."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    (attempt,) = await attempts_of(world)
    now = world.clock.now()
    assert (attempt.sends, attempt.intended_at, attempt.first_sent_at) == (1, now, now)
    assert attempt.transaction_id == CIP


async def lost(world: World) -> Attempt:
    """An attempt whose request got lost, and which the rail does not know."""
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    assert (await world.refund()).state is State.UNKNOWN
    (attempt,) = await attempts_of(world)
    return attempt


async def test_a_resend_is_counted_and_keeps_its_first_time() -> None:
    """The replay window is counted from the first time the id left."""
    world = await World().open()
    attempt = await lost(world)
    first = attempt.first_sent_at
    world.clock.advance(seconds=30)
    await send.resend(world.ports, attempt)
    (again,) = await attempts_of(world)
    assert (again.sends, again.first_sent_at) == (2, first)
    assert (await world.refund()).state is State.PENDING


@pytest.mark.parametrize(
    "changes",
    [{"state": State.PENDING}, {"generation": 2}, {"attention": PAID_BEYOND}],
    ids=["another state", "another generation", "an alarm"],
)
async def test_what_changed_meanwhile_is_not_sent_again(changes: dict[str, Any]) -> None:
    """Answered, given a new id, or under an alarm: the old id stays where it is."""
    world = await World().open()
    attempt = await lost(world)
    await changed(world, **changes)
    await send.resend(world.ports, attempt)
    assert len(world.rail.sends) == 1


async def test_an_answer_found_late_counts_before_anything_new_is_sent() -> None:
    """An id given up as refused is asked about first; what the rail booked is believed."""
    world = await World().open()
    refund, first = await world.refused_once()
    world.rail._book(first)
    await send.ask_about_earlier_sends(world.ports, refund)
    assert (await world.refund()).state is State.PENDING


async def test_without_earlier_sends_nobody_is_asked() -> None:
    """A refund that never left needs no rail to go on."""
    world = await World().open()
    refund = await ready(world)
    world.rail.down = LOST_REQUEST.raises
    await send.ask_about_earlier_sends(world.ports, refund)
    assert (await world.refund()).state is State.READY


async def test_a_refund_that_nobody_knows_has_no_rail() -> None:
    """Without its merchant account nothing is promised."""
    world = await World().open()
    with pytest.raises(NotThere):
        await send.rail_of(world.ports, "RFNOBODY")


@pytest.mark.parametrize(("maybe", "kept"), [(True, True), (False, False)])
def test_the_first_time_is_kept_only_where_it_may_have_counted(*, maybe: bool, kept: bool) -> None:
    """Provably not sent: the replay window begins anew. Perhaps sent: it goes on."""
    then = datetime.fromisoformat("2026-11-23T15:00:00+00:00")
    now = then + timedelta(hours=1)
    attempt = Attempt(
        merchant_refund_id="RF-1",
        refund_id="RF",
        generation=1,
        transaction_id=CIP,
        amount=Money(100, "PEN"),
        reason="",
        intended_at=then,
        first_sent_at=then,
        sends=1,
        maybe_sent=maybe,
    )
    known = sample(transaction_id="11546902")
    again = send._once_more(attempt, known, now)
    assert again.sends == 2
    assert again.first_sent_at == (then if kept else now)
    assert again.transaction_id == "11546902"
    assert send._once_more(attempt, replace(known, transaction_id=None), now).transaction_id == CIP


async def test_after_a_lost_answer_the_rail_is_asked_soon() -> None:
    """In seconds at first, without anybody's doing."""
    world = await World().open()
    await lost(world)
    refund = await world.refund()
    assert refund.next_action_at == schedule.unknown(refund.id, 0, world.clock.now())
