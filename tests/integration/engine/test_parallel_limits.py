"""Limits under 64 callers at once, on real PostgreSQL and through the whole engine."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk_world import ANA
from engine_world import World
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, beneficiary
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest, register
from pef_adapters.engine.identity import refund_id
from pef_adapters.engine.payouts import export
from pef_adapters.storage.postgres import PostgresBook

_CALLERS = 64
_FIVE = Money(500, "PEN")


async def pressed_at_once(book: PostgresBook, *limits: dict[str, Any]) -> list[State]:
    """64 refunds on 64 payments, decided at the same moment; answers their states."""
    policy = {"name": "shop", "otherwise": "approve", "limits": list(limits)}
    world = await World(book).open(settings={"policy": policy})
    received = []
    for number in range(_CALLERS):
        cip = str(20_000_000 + number)
        world.rail.pay(cip, _FIVE, world.clock.now() - timedelta(days=1))
        world.platform.press(
            str(number),
            _FIVE,
            at=world.clock.now(),
            order_id=str(number),
            transaction_id=cip,
            buyer="email:ana@example.pe",
        )
        received.append(await world.deliver(str(number)))
    await asyncio.gather(*(digest(world.ports, each) for each in received))
    refunds = [await world.refund(str(number)) for number in range(_CALLERS)]
    await asyncio.gather(*(advance(world.ports, refund.id) for refund in refunds))
    return [(await world.refund(str(number))).state for number in range(_CALLERS)]


@pytest.mark.parametrize("per", ["store", "account", "buyer", "operator"])
async def test_a_count_holds_under_64_callers(postgres_book: PostgresBook, per: str) -> None:
    """Ten a day are ten, whoever asks at the same moment; nobody is lost."""
    states = await pressed_at_once(postgres_book, {"per": per, "days": 1, "count": 10})
    assert states.count(State.PENDING) == 10
    assert states.count(State.HELD) == _CALLERS - 10


async def test_two_limits_in_two_orders_hold_and_never_lock_each_other_out(
    postgres_book: PostgresBook,
) -> None:
    """The smaller amount wins: S/ 33 lets six of S/ 5 go, and all 64 come to an end."""
    states = await pressed_at_once(
        postgres_book,
        {"per": "buyer", "hours": 24, "amount": "33.00", "currency": "PEN"},
        {"per": "store", "days": 1, "amount": "100.00", "currency": "PEN"},
        {"per": "account", "days": 7, "count": 40},
    )
    assert states.count(State.PENDING) == 6
    assert states.count(State.HELD) == _CALLERS - 6


async def test_a_store_without_limits_cannot_slip_past_its_neighbours(
    postgres_book: PostgresBook,
) -> None:
    """Two stores of one account decide at once: what the free one paid, the limited one counts."""
    limit = {"per": "account", "days": 1, "count": 10}
    free = {"name": "free", "otherwise": "approve"}
    world = await World(postgres_book).open(settings={"policy": {**free, "limits": [limit]}})
    async with postgres_book.begin() as ledger:
        limited = await ledger.store("tienda-pe")
        assert limited is not None
        other = replace(
            limited, id="otra-pe", identity="https://otra.pe", settings={"policy": free}
        )
        await ledger.add_store(other)
    names = ["tienda-pe", "otra-pe"]
    refunds = [await _registered(world, names[n % 2], n) for n in range(_CALLERS)]
    await asyncio.gather(*(advance(world.ports, refund) for refund in refunds))
    async with postgres_book.begin() as ledger:
        sent = await ledger.list_refunds(state=State.PENDING)
    by_store = Counter(refund.store_id for refund in sent)
    assert by_store["otra-pe"] == _CALLERS // 2
    # The limited store's own last one was the tenth of both stores, or one before it.
    assert by_store["tienda-pe"] < 10


async def _registered(world: World, store_id: str, number: int) -> str:
    """A refund of S/ 5 on a payment of its own, registered and not decided."""
    cip = str(20_000_000 + number)
    world.rail.pay(cip, _FIVE, world.clock.now() - timedelta(days=1))
    found = world.platform.press(
        str(number), _FIVE, at=world.clock.now(), order_id=str(number), transaction_id=cip
    )
    async with world.book.begin() as ledger:
        store = await ledger.store(store_id)
    assert store is not None
    assert await register(world.ports, store, found)
    return refund_id(store.identity, store.platform, str(number))


async def test_16_people_approving_at_once_send_one_payment(postgres_book: PostgresBook) -> None:
    """Two votes are needed and sixteen come at once: the refund is paid once."""
    rule = {"id": "all", "then": "hold", "approvers": 2}
    policy = {"name": "shop", "rules": [rule], "otherwise": "approve"}
    world = await World(postgres_book).open(settings={"policy": policy})
    await digest(world.ports, await _press(world))
    refund = await world.refund()
    await advance(world.ports, refund.id)
    votes = (approvals.approve(world.ports, refund.id, f"person {n}") for n in range(16))
    done = await asyncio.gather(*votes, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in done) == 2
    await asyncio.gather(*(advance(world.ports, refund.id) for _ in range(8)))
    assert world.rail.sends == [f"{refund.id}-1"]


async def test_8_exports_at_once_make_one_file(postgres_book: PostgresBook) -> None:
    """A refund stands in one bank file, however many people press export."""
    policy = {"name": "shop", "otherwise": "payout", "payout": {"approvers": 1}}
    world = await World(postgres_book).open(settings={"policy": policy})
    await digest(world.ports, await _press(world))
    refund = await world.refund()
    await advance(world.ports, refund.id)
    async with postgres_book.begin() as ledger:
        link = await ledger.open_link(refund.id)
    assert link is not None
    token = world.ports.links.token(link.id)
    filled = (beneficiary.give(world.ports, token, ANA) for _ in range(8))
    given = await asyncio.gather(*filled, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in given) == 1
    await advance(world.ports, refund.id)
    await approvals.approve(world.ports, refund.id, "Rosa")
    await advance(world.ports, refund.id)
    exports = (export(world.ports, "main", "csv", "Rosa") for _ in range(8))
    made = await asyncio.gather(*exports, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in made) == 1
    async with postgres_book.begin() as ledger:
        assert len(await ledger.payouts_of_refund(refund.id)) == 1


async def _press(world: World) -> int:
    world.platform.press("15", Money(12980, "PEN"), at=world.clock.now())
    return await world.deliver("15")
