"""The storage suite, over both ledgers: refunds that were asked for, and ends told for good."""

import asyncio

import pytest

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.platforms.asked import Operation
from pef_adapters.platforms.contract import Outcome
from storage_samples import (
    CANARY,
    MINUTE,
    NOON,
    kept_refund,
    refund,
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


# --- asked refunds ---


async def test_the_first_who_asks_under_an_id_is_kept(shop: LedgerBook) -> None:
    """The same id again changes nothing of what was kept, whatever it says."""
    async with shop.begin() as ledger:
        assert await ledger.add_asked_refund(kept_refund())
        assert not await ledger.add_asked_refund(kept_refund(amount=soles(1), private={}))
    async with shop.begin() as ledger:
        assert await ledger.asked_refund("shop", "501") == kept_refund()
        assert await ledger.asked_refund("shop", "502") is None


async def test_the_same_refund_asked_for_at_once_is_kept_once(shop: LedgerBook) -> None:
    """Of sixteen calls at the same moment one is kept, and the others are told so."""

    async def add(minor: int) -> bool:
        async with shop.begin() as ledger:
            return await ledger.add_asked_refund(kept_refund(amount=soles(minor)))

    added = await asyncio.gather(*(add(minor) for minor in range(1, 17)))
    assert sorted(added) == [False] * 15 + [True]
    async with shop.begin() as ledger:
        kept = await ledger.asked_refund("shop", "501")
    assert kept == kept_refund(amount=soles(added.index(True) + 1))


async def test_every_field_comes_back(shop: LedgerBook) -> None:
    """With nothing told, and with a payment in another currency than the refund."""
    bare = kept_refund(
        2,
        operation=Operation.CANCEL,
        payment_id=None,
        reason="",
        requested_by=None,
        transaction_id=None,
        paid=None,
        paid_at=None,
        private={},
    )
    mixed = kept_refund(3, amount=Money(5, "USD"), paid=Money(-7, "PEN"))
    async with shop.begin() as ledger:
        assert await ledger.add_asked_refund(bare)
        assert await ledger.add_asked_refund(mixed)
    async with shop.begin() as ledger:
        kept = await ledger.asked_refund("shop", "502")
        assert kept == bare
        assert isinstance(kept.operation, Operation)
        assert await ledger.asked_refund("shop", "503") == mixed


async def test_an_asked_refund_needs_its_store(shop: LedgerBook) -> None:
    """Nobody asks in the name of a store that isn't there."""
    with pytest.raises(NotThere):
        async with shop.begin() as ledger:
            await ledger.add_asked_refund(kept_refund(store_id="none"))


async def test_another_stores_refunds_are_never_told(shop: LedgerBook) -> None:
    """Though ids, orders and times are the same."""
    other = kept_refund(store_id="shop-2", amount=soles(1))
    async with shop.begin() as ledger:
        await ledger.add_asked_refund(other)
        assert await ledger.asked_refund("shop", "501") is None
        assert await ledger.asked_refunds_of_order("shop", "31") == []
        assert await ledger.asked_refunds_since("shop", NOON) == []
        assert await ledger.add_asked_refund(kept_refund())
        assert await ledger.asked_refund("shop-2", "501") == other
        assert await ledger.asked_refunds_of_order("shop-2", "31") == [other]
        assert await ledger.asked_refunds_since("shop-2", NOON) == [other]


async def test_refunds_of_an_order_are_told_as_they_were_asked(shop: LedgerBook) -> None:
    """Oldest first; another order's are left out."""
    async with shop.begin() as ledger:
        for number, order in ((3, "31"), (1, "31"), (4, "32"), (2, "31")):
            await ledger.add_asked_refund(kept_refund(number, order_id=order))
        found = await ledger.asked_refunds_of_order("shop", "31")
        assert [each.refund_id for each in found] == ["503", "501", "502"]
        assert await ledger.asked_refunds_of_order("shop", "33") == []


async def test_refunds_since_a_moment_are_told_oldest_first(shop: LedgerBook) -> None:
    """From that very moment on; those of one moment as they were written."""
    async with shop.begin() as ledger:
        for number, minutes in ((1, 2), (2, 0), (3, 2), (4, -1)):
            at = NOON + minutes * MINUTE
            await ledger.add_asked_refund(kept_refund(number, asked_at=at))
        found = await ledger.asked_refunds_since("shop", NOON)
        assert [each.refund_id for each in found] == ["502", "501", "503"]
        assert await ledger.asked_refunds_since("shop", NOON + 3 * MINUTE) == []
        with pytest.raises(ValueError, match="no time zone"):
            await ledger.asked_refunds_since("shop", NOON.replace(tzinfo=None))


async def test_text_no_database_can_hold_does_not_lose_a_refund(shop: LedgerBook) -> None:
    """NUL and half surrogates are replaced, in what is searched for as well."""
    hostile = kept_refund(refund_id="a\x00", order_id="\ud800", reason="\x00")
    async with shop.begin() as ledger:
        assert await ledger.add_asked_refund(hostile)
        assert not await ledger.add_asked_refund(hostile)
        kept = await ledger.asked_refund("shop", "a\x00")
        assert await ledger.asked_refunds_of_order("shop", "\ud800") == [kept]
    assert kept == kept_refund(refund_id="a\ufffd", order_id="?", reason="\ufffd")


async def test_what_is_private_in_a_refund_is_not_in_a_repr(shop: LedgerBook) -> None:
    """What comes back may be printed."""
    async with shop.begin() as ledger:
        await ledger.add_asked_refund(kept_refund())
        kept = await ledger.asked_refund("shop", "501")
    assert kept is not None
    assert kept.private == {"answer_to": CANARY}
    assert CANARY not in repr(kept)


# --- how a refund ended for its platform ---


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_an_outcome_is_set_once(shop: LedgerBook, outcome: Outcome) -> None:
    """Whatever else changes then, it stays; another one, and none, is refused."""
    ended = refund(state=State.FAILED, outcome=outcome)
    async with shop.begin() as ledger:
        await ledger.add_refund(refund(state=State.FAILED))
        await ledger.save_refund(ended)
        await ledger.save_refund(refund(state=State.FAILED, outcome=outcome, tries=3))
    for other in {*Outcome, None} - {outcome}:
        with pytest.raises(TransitionRefused, match=f"ended as {outcome} for its platform"):
            async with shop.begin() as ledger:
                await ledger.save_refund(refund(state=State.FAILED, outcome=other))
    async with shop.begin() as ledger:
        kept = await ledger.refund("rf-1")
    assert kept == refund(state=State.FAILED, outcome=outcome, tries=3)
    assert isinstance(kept.outcome, Outcome)


async def test_a_refund_may_come_with_its_outcome(shop: LedgerBook) -> None:
    """One that is added as ended is as final as one that ended later."""
    ended = refund(state=State.REFUNDED, outcome=Outcome.REFUNDED)
    async with shop.begin() as ledger:
        await ledger.add_refund(ended)
    with pytest.raises(TransitionRefused):
        async with shop.begin() as ledger:
            await ledger.save_refund(refund(state=State.REFUNDED))
    async with shop.begin() as ledger:
        assert await ledger.find_refund("shop", "501") == ended


async def test_an_outcome_frees_no_state(shop: LedgerBook) -> None:
    """The guard of the states holds for a refund that ended as well."""
    async with shop.begin() as ledger:
        await ledger.add_refund(refund(state=State.REFUNDED, outcome=Outcome.REFUNDED))
    with pytest.raises(TransitionRefused, match="refunded can't become ready"):
        async with shop.begin() as ledger:
            await ledger.save_refund(refund(state=State.READY, outcome=Outcome.REFUNDED))
