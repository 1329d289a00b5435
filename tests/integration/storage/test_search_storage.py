"""The storage suite, over both ledgers: refunds as people and programs look for them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta, timezone
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import Mark, Refund, RefundSearch
from storage_samples import MINUTE, NOON, refund, settle_in, soles, store

LIMA = timezone(timedelta(hours=-5))
NAIVE = NOON.replace(tzinfo=None)
DAY = timedelta(days=1)


async def fill(book: LedgerBook, *refunds: Refund) -> None:
    """Three stores, and these refunds."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        for name in ("shop-2", "shop-3"):
            await ledger.add_store(store(id=name))
        for each in refunds:
            assert await ledger.add_refund(each)


async def found(book: LedgerBook, **search: Any) -> list[str]:
    """The ids of what a search finds."""
    async with book.begin() as ledger:
        return [each.id for each in await ledger.search_refunds(RefundSearch(**search))]


async def test_refunds_are_found_whole(book: LedgerBook) -> None:
    """Each comes as it was written, with nothing left out."""
    whole = refund(decision={"rules": ["paid_only"]}, attention="code.REST_TAKEN", buyer="hash-b")
    await fill(book, whole)
    async with book.begin() as ledger:
        assert await ledger.search_refunds(RefundSearch()) == [whole]


async def test_the_newest_come_first(book: LedgerBook) -> None:
    """By creation, those of one moment by id as Python sorts text, however it was written."""
    moments = {"b": 0, "a": 1, "B": 0, "ñ": 0, "Z": 2, "é": 1}
    refunds = [
        refund(number, id=name, created_at=(NOON + minutes * MINUTE).astimezone(LIMA))
        for number, (name, minutes) in enumerate(moments.items())
    ]
    await fill(book, *refunds)
    assert await found(book) == ["Z", "é", "a", "ñ", "b", "B"]


async def test_pages_follow_each_other_without_gaps(book: LedgerBook) -> None:
    """However many share a moment, each is on one page, whatever is written meanwhile."""
    refunds = [refund(n, created_at=NOON + n // 4 * MINUTE) for n in range(10, 30)]
    await fill(book, *refunds)
    everything = await found(book, limit=100)
    assert len(everything) == 20
    seen: list[str] = []
    mark = None
    while page := await found(book, limit=3, after=mark):
        seen += page
        async with book.begin() as ledger:
            last = await ledger.refund(page[-1])
            assert last is not None
            mark = Mark(last.created_at.astimezone(LIMA), last.id)
            newer = refund(1000 + len(seen), created_at=NOON + DAY)
            assert await ledger.add_refund(newer)
    assert seen == everything


async def test_nothing_outside_the_reach_is_found(book: LedgerBook) -> None:
    """Whatever else is asked; an empty reach answers nothing, always."""
    await fill(
        book,
        refund(1, attention="code.X", buyer="hash-b"),
        refund(2, store_id="shop-2", attention="code.X", buyer="hash-b"),
        refund(3, store_id="shop-3", attention="code.X", buyer="hash-b"),
    )
    asked: list[dict[str, Any]] = [
        {},
        {"states": frozenset({State.RECEIVED})},
        {"states": frozenset(State)},
        {"order": "#31"},
        {"order": "31"},
        {"transaction_id": "T1"},
        {"buyer": "hash-b"},
        {"amount": soles(5_990)},
        {"attention": True},
        {"asked_from": NOON},
        {"asked_before": NOON + DAY},
        {"after": Mark(NOON + DAY, "")},
    ]
    two = frozenset({"shop", "shop-3"})
    for search in asked:
        assert await found(book, **search) == ["rf-3", "rf-2", "rf-1"]
        assert await found(book, **search, reach=two) == ["rf-3", "rf-1"]
        assert await found(book, **search, reach=two, limit=1) == ["rf-3"]
        assert await found(book, **search, reach=frozenset({"shop-2"})) == ["rf-2"]
        assert await found(book, **search, reach=two, store_id="shop") == ["rf-1"]
        assert await found(book, **search, reach=two, store_id="shop-2") == []
        assert await found(book, **search, store_id="shop-2") == ["rf-2"]
        assert await found(book, **search, reach=frozenset()) == []
        assert await found(book, **search, reach=frozenset(), store_id="shop") == []
        assert await found(book, **search, reach=frozenset({"nowhere", "shop-2"})) == ["rf-2"]


async def test_an_order_is_found_by_number_or_by_id(book: LedgerBook) -> None:
    """Exactly as it is written; a refund in which both are the same comes once."""
    await fill(
        book,
        refund(1, order_id="31", order_number="#1001"),
        refund(2, order_id="#1001", order_number="7"),
        refund(3, order_id="7", order_number="7"),
        refund(4, order_id="#10011", order_number="#10010"),
    )
    assert await found(book, order="#1001") == ["rf-2", "rf-1"]
    assert await found(book, order="7") == ["rf-3", "rf-2"]
    assert await found(book, order="31") == ["rf-1"]
    assert await found(book, order="7", limit=1) == ["rf-3"]
    assert await found(book, order="#100") == []


async def test_however_long_an_order_number_is_it_is_kept_and_found(book: LedgerBook) -> None:
    """A hostile store stops neither its own refunds from being written nor a search."""
    long = "".join(chr(0x4E00 + number % 5000) for number in range(9000))
    await fill(
        book,
        refund(1, order_number=long),
        refund(2, order_number=long[:200]),
        refund(3, order_number="a\0b"),
    )
    assert await found(book, order=long) == ["rf-1"]
    assert await found(book, order=long[:200]) == ["rf-2"]
    assert await found(book, order=long[:100]) == []
    assert await found(book, order="a\0b") == ["rf-3"]


async def test_each_question_narrows(book: LedgerBook) -> None:
    """States, transaction, buyer, amount with its currency, attention: alone and together."""
    await fill(
        book,
        refund(1, state=State.HELD, attention="code.X", transaction_id="T2"),
        refund(2, state=State.READY, buyer="hash-b", amount=soles(100)),
        refund(3, state=State.REFUNDED, buyer="hash-b", amount=Money(100, "USD")),
        refund(4, state=State.HELD, transaction_id=None, attention="code.Y", amount=soles(100)),
    )
    held = frozenset({State.HELD})
    assert await found(book, states=held) == ["rf-4", "rf-1"]
    assert await found(book, states=frozenset({State.READY, State.REFUNDED})) == ["rf-3", "rf-2"]
    assert await found(book, states=held, limit=1) == ["rf-4"]
    assert await found(book, transaction_id="T2") == ["rf-1"]
    assert await found(book, buyer="hash-b") == ["rf-3", "rf-2"]
    assert await found(book, amount=soles(100)) == ["rf-4", "rf-2"]
    assert await found(book, amount=Money(100, "USD")) == ["rf-3"]
    assert await found(book, attention=True) == ["rf-4", "rf-1"]
    assert await found(book, attention=True, amount=soles(100), states=held) == ["rf-4"]
    assert await found(book, amount=soles(100), buyer="hash-b") == ["rf-2"]
    assert await found(book, buyer="hash-b", states=held) == []
    assert await found(book, order="#31", transaction_id="T1", states=held) == []


async def test_a_stretch_of_asking_is_found_whole(book: LedgerBook) -> None:
    """From its start until just before its end, also what reached us at quite another time."""
    second = timedelta(seconds=1)
    lags = {
        1: timedelta(0),
        2: timedelta(hours=48),
        3: timedelta(hours=48) + second,
        4: timedelta(hours=-1),
        5: timedelta(hours=-1) - second,
        6: timedelta(days=400),
    }
    refunds = [refund(n, created_at=NOON + lag) for n, lag in lags.items()]
    await fill(
        book, *refunds, refund(7, requested_at=NOON + DAY), refund(8, requested_at=NOON - DAY)
    )
    at_noon = ["rf-6", "rf-3", "rf-2", "rf-1", "rf-4", "rf-5"]
    assert await found(book, asked_from=NOON, asked_before=NOON + second) == at_noon
    late = {"asked_from": NOON.astimezone(LIMA), "asked_before": (NOON + DAY).astimezone(LIMA)}
    assert await found(book, **late) == at_noon
    assert await found(book, asked_from=NOON, limit=3) == at_noon[:3]
    assert await found(book, asked_from=NOON + second) == ["rf-7"]
    assert await found(book, asked_before=NOON) == ["rf-8"]
    assert await found(book, asked_before=NOON + second, reach=frozenset({"shop"})) == [
        *at_noon[:3],
        *("rf-8", "rf-1"),
        *at_noon[4:],
    ]
    assert await found(book, asked_from=NOON, states=frozenset({State.HELD})) == []
    assert await found(book, asked_from=NOON + DAY, asked_before=NOON) == []


async def test_changes_are_told_oldest_first(book: LedgerBook) -> None:
    """From a moment on, those of one moment by id."""
    minutes = {1: 3, 2: 0, 3: 1, 4: 1, 5: 2}
    refunds = [refund(n, updated_at=NOON + late * MINUTE) for n, late in minutes.items()]
    await fill(book, *refunds)
    async with book.begin() as ledger:
        changed = await ledger.changed_refunds((NOON + MINUTE).astimezone(LIMA), 10)
        assert [each.id for each in changed] == ["rf-3", "rf-4", "rf-5", "rf-1"]
        assert changed[0] == refunds[2]
        assert await ledger.changed_refunds(NOON, 1) == [refunds[1]]
        assert await ledger.changed_refunds(NOON + DAY, 1) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.search_refunds(RefundSearch(asked_from=NAIVE)),
        lambda ledger: ledger.search_refunds(RefundSearch(asked_before=NAIVE)),
        lambda ledger: ledger.search_refunds(RefundSearch(after=Mark(NAIVE, ""))),
        lambda ledger: ledger.changed_refunds(NAIVE, 1),
        lambda ledger: ledger.asked_by_day(None, NAIVE),
    ],
)
async def test_a_naive_moment_finds_nothing(
    book: LedgerBook, ask: Callable[[Ledger], Awaitable[object]]
) -> None:
    """A time without a zone is no question, also where there is nothing to find."""
    for refunds in ((), (refund(),)):
        await fill(book, *refunds)
        with pytest.raises(ValueError, match="no time zone"):
            async with book.begin() as ledger:
                await ask(ledger)
