"""Everybody at once at the payout desk, on real PostgreSQL: nothing twice, nobody stuck."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import timedelta
from typing import Any

from desk_world import ANA, answered_file, bank_file, rows
from engine_world import World
from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, MONEY, Position, State
from pef_adapters.engine import approvals, beneficiary
from pef_adapters.engine.advance import advance
from pef_adapters.engine.bank_answers import take_answers
from pef_adapters.engine.digest import digest
from pef_adapters.engine.payouts import Exported, export
from pef_adapters.engine.people import choose_payout, retry, settle
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.contract import HintKind
from pef_adapters.storage.postgres import PostgresBook

_POLICY = {
    "name": "shop",
    "otherwise": "payout",
    "double_press_minutes": 0,
    "payout": {"approvers": 1},
}
_FIVE, _TEN = Money(500, "PEN"), Money(1000, "PEN")


async def test_two_files_of_answers_about_the_same_payments_end_both(
    postgres_book: PostgresBook,
) -> None:
    """Each payment has a line in both files, in two orders: neither import waits for ever."""
    world = await World(postgres_book).open(settings={"policy": _POLICY})
    numbers = [str(number) for number in range(40)]
    files = []
    for half in ("a", "b"):
        for number in numbers:
            await _until_due(world, f"{half}{number}", order=number)
        files.append(await export(world.ports, "main", "csv", "Rosa"))
    first, second = files
    there = bank_file(first.body, status="confirmed")
    back = _by_order(second, order=numbers[::-1])
    done = await asyncio.gather(
        take_answers(world.ports, first.batch.id, _by_order(first, order=numbers), "Rosa"),
        take_answers(world.ports, second.batch.id, back, "Luis"),
    )
    assert [each.confirmed for each in done] == [40, 40]
    again = await take_answers(world.ports, first.batch.id, there, "Rosa")
    assert (again.confirmed, again.known) == (0, 40)
    for number in numbers:
        async with postgres_book.begin() as ledger:
            payment = await ledger.payment("main", _cip(number))
        assert payment is not None
        assert (payment.reserved.minor, payment.refunded.minor) == (0, 1000)


async def test_a_storm_at_the_desk_pays_nothing_twice_and_loses_nothing(
    postgres_book: PostgresBook,
) -> None:
    """Exports, answers, withdrawals, extornos, links, retries and settlements at one moment."""
    world = await World(postgres_book).open(settings={"policy": _POLICY})
    numbers = [str(number) for number in range(12)]
    for number in numbers:
        await _until_due(world, number, order=number)
    for _ in range(3):
        await _all(_storm(world, [await world.refund(number) for number in numbers]))
    for number in numbers:
        refund = await world.refund(number)
        async with postgres_book.begin() as ledger:
            lines = await ledger.payouts_of_refund(refund.id)
            payment = await ledger.payment("main", _cip(number))
        assert sum(line.ended_as is None for line in lines) == (refund.state is State.PENDING)
        assert CARE[refund.state].final or refund.next_action_at is not None
        assert payment is not None
        held = Money.zero("PEN") if MONEY[refund.state] is Position.FREE else refund.amount
        assert payment.reserved + payment.refunded == held


def _storm(world: World, refunds: list[Refund]) -> Iterable[Awaitable[Any]]:
    ports = world.ports
    for _ in range(3):
        yield export(ports, "main", "csv", "Rosa")
    for number, refund in enumerate(refunds):
        yield advance(ports, refund.id)
        yield retry(ports, refund.id, "Luis")
        yield beneficiary.ask(ports, refund.id, "Carla")
        yield approvals.approve(ports, refund.id, f"person {number}")
        if number % 4 == 0:
            yield _withdrawn(world, refund)
        if number % 4 == 1:
            yield choose_payout(ports, refund.id, "Luis")
        if number % 4 == 2:
            yield settle(ports, refund.id, "Luis", paid=number % 8 == 2)
        if number % 4 == 3:
            yield _reversed(world, refund)


async def _all(done: Iterable[Awaitable[Any]]) -> None:
    """All at once; what is refused is refused in our own words, never by the database."""
    results = await asyncio.gather(*done, return_exceptions=True)
    strange = [each for each in results if isinstance(each, BaseException)]
    assert [each for each in strange if not isinstance(each, PefError)] == []


async def _withdrawn(world: World, refund: Refund) -> None:
    world.platform.refunds.pop(refund.platform_refund_id, None)
    await digest(world.ports, await world.deliver(refund.platform_refund_id, _DELETED))
    await advance(world.ports, refund.id)


async def _reversed(world: World, refund: Refund) -> None:
    world.rail.reverse(refund.transaction_id or "")
    before = await _open_deliveries(world)
    await world.notify("cip.refunded", cip=refund.transaction_id or "")
    for received in set(await _open_deliveries(world)) - set(before):
        await digest(world.ports, received)


async def _open_deliveries(world: World) -> list[int]:
    async with world.book.begin() as ledger:
        return await ledger.open_received(world.clock.now() + timedelta(seconds=1), 1000)


async def _until_due(world: World, refund_id: str, *, order: str) -> None:
    """Pressed, filled in and approved: it waits for the next bank file."""
    cip, now = _cip(order), world.clock.now()
    if cip not in world.rail.payments:
        world.rail.pay(cip, _TEN, now - timedelta(days=1))
    world.platform.press(refund_id, _FIVE, at=now, order_id=order, transaction_id=cip)
    await digest(world.ports, await world.deliver(refund_id))
    refund = await world.refund(refund_id)
    await advance(world.ports, refund.id)
    async with world.book.begin() as ledger:
        link = await ledger.open_link(refund.id)
    assert link is not None
    await beneficiary.give(world.ports, world.ports.links.token(link.id), ANA)
    await advance(world.ports, refund.id)
    await approvals.approve(world.ports, refund.id, "Marta")
    await advance(world.ports, refund.id)
    assert (await world.refund(refund_id)).state is State.PAYOUT_DUE


def _by_order(exported: Exported, *, order: list[str]) -> bytes:
    """The bank's answers, its lines in this order of the orders."""
    place = {number: at for at, number in enumerate(order)}
    head, *lines = answered_file(exported.body, lambda _: _CONFIRMED).decode().splitlines()
    numbers = [row["order"].lstrip("'") for row in rows(exported.body)]
    sorted_lines = [line for _, line in sorted(zip(map(place.get, numbers), lines, strict=True))]
    return "\r\n".join([head, *sorted_lines]).encode()


def _cip(order: str) -> str:
    return str(30_000_000 + int(order))


_DELETED = HintKind.REFUND_DELETED
_CONFIRMED = {"status": "confirmed", "bank_reference": "OP-77"}
