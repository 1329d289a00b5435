"""A refund from registered to accepted and told, beside the least SQL that could record it."""

from datetime import timedelta
from itertools import count as numbers

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import register
from pef_adapters.storage.postgres.pool import Connection
from ratios import Pair
from world import Bench

_AMOUNT = Money(2000, "PEN")
_TABLE = (
    "CREATE TABLE bare_refunds (id bigint PRIMARY KEY, amount bigint NOT NULL,"
    " state text NOT NULL, rail_id text, told boolean NOT NULL DEFAULT false)"
)
_INSERT = "INSERT INTO bare_refunds (id, amount, state) VALUES (%(id)s, 2000, 'ready')"
_SELECT = "SELECT * FROM bare_refunds WHERE id = %(id)s"
# What no implementation can do without: record, intend, send, observe, tell.
_STEPS = (
    _INSERT,
    _SELECT,
    "UPDATE bare_refunds SET state = 'sending' WHERE id = %(id)s",
    "UPDATE bare_refunds SET state = 'pending', rail_id = 'R' WHERE id = %(id)s",
    _SELECT,
    "UPDATE bare_refunds SET told = true WHERE id = %(id)s",
)


async def refund(bench: Bench, times: int) -> Pair:
    """Rail and store answer at once from memory, so that only our own work is measured."""
    async with bench.pool.connection() as connection:
        await connection.execute(_TABLE)
    ids = numbers(1)

    async def ours(count: int) -> None:
        for _ in range(count):
            await _one(bench, str(next(ids)))

    async def bare(count: int) -> None:
        for _ in range(count):
            number = next(ids)
            for step in _STEPS:
                async with bench.pool.connection() as connection:
                    await _run(connection, step, number)

    return Pair("refund: registered to told / 6 bare statements", ours, bare, times)


async def _one(bench: Bench, number: str) -> None:
    now = bench.ports.clock.now()
    bench.rail.pay(number, _AMOUNT, now - timedelta(days=1))
    pressed = bench.shop.press(number, _AMOUNT, at=now, order_id=number, transaction_id=number)
    await register(bench.ports, bench.store, pressed)
    async with bench.ports.book.begin() as ledger:
        found = await ledger.find_refund(bench.store.id, number)
    if found is None:
        raise RuntimeError("the refund was not registered")
    await advance(bench.ports, found.id)
    if bench.shop.order(number).lines[number].state is not State.PENDING:
        raise RuntimeError("the refund was not accepted and told")


async def _run(connection: Connection, step: str, number: int) -> None:
    cursor = await connection.execute(step.encode(), {"id": number})
    if cursor.description:
        await cursor.fetchone()
