"""On PostgreSQL: many at once are counted exactly, and one of them is the first."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lock_watch import until_waiting
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from people_samples import call, session, user
from storage_samples import MINUTE, NOON

AT_ONCE = 16


@pytest.fixture
async def wide_pool(database: str) -> AsyncIterator[Pool]:
    """A connection for each of 16 transactions, and two more."""
    async with open_pool(database, size=AT_ONCE + 2) as opened:
        yield opened


@pytest.fixture
def wide_book(wide_pool: Pool, secret_box: SecretBox) -> PostgresBook:
    """The ledger, for so many transactions that are open at once."""
    return PostgresBook(wide_pool, secret_box, make_queue(wide_pool))


async def test_tries_at_once_are_each_counted(wide_book: PostgresBook) -> None:
    """Nobody has a try for nothing by trying in parallel, not even the first ones."""
    ready = asyncio.Barrier(AT_ONCE)

    async def attempt() -> int:
        async with wide_book.begin() as ledger:
            await ready.wait()
            return await ledger.count_try("sign-in/rosa", NOON, 60)

    counts = await asyncio.gather(*(attempt() for _ in range(AT_ONCE)))
    assert sorted(counts) == list(range(1, AT_ONCE + 1))
    async with wide_book.begin() as ledger:
        assert await ledger.count_try("sign-in/rosa", NOON, 60) == AT_ONCE + 1


async def test_a_window_that_passed_begins_anew_once(wide_book: PostgresBook) -> None:
    """Of many tries after it, one is the first of the next window."""
    async with wide_book.begin() as ledger:
        await ledger.count_try("a", NOON, 60)

    async def attempt() -> int:
        async with wide_book.begin() as ledger:
            return await ledger.count_try("a", NOON + MINUTE, 60)

    counts = await asyncio.gather(*(attempt() for _ in range(AT_ONCE)))
    assert sorted(counts) == list(range(1, AT_ONCE + 1))


async def test_a_call_at_once_is_claimed_by_one(wide_book: PostgresBook, wide_pool: Pool) -> None:
    """The others wait until it has been worked on, and get its answer."""
    answered = call(answer={"data": 1})

    async def ask() -> object:
        async with wide_book.begin() as ledger:
            return await ledger.claim_call(call(digest="same"))

    async with wide_book.begin() as ledger:
        assert await ledger.claim_call(call(digest="same")) is None
        others = [asyncio.create_task(ask()) for _ in range(AT_ONCE)]
        await until_waiting(wide_pool, AT_ONCE)
        await ledger.answer_call(answered)
    found = await asyncio.gather(*others)
    assert found == [call(digest="same", answer={"data": 1})] * AT_ONCE


async def test_a_claim_that_is_rolled_back_is_the_next_ones(
    wide_book: PostgresBook, wide_pool: Pool
) -> None:
    """What failed was never claimed: one of those who wait does it, the others find it."""

    async def ask() -> object:
        async with wide_book.begin() as ledger:
            return await ledger.claim_call(call())

    async def fail(others: list[asyncio.Task[object]]) -> None:
        async with wide_book.begin() as ledger:
            assert await ledger.claim_call(call()) is None
            others += [asyncio.create_task(ask()) for _ in range(3)]
            await until_waiting(wide_pool, 3)
            raise ZeroDivisionError

    others: list[asyncio.Task[object]] = []
    with pytest.raises(ZeroDivisionError):
        await fail(others)
    found = await asyncio.gather(*others)
    assert sorted(each is None for each in found) == [False, False, True]


async def test_one_person_of_many_at_once_is_added(wide_book: PostgresBook) -> None:
    """Of several with one e-mail address only one is kept."""

    async def add(number: int) -> bool:
        async with wide_book.begin() as ledger:
            return await ledger.add_user(user(number, email="rosa@shop.example"))

    added = await asyncio.gather(*(add(number) for number in range(AT_ONCE)))
    assert sum(added) == 1


async def test_a_locked_user_still_signs_in(wide_book: PostgresBook, wide_pool: Pool) -> None:
    """Who changes a person keeps other changes out, and no new session."""
    async with wide_book.begin() as ledger:
        await ledger.add_user(user())

    async def rename() -> None:
        async with wide_book.begin() as ledger:
            before = await ledger.lock_user("u-1")
            assert before == user(totp_step=7)

    async with wide_book.begin() as holder:
        assert await holder.lock_user("u-1") == user()
        async with wide_book.begin() as other:
            await other._run("SET LOCAL lock_timeout = '2s'")  # type: ignore[attr-defined]
            await other.add_session(session())
        waiting = asyncio.create_task(rename())
        await until_waiting(wide_pool, 1)
        await holder.save_user(user(totp_step=7))
    await waiting
