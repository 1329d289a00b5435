"""Many people press at once, on real PostgreSQL: never above what was paid, never twice."""

import asyncio
from collections.abc import Iterable

import pytest

from by_hand_world import ByHandWorld
from engine_world import CIP, PAID
from lock_watch import until_waiting
from pef_adapters.core.errors import PefError, RestChanged
from pef_adapters.core.money import Money
from pef_adapters.engine.advance import advance
from pef_adapters.engine.asked_refunds import keep_asked_refund
from pef_adapters.engine.digest import digest
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.storage.postgres import Pool, PostgresBook
from storage_samples import checkout


@pytest.mark.parametrize("first", [0, 980])
async def test_of_many_who_press_the_whole_rest_get_one_refund(
    postgres_book: PostgresBook, first: int
) -> None:
    """One is registered; the other is told that the rest has changed, known payment or new."""
    world = await ByHandWorld(postgres_book).start()
    if first:
        await world.press_here(first)
    rest = 12980 - first
    results = await asyncio.gather(
        *(world.press_here(rest, rest=rest, key=key) for key in "abcdefgh"),
        return_exceptions=True,
    )
    assert [type(each) for each in results if isinstance(each, Exception)] == [RestChanged] * 7
    assert len(_refunds(results)) == 1


async def test_one_form_sent_many_times_at_once_is_one_refund(postgres_book: PostgresBook) -> None:
    """Twelve clicks, twelve answers, one refund."""
    world = await ByHandWorld(postgres_book).start()
    results = await asyncio.gather(*(world.press_here(5000) for _ in range(12)))
    assert len({refund.id for refund in results}) == 1
    async with postgres_book.begin() as ledger:
        assert len(await ledger.list_refunds()) == 1


async def test_one_key_for_two_payments_at_once_is_one_refund(postgres_book: PostgresBook) -> None:
    """No lock is shared by the two: still the key counts once, and nobody breaks."""
    world = await ByHandWorld(postgres_book).start()
    world.rail.pay("22", Money(12980, "PEN"), world.clock.now())
    results = await asyncio.gather(
        world.press_here(5000),
        world.press_here(5000, transaction_id="22"),
        return_exceptions=True,
    )
    assert len(_refunds(results)) == 1
    assert all(isinstance(each, Refund | PefError) for each in results)


async def test_sixty_four_presses_beside_the_store_pay_no_more_than_was_paid(
    postgres_book: PostgresBook,
) -> None:
    """People press here and in the store, all at once, and every step runs at once too."""
    world = await ByHandWorld(postgres_book).start()
    received = []
    for number in range(8):
        at = world.clock.now()
        world.platform.press(f"s{number}", Money(3000, "PEN"), at=at, order_id="14")
        received.append(await world.deliver(f"s{number}"))
    presses = [_press_until_settled(world, f"form-{number}") for number in range(56)]
    results = await asyncio.gather(
        *presses, *(digest(world.ports, each) for each in received), return_exceptions=True
    )
    strange = [each for each in results if isinstance(each, BaseException)]
    assert [each for each in strange if not isinstance(each, PefError)] == []
    async with postgres_book.begin() as ledger:
        every = await ledger.list_refunds(limit=1000)
    await asyncio.gather(*(advance(world.ports, refund.id) for refund in every))
    payment = await world.payment()
    assert payment.reserved + payment.refunded <= payment.paid
    booked = sum(amount.minor for _, amount in world.rail.bookings)
    assert 0 < booked == payment.reserved.minor <= payment.paid.minor


async def test_a_press_waits_for_a_gateway_that_is_asking(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """What a gateway is about to ask for is no rest any more, once its call is kept."""
    world = await ByHandWorld(postgres_book).start()
    taken = checkout(
        store_id="tienda-pe",
        account_id="main",
        payment_id="P-1",
        transaction_id=CIP,
        amount=PAID,
    )
    async with postgres_book.begin() as ledger:
        await ledger.add_checkout(taken)
        store = await ledger.store("tienda-pe")
    assert store is not None
    all_that_is_left = AskedRefund(
        refund_id="R-1",
        operation=Operation.REFUND,
        payment_id="P-1",
        amount=None,
        currency="PEN",
    )
    async with postgres_book.begin() as ledger:
        await keep_asked_refund(world.ports, ledger, store, all_that_is_left)
        press = asyncio.create_task(world.press_here(5000))
        await until_waiting(pool, 1)
    with pytest.raises(RestChanged):
        await press


async def _press_until_settled(world: ByHandWorld, key: str) -> Refund | None:
    """Press 20 soles of whatever is shown, looking again while others are faster."""
    for _ in range(70):
        rest = (await world.find()).rest
        if rest.minor < 2000:
            return None
        try:
            return await world.press_here(2000, rest=rest.minor, key=key)
        except RestChanged:
            continue
    return None


def _refunds(results: Iterable[Refund | BaseException]) -> list[Refund]:
    return [each for each in results if isinstance(each, Refund)]
