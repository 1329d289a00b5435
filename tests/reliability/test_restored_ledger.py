"""A ledger that forgot what it sent asks the rail before it sends, where the rail forgets too."""

from dataclasses import replace
from datetime import timedelta

from engine_world import CIP, PAID, World
from pef_adapters.core.errors import MaybeSent
from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus
from random_world import ForgetfulRail


async def _lost_and_restored(later: timedelta) -> World:
    """A life that paid a refund; the next begins with an empty ledger, `later`, to hear of it."""
    first = await World().open()
    rail = ForgetfulRail(first.clock, timedelta(seconds=first.ports.replay_window_seconds))
    rail.pay(CIP, PAID, first.clock.now() - timedelta(days=1))
    first.ports = replace(first.ports, rails=rail)
    await first.press()
    await first.run()
    assert len(rail.bookings) == 1
    second = World()
    second.clock.advance(seconds=later.total_seconds())
    rail._clock, second.rail, second.platform = second.clock, rail, first.platform
    second.ports = replace(second.ports, rails=rail, platforms=first.platform)
    await second.open(created_at=first.clock.now() - timedelta(days=1))
    await second.deliver("15")
    return second


async def test_what_a_lost_life_sent_long_ago_is_found_and_booked() -> None:
    """No second payment, the reservation stands, and the refund goes on to its end."""
    world = await _lost_and_restored(timedelta(days=3))
    await world.run()
    assert len(world.rail.bookings) == 1
    assert (await world.refund()).state is State.PENDING
    assert (await world.payment()).reserved == PAID
    world.rail.settle()
    assert (await world.until(State.REFUNDED)).state is State.REFUNDED
    assert len(world.rail.bookings) == 1


async def test_what_the_rail_refused_in_a_lost_life_ends_as_failed() -> None:
    """Its word counts as if we had sent it now; nothing goes round in circles."""
    world = await _lost_and_restored(timedelta(days=3))
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.run()
    assert (await world.refund()).state is State.FAILED
    assert (await world.payment()).reserved.minor == 0
    assert len(world.rail.bookings) == 1


async def test_inside_the_window_the_rail_recognises_the_id() -> None:
    """It is sent again under the same id, without a question before, and paid once."""
    world = await _lost_and_restored(timedelta(hours=3))
    world.rail.find_faults.append(MaybeSent("a question that nobody should ask"))
    await world.run()
    assert (await world.refund()).state is State.PENDING
    assert len(world.rail.find_faults) == 1
    assert len(world.rail.bookings) == 1


async def test_nothing_is_sent_while_the_rail_can_not_be_asked() -> None:
    """The refund waits, and is found once the rail answers."""
    world = await _lost_and_restored(timedelta(days=3))
    world.rail.find_faults.append(MaybeSent("the connection broke"))
    await world.run()
    assert (await world.refund()).state is State.READY
    assert len(world.rail.bookings) == 1
    assert (await world.until(State.PENDING)).state is State.PENDING
    assert len(world.rail.bookings) == 1


async def test_an_old_refund_that_nobody_sent_is_sent_once() -> None:
    """Held for days, then approved: the rail knows nothing of it, so it goes out."""
    world = World()
    await world.open(created_at=world.clock.now() - timedelta(days=9))
    world.platform.press("15", PAID, at=world.clock.now() - timedelta(days=3))
    await world.deliver("15")
    await world.run()
    assert (await world.refund()).state is State.PENDING
    assert len(world.rail.bookings) == 1
