"""The storage suite, over both ledgers: what privacy laws asked, case by case."""

import pytest

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.platforms.coming_in import PrivacyKind
from storage_samples import MINUTE, NOON, privacy_case, settle_in, store


@pytest.fixture
async def shop(book: LedgerBook) -> LedgerBook:
    """Each ledger with an account, its store, and another store of the same account."""
    async with book.begin() as ledger:
        await settle_in(ledger)
        await ledger.add_store(store(id="shop-2"))
    return book


async def test_a_privacy_request_is_kept_once(shop: LedgerBook) -> None:
    """The same request of the same store is one case; another store's is its own."""
    async with shop.begin() as ledger:
        assert await ledger.add_privacy_case(privacy_case())
        assert not await ledger.add_privacy_case(privacy_case(kind=PrivacyKind.TELL))
        assert await ledger.add_privacy_case(privacy_case(store_id="shop-2"))
        assert await ledger.privacy_cases("shop") == [privacy_case()]
        assert await ledger.privacy_cases("shop-2") == [privacy_case(store_id="shop-2")]
        assert await ledger.privacy_cases("none") == []


async def test_a_privacy_case_needs_its_store(shop: LedgerBook) -> None:
    """Nobody asks in the name of a store that isn't there."""
    with pytest.raises(NotThere):
        async with shop.begin() as ledger:
            await ledger.add_privacy_case(privacy_case(store_id="none"))


@pytest.mark.parametrize("kind", list(PrivacyKind))
async def test_the_end_of_a_case_is_kept(shop: LedgerBook, kind: PrivacyKind) -> None:
    """When it was done, what was erased and what was kept; what was asked stays as it was."""
    end = {
        "done_at": NOON + MINUTE,
        "erased": {"refunds": 2},
        "kept": {"refunds": 2, "why": "code.KEPT_BY_LAW"},
    }
    async with shop.begin() as ledger:
        await ledger.add_privacy_case(privacy_case(kind=kind))
        await ledger.add_privacy_case(privacy_case(2))
        await ledger.end_privacy_case(privacy_case(kind=kind, buyers=(), order_ids=(), **end))
    async with shop.begin() as ledger:
        ended, other = await ledger.privacy_cases()
    assert (ended, other) == (privacy_case(kind=kind, **end), privacy_case(2))
    assert isinstance(ended.kind, PrivacyKind)


async def test_a_case_that_is_not_there_cannot_end(shop: LedgerBook) -> None:
    """Ending never inserts, and another store's case is another case."""
    async with shop.begin() as ledger:
        await ledger.add_privacy_case(privacy_case())
        for stranger in (privacy_case(2), privacy_case(store_id="shop-2")):
            with pytest.raises(NotThere, match="no privacy case"):
                await ledger.end_privacy_case(stranger)
        assert await ledger.privacy_cases() == [privacy_case()]


async def test_privacy_cases_are_told_oldest_first(shop: LedgerBook) -> None:
    """By their arrival; those of one moment as they were written."""
    async with shop.begin() as ledger:
        for number, minutes in ((3, 1), (1, 1), (2, 0)):
            at = NOON + minutes * MINUTE
            await ledger.add_privacy_case(privacy_case(number, received_at=at))
        cases = await ledger.privacy_cases()
    assert [case.id for case in cases] == ["pr-2", "pr-3", "pr-1"]
