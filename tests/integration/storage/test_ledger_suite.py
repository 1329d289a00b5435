"""The storage suite, over both ledgers: transactions, deliveries, plain values."""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Source
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.storage.postgres import Pool, PostgresBook
from queue_world import jobs
from storage_samples import (
    MINUTE,
    NOON,
    account,
    payment,
    received,
    refund,
    settle_in,
    soles,
)

LIMA = timezone(timedelta(hours=-5))


# --- transactions ---


async def test_a_transaction_keeps_all_of_its_writes(book: LedgerBook) -> None:
    """What one transaction wrote, the next one reads."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        assert await ledger.add_refund(refund())
    async with book.begin() as ledger:
        assert await ledger.refund("rf-1") == refund()
        assert await ledger.payment("acc", "T1") == payment()


async def test_an_exception_undoes_the_whole_transaction(book: LedgerBook) -> None:
    """Leaving by an exception leaves nothing behind, and the exception passes through."""
    async with book.begin() as ledger:
        await settle_in(ledger)

    async def fail() -> None:
        async with book.begin() as ledger:
            await ledger.add_refund(refund())
            await ledger.save_payment(payment(reserved=soles(1)))
            await ledger.add_received(received())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with book.begin() as ledger:
        assert await ledger.refund("rf-1") is None
        assert await ledger.payment("acc", "T1") == payment()
        assert await ledger.open_received(NOON + MINUTE, 10) == []


# --- deliveries ---


async def test_a_delivery_comes_back_under_its_new_id(book: LedgerBook) -> None:
    """The ledger numbers deliveries itself and keeps everything else as it was."""
    async with book.begin() as ledger:
        first = await ledger.add_received(received(id=999))
        second = await ledger.add_received(received())
        assert first != second
        assert await ledger.received(first) == received(id=first)
        assert await ledger.received(second + 1) is None


async def test_a_closed_delivery_is_no_longer_open(book: LedgerBook) -> None:
    """An outcome ends a delivery's way."""
    async with book.begin() as ledger:
        closed = await ledger.add_received(received())
        still_open = await ledger.add_received(received())
        await ledger.close_received(closed, "done", NOON)
        assert await ledger.open_received(NOON + MINUTE, 10) == [still_open]
        kept = await ledger.received(closed)
        assert kept == received(id=closed, outcome="done")


async def test_open_deliveries_are_those_stored_before_and_due(book: LedgerBook) -> None:
    """A young delivery and a postponed one are left alone; the limit holds."""
    async with book.begin() as ledger:
        old = await ledger.add_received(received(received_at=NOON - MINUTE))
        older = await ledger.add_received(received(received_at=NOON - 2 * MINUTE))
        await ledger.add_received(received(received_at=NOON))
        later = await ledger.add_received(received(received_at=NOON - 3 * MINUTE))
        await ledger.postpone_received(later, NOON + MINUTE)
        assert await ledger.open_received(NOON, 10) == [older, old]
        assert await ledger.open_received(NOON, 1) == [older]
        assert later in await ledger.open_received(NOON + MINUTE, 10)


async def test_postponing_counts_a_try(book: LedgerBook) -> None:
    """Each failed try is counted on the delivery; waking it again is none."""
    async with book.begin() as ledger:
        received_id = await ledger.add_received(received())
        await ledger.postpone_received(received_id, NOON + MINUTE)
        await ledger.postpone_received(received_id, NOON + 2 * MINUTE)
        await ledger.wake_received(received_id)
        assert await ledger.received(received_id) == received(id=received_id, tries=2)


async def test_text_no_database_can_hold_does_not_lose_a_delivery(book: LedgerBook) -> None:
    """NUL and half surrogates from a hostile store are replaced, not refused."""
    hostile = received(topic="a\x00b", hints=({"detail": "\x00\ud800", "ids": ["\x00"]},))
    async with book.begin() as ledger:
        kept = await ledger.received(await ledger.add_received(hostile))
    assert kept is not None
    assert kept.topic == "a\ufffdb"
    assert kept.hints == ({"detail": "\ufffd?", "ids": ["\ufffd"]},)


# --- deliveries with a name ---


async def test_a_delivery_is_kept_once_by_its_name(book: LedgerBook) -> None:
    """The same name again is the first delivery, as it was, whatever the second one says."""
    named = received(delivery_id="d-1")
    async with book.begin() as ledger:
        first = await ledger.add_received(named)
    async with book.begin() as ledger:
        again = received(delivery_id="d-1", topic="other", hints=(), received_at=NOON + MINUTE)
        assert await ledger.add_received(again) == first
        assert await ledger.add_received(named) == first
        assert await ledger.received(first) == received(id=first, delivery_id="d-1")
        assert await ledger.open_received(NOON + 2 * MINUTE, 10) == [first]


async def test_names_belong_to_their_sender(book: LedgerBook) -> None:
    """Another source or owner uses the same name for another delivery; no name is no name."""
    senders: tuple[dict[str, Any], ...] = (
        {"delivery_id": "d-1"},
        {"delivery_id": "d-2"},
        {"delivery_id": "d-1", "owner_id": "shop-2"},
        {"delivery_id": "d-1", "source": Source.RAIL},
        {},
        {},
    )
    async with book.begin() as ledger:
        ids = [await ledger.add_received(received(**each)) for each in senders]
        assert len(set(ids)) == len(senders)
        for received_id, each in zip(ids, senders, strict=True):
            assert await ledger.received(received_id) == received(id=received_id, **each)


async def test_a_closed_delivery_is_not_opened_by_its_repetition(book: LedgerBook) -> None:
    """What was done about the first one counts for the second; once forgotten, it is news."""
    named = received(delivery_id="d-1")
    async with book.begin() as ledger:
        first = await ledger.add_received(named)
        await ledger.close_received(first, "done", NOON)
        assert await ledger.add_received(named) == first
        assert await ledger.received(first) == received(id=first, delivery_id="d-1", outcome="done")
        await ledger.forget_received(NOON + MINUTE)
        second = await ledger.add_received(named)
        assert second != first
        assert await ledger.open_received(NOON + MINUTE, 10) == [second]


async def test_deliveries_of_one_name_at_once_are_one(book: LedgerBook) -> None:
    """Sixteen at the same moment are all told the same id."""

    async def add() -> int:
        async with book.begin() as ledger:
            return await ledger.add_received(received(delivery_id="d-1"))

    assert len(set(await asyncio.gather(*(add() for _ in range(16))))) == 1


async def test_a_repeated_delivery_wakes_nobody_in_the_twin(memory_book: MemoryBook) -> None:
    """The first one's wake-up is enough, and is not repeated after it was taken."""
    async with memory_book.begin() as ledger:
        first = await ledger.add_received(received(delivery_id="d-1"))
        await ledger.add_received(received(delivery_id="d-1"))
    assert memory_book.drain() == [Wake("digest", first, None)]
    async with memory_book.begin() as ledger:
        await ledger.add_received(received(delivery_id="d-1"))
    assert memory_book.drain() == []


async def test_a_repeated_delivery_wakes_nobody_in_the_queue(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """Not even when the first one's job has run already."""
    async with postgres_book.begin() as ledger:
        first = await ledger.add_received(received(delivery_id="d-1"))
        await ledger.add_received(received(delivery_id="d-1"))
    assert await jobs(pool) == [("digest", "todo", f"received/{first}")]
    async with pool.connection() as conn:
        await conn.execute("DELETE FROM procrastinate_jobs")
    async with postgres_book.begin() as ledger:
        assert await ledger.add_received(received(delivery_id="d-1")) == first
    assert await jobs(pool) == []


# --- values ---


async def test_times_come_back_aware_and_in_utc(book: LedgerBook) -> None:
    """A time given in Lima's zone is the same moment, read in UTC, to the microsecond."""
    moment = datetime(2026, 11, 23, 7, 0, 0, 123456, tzinfo=LIMA)
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund(requested_at=moment, next_action_at=moment))
    async with book.begin() as ledger:
        kept = await ledger.refund("rf-1")
    assert kept is not None
    assert kept.requested_at == moment
    assert kept.requested_at.utcoffset() == timedelta(0)
    assert kept.next_action_at is not None
    assert kept.next_action_at.utcoffset() == timedelta(0)


async def test_a_naive_time_is_refused(book: LedgerBook) -> None:
    """A time without a zone is no moment."""
    with pytest.raises(ValueError, match="no time zone"):
        async with book.begin() as ledger:
            await ledger.add_account(account(created_at=NOON.replace(tzinfo=None)))


async def test_what_is_written_does_not_change_with_what_was_given(book: LedgerBook) -> None:
    """The ledger keeps its own copy of settings that the caller goes on changing."""
    settings = {"methods": ["a"]}
    async with book.begin() as ledger:
        await ledger.add_account(account(settings=settings))
    settings["methods"].append("b")
    async with book.begin() as ledger:
        assert await ledger.account("acc") == account(settings={"methods": ["a"]})
