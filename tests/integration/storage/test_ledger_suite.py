"""The storage suite, over both ledgers: transactions, deliveries, plain values."""

from datetime import datetime, timedelta, timezone

import pytest

from pef_adapters.engine.ports import LedgerBook
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
