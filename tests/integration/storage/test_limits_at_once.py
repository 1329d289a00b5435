"""On PostgreSQL: many transactions at once never pass a limit, and never block each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from lock_watch import until_waiting
from pef_adapters.core.policy import LimitScope, Used
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Refund
from pef_adapters.storage.postgres import Pool, PostgresBook, limits, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from storage_samples import MINUTE, NOON, account, refund, settle_in, soles, store

AT_ONCE = 64
COUNTER = "store/shop/1d"


@pytest.fixture
async def wide_pool(database: str) -> AsyncIterator[Pool]:
    """A connection for each of 64 transactions, and one to watch them."""
    async with open_pool(database, size=AT_ONCE + 1) as opened:
        yield opened


@pytest.fixture
async def wide_book(wide_pool: Pool, secret_box: SecretBox) -> PostgresBook:
    """The ledger with an account and a store, for 64 transactions that are open at once."""
    book = PostgresBook(wide_pool, secret_box, make_queue(wide_pool))
    async with book.begin() as ledger:
        await settle_in(ledger)
    return book


async def used(ledger: Ledger, but: str = "nobody") -> Used:
    """What the store has used today."""
    return await ledger.used(LimitScope.STORE, "shop", NOON, but=but)


async def race(
    book: PostgresBook, fits: Callable[[Used, Refund], bool], *refunds: Refund
) -> tuple[list[Refund], Used]:
    """All refunds at once, each approved only while it fits: who was, and what is used then.

    Every transaction is open, and has read, before the first one asks for the lock.
    """
    ready = asyncio.Barrier(len(refunds))

    async def approve(wanted: Refund) -> bool:
        async with book.begin() as ledger:
            await ledger.add_refund(replace(wanted, counted_at=None, state=State.RECEIVED))
            assert await used(ledger) == Used()
            await ready.wait()
            await ledger.lock_limits([COUNTER])
            if not fits(await used(ledger, but=wanted.id), wanted):
                return False
            await ledger.save_refund(wanted)
            return True

    won = await asyncio.gather(*map(approve, refunds))
    async with book.begin() as ledger:
        after = await used(ledger)
    return [each for each, let in zip(refunds, won, strict=True) if let], after


def approved(number: int, minor: int) -> Refund:
    """A refund that counts."""
    return refund(number, amount=soles(minor), state=State.READY, counted_at=NOON)


async def test_64_at_once_never_pass_a_count(wide_book: PostgresBook) -> None:
    """Under the counter's lock exactly as many are approved as the limit lets through."""
    wanted = [approved(number, 100) for number in range(AT_ONCE)]
    won, after = await race(wide_book, lambda now, _: now.count < 10, *wanted)
    assert len(won) == 10
    assert after == Used(10, (soles(1_000),))


async def test_64_at_once_never_pass_an_amount(wide_book: PostgresBook) -> None:
    """Amounts of all sizes are approved while they fit under the ceiling, and no longer."""
    ceiling = soles(10_000)
    wanted = [approved(number, 300 + 7 * number) for number in range(AT_ONCE)]
    won, after = await race(
        wide_book, lambda now, each: now.of("PEN") + each.amount <= ceiling, *wanted
    )
    assert after == Used(len(won), (sum((each.amount for each in won), soles(0)),))
    assert after.of("PEN") <= ceiling
    left = min(each.amount for each in wanted if each not in won)
    assert after.of("PEN") + left > ceiling


async def test_a_stricter_database_counts_as_well(
    database: str, wide_book: PostgresBook, wide_pool: Pool
) -> None:
    """Where transactions are repeatable reads by default, the count holds all the same."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as admin:
        await admin.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation"
            " = ''repeatable read''', current_database()); END $$"
        )
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await wide_pool.check()
    wanted = [approved(number, 100) for number in range(8)]
    won, after = await race(wide_book, lambda now, _: now.count < 3, *wanted)
    assert (len(won), after.count) == (3, 3)


async def test_whoever_rolls_back_leaves_room(wide_book: PostgresBook, wide_pool: Pool) -> None:
    """The next one in the queue gets what the failed one would have used."""
    first_holds, may_fail = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        async with wide_book.begin() as ledger:
            await ledger.lock_limits([COUNTER])
            await ledger.add_refund(approved(1, 100))
            first_holds.set()
            await may_fail.wait()
            raise ZeroDivisionError

    async def follow() -> Used:
        async with wide_book.begin() as ledger:
            await ledger.lock_limits([COUNTER])
            return await used(ledger)

    failing = asyncio.create_task(fail())
    await first_holds.wait()
    following = asyncio.create_task(follow())
    await until_waiting(wide_pool, 1)
    may_fail.set()
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await following == Used()


async def test_other_counters_do_not_wait(wide_book: PostgresBook) -> None:
    """A held counter keeps only those out that need it."""
    async with wide_book.begin() as holder, wide_book.begin() as other:
        await holder.lock_limits([COUNTER, "account/acc/1d"])
        async with asyncio.timeout(10):
            await other.lock_limits(["store/shop-2/1d", "store/shop/7d"])


@pytest.mark.parametrize("held", ["a", "b", "c"])
async def test_opposite_orders_do_not_deadlock(
    wide_book: PostgresBook, wide_pool: Pool, held: str
) -> None:
    """Whichever counter they wait for, two who ask in opposite orders both get all of them.

    The held one makes both wait in the middle: had each taken what it names first, either
    would now hold what the other one needs.
    """
    done: list[str] = []

    async def lock(name: str, *counters: str) -> None:
        async with wide_book.begin() as ledger:
            await ledger.lock_limits(counters)
            done.append(name)

    async with wide_book.begin() as holder:
        await holder.lock_limits([held])
        first = asyncio.create_task(lock("first", "a", "b", "c"))
        await until_waiting(wide_pool, 1)
        second = asyncio.create_task(lock("second", "c", "b", "a"))
        await until_waiting(wide_pool, 2)
        assert done == []
    await asyncio.gather(first, second)
    assert sorted(done) == ["first", "second"]


@pytest.mark.parametrize("per", sorted(limits._WHOSE))
async def test_every_sum_is_found_by_an_index(wide_book: PostgresBook, per: LimitScope) -> None:
    """Whoever counts holds the lock meanwhile, so nobody reads the whole table for it."""
    key = "k/k" if per is LimitScope.OPERATOR else "k"
    asked = {"key": key, "since": NOON, "but": "rf-0", "states": ["ready"]}
    async with wide_book.begin() as ledger:
        await _count_for_k(ledger)
        await _rows(ledger, "SET LOCAL enable_seqscan = off")
        plan = await _rows(
            ledger, f"EXPLAIN {limits._USED} {limits._WHOSE[per]} GROUP BY 1", **asked
        )
    told = "\n".join(str(row["QUERY PLAN"]) for row in plan)
    assert f"refunds_counted_by_{per}" in told
    assert "k" in told.split("Index Cond:")[1].splitlines()[0]


async def _count_for_k(ledger: Ledger) -> None:
    """Whatever is counted: many refunds count for `k`, but long ago; many lately, but for `x`."""
    for name in ("k", "x"):
        await ledger.add_account(account(id=name))
        await ledger.add_store(store(id=name, account_id=name))
    whose = ("store_id", "account_id", "buyer", "destination", "requested_by")
    for number in range(200):
        name, sign = ("k", -1) if number % 2 else ("x", 1)
        at = NOON + sign * number * MINUTE
        counted = refund(number, state=State.READY, counted_at=at, **dict.fromkeys(whose, name))
        await ledger.add_refund(counted)
    await _rows(ledger, "ANALYZE refunds")


async def _rows(ledger: Any, sql: str, **values: Any) -> list[dict[str, Any]]:
    async with ledger._conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, values)
        return list(await cursor.fetchall()) if cursor.description else []
