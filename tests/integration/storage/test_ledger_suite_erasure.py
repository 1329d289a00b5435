"""The storage suite, over both ledgers: what is forgotten of a buyer or of a whole store."""

import asyncio

import pytest

from desk_samples import DAY, destination
from lock_watch import until_waiting
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Checkout, KeptRefund, Refund
from pef_adapters.storage.postgres import Pool, PostgresBook
from storage_samples import (
    NOON,
    account,
    attempt,
    checkout,
    entry,
    kept_refund,
    payment,
    refund,
    settle_in,
    store,
)

NOTHING = {"checkouts": 0, "asked_refunds": 0, "refunds": 0}
# (number, store, order, buyer): Ana bought twice, Luis once, and Ana once in another store,
# whose order has the number of Luis's.
PRESSED = (
    (1, "shop", "31", "hash-ana"),
    (2, "shop", "32", "hash-ana"),
    (3, "shop", "33", "hash-luis"),
    (4, "shop-2", "33", "hash-ana"),
)


def records(
    number: int, store_id: str, order_id: str, buyer: str | None
) -> tuple[Checkout, KeptRefund, Refund]:
    """A payment and the refund of it, asked for and taken in."""
    place = {"store_id": store_id, "order_id": order_id}
    return (
        checkout(number, **place),
        kept_refund(number, **place),
        refund(number, **place, buyer=buyer),
    )


def forgotten(number: int) -> tuple[Checkout, KeptRefund, Refund]:
    """The same after it was forgotten who bought: all the rest is as it was."""
    _, store_id, order_id, _ = PRESSED[number - 1]
    place = {"store_id": store_id, "order_id": order_id}
    return (
        checkout(number, **place, private={}),
        kept_refund(number, **place, reason="", private={}, requested_by=None),
        refund(number, **place, buyer=None, reason=""),
    )


def untouched(number: int) -> tuple[Checkout, KeptRefund, Refund]:
    """The same as it was written."""
    return records(*PRESSED[number - 1])


@pytest.fixture
async def shop(book: LedgerBook) -> LedgerBook:
    """Each ledger with two stores, and four refunds in them."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="shop-2"))
        for pressed in PRESSED:
            paid, asked, taken = records(*pressed)
            await ledger.add_checkout(paid)
            await ledger.add_asked_refund(asked)
            await ledger.add_refund(taken)
    return book


async def kept(book: LedgerBook, number: int) -> tuple[object, object, object]:
    """Checkout, asked refund and refund of this number as they are kept now."""
    async with book.begin() as ledger:
        return (
            await ledger.checkout(f"co-{number}"),
            await ledger.asked_refund(PRESSED[number - 1][1], str(500 + number)),
            await ledger.refund(f"rf-{number}"),
        )


# --- forgetting a buyer ---


async def test_a_buyers_orders_are_forgotten_and_no_others(shop: LedgerBook) -> None:
    """Who she is and what was said goes, in this store; amounts and states stay."""
    async with shop.begin() as ledger:
        erased = await ledger.erase_buyer("shop", ["hash-ana", "hash-17"], [])
    assert erased == {"checkouts": 2, "asked_refunds": 2, "refunds": 2}
    assert [await kept(shop, number) for number in (1, 2)] == [forgotten(1), forgotten(2)]
    assert [await kept(shop, number) for number in (3, 4)] == [untouched(3), untouched(4)]


async def test_named_orders_are_forgotten_whoever_bought(shop: LedgerBook) -> None:
    """An order that the platform names is forgotten, and nothing else of its buyer."""
    async with shop.begin() as ledger:
        erased = await ledger.erase_buyer("shop", [], ["31", "99"])
    assert erased == {"checkouts": 1, "asked_refunds": 1, "refunds": 1}
    assert await kept(shop, 1) == forgotten(1)
    assert [await kept(shop, n) for n in (2, 3, 4)] == [untouched(n) for n in (2, 3, 4)]


async def test_buyer_and_orders_together_are_forgotten(shop: LedgerBook) -> None:
    """Luis's orders and the named one."""
    async with shop.begin() as ledger:
        erased = await ledger.erase_buyer("shop", ["hash-luis"], ["32"])
    assert erased == {"checkouts": 2, "asked_refunds": 2, "refunds": 2}
    assert [await kept(shop, n) for n in (2, 3)] == [forgotten(2), forgotten(3)]
    assert [await kept(shop, n) for n in (1, 4)] == [untouched(1), untouched(4)]


async def test_forgetting_again_finds_nothing(shop: LedgerBook) -> None:
    """Only what was there is counted; what is forgotten stays so."""
    async with shop.begin() as ledger:
        await ledger.erase_buyer("shop", ["hash-ana"], ["31"])
        assert await ledger.erase_buyer("shop", ["hash-ana"], ["31"]) == NOTHING
    assert await kept(shop, 1) == forgotten(1)


@pytest.mark.parametrize(("buyers", "orders"), [([], []), (["hash-x"], ["99"]), ([""], [""])])
async def test_nobody_asked_about_is_nobody_forgotten(
    shop: LedgerBook, buyers: list[str], orders: list[str]
) -> None:
    """A request that names no one here changes nothing."""
    async with shop.begin() as ledger:
        assert await ledger.erase_buyer("shop", buyers, orders) == NOTHING
        assert await ledger.erase_buyer("none", ["hash-ana"], ["31"]) == NOTHING
    assert [await kept(shop, n) for n in (1, 2, 3, 4)] == [untouched(n) for n in (1, 2, 3, 4)]


async def test_one_thing_to_forget_is_enough_to_be_counted(book: LedgerBook) -> None:
    """A buyer without a reason, a reason without a buyer, a call that only names who pressed."""
    bare = {"reason": "", "private": {}, "requested_by": None}
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund(1, reason="", buyer="hash-ana"))
        await ledger.add_refund(refund(2))
        await ledger.add_refund(refund(3, reason=""))
        for number, each in enumerate(({}, *({name: v} for name, v in ASKED.items())), start=1):
            await ledger.add_asked_refund(kept_refund(number, **bare | each))
        erased = await ledger.erase_buyer("shop", [], ["31"])
        assert erased == {"checkouts": 0, "asked_refunds": 3, "refunds": 2}
        assert await ledger.asked_refunds_of_order("shop", "31") == [
            kept_refund(number, **bare) for number in (1, 2, 3, 4)
        ]


ASKED = {"reason": "No le quedó", "private": {"a": "b"}, "requested_by": "rosa"}


async def test_the_evidence_of_a_payment_stays(shop: LedgerBook) -> None:
    """Payment, attempt, timeline and bank details of a forgotten buyer are as they were."""
    async with shop.begin() as ledger:
        await ledger.add_attempt(attempt())
        await ledger.add_entry(entry())
        given = await ledger.add_destination(destination())
    async with shop.begin() as ledger:
        await ledger.erase_buyer("shop", ["hash-ana"], [])
        await ledger.erase_store("shop")
    async with shop.begin() as ledger:
        assert await ledger.payment("acc", "T1") == payment()
        assert await ledger.attempts("rf-1") == [attempt()]
        assert await ledger.timeline("rf-1") == [entry()]
        assert await ledger.destination(given) == destination(id=given)


async def test_an_undone_erasure_forgets_nothing(shop: LedgerBook) -> None:
    """It commits with the record of its case, or not at all."""

    async def fail() -> None:
        async with shop.begin() as ledger:
            await ledger.erase_store("shop")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await kept(shop, 1) == untouched(1)
    async with shop.begin() as ledger:
        assert await ledger.store("shop") == store()


# --- forgetting a store ---


async def test_a_store_is_forgotten_and_no_other(shop: LedgerBook) -> None:
    """All its orders and its secrets; what was paid stays, and so does the store next door."""
    async with shop.begin() as ledger:
        erased = await ledger.erase_store("shop")
    assert erased == {"checkouts": 3, "asked_refunds": 3, "refunds": 3, "stores": 1}
    assert [await kept(shop, n) for n in (1, 2, 3)] == [forgotten(n) for n in (1, 2, 3)]
    assert await kept(shop, 4) == untouched(4)
    async with shop.begin() as ledger:
        assert await ledger.stores() == [store(secrets={}), store(id="shop-2")]
        assert await ledger.account("acc") == account()


async def test_forgetting_a_store_again_finds_nothing(shop: LedgerBook) -> None:
    """Neither again, nor of a store that isn't there."""
    async with shop.begin() as ledger:
        await ledger.erase_store("shop")
        assert await ledger.erase_store("shop") == NOTHING | {"stores": 0}
        assert await ledger.erase_store("none") == NOTHING | {"stores": 0}


async def test_a_store_may_come_back_with_new_secrets(shop: LedgerBook) -> None:
    """What was forgotten is forgotten; what is new is kept, and takes part in the next one."""
    async with shop.begin() as ledger:
        await ledger.erase_store("shop")
        await ledger.add_store(store())
        await ledger.add_refund(refund(9, buyer="hash-ana", created_at=NOON + DAY))
        assert await ledger.store("shop") == store()
        assert await ledger.erase_store("shop") == NOTHING | {"refunds": 1, "stores": 1}


# --- at once ---


async def test_forgetting_waits_for_whoever_holds_the_refund(
    postgres_book: PostgresBook, pool: Pool
) -> None:
    """On PostgreSQL an erasure waits for a change in progress, and forgets its writing too."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_refund(refund(buyer="hash-ana"))

    async def forget() -> dict[str, int]:
        async with postgres_book.begin() as ledger:
            return await ledger.erase_buyer("shop", ["hash-ana"], [])

    async with postgres_book.begin() as ledger:
        held = await ledger.lock_refund("rf-1")
        assert held is not None
        erasing = asyncio.create_task(forget())
        await until_waiting(pool, 1)
        await ledger.save_refund(refund(buyer="hash-ana", reason="otra vez Ana", tries=5))
    assert await erasing == NOTHING | {"refunds": 1}
    async with postgres_book.begin() as ledger:
        assert await ledger.refund("rf-1") == refund(reason="", tries=5)


async def test_forgetting_keeps_no_one_else_out_of_the_store(postgres_book: PostgresBook) -> None:
    """New payments and refunds of the store don't wait for an erasure that is not done yet."""
    async with postgres_book.begin() as ledger:
        await settle_in(ledger)
    async with postgres_book.begin() as erasing, postgres_book.begin() as other:
        await erasing.erase_store("shop")
        async with asyncio.timeout(10):
            await other.add_checkout(checkout())
            await other.add_asked_refund(kept_refund())
            await other.add_refund(refund())
