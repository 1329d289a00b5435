"""What a second review found: each of these paid twice, lost news or never came to rest."""

from datetime import timedelta

from engine_world import CIP, World
from pef_adapters.core.errors import AnsweredNonsense, MaybeSent
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.ports import RailStatus
from pef_adapters.testing.hostile_rail import LOST_REQUEST

_TOLD = "refund.changed"


async def _refused_then_unknown(world: World) -> None:
    """The first id was refused, the second one got lost on its way."""
    await world.press("15", 5000)
    await world.run()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(hours=1)
    refund = await world.refund()
    world.rail.fail_sends(LOST_REQUEST)
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.UNKNOWN


async def test_nothing_is_sent_again_once_an_older_id_pays() -> None:
    """While the second id is unknown the first one pays: the second is not sent again."""
    world = await World().open()
    await _refused_then_unknown(world)
    world.rail.settle(RailStatus.ACCEPTED, "PROCESSING")
    (first,) = world.rail.book
    await world.notify(_TOLD, merchant_refund_id=first)
    await world.run()
    await world.later(hours=2)
    assert world.rail.paid_out() == [first]


async def test_nothing_is_sent_again_once_the_bank_took_the_payment_back() -> None:
    """The rail does not know the lost id, and the buyer has his money from the bank."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    await world.later(hours=2)
    assert world.rail.paid_out() == []


async def test_nothing_is_sent_again_that_the_store_deleted() -> None:
    """The rail does not know the lost id, and the store no longer wants the refund."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.platform.delete("15")
    await world.later(hours=2)
    assert world.rail.paid_out() == []


async def test_rail_that_unsays_a_refund_does_not_keep_us_running() -> None:
    """A refunded one that the rail shows as on its way again is looked at once a day."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.rail.settle(RailStatus.ACCEPTED, "PROCESSING")
    await world.later(days=1, hours=1)
    due = (await world.refund()).next_action_at
    assert due is not None
    assert due > world.clock.now()


async def test_news_is_kept_while_the_rail_talks_nonsense() -> None:
    """A refused id pays after all; the rail's first answer about it can't be understood."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(hours=1)
    world.rail.settle()
    (key,) = world.rail.book
    world.rail.find_faults.append(AnsweredNonsense())
    await world.notify(_TOLD, merchant_refund_id=key)
    await world.run()
    await world.later(hours=1)
    assert (await world.refund()).state is State.REFUNDED


async def test_order_hears_again_what_a_sibling_made_stale() -> None:
    """A sibling's report in passing must not leave 'received' on a refund that is rejected."""
    world = await World().open()
    world.rail.reverse(CIP)
    await world.press("15", 5000)
    await world.run()
    refund = await world.refund()
    before = refund.state
    await people.retry(world.ports, refund.id, "Rosa")
    world.waiting.clear()
    world.memory.drain()  # its wake-up is late
    await world.press("16", 3000)
    await world.run()
    await world.later(minutes=1)
    assert (await world.refund()).state is before
    assert world.platform.order().lines["15"].state == before


async def test_what_was_paid_is_known_before_anything_is_decided() -> None:
    """A rail that can't be asked about an earlier id is shown, not tried for ever in silence."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(hours=1)
    await people.retry(world.ports, (await world.refund()).id, "Rosa")
    world.rail.find_faults.extend([MaybeSent()] * 1000)
    await world.run()
    for _ in range(30):
        await world.later(minutes=5)
    assert (await world.refund()).attention == "code.RAIL_UNREACHABLE"


async def test_older_id_books_on_its_own_payment() -> None:
    """The order's CIP was corrected between two tries; the first id pays the first CIP."""
    world = await World().open()
    world.rail.pay("222", Money(12980, "PEN"), world.clock.now() - timedelta(days=1))
    await world.press("15", 5000)
    await world.run()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(hours=1)
    world.platform.press("15", Money(5000, "PEN"), at=world.clock.now(), transaction_id="999")
    await people.retry(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    world.rail.settle()
    (key,) = world.rail.book
    await world.notify(_TOLD, merchant_refund_id=key)
    await world.run()
    assert (await world.refund()).state is State.REFUNDED
    assert (await world.payment()).refunded == Money(5000, "PEN")
