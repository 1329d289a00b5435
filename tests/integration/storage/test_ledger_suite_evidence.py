"""The storage suite, over both ledgers: evidence as it lies there, and seals over it."""

from dataclasses import replace
from typing import Any

import pytest

from pef_adapters.core.errors import TransitionRefused
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import EvidenceBook, Seal
from people_samples import audit
from storage_samples import NOON, entry, exchange, refund, settle_in

ALL = 2**63 - 1
NAIVE = NOON.replace(tzinfo=None)


def seal(number: int = 1, **changes: Any) -> Seal:
    """Seal `number` of the timeline."""
    sample = Seal(
        book=EvidenceBook.TIMELINE,
        number=number,
        first_seq=1,
        last_seq=3,
        rows=3,
        digest="ab" * 32,
        mark="cd" * 32,
        sealed_at=NOON,
    )
    return replace(sample, **changes)


async def written(book: LedgerBook, rows: int) -> None:
    """So many rows in each book of evidence."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        for number in range(rows):
            await ledger.add_exchange(exchange(status=number))
            await ledger.add_entry(entry(what=f"step {number}"))
            await ledger.add_audit(audit(subject=f"refund/{number}"))


@pytest.mark.parametrize("kind", EvidenceBook)
async def test_rows_come_in_the_order_of_writing(book: LedgerBook, kind: EvidenceBook) -> None:
    """After one `seq` and up to another, at most so many, and each counted."""
    await written(book, 5)
    async with book.begin() as ledger:
        found = [row["seq"] for row in await ledger.evidence(kind, 1, 4, 10)]
        assert found == [2, 3, 4]
        assert [row["seq"] for row in await ledger.evidence(kind, -ALL, ALL, 2)] == [1, 2]
        assert await ledger.count_evidence(kind, 2) == 3
    async with book.begin() as ledger:
        assert await ledger.firm_end(kind) == 5


@pytest.mark.parametrize("kind", EvidenceBook)
async def test_an_empty_book_ends_at_nought(book: LedgerBook, kind: EvidenceBook) -> None:
    """There is nothing to seal, and no seal."""
    async with book.begin() as ledger:
        assert await ledger.firm_end(kind) == 0
        assert await ledger.last_seal(kind) is None
        assert await ledger.seals(kind, 0, 10) == []


async def test_a_row_holds_every_field(book: LedgerBook) -> None:
    """What a record says is in its row, its JSON as text."""
    await written(book, 1)
    async with book.begin() as ledger:
        (sent,) = await ledger.evidence(EvidenceBook.EXCHANGES, 0, ALL, 9)
        (told,) = await ledger.evidence(EvidenceBook.TIMELINE, 0, ALL, 9)
        (done,) = await ledger.evidence(EvidenceBook.AUDIT, 0, ALL, 9)
    assert sent.keys() == {"seq", *exchange().__dataclass_fields__}
    assert told.keys() == {"seq", *entry().__dataclass_fields__}
    assert done.keys() == {"seq", *audit().__dataclass_fields__} - {"id"}
    assert told["detail"] == '{"rules": ["paid_only"]}'


async def test_seals_come_back_in_order(book: LedgerBook) -> None:
    """Each of its own book, from a number on, and the newest by itself."""
    other = seal(7, book=EvidenceBook.AUDIT)
    async with book.begin() as ledger:
        for each in (seal(2), seal(1), seal(3), other):
            await ledger.add_seal(each)
    async with book.begin() as ledger:
        assert await ledger.last_seal(EvidenceBook.TIMELINE) == seal(3)
        assert await ledger.last_seal(EvidenceBook.AUDIT) == other
        assert await ledger.seals(EvidenceBook.TIMELINE, 1, 10) == [seal(2), seal(3)]
        assert await ledger.seals(EvidenceBook.TIMELINE, 0, 1) == [seal(1)]


async def test_a_number_is_given_once(book: LedgerBook) -> None:
    """A second seal of the same number is refused, and a time without a zone as well."""
    async with book.begin() as ledger:
        await ledger.add_seal(seal())
    with pytest.raises(TransitionRefused):
        async with book.begin() as ledger:
            await ledger.add_seal(seal(digest="ef" * 32))
    with pytest.raises(ValueError, match="time zone"):
        async with book.begin() as ledger:
            await ledger.add_seal(seal(2, sealed_at=NAIVE))
