"""Withdrawn and sent at the same moment, on real PostgreSQL: one of the two, never both."""

import asyncio

import pytest

from by_hand_world import ByHandWorld
from lock_watch import until_waiting
from pef_adapters.core.errors import PefError, TransitionRefused
from pef_adapters.core.states import State
from pef_adapters.engine import by_hand
from pef_adapters.engine.advance import advance
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.storage.postgres import Pool, PostgresBook


async def withdraw(world: ByHandWorld, refund: Refund) -> Refund:
    """Luis withdraws it."""
    return await by_hand.withdraw(world.ports, refund.id, "Luis", "Se pidió por error")


async def test_withdrawn_and_sent_at_once_is_one_of_the_two(postgres_book: PostgresBook) -> None:
    """Either it is cancelled and unpaid, or it is paid once and the withdrawal was refused."""
    world = await ByHandWorld(postgres_book).start()
    rest, pressed = 12980, []
    for number in range(24):
        pressed.append(await world.press_here(500, rest=rest, key=f"form-{number}"))
        rest -= 500
    results = await asyncio.gather(
        *(advance(world.ports, each.id) for each in pressed),
        *(withdraw(world, each) for each in pressed),
        return_exceptions=True,
    )
    withdrawals, sent = results[len(pressed) :], 0
    for refund, answer in zip(pressed, withdrawals, strict=True):
        now = await world.now(refund)
        if isinstance(answer, PefError):
            assert isinstance(answer, TransitionRefused)
            assert now.state is State.PENDING
            sent += 1
        else:
            assert isinstance(answer, Refund)
            assert now.state is State.CANCELLED
    assert [each for each in results[: len(pressed)] if each is not None] == []
    assert len(world.rail.paid_out()) == sent
    assert (await world.payment()).reserved.minor == sent * 500


async def test_a_step_that_waits_behind_the_withdrawal_sends_nothing(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """Both wait for the refund; the withdrawal came first, and the step finds it cancelled."""
    world = await ByHandWorld(postgres_book).start()
    refund = await world.press_here(5000)
    async with postgres_book.begin() as ledger:
        await ledger.lock_refund(refund.id)
        first = asyncio.create_task(withdraw(world, refund))
        await until_waiting(pool, 1)
        second = asyncio.create_task(advance(world.ports, refund.id))
        await until_waiting(pool, 2)
    await asyncio.gather(first, second)
    assert (await world.now(refund)).state is State.CANCELLED
    assert world.rail.paid_out() == []
    assert (await world.find()).rest.minor == 12980


async def test_what_is_being_sent_is_not_withdrawn(
    postgres_book: PostgresBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the rail has the request in its hands the withdrawal is refused, and it is paid."""
    world = await ByHandWorld(postgres_book).start()
    refund, refusals, send = await world.press_here(5000), [], world.rail.send

    async def send_meanwhile(attempt: Attempt) -> object:
        try:
            await withdraw(world, refund)
        except TransitionRefused as refused:
            refusals.append(refused)
        return await send(attempt)

    monkeypatch.setattr(world.rail, "send", send_meanwhile)
    await advance(world.ports, refund.id)
    assert len(refusals) == 1
    assert (await world.now(refund)).state is State.PENDING
    assert world.rail.paid_out() == [f"{refund.id}-1"]


async def test_withdrawn_twice_at_once_is_withdrawn_once(postgres_book: PostgresBook) -> None:
    """Eight clicks, eight answers, one entry in the timeline."""
    world = await ByHandWorld(postgres_book).start()
    refund = await world.press_here(5000)
    answers = await asyncio.gather(*(withdraw(world, refund) for _ in range(8)))
    assert {each.state for each in answers} == {State.CANCELLED}
    async with postgres_book.begin() as ledger:
        whats = [each.what for each in await ledger.timeline(refund.id)]
    assert whats.count("store_withdrew") == 1
