"""What a person is shown, and the order is told: true, once, and not hidden by anything."""

from dataclasses import replace

import pytest

from engine_world import CIP, World
from pef_adapters.core.errors import (
    KeysMixed,
    MaybeSent,
    NotSent,
    PlatformUnreachable,
    SettingInvalid,
)
from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus, Refusal
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import LOST_REQUEST, REFUSED_CONNECTION


@pytest.mark.parametrize("fault", [SettingInvalid("x"), KeysMixed("x")], ids=lambda e: e.code)
@pytest.mark.parametrize("when", ["received", "sending", "pending"])
async def test_broken_account_is_shown_to_a_person(fault: Exception, when: str) -> None:
    """Account settings that can't be used reach a person, whatever the refund is doing."""
    world = await World().open()
    usable = world.rail.of

    def broken(_: object) -> None:
        raise fault

    def break_in_the_middle(_: object) -> None:
        world.rail.of = broken  # type: ignore[method-assign, assignment]
        raise fault

    if when == "received":
        world.rail.of = broken  # type: ignore[method-assign, assignment]
    if when == "sending":
        world.rail.on_send = break_in_the_middle
    await world.press("15", 5000)
    await world.run()
    world.rail.of = broken  # type: ignore[method-assign, assignment]
    for _ in range(12):
        await world.later(minutes=5)
    shown = (await world.refund()).attention
    assert shown == f"error.{fault.code}"
    world.rail.of, world.rail.on_send = usable, lambda _: None  # type: ignore[method-assign]
    await world.until(State.PENDING)
    assert len(world.rail.paid_out()) == 1


async def test_busy_rail_writes_one_note_not_one_a_try() -> None:
    """A rail that is busy for a day is told to the order once."""
    world = await World().open()
    world.rail.refuse(*[(Refusal.BUSY, "INSUFFICIENT_FUNDS")] * 500)
    await world.press("15", 5000)
    for _ in range(24 * 12):
        await world.later(minutes=5)
    notes = world.platform.order().notes
    assert len(notes) < 5, len(notes)


async def test_unreachable_rail_for_a_day_is_told_once() -> None:
    """Sends that never leave are told to the order once."""
    world = await World().open()
    world.rail.fail_sends(*[REFUSED_CONNECTION] * 500)
    await world.press("15", 5000)
    for _ in range(24 * 12):
        await world.later(minutes=5)
    assert len(world.platform.order().notes) < 5, len(world.platform.order().notes)


async def test_resends_write_one_note() -> None:
    """Each resend of a lost request is no new note."""
    world = await World().open()
    world.rail.fail_sends(*[LOST_REQUEST] * 500)
    await world.press("15", 5000)
    for _ in range(20 * 12):
        await world.later(minutes=5)
    assert len(world.platform.order().notes) < 5, len(world.platform.order().notes)


async def test_first_hiccup_after_quiet_looks_alarms_nobody() -> None:
    """One missed look at a pending refund is no trouble worth a note."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    for _ in range(12):
        await world.later(hours=1)
    world.rail.find_faults.append(MaybeSent())
    for _ in range(12):
        await world.later(hours=1)
    refund = await world.refund()
    assert refund.attention is None, refund.attention


async def test_past_trouble_is_taken_back() -> None:
    """When the rail answers again, the order does not go on saying that it doesn't."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.down = NotSent()
    for _ in range(24):
        await world.later(hours=1)
    assert (await world.refund()).attention == "code.RAIL_UNREACHABLE"
    world.rail.down = None
    for _ in range(24):
        await world.later(hours=1)
    assert (await world.refund()).attention is None


async def test_store_outage_does_not_hide_why_a_refund_is_held() -> None:
    """A held refund still says why after the store was away for a while."""
    world = await World().open()
    world.rail.refuse((Refusal.NEEDS_OWNER, "MERCHANT_KYC_EXPIRED"))
    await world.press("15", 5000)
    await world.run()
    assert (await world.refund()).attention == "rail.MERCHANT_KYC_EXPIRED"
    world.platform.trouble = PlatformUnreachable()
    for _ in range(30):
        await world.later(hours=1)
    world.platform.trouble = None
    for _ in range(50):
        await world.later(hours=1)
    assert (await world.refund()).attention == "rail.MERCHANT_KYC_EXPIRED"


async def test_duplicate_notification_does_not_wipe_an_extorno_alarm() -> None:
    """A second 'refunded' leaves the alarm standing that the buyer may be paid twice."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.refund()).attention == "code.EXTORNO_AFTER_REFUND"
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).attention == "code.EXTORNO_AFTER_REFUND"


async def test_extorno_during_refund_is_still_shown_when_it_completes() -> None:
    """Completion does not hide that the bank took the payment back."""
    world = await World().open()
    await world.press()
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    world.rail.settle()
    await world.until(State.REFUNDED)
    assert (await world.refund()).attention is not None


async def test_refund_pending_for_two_months_calls_a_person() -> None:
    """Money long overdue reaches a person."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    for _ in range(60 * 4):
        await world.later(hours=6)
    assert (await world.refund()).attention is not None


async def test_failed_refund_names_no_expected_day() -> None:
    """A refused refund is expected on no day."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    for key, booked in world.rail.book.items():
        world.rail.book[key] = replace(booked, expected_on=None)
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.until(State.FAILED)
    assert (await world.refund()).expected_on is None


async def test_broken_policy_stops_its_own_refunds_only() -> None:
    """A policy that can't be read is shown at its refunds, whose next look moves on."""
    world = await World().open(settings={"policy": {"no_such": 1}})
    await world.press("15", 100)
    await world.run()
    refund = await world.refund()
    assert refund.attention == "error.POLICY_UNREADABLE"
    assert refund.next_action_at is not None
    assert refund.next_action_at > world.clock.now()


async def test_mistake_of_ours_is_shown_to_a_person() -> None:
    """An exception that nobody foresaw puts its refund off and shows it, each time."""
    world = await World().open()
    await world.press("15", 100)
    await world.run()

    def broken(_: object) -> None:
        raise ZeroDivisionError

    world.rail.of = broken  # type: ignore[method-assign, assignment]
    await world.later(minutes=2)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.PENDING, "error.PEF_ERROR")
    assert refund.next_action_at is not None
    assert refund.next_action_at > world.clock.now()


async def test_graver_alarm_is_not_hidden_by_a_lesser_one() -> None:
    """A deletion after an extorno leaves the extorno standing."""
    world = await World().open()
    await world.press()
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    world.platform.delete("15")
    await world.deliver("15", HintKind.REFUND_DELETED)
    await world.run()
    assert (await world.refund()).attention == "code.EXTORNO_DURING_REFUND"
