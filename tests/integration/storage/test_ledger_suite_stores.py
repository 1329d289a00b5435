"""The storage suite, over both ledgers: stores, accounts, invitations."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from pef_adapters.core.errors import (
    NotThere,
)
from pef_adapters.engine.ports import LedgerBook
from storage_samples import (
    MINUTE,
    NOON,
    account,
    settle_in,
    store,
)

LIMA = timezone(timedelta(hours=-5))


async def test_a_store_added_again_keeps_its_cursor(book: LedgerBook) -> None:
    """New keys and settings replace the old; what was polled stays polled."""
    renewed = store(settings={"a": 1}, secrets={"consumer_key": "new"}, language="en")
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.save_cursor("shop", NOON + MINUTE)
        await ledger.add_store(replace(renewed, created_at=NOON + MINUTE, poll_cursor=NOON))
        assert await ledger.store("shop") == replace(renewed, poll_cursor=NOON + MINUTE)
        assert await ledger.store("other") is None


async def test_stores_and_accounts_are_listed_oldest_first(book: LedgerBook) -> None:
    """Both lists are whole and in the order of making."""
    old_account = account(id="old", created_at=NOON - MINUTE)
    old_store = store(id="old", account_id="old", created_at=NOON - MINUTE)
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_account(old_account)
        await ledger.add_store(old_store)
        assert await ledger.accounts() == [old_account, account()]
        assert await ledger.stores() == [old_store, store()]


async def test_an_account_added_again_is_replaced(book: LedgerBook) -> None:
    """New keys replace the old ones; the day it was made stays."""
    renewed = account(base_url="https://new.example", secrets={"access_key": "new"})
    async with book.begin() as ledger:
        await ledger.add_account(account())
        await ledger.add_account(replace(renewed, created_at=NOON + MINUTE))
        assert await ledger.account("acc") == renewed
        assert await ledger.account("other") is None


async def test_a_store_needs_its_account(book: LedgerBook) -> None:
    """A store can't point to an account that isn't there."""
    with pytest.raises(NotThere):
        async with book.begin() as ledger:
            await ledger.add_store(store())


async def test_an_invitation_is_taken_once_by_many(book: LedgerBook) -> None:
    """Of sixteen who bring the token at once, one gets the payload."""
    async with book.begin() as ledger:
        await ledger.add_invitation("t1", '{"store": 1}', NOON + MINUTE)

    async def take() -> str | None:
        async with book.begin() as ledger:
            return await ledger.take_invitation("t1", NOON)

    taken = await asyncio.gather(*(take() for _ in range(16)))
    assert [payload for payload in taken if payload is not None] == ['{"store": 1}']


async def test_expired_invitations_are_forgotten(book: LedgerBook) -> None:
    """Only what has expired is deleted."""
    async with book.begin() as ledger:
        await ledger.add_invitation("old", "{}", NOON)
        await ledger.add_invitation("good", "{}", NOON + MINUTE)
        await ledger.forget_invitations(NOON)
        assert await ledger.take_invitation("old", NOON - MINUTE) is None
        assert await ledger.take_invitation("good", NOON) == "{}"


async def test_an_expired_or_unknown_invitation_gives_nothing(book: LedgerBook) -> None:
    """The moment of expiry is too late already, and trying uses it up."""
    async with book.begin() as ledger:
        await ledger.add_invitation("t1", "{}", NOON)
        assert await ledger.take_invitation("t1", NOON) is None
        assert await ledger.take_invitation("t1", NOON - MINUTE) is None
        assert await ledger.take_invitation("t2", NOON) is None
