"""The storage suite, over both ledgers: lists by deadline, month and lane."""

from collections.abc import Awaitable, Callable
from datetime import timedelta, timezone

import pytest

from desk_samples import DAY, HOUR
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import Payment, Refund
from storage_samples import MINUTE, NOON, account, payment, refund, settle_in, store

LIMA = timezone(timedelta(hours=-5))
NAIVE = NOON.replace(tzinfo=None)


def ids(refunds: list[Refund]) -> list[str]:
    """Which they are."""
    return [each.id for each in refunds]


def names(payments: list[Payment]) -> list[tuple[str, str]]:
    """Which they are."""
    return [(each.account_id, each.transaction_id) for each in payments]


async def test_the_newer_fields_of_a_refund_make_the_round_trip(book: LedgerBook) -> None:
    """Added and saved, each comes back as it went, times in UTC and the lane as its word."""
    moment = NOON.astimezone(LIMA)
    first = refund(
        buyer="hash-b",
        destination="hash-d",
        lane=Route.PAYOUT,
        lane_chosen_by="Rosa",
        edited_by="Luis",
        counted_at=moment,
        deadline_at=moment + DAY,
    )
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(first)
        await ledger.add_refund(refund(2))
    async with book.begin() as ledger:
        kept = await ledger.refund("rf-1")
        assert kept == first
        assert kept.lane is Route.PAYOUT
        for at in (kept.counted_at, kept.deadline_at):
            assert at is not None
            assert at.utcoffset() == timedelta(0)
        await ledger.save_refund(refund(1))
        await ledger.save_refund(refund(2, buyer="hash-b", lane=Route.PAYOUT, counted_at=NOON))
    async with book.begin() as ledger:
        assert await ledger.refund("rf-1") == refund(1)
        second = await ledger.refund("rf-2")
    assert second == refund(2, buyer="hash-b", lane=Route.PAYOUT, counted_at=NOON)


async def test_refunds_by_deadline_tell_the_most_urgent_first(book: LedgerBook) -> None:
    """Those wanted before the moment, ties as written; without a deadline none is urgent."""
    hours = {1: 3, 2: 1, 3: 2, 4: 1, 5: 4}
    async with book.begin() as ledger:
        await settle_in(ledger)
        for number, left in hours.items():
            at = NOON - number * MINUTE
            await ledger.add_refund(refund(number, deadline_at=NOON + left * HOUR, created_at=at))
        await ledger.add_refund(refund(6))
    async with book.begin() as ledger:
        soon = await ledger.refunds_by_deadline(NOON + 4 * HOUR, 10)
        assert ids(soon) == ["rf-2", "rf-4", "rf-3", "rf-1"]
        assert ids(await ledger.refunds_by_deadline(NOON + 4 * HOUR, 2)) == ["rf-2", "rf-4"]
        assert await ledger.refunds_by_deadline(NOON + HOUR, 10) == []


async def test_a_finished_refund_has_no_deadline_left(book: LedgerBook) -> None:
    """What is rejected, failed or paid crowds nobody else out of the list."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        for number, state in enumerate(State, 1):
            await ledger.add_refund(refund(number, deadline_at=NOON, state=state))
        found = await ledger.refunds_by_deadline(NOON + HOUR, 100)
        assert {each.state for each in found} == {s for s in State if not CARE[s].final}


async def test_refunds_asked_are_those_of_a_stretch_of_time(book: LedgerBook) -> None:
    """From its start until just before its end, by when we heard of them, ties as written."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        for number, hours in ((1, 2), (2, -1), (3, 0), (4, 1), (5, 0)):
            await ledger.add_refund(refund(number, requested_at=NOON + hours * HOUR))
        early = refund(6, requested_at=NOON + HOUR, created_at=NOON - DAY)
        await ledger.add_refund(early)
    async with book.begin() as ledger:
        asked = await ledger.refunds_asked(NOON.astimezone(LIMA), NOON + 2 * HOUR)
        assert ids(asked) == ["rf-6", "rf-3", "rf-4", "rf-5"]
        assert asked[0] == early
        assert await ledger.refunds_asked(NOON, NOON) == []


async def test_refunds_due_for_payout_wait_in_the_order_of_coming(book: LedgerBook) -> None:
    """Of one account and one state only, oldest first; the limit holds."""
    due = State.PAYOUT_DUE
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_account(account(id="acc-2"))
        await ledger.add_store(store(id="shop-2", account_id="acc-2"))
        await ledger.add_refund(refund(1, state=due))
        await ledger.add_refund(refund(2, state=due, created_at=NOON - DAY))
        await ledger.add_refund(refund(3, state=due))
        await ledger.add_refund(refund(4, state=State.AWAITING_BENEFICIARY))
        await ledger.add_refund(refund(5, state=due, account_id="acc-2", store_id="shop-2"))
    async with book.begin() as ledger:
        assert ids(await ledger.refunds_due_for_payout("acc", 10)) == ["rf-2", "rf-1", "rf-3"]
        assert ids(await ledger.refunds_due_for_payout("acc", 1)) == ["rf-2"]
        assert ids(await ledger.refunds_due_for_payout("acc-2", 10)) == ["rf-5"]
        assert await ledger.refunds_due_for_payout("nobody", 10) == []


async def test_payments_paid_are_those_of_a_stretch_of_time(book: LedgerBook) -> None:
    """From its start until just before its end, oldest first; unknown moments are left out."""
    moments = {"late": NOON + HOUR, "b": NOON, "B": NOON, "Ñ": NOON, "a": NOON - MINUTE}
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_account(account(id="acc-2"))
        for name, at in moments.items():
            await ledger.add_payment(payment(transaction_id=name, paid_at=at))
        await ledger.add_payment(payment(transaction_id="unknown", paid_at=None))
        await ledger.add_payment(payment(transaction_id="b", paid_at=NOON, account_id="acc-2"))
    async with book.begin() as ledger:
        paid = names(await ledger.payments_paid(NOON, NOON + HOUR))
        assert paid == [("acc", "B"), ("acc", "b"), ("acc-2", "b"), ("acc", "Ñ")]
        last = await ledger.payments_paid((NOON + HOUR).astimezone(LIMA), NOON + DAY)
        assert last == [payment(transaction_id="late", paid_at=NOON + HOUR)]
        assert await ledger.payments_paid(NOON, NOON) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.refunds_by_deadline(NAIVE, 1),
        lambda ledger: ledger.refunds_asked(NAIVE, NOON),
        lambda ledger: ledger.refunds_asked(NOON, NAIVE),
        lambda ledger: ledger.payments_paid(NAIVE, NOON),
        lambda ledger: ledger.payments_paid(NOON, NAIVE),
    ],
)
async def test_a_naive_moment_is_no_question(
    book: LedgerBook, ask: Callable[[Ledger], Awaitable[object]]
) -> None:
    """A time without a zone is refused, whether there is something to find or not."""
    async with book.begin() as ledger:
        await settle_in(ledger)
    for number in (1, 2):
        with pytest.raises(ValueError, match="no time zone"):
            async with book.begin() as ledger:
                await ask(ledger)
        async with book.begin() as ledger:
            await ledger.add_refund(refund(number, deadline_at=NOON))
