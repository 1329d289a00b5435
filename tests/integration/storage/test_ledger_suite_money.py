"""The storage suite, over both ledgers: payments, attempts, evidence, timeline."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from pef_adapters.core.errors import (
    AmountExceedsRest,
    CurrencyDiffers,
    NotThere,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Payment
from storage_samples import (
    MINUTE,
    NOON,
    attempt,
    entry,
    exchange,
    payment,
    refund,
    settle_in,
    soles,
)

LIMA = timezone(timedelta(hours=-5))


# --- payments ---


async def test_an_existing_payment_is_left_as_it_is(book: LedgerBook) -> None:
    """Adding a payment again changes nothing."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.save_payment(payment(reserved=soles(5)))
        await ledger.add_payment(payment(paid=soles(1)))
        assert await ledger.payment("acc", "T1") == payment(reserved=soles(5))
        assert await ledger.payment("acc", "T2") is None


@pytest.mark.parametrize(
    "position",
    [
        {"reserved": soles(10_001)},
        {"refunded": soles(10_001)},
        {"reserved": soles(5_001), "refunded": soles(5_000)},
        {"reserved": soles(-1)},
        {"refunded": soles(-1)},
    ],
)
async def test_money_never_exceeds_what_was_paid(
    book: LedgerBook, position: dict[str, Money]
) -> None:
    """A position above what was paid, or below nothing, is refused."""
    async with book.begin() as ledger:
        await settle_in(ledger)
    with pytest.raises(AmountExceedsRest):
        async with book.begin() as ledger:
            await ledger.save_payment(payment(**position))
    async with book.begin() as ledger:
        assert await ledger.payment("acc", "T1") == payment()


async def test_all_that_was_paid_can_be_given_back(book: LedgerBook) -> None:
    """The limit itself is allowed, and reversal is kept."""
    whole = payment(reserved=soles(4_000), refunded=soles(6_000), reversed_at=NOON, paid_at=None)
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.save_payment(whole)
        assert await ledger.lock_payment("acc", "T1") == whole


async def test_a_payment_has_one_currency(book: LedgerBook) -> None:
    """Dollars are not reserved on a payment in soles."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        with pytest.raises(CurrencyDiffers):
            await ledger.save_payment(payment(reserved=Money(1, "USD")))


async def test_an_unknown_payment_cannot_be_saved(book: LedgerBook) -> None:
    """Saving never inserts."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.save_payment(payment())


async def test_64_reservations_at_once_never_exceed_what_was_paid(book: LedgerBook) -> None:
    """Under the payment's lock exactly as many fit as the payment holds."""
    async with book.begin() as ledger:
        await settle_in(ledger)

    async def reserve() -> bool:
        async with book.begin() as ledger:
            held = await ledger.lock_payment("acc", "T1")
            assert isinstance(held, Payment)
            if held.rest < soles(300):
                return False
            await ledger.save_payment(replace(held, reserved=held.reserved + soles(300)))
            return True

    won = sum(await asyncio.gather(*(reserve() for _ in range(64))))
    assert won == 33
    async with book.begin() as ledger:
        assert await ledger.payment("acc", "T1") == payment(reserved=soles(9_900))


@pytest.mark.parametrize("minor", [0, 1, 10_000, 2**53 + 1, 2**62])
async def test_money_makes_the_round_trip_exactly(book: LedgerBook, minor: int) -> None:
    """Amounts no float can hold come back as they went."""
    kept = payment(transaction_id="big", paid=soles(minor), refunded=soles(minor))
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_payment(kept)
    async with book.begin() as ledger:
        assert await ledger.payment("acc", "big") == kept


# --- attempts, evidence, timeline ---


async def test_attempts_are_kept_in_their_order(book: LedgerBook) -> None:
    """Of one refund, oldest first; what a send learned is saved on the attempt."""
    learned = attempt(
        first_sent_at=NOON + MINUTE,
        sends=2,
        maybe_sent=True,
        rail_refund_id="pe-9",
        rail_status="PROCESSED",
        rail_text="ok",
        expected_on="2026-11-30",
        closed_at=NOON + 2 * MINUTE,
    )
    second = attempt(merchant_refund_id="M1b", generation=2)
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        await ledger.add_attempt(attempt())
        await ledger.add_attempt(second)
        await ledger.save_attempt(learned)
        assert await ledger.attempt("M1") == learned
        assert await ledger.attempts("rf-1") == [learned, second]
        assert await ledger.attempt("M2") is None
        assert await ledger.attempts("rf-2") == []


async def test_an_attempts_id_is_taken_once(book: LedgerBook) -> None:
    """A second intent under the same merchant refund id is refused."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        await ledger.add_attempt(attempt())
    with pytest.raises(TransitionRefused):
        async with book.begin() as ledger:
            await ledger.add_attempt(attempt(amount=soles(1)))


async def test_an_attempt_needs_its_refund_and_itself(book: LedgerBook) -> None:
    """An intent without a refund is refused; saving never inserts."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.add_attempt(attempt())
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.save_attempt(attempt())


async def test_exchanges_are_found_by_their_attempts(book: LedgerBook) -> None:
    """Evidence of the asked attempts, oldest first; of no attempt, none."""
    lost = exchange(merchant_refund_id="M2", status=None, answer_body=None, fault="timeout")
    async with book.begin() as ledger:
        await ledger.add_exchange(exchange())
        await ledger.add_exchange(exchange(merchant_refund_id=None))
        await ledger.add_exchange(lost)
        await ledger.add_exchange(exchange(response_id="r-2"))
        found = await ledger.exchanges(["M1", "M2"])
        assert found == [exchange(), lost, exchange(response_id="r-2")]
        assert await ledger.exchanges([]) == []


async def test_the_timeline_is_told_in_the_order_of_writing(book: LedgerBook) -> None:
    """A clock that went back does not change the order of what happened."""
    first = entry()
    second = entry(at=NOON - MINUTE, what="note", from_state=None, to_state=None, detail={})
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund())
        await ledger.add_entry(first)
        await ledger.add_entry(second)
        assert await ledger.timeline("rf-1") == [first, second]
        assert await ledger.timeline("rf-2") == []


async def test_a_timeline_entry_needs_its_refund(book: LedgerBook) -> None:
    """Nothing happens to a refund that isn't there."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.add_entry(entry())
