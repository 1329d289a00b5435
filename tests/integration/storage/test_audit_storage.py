"""The storage suite, over both ledgers: the audit, counted tries, kept calls, agencies."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import AuditEntry, AuditSearch
from people_samples import agency, audit, call
from storage_samples import CANARY, MINUTE, NOON

NAIVE = NOON.replace(tzinfo=None)
WINDOW = 900


async def write_audit(book: LedgerBook, *entries: AuditEntry) -> None:
    """Append these, each in a transaction of its own."""
    for each in entries:
        async with book.begin() as ledger:
            await ledger.add_audit(each)


async def numbers(book: LedgerBook, **search: Any) -> list[int]:
    """The ids of what a search finds."""
    async with book.begin() as ledger:
        return [each.id for each in await ledger.audits(AuditSearch(**search))]


# --- audit ---


async def test_an_audit_entry_makes_the_round_trip(book: LedgerBook) -> None:
    """The ledger gives the id; of no store and no agency it is kept as well."""
    house = audit(id=77, store_id=None, agency=None, outcome="NOT_ALLOWED", detail={})
    async with book.begin() as ledger:
        assert await ledger.add_audit(audit()) == 1
        assert await ledger.add_audit(house) == 2
    async with book.begin() as ledger:
        found = await ledger.audits(AuditSearch())
    assert found == [replace(house, id=2), audit(id=1)]


async def test_the_audit_is_shown_within_reach(book: LedgerBook) -> None:
    """Of the stores or of the agencies; what belongs to neither only to the whole house."""
    await write_audit(
        book,
        audit(),
        audit(store_id="shop-2", agency=None),
        audit(store_id=None, agency="andes"),
        audit(store_id=None, agency=None),
        audit(store_id="shop-3", agency="costa"),
    )
    assert await numbers(book) == [5, 4, 3, 2, 1]
    assert await numbers(book, reach=frozenset({"shop"})) == [1]
    assert await numbers(book, reach=frozenset({"shop", "shop-2", "shop-9"})) == [2, 1]
    assert await numbers(book, reach=frozenset({"shop-2"}), agencies={"andes"}) == [3, 2, 1]
    assert await numbers(book, reach=frozenset(), agencies=frozenset({"costa", "x"})) == [5]
    assert await numbers(book, reach=frozenset()) == []


async def test_the_audit_is_searched_by_actor_and_subject(book: LedgerBook) -> None:
    """Each narrows, within reach."""
    await write_audit(
        book,
        audit(),
        audit(actor="token/x"),
        audit(subject="refund/rf-2"),
        audit(actor="token/x", subject="refund/rf-2", store_id="shop-2", agency=None),
    )
    assert await numbers(book, actor="token/x") == [4, 2]
    assert await numbers(book, subject="refund/rf-2") == [4, 3]
    assert await numbers(book, actor="token/x", subject="refund/rf-2") == [4]
    assert await numbers(book, actor="token/x", reach=frozenset({"shop"})) == [2]
    assert await numbers(book, subject="refund/rf-2", reach=frozenset()) == []
    everything = {"reach": frozenset({"nowhere"}), "agencies": frozenset({"andes"})}
    assert await numbers(book, subject="refund/rf-2", **everything) == [3]
    assert await numbers(book, actor="token") == []


async def test_the_audit_is_read_page_by_page(book: LedgerBook) -> None:
    """`before` goes on where a page ended, whatever the reach."""
    stores = ["shop", "shop-2", "shop", "shop-3", "shop-2", "shop"]
    await write_audit(book, *(audit(store_id=each) for each in stores))
    assert await numbers(book, limit=2) == [6, 5]
    assert await numbers(book, limit=2, before=5) == [4, 3]
    reach = frozenset({"shop", "shop-2"})
    assert await numbers(book, reach=reach, limit=1) == [6]
    assert await numbers(book, reach=reach, limit=2) == [6, 5]
    assert await numbers(book, reach=reach, limit=2, before=5) == [3, 2]
    assert await numbers(book, reach=reach, limit=2, before=2) == [1]


async def test_however_long_a_subject_is_it_is_kept(book: LedgerBook) -> None:
    """What a program asks for under an endless id is told whole, and found again."""
    long = "refund/" + "".join(chr(0x4E00 + number % 5000) for number in range(9000))
    names = {"subject": long, "actor": long, "store_id": long, "agency": long}
    await write_audit(book, audit(**names), audit(subject=long[:200]))
    assert await numbers(book, subject=long) == [1]
    assert await numbers(book, actor=long) == [1]
    assert await numbers(book, reach=frozenset({long})) == [1]
    assert await numbers(book, reach=frozenset(), agencies=frozenset({long})) == [1]
    assert await numbers(book, subject=long[:200]) == [2]


# --- tries ---


async def test_tries_are_counted_in_their_window(book: LedgerBook) -> None:
    """It begins with the first and then anew, at the very moment at which it has passed."""
    second = timedelta(seconds=1)
    moments = [NOON, NOON + MINUTE, NOON + WINDOW * second - second / 1000]
    async with book.begin() as ledger:
        assert [await ledger.count_try("a", at, WINDOW) for at in moments] == [1, 2, 3]
        assert await ledger.count_try("b", NOON, WINDOW) == 1
        assert await ledger.count_try("a", NOON + WINDOW * second, WINDOW) == 1
        assert await ledger.count_try("a", NOON + 2 * WINDOW * second - second, WINDOW) == 2
        assert await ledger.count_try("a", NOON, WINDOW) == 3


async def test_tries_are_forgotten(book: LedgerBook) -> None:
    """Those of a key, or those of windows that began long ago."""
    async with book.begin() as ledger:
        for key, at in (("a", NOON), ("b", NOON - MINUTE), ("c", NOON)):
            await ledger.count_try(key, at, WINDOW)
        await ledger.forget_tries("a")
        await ledger.forget_tries("nobody")
        await ledger.forget_old_tries(NOON)
        counts = [await ledger.count_try(key, NOON, WINDOW) for key in "abc"]
    assert counts == [1, 1, 2]


async def test_a_try_that_is_rolled_back_is_not_counted(book: LedgerBook) -> None:
    """It counts in the caller's transaction."""

    async def fail() -> None:
        async with book.begin() as ledger:
            await ledger.count_try("a", NOON, WINDOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with book.begin() as ledger:
        assert await ledger.count_try("a", NOON, WINDOW) == 1


# --- calls under an idempotency key ---


async def test_a_call_is_claimed_once(book: LedgerBook) -> None:
    """Whoever comes second is told of the first, as it was asked; keys are an actor's own."""
    async with book.begin() as ledger:
        assert await ledger.claim_call(call()) is None
        assert await ledger.claim_call(call(actor="token/other")) is None
        assert await ledger.claim_call(call(2)) is None
    async with book.begin() as ledger:
        second = await ledger.claim_call(call(digest="other", at=NOON + MINUTE))
    assert second == call()


async def test_an_answer_is_kept_for_the_next(book: LedgerBook) -> None:
    """Whole, with its time; of what was never claimed nothing is kept."""
    answered = call(at=NOON + MINUTE, answer={"data": {"token": CANARY}, "codes": [1, None]})
    async with book.begin() as ledger:
        await ledger.claim_call(call())
        await ledger.answer_call(replace(answered, digest="another"))
        await ledger.answer_call(call(2, answer={}))
    async with book.begin() as ledger:
        assert await ledger.claim_call(call()) == answered
        assert await ledger.claim_call(call(2)) is None


async def test_an_empty_answer_is_an_answer(book: LedgerBook) -> None:
    """It is not taken for a call that is still under way."""
    async with book.begin() as ledger:
        await ledger.claim_call(call())
        await ledger.answer_call(call(answer={}))
        assert await ledger.claim_call(call()) == call(answer={})


async def test_old_calls_are_forgotten(book: LedgerBook) -> None:
    """Those from before a moment can be asked again."""
    async with book.begin() as ledger:
        await ledger.claim_call(call(1, at=NOON - MINUTE))
        await ledger.claim_call(call(2))
        await ledger.forget_calls(NOON)
        assert await ledger.claim_call(call(1)) is None
        assert await ledger.claim_call(call(2)) == call(2)


# --- agencies ---


async def test_agencies_are_kept_by_name(book: LedgerBook) -> None:
    """One added again has a new title and new settings; the day it was made stays."""
    renewed = agency(title="Andes", settings={})
    async with book.begin() as ledger:
        await ledger.add_agency(agency())
        await ledger.add_agency(agency("Zeta"))
        await ledger.add_agency(replace(renewed, created_at=NOON + MINUTE))
    async with book.begin() as ledger:
        assert await ledger.agency("andes") == renewed
        assert await ledger.agency("nobody") is None
        assert await ledger.agencies() == [agency("Zeta"), renewed]


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.count_try("a", NAIVE, WINDOW),
        lambda ledger: ledger.forget_old_tries(NAIVE),
        lambda ledger: ledger.forget_calls(NAIVE),
        lambda ledger: ledger.claim_call(call(at=NAIVE)),
        lambda ledger: ledger.add_audit(audit(at=NAIVE)),
    ],
)
async def test_a_naive_moment_counts_nothing(
    book: LedgerBook, ask: Callable[[Ledger], Awaitable[object]]
) -> None:
    """A time without a zone is no moment."""
    with pytest.raises(ValueError, match="no time zone"):
        async with book.begin() as ledger:
            await ask(ledger)
