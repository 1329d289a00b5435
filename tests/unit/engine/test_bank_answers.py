"""What the bank answers: booked whole or not at all, once, and never hidden."""

from datetime import timedelta

import pytest

from desk_world import LUIS, DeskWorld, bank_file
from pef_adapters.core.errors import BankFileUnreadable, NotThere, PayoutAnswerDiffers
from pef_adapters.core.states import State
from pef_adapters.engine import bank_answers
from pef_adapters.engine.payouts import Exported
from pef_adapters.engine.people import settle
from pef_adapters.engine.records import PayoutEnd

RETURNED = {"reason": "La cuenta 00219310000000000117 no existe"}


async def sent() -> tuple[DeskWorld, Exported]:
    """A world with one payout in the bank's hands."""
    world = await DeskWorld().open_old()
    await world.until_due()
    return world, await world.export()


async def test_the_same_answers_twice_change_nothing() -> None:
    """A file that is imported again is known, and says so."""
    world, exported = await sent()
    assert (await world.answer(exported, "confirmed")).confirmed == 1
    before = await world.refund()
    again = await world.answer(exported, "confirmed")
    assert (again.confirmed, again.known, again.open_lines) == (0, 1, 0)
    assert await world.refund() == before


async def test_a_returned_payout_asks_the_buyer_again_and_keeps_its_money_reserved() -> None:
    """Returned, asked, given anew, approved anew, paid by a second line with its own id."""
    world, exported = await sent()
    assert (await world.answer(exported, "returned", **RETURNED)).returned == 1
    refund = await world.refund()
    assert (refund.state, refund.attention) == (
        State.AWAITING_BENEFICIARY,
        "code.PAYOUT_RETURNED",
    )
    assert (await world.payment()).reserved.minor == 12980
    assert len(world.platform.order().messages) == 2
    await world.give(**LUIS)
    await world.approve("Rosa", "Marta")
    await world.later(days=1, minutes=1)
    second = await world.export()
    lines = [payout.line_id for payout in await world.payouts()]
    assert lines == [f"{refund.id}-1", f"{refund.id}-2"]
    await world.answer(second, "confirmed")
    assert (await world.refund()).state is State.REFUNDED
    assert (await world.payment()).refunded.minor == 12980


async def test_the_banks_words_are_kept_without_the_account() -> None:
    """A reason may name the account; what is kept does not."""
    world, exported = await sent()
    await world.answer(exported, "returned", **RETURNED)
    [payout] = await world.payouts()
    assert "no existe" in payout.reason
    assert "0021931" not in payout.reason
    refund = await world.refund()
    async with world.book.begin() as ledger:
        told = repr(await ledger.timeline(refund.id))
    assert "0021931" not in told


async def test_money_that_comes_back_after_it_was_confirmed_is_seen() -> None:
    """A bank can return what it confirmed: the refund is not refunded any more."""
    world, exported = await sent()
    await world.answer(exported, "confirmed")
    await world.answer(exported, "returned", **RETURNED)
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
    payment = await world.payment()
    assert (payment.refunded.minor, payment.reserved.minor) == (0, 12980)


async def test_a_confirmation_after_a_return_is_an_alarm() -> None:
    """The buyer was asked again already; now the money may go twice."""
    world, exported = await sent()
    await world.answer(exported, "returned", **RETURNED)
    await world.answer(exported, "confirmed")
    refund = await world.refund()
    assert (refund.state, refund.attention) == (
        State.AWAITING_BENEFICIARY,
        "code.PAID_BEYOND_REST",
    )


async def test_a_payout_that_a_person_gave_up_and_the_bank_confirms_is_an_alarm() -> None:
    """What the bank paid counts, whatever a person had concluded."""
    world, exported = await sent()
    refund = await world.refund()
    await settle(world.ports, refund.id, "Luis", paid=False)
    assert [each.ended_as for each in await world.payouts()] == [PayoutEnd.RETURNED]
    await world.answer(exported, "confirmed")
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.FAILED, "code.PAID_BEYOND_REST")


async def test_a_person_can_settle_a_payout_without_a_file() -> None:
    """Paid by hand at the bank's counter: a named person says so, and the line is closed."""
    world, _ = await sent()
    refund = await world.refund()
    await settle(world.ports, refund.id, "Luis", paid=True)
    assert (await world.refund()).state is State.REFUNDED
    [payout] = await world.payouts()
    assert (payout.ended_as, payout.answered_by) == (PayoutEnd.CONFIRMED, "Luis")


async def test_one_wrong_line_takes_nothing_of_the_file() -> None:
    """A foreign line or another amount: the message names it, and no refund moves."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.until_due("16", 3000)
    exported = await world.export()
    good = bank_file(exported.body, status="confirmed")
    foreign = good.replace((await world.refund("16")).id.encode(), b"RFSOMEBODYELSE")
    other = good.replace(b"30.00", b"31.00")
    for body, said in ((foreign, "RFSOMEBODYELSE"), (other, "31.00 PEN instead of 30.00 PEN")):
        with pytest.raises(PayoutAnswerDiffers, match=said):
            await bank_answers.take_answers(world.ports, exported.batch.id, body, "Rosa")
        assert (await world.refund("15")).state is State.PENDING
    with pytest.raises(BankFileUnreadable):
        await bank_answers.take_answers(world.ports, exported.batch.id, b"rubbish", "Rosa")
    with pytest.raises(NotThere):
        await bank_answers.take_answers(world.ports, "PBNONE", good, "Rosa")


async def test_lines_without_an_answer_stay_open() -> None:
    """A file that is half answered books that half and counts the rest."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.until_due("16", 3000)
    exported = await world.export()
    text = bank_file(exported.body, status="confirmed").decode()
    second = (await world.refund("16")).id
    half = "\r\n".join(
        line.replace("confirmed", "").replace("OP-77", "") if second in line else line
        for line in text.splitlines()
    )
    done = await bank_answers.take_answers(world.ports, exported.batch.id, half.encode(), "Rosa")
    await world.run()
    assert (done.confirmed, done.open_lines) == (1, 1)
    assert (await world.refund("15")).state is State.REFUNDED
    assert (await world.refund("16")).state is State.PENDING


async def test_a_proof_is_kept_whole_with_its_hash() -> None:
    """The bank's paper is there when a buyer asks for it; empty or huge files are refused."""
    world, exported = await sent()
    name, paper = "voucher.pdf", b"%PDF-1.7 paid"
    proof = await bank_answers.attach_proof(
        world.ports, exported.batch.id, "Rosa", file_name=name, body=paper
    )
    async with world.book.begin() as ledger:
        [kept] = await ledger.proofs(exported.batch.id)
    assert (kept, kept.body, kept.file_name) == (proof, paper, name)
    for body in (b"", b"x" * (bank_answers.MOST_PROOF_BYTES + 1)):
        with pytest.raises(PayoutAnswerDiffers):
            await bank_answers.attach_proof(
                world.ports, exported.batch.id, "Rosa", file_name=name, body=body
            )
    with pytest.raises(NotThere):
        await bank_answers.attach_proof(
            world.ports, exported.batch.id, "Rosa", file_name=name, body=paper, line_id="x"
        )


async def test_a_payout_date_in_the_future_is_refused() -> None:
    """A bank can't have paid tomorrow."""
    world, exported = await sent()
    tomorrow = f"{world.clock.now() + timedelta(days=2):%Y-%m-%d}"
    with pytest.raises(BankFileUnreadable):
        await world.answer(exported, "confirmed", paid_on=tomorrow)
