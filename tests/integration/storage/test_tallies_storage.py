"""The storage suite, over both ledgers: sums over refunds, and what is seen of stores."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import (
    DayTally,
    Refund,
    Source,
    StateTally,
    StoreHead,
)
from people_samples import health
from storage_samples import MINUTE, NOON, entry, received, refund, settle_in, soles, store

LIMA = timezone(timedelta(hours=-5))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHOP, BOTH, NONE = frozenset({"shop"}), frozenset({"shop", "shop-2"}), frozenset[str]()


async def fill(book: LedgerBook, *refunds: Refund) -> None:
    """Two stores, and these refunds."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="shop-2"))
        for each in refunds:
            assert await ledger.add_refund(each)


async def ask(book: LedgerBook, question: Callable[[Ledger], Awaitable[Any]]) -> Any:
    """The answer to one question."""
    async with book.begin() as ledger:
        return await question(ledger)


# --- sums ---


async def test_what_is_under_way_is_summed_by_state_and_currency(book: LedgerBook) -> None:
    """In the order of the states; finished refunds are not in it."""
    await fill(
        book,
        refund(1, state=State.PENDING, amount=soles(500)),
        refund(2, state=State.HELD, amount=Money(7, "USD")),
        refund(3, state=State.HELD, amount=soles(100)),
        refund(4, state=State.HELD, amount=soles(50), store_id="shop-2"),
        *(refund(10 + n, state=s) for n, s in enumerate(State) if CARE[s].final),
    )
    usd, pending = (
        StateTally(State.HELD, 1, Money(7, "USD")),
        StateTally(State.PENDING, 1, soles(500)),
    )
    whole = [StateTally(State.HELD, 2, soles(150)), usd, pending]
    assert await ask(book, lambda ledger: ledger.in_flight(None)) == whole
    assert await ask(book, lambda ledger: ledger.in_flight(BOTH)) == whole
    own = [StateTally(State.HELD, 1, soles(100)), usd, pending]
    assert await ask(book, lambda ledger: ledger.in_flight(SHOP)) == own
    assert await ask(book, lambda ledger: ledger.in_flight(NONE)) == []


async def test_every_unfinished_state_is_under_way(book: LedgerBook) -> None:
    """And no other."""
    await fill(book, *(refund(n, state=state) for n, state in enumerate(State)))
    tallies = await ask(book, lambda ledger: ledger.in_flight(None))
    assert [each.state for each in tallies] == [each for each in State if not CARE[each].final]


async def test_more_than_a_machine_word_is_summed_exactly(book: LedgerBook) -> None:
    """However much money is under way."""
    most = 2**63 - 1
    await fill(book, *(refund(n, amount=soles(most)) for n in range(3)))
    expected = [StateTally(State.RECEIVED, 3, soles(3 * most))]
    assert await ask(book, lambda ledger: ledger.in_flight(SHOP)) == expected
    days = [DayTally(date(2026, 11, 23), 3, soles(3 * most))]
    assert await ask(book, lambda ledger: ledger.asked_by_day(SHOP, NOON)) == days


async def test_what_was_asked_for_is_summed_by_limas_days(book: LedgerBook) -> None:
    """A day ends at five in the morning, UTC; oldest first, each currency by itself."""
    midnight = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    await fill(
        book,
        refund(1, requested_at=midnight, amount=soles(10)),
        refund(2, requested_at=midnight - timedelta(microseconds=1), amount=soles(20)),
        refund(3, requested_at=midnight + 23 * HOUR, amount=soles(30), store_id="shop-2"),
        refund(4, requested_at=midnight + 2 * HOUR, amount=Money(5, "USD")),
        refund(5, requested_at=midnight - DAY, amount=soles(40)),
    )
    since = (midnight - HOUR).astimezone(LIMA)
    first = DayTally(date(2026, 11, 22), 1, soles(20))
    usd = DayTally(date(2026, 11, 23), 1, Money(5, "USD"))
    whole = [first, DayTally(date(2026, 11, 23), 2, soles(40)), usd]
    own = [first, DayTally(date(2026, 11, 23), 1, soles(10)), usd]
    assert await ask(book, lambda ledger: ledger.asked_by_day(None, since)) == whole
    assert await ask(book, lambda ledger: ledger.asked_by_day(BOTH, since)) == whole
    assert await ask(book, lambda ledger: ledger.asked_by_day(SHOP, since)) == own
    assert await ask(book, lambda ledger: ledger.asked_by_day(NONE, since)) == []
    assert await ask(book, lambda ledger: ledger.asked_by_day(None, midnight + 3 * DAY)) == []


async def test_times_to_truth_end_with_the_first_end(book: LedgerBook) -> None:
    """Of the newest refunds that are finished now; one without a record of it tells nothing."""
    ended = {1: State.REFUNDED, 2: State.FAILED, 3: State.REFUNDED, 5: State.REJECTED}
    refunds = [
        refund(n, state=state, created_at=NOON + n * MINUTE, requested_at=NOON - n * HOUR)
        for n, state in ended.items()
    ]
    await fill(
        book,
        *refunds,
        refund(4, state=State.PENDING, created_at=NOON + DAY),
        refund(6, store_id="shop-2", state=State.CANCELLED, created_at=NOON + DAY),
    )
    told = [
        (1, 0, State.READY),
        (1, 2, State.FAILED),
        (2, 5, State.FAILED),
        (1, 1, State.REFUNDED),
        (3, 3 * 24, State.REFUNDED),
        (4, 1, State.FAILED),
        (6, 7, State.CANCELLED),
    ]
    async with book.begin() as ledger:
        for number, hours, state in told:
            at = NOON + hours * HOUR
            await ledger.add_entry(entry(refund_id=f"rf-{number}", at=at, to_state=state))
        await ledger.add_entry(entry(refund_id="rf-5", to_state=None))
    own = [75 * HOUR, 7 * HOUR, 3 * HOUR]
    assert await ask(book, lambda ledger: ledger.times_to_truth(None, 10)) == [7 * HOUR, *own]
    assert await ask(book, lambda ledger: ledger.times_to_truth(BOTH, 3)) == [7 * HOUR, 75 * HOUR]
    assert await ask(book, lambda ledger: ledger.times_to_truth(SHOP, 10)) == own
    assert await ask(book, lambda ledger: ledger.times_to_truth(NONE, 10)) == []


# --- stores ---


async def test_the_head_of_a_store_is_all_but_its_secrets(book: LedgerBook) -> None:
    """With the agency that its settings name; stores are told by id, by code points."""
    settings = {"agency": "andes", "platform": {"a": 1}}
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="Zeta", settings=settings, mode=Mode.LIVE))
        await ledger.add_store(store(id="ñandú", settings={"agency": ""}))
    head = StoreHead(
        id="Zeta",
        platform="woocommerce",
        identity="https://shop.example",
        account_id="acc",
        mode=Mode.LIVE,
        language="es_PE",
        agency="andes",
        settings=settings,
        created_at=NOON,
    )
    async with book.begin() as ledger:
        heads = await ledger.store_heads()
        assert heads[0] == await ledger.store_head("Zeta") == head
        assert [(each.id, each.agency) for each in heads[1:]] == [("shop", None), ("ñandú", None)]
        assert await ledger.store_head("nowhere") is None


async def test_a_store_was_last_heard_of_by_its_own_delivery(book: LedgerBook) -> None:
    """The newest from the store itself, whatever became of it; not the rail's, not a poll."""
    heard = [
        ("shop", Source.STORE, 1),
        ("shop", Source.STORE, 3),
        ("shop", Source.STORE, 2),
        ("shop", Source.POLL, 9),
        ("shop-2", Source.RAIL, 9),
        ("shop-3", Source.STORE, 4),
    ]
    async with book.begin() as ledger:
        for owner, source, minutes in heard:
            at = (NOON + minutes * MINUTE).astimezone(LIMA)
            await ledger.add_received(received(owner_id=owner, source=source, received_at=at))
        await ledger.close_received(2, "refunds_found", NOON)
    async with book.begin() as ledger:
        last = await ledger.last_deliveries(["shop", "shop-2", "nowhere", "shop"])
        assert last == {"shop": NOON + 3 * MINUTE}
        assert await ledger.last_deliveries({"shop-3"}) == {"shop-3": NOON + 4 * MINUTE}
        assert await ledger.last_deliveries(frozenset()) == {}


async def test_the_newest_check_of_a_store_is_kept(book: LedgerBook) -> None:
    """An older one that ends later does not replace it; stores that were never checked miss."""
    newer = health(at=(NOON + MINUTE).astimezone(LIMA), checks=())
    await fill(book)
    async with book.begin() as ledger:
        await ledger.save_health(health())
        await ledger.save_health(health("shop-2"))
    async with book.begin() as ledger:
        assert await ledger.healths(["shop-2", "shop", "nowhere"]) == [health(), health("shop-2")]
        await ledger.save_health(newer)
        await ledger.save_health(health())
        assert await ledger.healths(SHOP) == [newer]
        assert await ledger.healths([]) == []


async def test_only_a_store_is_healthy(book: LedgerBook) -> None:
    """A check of what is not there is not kept."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.save_health(health("nowhere"))
