"""What only the in-memory ledger has: its wake-ups, and its refusal to wait for itself."""

import pytest

from pef_adapters.storage.memory import MemoryBook, Wake
from storage_samples import MINUTE, NOON, received, refund


async def test_wake_ups_are_there_after_the_commit(memory_book: MemoryBook) -> None:
    """In the order of deferring, until somebody drains them."""
    async with memory_book.begin() as ledger:
        received_id = await ledger.add_received(received())
        await ledger.wake(refund())
        await ledger.wake(refund(), NOON)
        await ledger.postpone_received(received_id, NOON + MINUTE)
        assert memory_book.wakes == []
    expected = [
        Wake("digest", received_id, None),
        Wake("advance", "rf-1", None),
        Wake("advance", "rf-1", NOON),
        Wake("digest", received_id, NOON + MINUTE),
    ]
    assert memory_book.wakes == expected
    assert memory_book.drain() == expected
    assert memory_book.wakes == []


async def test_a_rolled_back_transaction_wakes_nobody(memory_book: MemoryBook) -> None:
    """What did not happen leaves no wake-up."""

    async def fail() -> None:
        async with memory_book.begin() as ledger:
            await ledger.wake(refund())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert memory_book.wakes == []


async def test_a_transaction_inside_a_transaction_is_refused(memory_book: MemoryBook) -> None:
    """It would wait for itself for ever."""
    async with memory_book.begin():
        with pytest.raises(RuntimeError, match="inside"):
            async with memory_book.begin():
                pass
    async with memory_book.begin() as ledger:
        assert await ledger.stores() == []
