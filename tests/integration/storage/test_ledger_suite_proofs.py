"""The storage suite, over both ledgers: proofs of payment."""

from dataclasses import replace

import pytest

from desk_samples import DAY, batch, moved_in, payout, proof
from pef_adapters.core.errors import NotThere
from pef_adapters.engine.ports import LedgerBook
from storage_samples import CANARY, NOON


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details of the first and a bank file."""
    return await moved_in(book, refunds=3)


async def test_proofs_of_a_bank_file_are_told_oldest_first(desk: LedgerBook) -> None:
    """With their bytes as they were; a proof of the whole file names no line."""
    whole = proof(line_id="", body=bytes(range(256)) * 64, added_at=NOON - DAY)
    async with desk.begin() as ledger:
        await ledger.add_batch(batch(id="PB2"))
        first = await ledger.add_proof(proof(id=999))
        other = await ledger.add_proof(proof(batch_id="PB2"))
        second = await ledger.add_proof(whole)
    async with desk.begin() as ledger:
        kept = [proof(id=first), replace(whole, id=second)]
        assert await ledger.proofs("PB1") == kept
        assert await ledger.proofs("PB2") == [proof(id=other, batch_id="PB2")]
        assert await ledger.proofs("PB9") == []


async def test_the_same_proof_may_come_twice(desk: LedgerBook) -> None:
    """Nothing is refused, nothing replaced."""
    async with desk.begin() as ledger:
        first = await ledger.add_proof(proof())
        second = await ledger.add_proof(proof())
        assert await ledger.proofs("PB1") == [proof(id=first), proof(id=second)]


async def test_a_proof_needs_its_bank_file(desk: LedgerBook) -> None:
    """It proves nothing about what isn't there; the error shows none of its bytes."""
    with pytest.raises(NotThere) as caught:
        async with desk.begin() as ledger:
            await ledger.add_proof(proof(batch_id="PB9"))
    assert CANARY not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_proofs_bytes_are_not_in_a_repr(desk: LedgerBook) -> None:
    """What comes back may be printed."""
    async with desk.begin() as ledger:
        await ledger.add_proof(proof())
        (kept,) = await ledger.proofs("PB1")
    assert CANARY.encode() in kept.body
    assert CANARY not in repr(kept)
    assert "constancia.pdf" in repr(kept)


async def test_a_hostile_file_name_is_kept_without_what_no_database_holds(
    desk: LedgerBook,
) -> None:
    """NUL and half surrogates are replaced in names and in the bank's words, not in bytes."""
    async with desk.begin() as ledger:
        await ledger.add_proof(proof(file_name="a\x00\ud800.pdf", body=b"\x00"))
        await ledger.add_payout(payout(reason="\x00", exchange={"a": "\ud800"}))
    async with desk.begin() as ledger:
        (kept,) = await ledger.proofs("PB1")
        (line,) = await ledger.payouts_of_batch("PB1")
    assert (kept.file_name, kept.body) == ("a\ufffd?.pdf", b"\x00")
    assert (line.reason, line.exchange) == ("\ufffd", {"a": "?"})
