"""What the crash windows found, one small story each."""

from datetime import timedelta

from desk_actors import with_second_store
from desk_world import DeskWorld
from engine_world import CIP, World
from gateway_world import GatewayWorld
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.attention import PAID_BEYOND
from pef_adapters.platforms.contract import Changes, StoreConnection, StoreRefund


async def test_a_gateways_refund_is_not_lost_to_a_clock_that_went_back() -> None:
    """Asked for while our clock shows a time before the store was connected, it is paid."""
    world = await GatewayWorld().open()
    await world.paid()
    world.clock.advance(hours=-48)
    status, _ = await world.call("/refund", request="r1", amount="20.00")
    assert status == 200
    await world.run()
    assert (await world.asked()).state is State.PENDING
    world.clock.advance(seconds=timedelta(hours=48).total_seconds())
    world.rail.settle()
    await world.later(minutes=5)
    assert (await world.asked()).state is State.REFUNDED


async def test_a_mistake_over_one_delivery_waits_longer_each_time() -> None:
    """What an adapter stumbles over is put off as any fault is, and not tried every minute."""
    world = await World().open()
    world.platform.read = _stumble  # type: ignore[method-assign]
    await world.press()
    await world.run()
    async with world.book.begin() as ledger:
        received = await ledger.received(1)
    assert received is not None
    assert (received.outcome, received.tries) == (None, 1)
    del world.platform.read  # type: ignore[method-assign]
    await world.later(minutes=1)
    assert (await world.refund()).state is State.PENDING


async def test_a_mistake_over_one_store_does_not_stop_the_poll_of_others() -> None:
    """An adapter that breaks over one store's answer keeps no other store's refunds away."""
    world = await DeskWorld().open_old(days=1)
    await with_second_store(world)
    asked: list[str] = []

    async def changes(since: object, store: StoreConnection) -> Changes:
        del since
        asked.append(store.store_id)
        raise ZeroDivisionError

    world.platform.find_changes = changes  # type: ignore[method-assign,assignment]
    await world.poll()
    assert sorted(asked) == ["otra-pe", "tienda-pe"]


async def _stumble(*_: object) -> tuple[StoreRefund, ...]:
    raise ZeroDivisionError


async def test_a_refund_that_a_bank_paid_is_not_withdrawn_without_an_alarm() -> None:
    """Settled as unpaid, confirmed by the bank, tried again, deleted: a person is still called."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    refund = await world.refund()
    await people.settle(world.ports, refund.id, "Rosa", paid=False)
    await world.answer(exported, "confirmed")
    await people.retry(world.ports, refund.id, "Rosa")
    world.platform.delete("15")
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.CANCELLED, PAID_BEYOND)


async def test_trying_again_does_not_hide_that_a_bank_paid() -> None:
    """Settled as unpaid, confirmed by the bank, tried again, then rejected: the alarm stands."""
    world = await DeskWorld().open_old()
    await world.until_due()
    exported = await world.export()
    refund = await world.refund()
    await people.settle(world.ports, refund.id, "Rosa", paid=False)
    await world.answer(exported, "confirmed")
    world.rail.reverse(CIP)
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).attention == PAID_BEYOND
