"""The storage suite, over both ledgers: published policies and decisions."""

import asyncio
from datetime import timedelta, timezone

import pytest

from desk_samples import decided, moved_in, policy, undone
from pef_adapters.core.errors import NotThere
from pef_adapters.engine.ports import Ledger, LedgerBook
from storage_samples import MINUTE, NOON

LIMA = timezone(timedelta(hours=-5))


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details and a bank file."""
    return await moved_in(book, refunds=3)


# --- policies ---


async def test_versions_of_a_policy_are_listed_newest_first(book: LedgerBook) -> None:
    """Of one owner, by their numbers and not by their moments; another owner's are others."""
    other = policy(7, owner="agency/lima")
    async with book.begin() as ledger:
        for version in (2, 10, 1):
            assert await ledger.add_policy(policy(version, published_at=NOON - version * MINUTE))
        assert await ledger.add_policy(other)
    async with book.begin() as ledger:
        kept = await ledger.policies("store/shop")
        assert [each.version for each in kept] == [10, 2, 1]
        assert kept[1] == policy(2, published_at=NOON - 2 * MINUTE)
        assert await ledger.newest_policy("store/shop") == kept[0]
        assert await ledger.policies("agency/lima") == [other]


async def test_an_owner_without_a_policy_has_none(book: LedgerBook) -> None:
    """Neither a newest nor any."""
    async with book.begin() as ledger:
        assert await ledger.newest_policy("store/shop") is None
        assert await ledger.policies("store/shop") == []


async def test_a_published_version_never_changes(book: LedgerBook) -> None:
    """The same version again is refused and leaves the first as it was, rolled on or not."""
    async with book.begin() as ledger:
        assert await ledger.add_policy(policy())
        assert not await ledger.add_policy(policy(body={"name": "other"}))
    async with book.begin() as ledger:
        assert not await ledger.add_policy(policy(published_by="Luis"))
        assert await ledger.policies("store/shop") == [policy()]


async def test_of_many_who_publish_a_version_at_once_one_does(book: LedgerBook) -> None:
    """Sixteen people press at the same moment; one version is there, and it is the winner's."""

    async def publish(number: int) -> int | None:
        async with book.begin() as ledger:
            new = await ledger.add_policy(policy(published_by=f"person {number}"))
            return number if new else None

    won = [n for n in await asyncio.gather(*map(publish, range(16))) if n is not None]
    async with book.begin() as ledger:
        kept = await ledger.policies("store/shop")
    assert [each.published_by for each in kept] == [f"person {number}" for number in won]
    assert len(won) == 1


@pytest.mark.parametrize("version", [0, -1])
async def test_versions_begin_at_one(book: LedgerBook, version: int) -> None:
    """A version that can't be is refused alike."""
    with pytest.raises(ValueError, match="version"):
        async with book.begin() as ledger:
            await ledger.add_policy(policy(version))


async def test_a_policy_is_kept_as_plain_data(book: LedgerBook) -> None:
    """Every kind of JSON comes back as it went, and does not change with what was given."""
    body = {"n": None, "yes": True, "deep": [{"a": [1, 2.5, "ñ"]}], "": {}}
    async with book.begin() as ledger:
        await ledger.add_policy(policy(body=body))
    body["n"] = "changed"
    async with book.begin() as ledger:
        kept = await ledger.newest_policy("store/shop")
    assert kept is not None
    assert kept.body == {"n": None, "yes": True, "deep": [{"a": [1, 2.5, "ñ"]}], "": {}}


async def test_a_hostile_owner_is_found_as_it_was_written(book: LedgerBook) -> None:
    """What no database can hold is replaced on the way in, in the search as well."""
    async with book.begin() as ledger:
        assert await ledger.add_policy(policy(owner="store/\x00\ud800", body={"\x00": "\x00"}))
        assert not await ledger.add_policy(policy(owner="store/\x00\ud800"))
        kept = await ledger.newest_policy("store/\x00\ud800")
    assert kept == policy(owner="store/\ufffd?", body={"\ufffd": "\ufffd"})


async def test_a_policy_that_was_rolled_back_was_never_published(book: LedgerBook) -> None:
    """Its version is free again."""
    await undone(book, lambda ledger: ledger.add_policy(policy()))
    async with book.begin() as ledger:
        assert await ledger.policies("store/shop") == []
        assert await ledger.add_policy(policy(published_by="Luis"))


# --- decisions ---


async def test_decisions_are_told_oldest_first(desk: LedgerBook) -> None:
    """By their moment, those of one moment as they were written; `since` itself belongs."""
    early = decided(refund_id="rf-2", at=NOON - MINUTE)
    same = decided(refund_id="rf-3", decision={"outcome": "hold"})
    async with desk.begin() as ledger:
        for each in (decided(), same, early):
            await ledger.add_decided(each)
    async with desk.begin() as ledger:
        assert await ledger.decided(NOON - MINUTE) == [early, decided(), same]
        assert await ledger.decided(NOON) == [decided(), same]
        assert await ledger.decided(NOON + MINUTE) == []


async def test_decisions_can_be_those_of_one_store(desk: LedgerBook) -> None:
    """Another store's are left out; no store means every store's."""
    other = decided(store_id="shop-2")
    async with desk.begin() as ledger:
        await ledger.add_decided(decided())
        await ledger.add_decided(other)
        assert await ledger.decided(NOON, "shop") == [decided()]
        assert await ledger.decided(NOON, "shop-2") == [other]
        assert await ledger.decided(NOON, "") == []
        assert len(await ledger.decided(NOON)) == 2


async def test_a_refund_is_decided_any_number_of_times(desk: LedgerBook) -> None:
    """Each decision is kept beside the earlier ones."""
    async with desk.begin() as ledger:
        await ledger.add_decided(decided())
        await ledger.add_decided(decided())
        assert await ledger.decided(NOON) == [decided()] * 2


async def test_a_decision_needs_its_refund(desk: LedgerBook) -> None:
    """Nothing is decided about a refund that isn't there."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_decided(decided(refund_id="rf-9"))


async def test_moments_of_policies_and_decisions_are_in_utc(desk: LedgerBook) -> None:
    """Given in Lima's time, they come back as the same moment in UTC; asked in it, too."""
    moment = NOON.astimezone(LIMA)
    async with desk.begin() as ledger:
        await ledger.add_policy(policy(published_at=moment))
        await ledger.add_decided(decided(at=moment))
    async with desk.begin() as ledger:
        published = await ledger.newest_policy("store/shop")
        (made,) = await ledger.decided(moment)
    assert published is not None
    for kept in (published.published_at, made.at):
        assert kept == moment
        assert kept.utcoffset() == timedelta(0)


async def test_a_naive_moment_is_no_moment_for_decisions(desk: LedgerBook) -> None:
    """It is refused in the question as in the record."""
    naive = NOON.replace(tzinfo=None)

    async def ask(ledger: Ledger) -> None:
        await ledger.decided(naive)

    async def keep(ledger: Ledger) -> None:
        await ledger.add_decided(decided(at=naive))

    for use in (ask, keep):
        with pytest.raises(ValueError, match="no time zone"):
            async with desk.begin() as ledger:
                await use(ledger)


async def test_a_decision_that_was_rolled_back_was_never_made(desk: LedgerBook) -> None:
    """Nothing of it is left for a back-test."""
    await undone(desk, lambda ledger: ledger.add_decided(decided()))
    async with desk.begin() as ledger:
        assert await ledger.decided(NOON - MINUTE) == []
