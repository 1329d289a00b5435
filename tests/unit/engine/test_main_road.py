"""The main road: a press at the store is paid once and told to the order."""

from engine_world import CIP, World
from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus
from pef_adapters.engine.story import tell
from pef_adapters.platforms.contract import Hint, HintKind


async def test_full_refund_reaches_the_order() -> None:
    """A full refund is paid once, settles, and the order says so."""
    world = await World().open()
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.PENDING
    world.rail.settle()
    await world.later(minutes=2)
    refund = await world.refund()
    assert refund.state is State.REFUNDED
    assert world.rail.paid_out() == [f"{refund.id}-1"]
    assert world.platform.order().lines["15"].state is State.REFUNDED
    payment = await world.payment()
    assert (payment.refunded.minor, payment.reserved.minor) == (12980, 0)


async def test_each_lasting_state_is_noted_once() -> None:
    """The order gets one private note for each state that lasts, in order."""
    world = await World().open()
    await world.press()
    await world.run()
    world.rail.settle()
    await world.later(minutes=2)
    notes = list(world.platform.order().notes.values())
    assert len(notes) == 2
    assert "2026-12-02" in notes[0]


async def test_same_webhook_three_times_pays_once() -> None:
    """Repeated deliveries of one refund lead to one payment."""
    world = await World().open()
    await world.press()
    await world.deliver("15")
    await world.deliver("15")
    await world.run()
    await world.deliver("15")
    await world.run()
    assert len(world.rail.paid_out()) == 1


async def test_several_partials_stay_within_the_payment() -> None:
    """Partials are paid until the payment is used up; the next one is held."""
    world = await World().open()
    for number, minor in (("15", 5000), ("16", 5100), ("17", 5200)):
        await world.press(number, minor)
        await world.run()
    states = [(await world.refund(n)).state for n in ("15", "16", "17")]
    assert states == [State.PENDING, State.PENDING, State.HELD]
    assert len(world.rail.paid_out()) == 2


async def test_press_beyond_what_was_paid_is_held_and_says_why() -> None:
    """A refund above the rest is held, not paid, and the order's note explains it."""
    world = await World().open()
    await world.press("15", 12981)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.HELD
    assert refund.decision is not None
    assert refund.decision["code"] == "AMOUNT_EXCEEDS_REST"
    assert "129.80" in next(iter(world.platform.order().notes.values()))
    assert world.rail.sends == []


async def test_refund_of_another_payment_method_is_not_ours() -> None:
    """An order paid otherwise is left alone: no refund, no note."""
    world = await World().open()
    await world.press(ours=False)
    await world.run()
    async with world.book.begin() as ledger:
        assert await ledger.find_refund("tienda-pe", "15") is None
    assert world.platform.write_backs == 0


async def test_unpaid_order_is_rejected() -> None:
    """Only a paid transaction can be refunded."""
    world = await World().open()
    world.rail.reverse(CIP)
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.REJECTED
    assert world.rail.sends == []


async def test_lost_webhook_is_found_by_the_poll() -> None:
    """A refund whose webhook never came is found by asking the store."""
    world = await World().open()
    world.platform.press("15", (await _paid(world)), at=world.clock.now())
    await world.poll()
    assert (await world.refund()).state is State.PENDING
    await world.poll()
    assert len(world.rail.paid_out()) == 1


async def test_rail_notification_makes_us_ask_at_once() -> None:
    """A webhook of the rail leads to a query; what the query says counts."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).state is State.PENDING
    world.rail.settle()
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).state is State.REFUNDED


async def test_own_echo_is_recognised_without_reading_the_store() -> None:
    """An order.updated that lists only refunds we know leads to no call at all."""
    world = await World().open()
    await world.press()
    await world.run()
    reads = world.platform.reads
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14", refund_ids=frozenset({"15"})))
    await world.run()
    assert world.platform.reads == reads
    assert len(world.rail.paid_out()) == 1


async def test_bank_return_after_refunded_is_told() -> None:
    """Money that comes back makes a refunded refund returned, and the order hears it."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle()
    await world.later(minutes=2)
    world.rail.settle(RailStatus.RETURNED, "RETURNED")
    await world.notify("refund.returned", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).state is State.RETURNED
    assert world.platform.order().lines["15"].state is State.RETURNED
    payment = await world.payment()
    assert (payment.refunded.minor, payment.reserved.minor) == (0, 12980)


async def test_story_tells_the_whole_road() -> None:
    """One refund's story runs from registration to what the order was told."""
    world = await World().open()
    await world.press()
    await world.run()
    story = await tell(world.ports, (await world.refund()).id, "en")
    whats = [line.what for line in story.lines]
    assert whats[0] == "registered"
    assert whats[-1] == "order told: pending"
    assert {"approved", "send_started", "rail_accepted"} <= set(whats)


async def _paid(world: World):  # noqa: ANN202 - Money, as the rail has it
    payment = await world.rail.find_payment(CIP)
    assert payment is not None
    return payment.amount
