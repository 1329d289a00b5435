"""The storage suite, over both ledgers: bank files and their lines."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from desk_samples import DAY, batch, moved_in, payout, proof, undone
from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import PayoutEnd
from storage_samples import NOON, soles

LIMA = timezone(timedelta(hours=-5))
ANSWERED: dict[str, Any] = {
    "ended_as": PayoutEnd.RETURNED,
    "answered_at": NOON + DAY,
    "answered_by": "Rosa",
    "bank_reference": "OP-77",
    "paid_on": "2026-11-24",
    "reason": "cuenta cerrada",
    "reason_code": "AC04",
}


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details of the first and a bank file."""
    return await moved_in(book, refunds=3)


# --- bank files ---


async def test_bank_files_are_listed_newest_first(desk: LedgerBook) -> None:
    """By their writing and not by their moment; the limit holds."""
    second = batch(id="PB2", made_at=NOON - DAY)
    async with desk.begin() as ledger:
        await ledger.add_batch(second)
        await ledger.add_batch(batch(id="PB0"))
    async with desk.begin() as ledger:
        assert await ledger.batches(10) == [batch(id="PB0"), second, batch()]
        assert await ledger.batches(1) == [batch(id="PB0")]
        assert await ledger.batch("PB2") == second
        assert await ledger.batch("PB9") is None


async def test_a_bank_file_is_made_once(desk: LedgerBook) -> None:
    """The same lines can't become two files: a second one of its name is refused."""
    with pytest.raises(TransitionRefused, match="PB1"):
        async with desk.begin() as ledger:
            await ledger.add_batch(batch(sha256="other"))
    async with desk.begin() as ledger:
        assert await ledger.batch("PB1") == batch()


async def test_a_bank_file_needs_its_account(desk: LedgerBook) -> None:
    """Nobody's money goes out."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_batch(batch(id="PB2", account_id="nobody"))


async def test_a_bank_file_is_found_by_a_hostile_name(desk: LedgerBook) -> None:
    """Asking for what can't be stored is answered, not refused."""
    async with desk.begin() as ledger:
        assert await ledger.batch("\x00\ud800") is None
        assert await ledger.payouts_of_batch("\x00") == []
        assert await ledger.proofs("\x00") == []


# --- lines ---


async def test_lines_keep_the_order_of_the_file(desk: LedgerBook) -> None:
    """As they were written, whatever their names and moments; answers don't move them."""
    lines = [payout(3), payout(1, line_id="Z", exported_at=NOON - DAY), payout(2)]
    async with desk.begin() as ledger:
        for line in lines:
            await ledger.add_payout(line)
        await ledger.save_payout(replace(lines[0], **ANSWERED))
    async with desk.begin() as ledger:
        answered = replace(lines[0], **ANSWERED)
        assert await ledger.payouts_of_batch("PB1") == [answered, *lines[1:]]
        assert await ledger.payouts_of_batch("PB2") == []
        assert await ledger.payouts_of_refund("rf-3") == [answered]


async def test_a_refund_stands_in_one_open_bank_file(desk: LedgerBook) -> None:
    """A second line is refused in the same file and in another, and the first stays."""
    async with desk.begin() as ledger:
        await ledger.add_batch(batch(id="PB2"))
        await ledger.add_payout(payout())
    for file in ("PB1", "PB2"):
        with pytest.raises(TransitionRefused, match="rf-1 stands in a bank file"):
            async with desk.begin() as ledger:
                await ledger.add_payout(payout(line_id="L9", batch_id=file))
    async with desk.begin() as ledger:
        assert await ledger.payouts_of_refund("rf-1") == [payout()]


async def test_of_many_who_export_a_refund_at_once_one_does(desk: LedgerBook) -> None:
    """Sixteen lines at the same moment become one; fifteen exporters hear it."""

    async def add(number: int) -> str:
        try:
            async with desk.begin() as ledger:
                await ledger.add_payout(payout(line_id=f"line {number}"))
        except TransitionRefused:
            return "refused"
        return "written"

    heard = await asyncio.gather(*map(add, range(16)))
    assert sorted(heard) == ["refused"] * 15 + ["written"]
    async with desk.begin() as ledger:
        assert len(await ledger.payouts_of_refund("rf-1")) == 1


@pytest.mark.parametrize("end", list(PayoutEnd))
async def test_after_the_banks_answer_the_next_line_may_be_written(
    desk: LedgerBook, end: PayoutEnd
) -> None:
    """Lines of one refund are told oldest first; the end comes back as the word it is."""
    ended = payout(**ANSWERED | {"ended_as": end})
    second = payout(line_id="A", generation=2, exported_at=NOON - DAY)
    async with desk.begin() as ledger:
        await ledger.add_payout(payout())
        await ledger.save_payout(ended)
        await ledger.add_payout(second)
    async with desk.begin() as ledger:
        kept = await ledger.payouts_of_refund("rf-1")
    assert kept == [ended, second]
    assert kept[0].ended_as is end


async def test_a_lines_id_is_taken_once(desk: LedgerBook) -> None:
    """Not even an answered line, or another refund's, gives its id away."""
    ended = payout(**ANSWERED)
    async with desk.begin() as ledger:
        await ledger.add_payout(ended)
    for second in (payout(), payout(2, line_id="L1")):
        with pytest.raises(TransitionRefused):
            async with desk.begin() as ledger:
                await ledger.add_payout(second)
    async with desk.begin() as ledger:
        assert await ledger.payouts_of_refund("rf-1") == [ended]


async def test_saving_a_line_writes_only_what_the_bank_answered(desk: LedgerBook) -> None:
    """What went out does not change: amount, account, file and refund stay."""
    async with desk.begin() as ledger:
        await ledger.add_payout(payout())
        await ledger.save_payout(
            payout(
                **ANSWERED,
                refund_id="rf-2",
                generation=9,
                batch_id="PB2",
                destination_id=9,
                paid_out=Money(1, "USD"),
                exchange={"rate": "3.7"},
                exported_at=NOON + DAY,
            )
        )
    async with desk.begin() as ledger:
        assert await ledger.payouts_of_refund("rf-1") == [payout(**ANSWERED)]
        assert await ledger.payouts_of_refund("rf-2") == []


async def test_an_answer_may_be_mended(desk: LedgerBook) -> None:
    """A bank that paid can still return the money."""
    async with desk.begin() as ledger:
        await ledger.add_payout(payout(**ANSWERED | {"ended_as": PayoutEnd.CONFIRMED}))
        await ledger.save_payout(payout(**ANSWERED))
        assert await ledger.payouts_of_refund("rf-1") == [payout(**ANSWERED)]


async def test_an_answered_line_is_not_opened_beside_another(desk: LedgerBook) -> None:
    """The refund would stand in two open files."""
    async with desk.begin() as ledger:
        await ledger.add_payout(payout(**ANSWERED))
        await ledger.add_payout(payout(line_id="L1b"))
    with pytest.raises(TransitionRefused):
        async with desk.begin() as ledger:
            await ledger.save_payout(payout())


async def test_an_unknown_line_cannot_be_saved(desk: LedgerBook) -> None:
    """Saving never inserts."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.save_payout(payout())


@pytest.mark.parametrize(
    "missing", [{"refund_id": "rf-9"}, {"batch_id": "PB9"}, {"destination_id": 77}]
)
async def test_a_line_needs_what_it_stands_on(desk: LedgerBook, missing: dict[str, Any]) -> None:
    """Its refund, its bank file and the bank details that it pays to."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_payout(payout(**missing))


@pytest.mark.parametrize("minor", [0, -1])
async def test_nothing_is_no_payout(desk: LedgerBook, minor: int) -> None:
    """A line of nothing, or less, is refused alike."""
    with pytest.raises(ValueError, match="more than nothing"):
        async with desk.begin() as ledger:
            await ledger.add_payout(payout(paid_out=soles(minor)))


async def test_an_exchanged_payout_keeps_both_sides(desk: LedgerBook) -> None:
    """Its own currency, to the minor unit, and how it was exchanged."""
    paid_in_dollars = payout(paid_out=Money(2**53 + 1, "USD"), exchange={"rate": "3.7012"})
    async with desk.begin() as ledger:
        await ledger.add_payout(paid_in_dollars)
    async with desk.begin() as ledger:
        assert await ledger.payouts_of_batch("PB1") == [paid_in_dollars]


async def test_lines_that_were_rolled_back_never_went_out(desk: LedgerBook) -> None:
    """Neither the file nor its lines are left, and the refund may enter the next one."""

    async def export(ledger: Ledger) -> None:
        await ledger.add_batch(batch(id="PB2"))
        await ledger.add_payout(payout(batch_id="PB2"))
        await ledger.add_proof(proof(batch_id="PB2"))

    await undone(desk, export)
    async with desk.begin() as ledger:
        assert await ledger.batches(10) == [batch()]
        assert await ledger.payouts_of_refund("rf-1") == []
        assert await ledger.proofs("PB2") == []
        await ledger.add_payout(payout())


async def test_moments_of_the_payout_desk_are_in_utc(desk: LedgerBook) -> None:
    """Given in Lima's time, each comes back as the same moment in UTC."""
    moment = NOON.astimezone(LIMA)
    async with desk.begin() as ledger:
        await ledger.add_batch(batch(id="PB2", made_at=moment))
        await ledger.add_payout(payout(exported_at=moment, answered_at=moment))
        await ledger.add_proof(proof(added_at=moment))
    async with desk.begin() as ledger:
        file = await ledger.batch("PB2")
        (line,) = await ledger.payouts_of_refund("rf-1")
        (kept,) = await ledger.proofs("PB1")
    assert file is not None
    assert line.answered_at is not None
    moments = [file.made_at, line.exported_at, line.answered_at, kept.added_at]
    assert moments == [NOON] * 4
    assert {at.utcoffset() for at in moments} == {timedelta(0)}
