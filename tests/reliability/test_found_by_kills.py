"""What the kill test found once: trouble of the database is no refund's own trouble."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from engine_world import World
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest
from pef_adapters.engine.ports import Ledger, LedgerAway
from pef_adapters.storage.memory import MemoryBook
from pef_adapters.storage.postgres import Pool, PostgresBook
from pef_adapters.storage.queue import make_queue
from queue_world import LONG_AGO, QUICK, Diary, eventually, put, working
from storage_samples import refund, settle_in

# Nobody takes back what a sequence counted: the first deletion fails, as after a lost connection.
_FIRST_DELETION_FAILS = """
    CREATE SEQUENCE deletions;
    CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.task_name = 'advance' AND nextval('deletions') = 1 THEN
            RAISE EXCEPTION 'too busy' USING ERRCODE = 'lock_not_available';
        END IF;
        RETURN OLD;
    END $$;
    CREATE TRIGGER fail_once BEFORE DELETE ON procrastinate_jobs
        FOR EACH ROW EXECUTE FUNCTION fail_once();
"""

_CUT_THE_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class _ComesAndGoes(MemoryBook):
    """Away for one transaction: the one that `away_after` others come before."""

    away_after = -1

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        self.away_after -= 1
        if self.away_after == -1:
            raise LedgerAway
        async with super().begin() as ledger:
            yield ledger


@pytest.mark.parametrize("after", range(1, 8))
async def test_a_ledger_that_was_away_is_nothing_a_person_is_asked_about(after: int) -> None:
    """The refund stays as due as it was, untroubled, and is paid once by the next sweep."""
    world = await World(_ComesAndGoes()).open()
    book = world.book
    assert isinstance(book, _ComesAndGoes)
    world.memory = book
    world.platform.press("15", Money(12980, "PEN"), at=world.clock.now())
    await digest(world.ports, await world.deliver("15"))
    before = await world.refund()
    book.away_after = after
    with pytest.raises(LedgerAway):
        await advance(world.ports, before.id)
    later = await world.refund()
    assert (later.tries, later.attention) == (0, None)
    assert later.due_at is not None
    await world.until(State.PENDING, hours=1)
    assert len(world.rail.bookings) == 1


@pytest.mark.parametrize("after", range(1, 5))
async def test_a_delivery_does_not_pay_for_a_ledger_that_was_away(after: int) -> None:
    """It stays as due as it was, and the next sweep has it worked off."""
    world = await World(_ComesAndGoes()).open()
    book = world.book
    assert isinstance(book, _ComesAndGoes)
    world.memory = book
    world.platform.press("15", Money(12980, "PEN"), at=world.clock.now())
    kept = await world.deliver("15")
    book.away_after = after
    with pytest.raises(LedgerAway):
        await digest(world.ports, kept)
    async with book.begin() as ledger:
        received = await ledger.received(kept)
    assert received is not None
    assert (received.tries, received.outcome) == (0, None)
    await world.later(minutes=1)
    assert (await world.refund()).state is State.PENDING


async def test_a_cut_connection_is_a_ledger_that_was_away(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """Engine and driver each get the error they know, and the next transaction works."""

    async def cut_off() -> None:
        async with pool.connection() as other, postgres_book.begin() as ledger:
            await other.execute(_CUT_THE_OTHERS)
            await ledger.store("shop")

    with pytest.raises(LedgerAway) as caught:
        await cut_off()
    assert isinstance(caught.value, psycopg.OperationalError)
    async with postgres_book.begin() as ledger:
        assert await ledger.store("shop") is None


async def test_a_job_that_could_not_leave_the_queue_holds_no_order_back(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """The database fails when a job is done with; the order's next one runs all the same."""
    diary = Diary()
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
    async with pool.connection() as conn:
        await conn.execute(_FIRST_DELETION_FAILS)
    await put(postgres_book, refund(1), replace(refund(2), order_id=refund(1).order_id))
    async with working(make_queue(pool, QUICK), diary.work):
        await eventually(lambda: len(diary.advanced) == 2)
    assert sorted(diary.advanced) == ["rf-1", "rf-2"]


async def test_what_is_due_is_not_overtaken_for_ever(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """Under load new wake-ups never end: one that has become due takes its turn among them."""
    diary = Diary()
    async with postgres_book.begin() as ledger:
        await ledger.wake(refund(1), LONG_AGO)
        await ledger.wake(refund(2))
        await ledger.wake(refund(1))  # as the janitor does with whatever is due
    async with working(make_queue(pool, QUICK), diary.work, concurrency=1):
        await eventually(lambda: len(diary.advanced) == 2)
    assert diary.advanced == ["rf-1", "rf-2"]
