"""What time does by itself: reminders, ends, deadlines, documents and keys."""

from datetime import UTC, date, datetime, timedelta

import pytest

from desk_world import DeskWorld
from pef_adapters.core.errors import NothingToApprove
from pef_adapters.core.states import State
from pef_adapters.engine import approvals
from pef_adapters.engine.people import set_deadline
from pef_adapters.engine.watch import due_warning

HOLDS = {"rules": [{"id": "big", "when": {}, "then": "hold", "approvers": 2}]}
LAST = date(2027, 6, 30)


async def held(**policy: object) -> DeskWorld:
    """A world whose one refund is held by a rule."""
    world = await DeskWorld().open_old(days=1, **{**HOLDS, **policy})
    await world.press()
    await world.run()
    return world


async def test_a_waiting_review_is_reminded_of_once_and_cleared_by_its_end() -> None:
    """After a day somebody is told; when it is decided the alarm is gone."""
    world = await held()
    await world.later(hours=23, minutes=59)
    assert await world.alarms() == []
    for _ in range(3):
        await world.later(minutes=1)
    assert [alarm.code for alarm in await world.alarms()] == ["code.REVIEW_WAITS"]
    await world.approve("Rosa", "Marta")
    await world.later(minutes=1)
    assert await world.alarms() == []


async def test_what_was_agreed_before_the_end_counts_no_more() -> None:
    """After seven days the refund is still held, with a new question and no vote."""
    world = await held()
    refund = await world.approve("Rosa")
    await world.later(days=7, minutes=1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.APPROVAL_EXPIRED")
    assert (await approvals.look(world.ports, refund.id)).acts == ()
    assert (await world.approve("Marta")).state is State.HELD
    assert (await world.approve("Rosa")).state is State.PENDING


async def test_nobody_approves_after_the_end() -> None:
    """Between the end and the next sweep a late yes is refused."""
    world = await held()
    refund = await world.refund()
    world.clock.advance(days=7)
    with pytest.raises(NothingToApprove):
        await approvals.approve(world.ports, refund.id, "Rosa")


async def test_a_policy_can_reject_what_nobody_decided() -> None:
    """`when_expired: reject` ends it, and the order hears why."""
    world = await held(approvals={"expire_after_hours": 48, "when_expired": "reject"})
    await world.later(hours=48, minutes=1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.REJECTED, "code.APPROVAL_EXPIRED")


async def test_a_deadline_is_alarmed_when_near_and_when_passed_and_cleared_when_done() -> None:
    """A day before, somebody is told; after it, louder; once it is paid, no more."""
    world = await held()
    refund = await world.refund()
    at = world.clock.now() + timedelta(hours=30)
    await set_deadline(world.ports, refund.id, "Luis", at)
    await world.later(hours=5)
    assert await world.alarms() == []
    await world.later(hours=2)
    assert [alarm.code for alarm in await world.alarms()] == ["code.DEADLINE_NEAR"]
    await world.later(hours=24)
    codes = {alarm.code for alarm in await world.alarms()}
    assert codes == {"code.DEADLINE_PASSED", "code.REVIEW_WAITS"}
    await approvals.decline(world.ports, refund.id, "Rosa", "no")
    await world.later(minutes=1)
    assert await world.alarms() == []


async def test_a_platforms_own_deadline_and_a_rules_are_kept() -> None:
    """The platform's day stands; else the rule's hours from the first decision."""
    world = await DeskWorld().open_old(days=1, **HOLDS)
    at = datetime(2026, 12, 1, 15, tzinfo=UTC)
    await world.press("15", 1000, deadline_at=at)
    rule = {"id": "quick", "when": {}, "then": "hold", "answer_within_hours": 24}
    await world.run()
    assert (await world.refund()).deadline_at == at
    quick = await DeskWorld().open_old(days=1, rules=[rule])
    await quick.press()
    await quick.run()
    decided = quick.clock.now()
    assert (await quick.refund()).deadline_at == decided + timedelta(hours=24)


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (LAST - timedelta(days=31), None),
        (LAST - timedelta(days=30), 30),
        (LAST - timedelta(days=8), 30),
        (LAST - timedelta(days=7), 7),
        (LAST, 7),
        (LAST + timedelta(days=1), 0),
    ],
)
def test_which_warning_is_due(today: date, due: int | None) -> None:
    """30 and 7 days before the last good day, and after it."""
    assert due_warning(LAST, today) == due
    assert due_warning(None, today) is None


async def test_documents_warn_at_30_and_7_days_then_stop_refunds_and_recover() -> None:
    """Two warnings, a clear stop the day after, and all is well with the new day."""
    world = await DeskWorld().open_old(days=1)
    last = world.clock.now().date() + timedelta(days=31)
    await world.set_account(kyc_until=last.isoformat(), keys_until="2030-01-01")
    seen = []
    for _ in range(33):
        await world.later(days=1)
        seen.append([alarm.code for alarm in await world.alarms()])
    assert seen[0] == ["code.KYC_EXPIRES"]
    assert all(len(codes) <= 1 for codes in seen)
    assert seen[-1] == ["code.KYC_EXPIRED"]
    await world.press("15", 1000)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "DOCUMENTS_EXPIRED"
    await world.set_account(kyc_until="2030-01-01")
    await world.later(minutes=1)
    assert await world.alarms() == []


async def test_expired_keys_stop_refunds_too() -> None:
    """A key past its last day is never used to send."""
    world = await DeskWorld().open_old(days=1)
    await world.set_account(keys_until="2026-11-01")
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.decision is not None
    assert (refund.state, refund.decision["code"]) == (State.HELD, "KEYS_EXPIRED")
    assert world.rail.sends == []


async def test_an_unreadable_day_stops_nothing_else() -> None:
    """One account's bad setting leaves the sweep alone, and its refunds say what is wrong."""
    world = await DeskWorld().open_old(days=1)
    await world.set_account(kyc_until="soon")
    await world.press()
    await world.later(minutes=1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.RECEIVED, "error.SETTING_INVALID")
