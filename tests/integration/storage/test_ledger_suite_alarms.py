"""The storage suite, over both ledgers: alarms and what refunds really cost."""

import asyncio
from datetime import timedelta, timezone

import pytest

from desk_samples import DAY, alarm, cost, moved_in, undone
from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import LedgerBook
from storage_samples import MINUTE, NOON, soles

LIMA = timezone(timedelta(hours=-5))


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details of the first and a bank file."""
    return await moved_in(book, refunds=3)


# --- alarms ---


async def test_open_alarms_are_told_oldest_first(book: LedgerBook) -> None:
    """By their moment, those of one moment as they were raised."""
    raised = [alarm("b"), alarm("a"), alarm("c", raised_at=NOON - DAY)]
    async with book.begin() as ledger:
        for each in raised:
            assert await ledger.raise_alarm(each)
    async with book.begin() as ledger:
        assert await ledger.open_alarms() == [raised[2], raised[0], raised[1]]


async def test_an_alarm_is_raised_once(book: LedgerBook) -> None:
    """The same key again is no news, and leaves the first as it was."""
    async with book.begin() as ledger:
        assert await ledger.raise_alarm(alarm())
        assert not await ledger.raise_alarm(alarm(raised_at=NOON + DAY, subject="store/shop"))
    async with book.begin() as ledger:
        assert not await ledger.raise_alarm(alarm(figures={}))
        assert await ledger.open_alarms() == [alarm()]


async def test_of_many_who_raise_an_alarm_at_once_one_does(book: LedgerBook) -> None:
    """Sixteen watchers at the same moment tell a person once."""

    async def raise_it() -> bool:
        async with book.begin() as ledger:
            return await ledger.raise_alarm(alarm())

    heard = await asyncio.gather(*(raise_it() for _ in range(16)))
    assert sorted(heard) == [False] * 15 + [True]


async def test_a_cleared_alarm_is_over_and_may_come_again(book: LedgerBook) -> None:
    """Clearing is told once; the next time is a new alarm."""
    async with book.begin() as ledger:
        await ledger.raise_alarm(alarm())
        await ledger.raise_alarm(alarm("other"))
        assert await ledger.clear_alarm("review/1", NOON + MINUTE)
        assert not await ledger.clear_alarm("review/1", NOON + MINUTE)
        assert await ledger.open_alarms() == [alarm("other")]
    async with book.begin() as ledger:
        again = alarm(raised_at=NOON + DAY)
        assert await ledger.raise_alarm(again)
        assert await ledger.open_alarms() == [alarm("other"), again]


async def test_clearing_what_was_never_raised_does_nothing(book: LedgerBook) -> None:
    """And says so."""
    async with book.begin() as ledger:
        assert not await ledger.clear_alarm("review/1", NOON)
        assert await ledger.open_alarms() == []


async def test_an_alarm_of_the_past_is_no_open_one(book: LedgerBook) -> None:
    """One that comes in cleared stands beside an open one of its key."""
    async with book.begin() as ledger:
        assert await ledger.raise_alarm(alarm())
        assert await ledger.raise_alarm(alarm(raised_at=NOON - DAY, cleared_at=NOON))
        assert await ledger.open_alarms() == [alarm()]


async def test_a_hostile_alarm_is_raised_and_cleared_like_any(book: LedgerBook) -> None:
    """What no database can hold is replaced in its key, in asking for it as well."""
    hostile = alarm("a\x00\ud800", figures={"at\x00": "\ud800"})
    async with book.begin() as ledger:
        assert await ledger.raise_alarm(hostile)
        assert not await ledger.raise_alarm(hostile)
        assert await ledger.open_alarms() == [alarm("a\ufffd?", figures={"at\ufffd": "?"})]
        assert await ledger.clear_alarm("a\x00\ud800", NOON)
        assert await ledger.open_alarms() == []


async def test_alarms_of_a_transaction_that_failed_stay_as_they_were(book: LedgerBook) -> None:
    """A new one was never raised, an old one was not cleared."""
    async with book.begin() as ledger:
        await ledger.raise_alarm(alarm())
    await undone(book, lambda ledger: ledger.raise_alarm(alarm("other")))
    await undone(book, lambda ledger: ledger.clear_alarm("review/1", NOON))
    async with book.begin() as ledger:
        assert await ledger.open_alarms() == [alarm()]


async def test_a_naive_moment_clears_no_alarm(book: LedgerBook) -> None:
    """A time without a zone is no moment."""
    async with book.begin() as ledger:
        await ledger.raise_alarm(alarm())
    with pytest.raises(ValueError, match="no time zone"):
        async with book.begin() as ledger:
            await ledger.clear_alarm("review/1", NOON.replace(tzinfo=None))


# --- costs ---


async def test_costs_are_told_in_the_order_of_writing(desk: LedgerBook) -> None:
    """Those of the asked refunds, of no refund none; a clock that went back changes nothing."""
    written = [
        cost(),
        cost(refund_id="rf-2", amount=Money(99, "USD")),
        cost(amount=soles(-350), what="bonificación", recorded_at=NOON - DAY),
    ]
    async with desk.begin() as ledger:
        for each in (*written, cost(refund_id="rf-3")):
            await ledger.add_cost(each)
    async with desk.begin() as ledger:
        assert await ledger.costs(["rf-2", "rf-1", "rf-9"]) == written
        assert await ledger.costs(["rf-1", "rf-1"]) == [written[0], written[2]]
        assert await ledger.costs([]) == []


async def test_the_same_cost_may_come_twice(desk: LedgerBook) -> None:
    """Several entries add up."""
    async with desk.begin() as ledger:
        await ledger.add_cost(cost())
        await ledger.add_cost(cost())
        assert await ledger.costs(["rf-1"]) == [cost(), cost()]


async def test_a_cost_needs_its_refund(desk: LedgerBook) -> None:
    """Nothing costs anything that isn't there."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_cost(cost(refund_id="rf-9"))


async def test_a_hostile_note_of_a_cost_is_kept(desk: LedgerBook) -> None:
    """NUL and half surrogates are replaced, and a search by them is answered."""
    async with desk.begin() as ledger:
        await ledger.add_cost(cost(what="a\x00", recorded_by="\ud800"))
        assert await ledger.costs(["rf-1"]) == [cost(what="a\ufffd", recorded_by="?")]
        assert await ledger.costs(["\x00\ud800"]) == []


async def test_moments_of_alarms_and_costs_are_in_utc(desk: LedgerBook) -> None:
    """Given in Lima's time, each comes back as the same moment in UTC."""
    moment = NOON.astimezone(LIMA)
    async with desk.begin() as ledger:
        await ledger.raise_alarm(alarm(raised_at=moment))
        await ledger.add_cost(cost(recorded_at=moment))
    async with desk.begin() as ledger:
        (raised,) = await ledger.open_alarms()
        (kept,) = await ledger.costs(["rf-1"])
    for at in (raised.raised_at, kept.recorded_at):
        assert at == moment
        assert at.utcoffset() == timedelta(0)


async def test_a_cost_that_was_rolled_back_was_never_recorded(desk: LedgerBook) -> None:
    """It does not add up."""
    await undone(desk, lambda ledger: ledger.add_cost(cost()))
    async with desk.begin() as ledger:
        assert await ledger.costs(["rf-1"]) == []
