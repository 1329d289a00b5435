"""Many refunds at once on one payment, on real PostgreSQL."""

import asyncio

from engine_world import World
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.storage.postgres import PostgresBook

_CALLERS = 64


async def test_64_parallel_refunds_never_exceed_the_payment(postgres_book: PostgresBook) -> None:
    """64 callers at once on S/ 129.80, S/ 5.00 each: exactly 25 are sent, the rest held."""
    anything = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
    world = await World(postgres_book).open(settings={"policy": anything})
    received = []
    for number in range(_CALLERS):
        world.platform.press(str(number), Money(500, "PEN"), at=world.clock.now())
        received.append(await world.deliver(str(number)))
    await asyncio.gather(*(digest(world.ports, each) for each in received))
    refunds = [await world.refund(str(number)) for number in range(_CALLERS)]
    await asyncio.gather(*(advance(world.ports, refund.id) for refund in refunds))
    states = [(await world.refund(str(number))).state for number in range(_CALLERS)]
    assert states.count(State.PENDING) == 25
    assert states.count(State.HELD) == _CALLERS - 25
    assert len(world.rail.paid_out()) == 25
    payment = await world.payment()
    assert (payment.reserved.minor, payment.rest.minor) == (12500, 480)


async def test_one_refund_advanced_by_many_workers_is_sent_once(
    postgres_book: PostgresBook,
) -> None:
    """Sixteen workers that wake for the same refund send it once."""
    world = await World(postgres_book).open()
    await digest(world.ports, await _press(world))
    refund = await world.refund()
    await asyncio.gather(*(advance(world.ports, refund.id) for _ in range(16)))
    assert world.rail.sends == [f"{refund.id}-1"]


async def test_same_delivery_digested_by_many_registers_once(postgres_book: PostgresBook) -> None:
    """Sixteen copies of one webhook at the same moment register one refund."""
    world = await World(postgres_book).open()
    copies = [await _press(world) for _ in range(16)]
    await asyncio.gather(*(digest(world.ports, copy) for copy in copies))
    async with postgres_book.begin() as ledger:
        assert len(await ledger.list_refunds()) == 1


async def _press(world: World) -> int:
    world.platform.press("15", Money(12980, "PEN"), at=world.clock.now())
    return await world.deliver("15")
