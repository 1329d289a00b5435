"""The twin finds what PostgreSQL finds, whatever is asked: hundreds of questions by dice."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import AuditSearch, Mark, Reach, Refund, RefundSearch
from pef_adapters.storage.memory import MemoryBook
from pef_adapters.storage.postgres import PostgresBook
from people_samples import audit
from storage_samples import NOON, entry, refund, settle_in, store

HOUR = timedelta(hours=1)
STORES = ("shop", *(f"shop-{number}" for number in range(12)))
AGENCIES = ("andes", "costa", None)
NUMBERS = ("#31", "31", "#32", "32", "ñ")
TRANSACTIONS = ("T1", "T2", None)
BUYERS = ("hash-a", "hash-b", None)
AMOUNTS = (Money(5_990, "PEN"), Money(100, "PEN"), Money(100, "USD"))
QUESTIONS = 120


def some_refund(number: int, dice: Random) -> Refund:
    """A refund that shares much with others, also its moments."""
    asked = NOON + dice.randrange(60) * HOUR
    lag = dice.choice([0, 0, 0, 1, 47, 48, 49, -1, -2, 500]) * HOUR
    return refund(
        number,
        id=f"{dice.choice('aBñZ')}-{number}",
        store_id=dice.choice(STORES[:-2]),
        order_number=dice.choice(NUMBERS),
        order_id=dice.choice(NUMBERS),
        transaction_id=dice.choice(TRANSACTIONS),
        buyer=dice.choice(BUYERS),
        amount=dice.choice(AMOUNTS),
        state=dice.choice(list(State)),
        attention=dice.choice(["code.X", None, None]),
        requested_at=asked,
        created_at=asked + lag,
        updated_at=NOON + dice.randrange(20) * HOUR,
    )


@pytest.fixture
async def twins(
    memory_book: MemoryBook, postgres_book: PostgresBook
) -> AsyncIterator[tuple[Ledger, Ledger]]:
    """Both ledgers with the same 160 refunds, their timelines, and 80 audit entries."""
    dice = Random(4)
    refunds = [some_refund(number, dice) for number in range(160)]
    ends = [
        entry(refund_id=each.id, at=each.created_at + n * HOUR, to_state=dice.choice(list(State)))
        for each in refunds
        for n in range(dice.randrange(4))
    ]
    audits = [
        audit(store_id=dice.choice((*STORES, None)), agency=dice.choice(AGENCIES), actor=actor)
        for actor in dice.choices(("rosa", "luis"), k=80)
    ]
    for book in (memory_book, postgres_book):
        await fill(book, refunds, [*ends, *audits])
    async with memory_book.begin() as twin, postgres_book.begin() as database:
        yield twin, database


async def fill(book: LedgerBook, refunds: list[Refund], told: list[Any]) -> None:
    """Write all of it in one order."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        for name in STORES[1:]:
            await ledger.add_store(store(id=name))
        for each in refunds:
            assert await ledger.add_refund(each)
        for each in told:
            await (ledger.add_audit if hasattr(each, "subject") else ledger.add_entry)(each)


def some_reach(dice: Random) -> Reach:
    """All, none, one, or several stores, of which one is not there."""
    several = frozenset(dice.sample((*STORES, "nowhere"), dice.randrange(1, 13)))
    return dice.choice([None, several, several, frozenset({dice.choice(STORES)}), frozenset()])


def some_moment(dice: Random) -> datetime:
    """On an hour, as the refunds' moments are."""
    return NOON + dice.randrange(-5, 65) * HOUR


def some_search(dice: Random) -> RefundSearch:
    """A few questions at once."""
    asked: dict[str, Any] = {
        "store_id": dice.choice(STORES),
        "states": frozenset(dice.sample(list(State), dice.choice([1, 1, 3, 9]))),
        "order": dice.choice(NUMBERS),
        "transaction_id": dice.choice(["T1", "T2", "T3"]),
        "buyer": dice.choice(["hash-a", "hash-b", "hash-c"]),
        "amount": dice.choice(AMOUNTS),
        "attention": True,
        "asked_from": some_moment(dice),
        "asked_before": some_moment(dice),
        "after": Mark(some_moment(dice), dice.choice(["", "a-5", "ñ-50", "ÿ"])),
    }
    chosen = dice.sample(sorted(asked), dice.choice([0, 1, 1, 2, 2, 3]))
    limit = dice.choice([1, 2, 5, 20, 500])
    return RefundSearch(
        **{name: asked[name] for name in chosen}, reach=some_reach(dice), limit=limit
    )


@pytest.mark.parametrize("seed", range(4))
async def test_both_find_the_same_refunds(twins: tuple[Ledger, Ledger], seed: int) -> None:
    """In the same order; and among so many questions, each kind of answer comes up."""
    twin, database = twins
    dice = Random(seed)
    sizes = set()
    for search in (some_search(dice) for _ in range(QUESTIONS)):
        found = await database.search_refunds(search)
        assert found == await twin.search_refunds(search), search
        sizes.add(len(found))
    assert {0, 1, 2, 5} <= sizes
    assert max(sizes) > 20


async def test_both_page_alike(twins: tuple[Ledger, Ledger]) -> None:
    """Page after page of several stores is the whole list, in both."""
    reach = frozenset(STORES[::2])
    whole = await twins[0].search_refunds(RefundSearch(reach=reach, limit=1000))
    pages: list[list[Refund]] = [whole[:0]]
    mark = None
    while mark is None or pages[-1]:
        search = RefundSearch(reach=reach, after=mark, limit=7)
        pages.append(await twins[1].search_refunds(search))
        mark = (pages[-1] and Mark(pages[-1][-1].created_at, pages[-1][-1].id)) or mark
    assert list(chain.from_iterable(pages)) == whole


async def test_both_sum_alike(twins: tuple[Ledger, Ledger]) -> None:
    """What is under way, asked for by day, and how long it took; what has changed."""
    twin, database = twins
    dice = Random(5)
    for _ in range(QUESTIONS // 2):
        reach, since, limit = some_reach(dice), some_moment(dice), dice.randrange(1, 60)
        assert await database.in_flight(reach) == await twin.in_flight(reach)
        assert await database.asked_by_day(reach, since) == await twin.asked_by_day(reach, since)
        truth = await twin.times_to_truth(reach, limit)
        assert await database.times_to_truth(reach, limit) == truth
        changed = await twin.changed_refunds(since, limit)
        assert await database.changed_refunds(since, limit) == changed


async def test_both_show_the_same_audit(twins: tuple[Ledger, Ledger]) -> None:
    """Within the same reach, page by page."""
    twin, database = twins
    dice = Random(6)
    for _ in range(QUESTIONS):
        search = AuditSearch(
            reach=some_reach(dice),
            agencies=dice.choice([frozenset(), frozenset({"andes"}), frozenset({"costa", "x"})]),
            actor=dice.choice(["", "", "rosa"]),
            subject=dice.choice(["", "", "refund/rf-1", "refund/x"]),
            before=dice.choice([None, dice.randrange(85)]),
            limit=dice.choice([1, 3, 10, 100]),
        )
        assert await database.audits(search) == await twin.audits(search), search
