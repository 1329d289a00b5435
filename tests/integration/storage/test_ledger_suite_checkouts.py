"""The storage suite, over both ledgers: payments that a store's gateway asked us to take."""

import asyncio
from datetime import datetime

import pytest

from lock_watch import until_waiting
from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.storage.postgres import Pool, PostgresBook
from queue_world import FAR
from storage_samples import (
    CANARY,
    MINUTE,
    NOON,
    account,
    checkout,
    settle_in,
    soles,
    store,
)


@pytest.fixture
async def shop(book: LedgerBook) -> LedgerBook:
    """Each ledger with an account, its store, and another store of the same account."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="shop-2"))
    return book


# --- identity ---


async def test_a_stores_payment_id_is_known_once(shop: LedgerBook) -> None:
    """The same payment of the same store is kept once, whatever our id for it, as it was."""
    async with shop.begin() as ledger:
        assert await ledger.add_checkout(checkout())
        assert not await ledger.add_checkout(checkout(id="another", amount=soles(1)))
        assert not await ledger.add_checkout(checkout(payment_id="another"))
    async with shop.begin() as ledger:
        assert await ledger.find_checkout("shop", "pay-1") == checkout()
        assert await ledger.checkout("co-1") == checkout()
        assert await ledger.checkout("another") is None


async def test_another_stores_payment_is_never_found(shop: LedgerBook) -> None:
    """A payment id means something only together with its store."""
    async with shop.begin() as ledger:
        await ledger.add_checkout(checkout())
        assert await ledger.find_checkout("shop-2", "pay-1") is None
        other = checkout(2, payment_id="pay-1", store_id="shop-2")
        assert await ledger.add_checkout(other)
        assert await ledger.find_checkout("shop-2", "pay-1") == other
        assert await ledger.find_checkout("shop", "pay-1") == checkout()


async def test_the_same_payment_asked_for_at_once_is_kept_once(shop: LedgerBook) -> None:
    """Sixteen calls for one payment at the same moment make one row."""

    async def add() -> bool:
        async with shop.begin() as ledger:
            return await ledger.add_checkout(checkout())

    assert sorted(await asyncio.gather(*(add() for _ in range(16)))) == [False] * 15 + [True]


@pytest.mark.parametrize("missing", [{"store_id": "none"}, {"account_id": "none"}])
async def test_a_checkout_needs_its_store_and_account(
    shop: LedgerBook, missing: dict[str, str]
) -> None:
    """No payment is taken for a store or an account that isn't there, now or later."""
    with pytest.raises(NotThere):
        async with shop.begin() as ledger:
            await ledger.add_checkout(checkout(**missing))
    async with shop.begin() as ledger:
        await ledger.add_checkout(checkout())
    with pytest.raises(NotThere):
        async with shop.begin() as ledger:
            await ledger.save_checkout(checkout(**missing))


@pytest.mark.parametrize("minor", [0, -1])
async def test_a_checkout_is_more_than_nothing(shop: LedgerBook, minor: int) -> None:
    """Neither asked for nor saved is a payment of nothing, or of less."""
    async with shop.begin() as ledger:
        await ledger.add_checkout(checkout())
        with pytest.raises(ValueError, match="more than nothing"):
            await ledger.add_checkout(checkout(2, amount=soles(minor)))
        with pytest.raises(ValueError, match="more than nothing"):
            await ledger.save_checkout(checkout(amount=soles(minor)))
        assert await ledger.checkout("co-1") == checkout()


# --- changes ---


async def test_saving_a_checkout_writes_every_field(shop: LedgerBook) -> None:
    """What is saved is what is read, each field of it; only the day it was made stays."""
    changed = checkout(
        account_id="acc-2",
        order_id="32",
        order_number="#32",
        amount=Money(1, "USD"),
        test=True,
        state=CheckoutState.PAID,
        return_url="https://shop.example/other",
        private={"signature": "s"},
        updated_at=NOON + MINUTE,
        transaction_id="T9",
        pay_url="https://rail.example/T9",
        expires_at=NOON + 2 * MINUTE,
        paid_at=NOON + 3 * MINUTE,
        settled_at=NOON + 4 * MINUTE,
        told=CheckoutState.WAITING,
        tell_at=NOON + 5 * MINUTE,
        tell_tries=6,
        look_at=NOON + 7 * MINUTE,
        look_tries=8,
    )
    async with shop.begin() as ledger:
        await ledger.add_account(account(id="acc-2"))
        await ledger.add_checkout(checkout())
        await ledger.save_checkout(changed)
    async with shop.begin() as ledger:
        assert await ledger.lock_checkout("co-1") == changed
        assert await ledger.add_checkout(checkout(2))
        await ledger.save_checkout(checkout(2, created_at=NOON + MINUTE))
        assert await ledger.checkout("co-2") == checkout(2)


@pytest.mark.parametrize("state", list(CheckoutState))
async def test_every_state_comes_back(shop: LedgerBook, state: CheckoutState) -> None:
    """A checkout may stand in each state, and each may have been told."""
    async with shop.begin() as ledger:
        assert await ledger.add_checkout(checkout(state=state, told=state))
        kept = await ledger.checkout("co-1")
    assert kept == checkout(state=state, told=state)
    assert isinstance(kept.told, CheckoutState)


async def test_a_checkout_that_is_not_there_cannot_be_saved(shop: LedgerBook) -> None:
    """Saving never inserts, and never changes whose payment it is."""
    strangers = (checkout(2), checkout(payment_id="pay-7"), checkout(store_id="shop-2"))
    async with shop.begin() as ledger:
        await ledger.add_checkout(checkout())
        for stranger in strangers:
            with pytest.raises(NotThere, match="no checkout"):
                await ledger.save_checkout(stranger)
        assert await ledger.lock_checkout("co-2") is None


async def test_whoever_locks_second_sees_the_firsts_change(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """On PostgreSQL a locked checkout makes another change wait, and see what was written."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_checkout(checkout())
    paid = checkout(state=CheckoutState.PAID)

    async def look() -> object:
        async with postgres_book.begin() as ledger:
            return await ledger.lock_checkout("co-1")

    async with postgres_book.begin() as ledger:
        await ledger.lock_checkout("co-1")
        waiting = asyncio.create_task(look())
        await until_waiting(pool, 1)
        await ledger.save_checkout(paid)
    assert await waiting == paid


# --- lists ---


async def test_checkouts_of_a_transaction_are_told_oldest_first(shop: LedgerBook) -> None:
    """Those of this account's CIP only; of one moment as they were written."""
    async with shop.begin() as ledger:
        await ledger.add_account(account(id="acc-2"))
        for number, minutes in ((1, 5), (2, 0), (3, 5)):
            at = NOON + minutes * MINUTE
            await ledger.add_checkout(checkout(number, transaction_id="T1", created_at=at))
        await ledger.add_checkout(checkout(4, transaction_id="T2"))
        await ledger.add_checkout(checkout(5))
        await ledger.add_checkout(checkout(6, transaction_id="T1", account_id="acc-2"))
        found = await ledger.checkouts_of_transaction("acc", "T1")
        assert [each.id for each in found] == ["co-2", "co-1", "co-3"]
        assert await ledger.checkouts_of_transaction("acc", "T9") == []


async def test_due_checkouts_are_those_with_something_to_do(shop: LedgerBook) -> None:
    """Due is the earlier of telling and looking; what waits longest comes first."""
    due: tuple[tuple[datetime | None, datetime | None], ...] = (
        (NOON, None),
        (None, NOON - MINUTE),
        (None, None),
        (NOON + MINUTE, None),
        (NOON + MINUTE, NOON - 2 * MINUTE),
    )
    async with shop.begin() as ledger:
        for number, (tell_at, look_at) in enumerate(due, start=1):
            await ledger.add_checkout(checkout(number, tell_at=tell_at, look_at=look_at))
        assert await ledger.due_checkouts(NOON, 10) == ["co-5", "co-2", "co-1"]
        assert await ledger.due_checkouts(NOON, 1) == ["co-5"]
        await ledger.save_checkout(checkout(5))
        assert await ledger.due_checkouts(NOON, 10) == ["co-2", "co-1"]


# --- values ---


async def test_text_no_database_can_hold_does_not_lose_a_payment(shop: LedgerBook) -> None:
    """NUL and half surrogates are replaced, in what is searched for as well."""
    hostile = checkout(payment_id="a\x00\ud800", private={"k\x00": "\ud800"})
    async with shop.begin() as ledger:
        assert await ledger.add_checkout(hostile)
        assert not await ledger.add_checkout(hostile)
        kept = await ledger.find_checkout("shop", "a\x00\ud800")
    assert kept == checkout(payment_id="a\ufffd?", private={"k\ufffd": "?"})


async def test_what_is_private_is_not_in_a_repr(shop: LedgerBook) -> None:
    """What comes back may be printed."""
    async with shop.begin() as ledger:
        await ledger.add_checkout(checkout())
        kept = await ledger.checkout("co-1")
    assert kept is not None
    assert CANARY in kept.private["callback"]
    assert CANARY not in repr(kept)


# --- wake-ups ---


async def test_a_checkout_is_woken_in_the_twin(memory_book: MemoryBook) -> None:
    """At once or at a moment, after the commit."""
    async with memory_book.begin() as ledger:
        await ledger.wake_checkout("co-1")
        await ledger.wake_checkout("co-1", NOON)
        assert memory_book.wakes == []
    assert memory_book.wakes == [Wake("mind", "co-1", None), Wake("mind", "co-1", NOON)]


async def test_a_checkout_is_woken_in_the_queue(postgres_book: PostgresBook, pool: Pool) -> None:
    """Its jobs run one after the other and commit with its row; the same one waits once."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_checkout(checkout())
        for _ in range(2):
            await ledger.wake_checkout("co-1")
            await ledger.wake_checkout("co-1", FAR)
        assert await minding(pool) == []
    assert await minding(pool) == [("checkout/co-1", {"checkout_id": "co-1"})] * 2


async def minding(pool: Pool) -> list[tuple[str, dict[str, str]]]:
    """(lock, subject) of each job that minds a checkout."""
    async with pool.connection() as conn:
        found = await conn.execute(
            "SELECT lock, args FROM procrastinate_jobs WHERE task_name = 'mind' ORDER BY id"
        )
        return [(row[0], row[1]) for row in await found.fetchall()]


async def test_checkouts_are_listed_newest_first(shop: LedgerBook) -> None:
    """All of them, or one store's; as many as were asked for."""
    async with shop.begin() as ledger:
        for number in (1, 2, 3):
            await ledger.add_checkout(checkout(number, created_at=NOON + number * MINUTE))
        listed = await ledger.list_checkouts(limit=2)
        assert [each.payment_id for each in listed] == ["pay-3", "pay-2"]
        assert await ledger.list_checkouts(store_id="shop-2") == []
