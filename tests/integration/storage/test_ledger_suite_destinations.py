"""The storage suite, over both ledgers: buyers' links and bank details."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from desk_samples import DAY, HOUR, destination, link, moved_in, undone
from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import LinkEnd
from storage_samples import CANARY, MINUTE, NOON

LIMA = timezone(timedelta(hours=-5))
USED = {"ended_at": NOON + HOUR, "ended_as": LinkEnd.USED}


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details of the first and a bank file."""
    return await moved_in(book, refunds=3)


# --- links ---


async def test_a_link_is_found_by_its_id_and_by_its_refund(desk: LedgerBook) -> None:
    """While it is open; of another refund there is none."""
    async with desk.begin() as ledger:
        await ledger.add_link(link())
    async with desk.begin() as ledger:
        assert await ledger.link("link-1") == link()
        assert await ledger.open_link("rf-1") == link()
        assert await ledger.link("link-2") is None
        assert await ledger.open_link("rf-2") is None


async def test_a_refund_has_one_open_link(desk: LedgerBook) -> None:
    """A second one is refused, and the first stays."""
    async with desk.begin() as ledger:
        await ledger.add_link(link())
    with pytest.raises(TransitionRefused, match="rf-1 has an open link"):
        async with desk.begin() as ledger:
            await ledger.add_link(link(id="another"))
    async with desk.begin() as ledger:
        assert await ledger.open_link("rf-1") == link()
        assert await ledger.link("another") is None


async def test_a_links_id_is_taken_once(desk: LedgerBook) -> None:
    """Not even an ended link, or another refund's, gives its id away."""
    async with desk.begin() as ledger:
        await ledger.add_link(link(**USED))
    for second in (link(), link(2, id="link-1")):
        with pytest.raises(TransitionRefused):
            async with desk.begin() as ledger:
                await ledger.add_link(second)
    async with desk.begin() as ledger:
        assert await ledger.link("link-1") == link(**USED)


async def test_after_the_end_of_a_link_the_next_may_open(desk: LedgerBook) -> None:
    """The ended one is still found by its id, and tells why it opens nothing."""
    async with desk.begin() as ledger:
        await ledger.add_link(link())
        await ledger.save_link(link(**USED))
        assert await ledger.open_link("rf-1") is None
        await ledger.add_link(link(id="another"))
    async with desk.begin() as ledger:
        assert await ledger.open_link("rf-1") == link(id="another")
        assert await ledger.link("link-1") == link(**USED)


async def test_of_many_who_make_a_link_at_once_one_does(desk: LedgerBook) -> None:
    """Sixteen at the same moment make one; fifteen hear that it is there."""

    async def add(number: int) -> str:
        try:
            async with desk.begin() as ledger:
                await ledger.add_link(link(id=f"link {number}"))
        except TransitionRefused:
            return "refused"
        return "made"

    heard = await asyncio.gather(*map(add, range(16)))
    assert sorted(heard) == ["made"] + ["refused"] * 15


async def test_saving_a_link_writes_its_wear_and_its_end(desk: LedgerBook) -> None:
    """Tries, the telling and the end; whose it is and how long it is good never change."""
    worn = link(tries_left=0, told_at=NOON + MINUTE, **USED)
    async with desk.begin() as ledger:
        await ledger.add_link(link())
        await ledger.save_link(
            replace(worn, refund_id="rf-2", made_by="other", expires_at=NOON + 9 * DAY)
        )
        assert await ledger.link("link-1") == worn


@pytest.mark.parametrize("end", list(LinkEnd))
async def test_every_end_of_a_link_is_kept(desk: LedgerBook, end: LinkEnd) -> None:
    """It comes back as the word that it is."""
    async with desk.begin() as ledger:
        await ledger.add_link(link())
        await ledger.save_link(link(ended_at=NOON, ended_as=end))
        kept = await ledger.link("link-1")
    assert kept is not None
    assert kept.ended_as is end


async def test_a_link_only_ever_wears_out(desk: LedgerBook) -> None:
    """Whoever saves an older copy of it gives no try back and opens nothing again."""
    older = link()
    async with desk.begin() as ledger:
        await ledger.add_link(older)
        await ledger.save_link(link(tries_left=3, **USED))
    async with desk.begin() as ledger:
        await ledger.save_link(replace(older, told_at=NOON + 2 * HOUR))
        expected = link(tries_left=3, told_at=NOON + 2 * HOUR, **USED)
        assert await ledger.link("link-1") == expected
        await ledger.save_link(link(ended_at=NOON + DAY, ended_as=LinkEnd.REPLACED))
        assert await ledger.link("link-1") == expected


async def test_an_unknown_link_cannot_be_saved(desk: LedgerBook) -> None:
    """Saving never inserts; the error does not repeat the id, which opens the page."""
    with pytest.raises(NotThere) as caught:
        async with desk.begin() as ledger:
            await ledger.save_link(link(id="guessed"))
    assert "guessed" not in str(caught.value)


async def test_a_link_needs_its_refund(desk: LedgerBook) -> None:
    """It leads to nothing that isn't there."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_link(link(9))


async def test_a_link_never_has_fewer_than_no_tries(desk: LedgerBook) -> None:
    """Neither from the beginning nor later."""
    with pytest.raises(ValueError, match="tries"):
        async with desk.begin() as ledger:
            await ledger.add_link(link(tries_left=-1))
    async with desk.begin() as ledger:
        await ledger.add_link(link())
    with pytest.raises(ValueError, match="tries"):
        async with desk.begin() as ledger:
            await ledger.save_link(link(tries_left=-1))


async def test_a_link_that_was_rolled_back_opens_nothing(desk: LedgerBook) -> None:
    """It is not there, and the next one may be made."""
    await undone(desk, lambda ledger: ledger.add_link(link()))
    async with desk.begin() as ledger:
        assert await ledger.link("link-1") is None
        await ledger.add_link(link())


async def test_a_try_that_was_rolled_back_was_not_used(desk: LedgerBook) -> None:
    """The link is as it was."""
    async with desk.begin() as ledger:
        await ledger.add_link(link())
    await undone(desk, lambda ledger: ledger.save_link(link(tries_left=1, **USED)))
    async with desk.begin() as ledger:
        assert await ledger.open_link("rf-1") == link()


# --- bank details ---


async def test_the_newest_bank_details_count(desk: LedgerBook) -> None:
    """By their writing and not by their moment; older ones stay to be read by their id."""
    changed = destination(given_at=NOON - DAY, details={"account": "other"}, account="h2")
    async with desk.begin() as ledger:
        number = await ledger.add_destination(replace(changed, id=999))
    async with desk.begin() as ledger:
        assert await ledger.newest_destination("rf-1") == replace(changed, id=number)
        assert await ledger.destination(number) == replace(changed, id=number)
        assert await ledger.destination(1) == destination(id=1)
        assert await ledger.newest_destination("rf-2") is None


@pytest.mark.parametrize("unknown", [0, -1, 77, 2**40, 2**80])
async def test_unknown_bank_details_are_none(desk: LedgerBook, unknown: int) -> None:
    """Whatever number is asked for."""
    async with desk.begin() as ledger:
        assert await ledger.destination(unknown) is None


async def test_refunds_to_one_account_are_told_once_and_in_order(desk: LedgerBook) -> None:
    """Each refund for which it was ever given, by its first time; other accounts' are not."""
    async with desk.begin() as ledger:
        for number, account in ((3, "h"), (2, "other"), (1, "h"), (3, "h"), (3, "other")):
            await ledger.add_destination(destination(number, account=account))
    async with desk.begin() as ledger:
        assert await ledger.refunds_to("h") == ["rf-3", "rf-1"]
        assert await ledger.refunds_to("other") == ["rf-2", "rf-3"]
        assert await ledger.refunds_to("hash-of-the-account") == ["rf-1"]
        assert await ledger.refunds_to("nobody's") == []


async def test_bank_details_need_their_refund(desk: LedgerBook) -> None:
    """Nothing is paid for a refund that isn't there; the error tells none of the details."""
    with pytest.raises(NotThere) as caught:
        async with desk.begin() as ledger:
            await ledger.add_destination(destination(9))
    assert CANARY not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_bank_details_are_not_in_a_repr(desk: LedgerBook) -> None:
    """What comes back may be printed: the masked part shows, the details don't."""
    async with desk.begin() as ledger:
        kept = await ledger.newest_destination("rf-1")
    assert kept is not None
    assert kept.details["account"] == CANARY
    assert CANARY not in repr(kept)
    assert "…0117" in repr(kept)


async def test_hostile_bank_details_are_the_same_in_both_ledgers(desk: LedgerBook) -> None:
    """What no database can hold is replaced in the sealed part, too."""
    hostile: dict[str, Any] = {"details": {"name": "A\x00\ud800"}, "masked": {"a": "\x00"}}
    async with desk.begin() as ledger:
        number = await ledger.add_destination(destination(2, **hostile))
    async with desk.begin() as ledger:
        kept = await ledger.destination(number)
    assert kept is not None
    assert kept.details == {"name": "A\ufffd?"}
    assert kept.masked == {"a": "\ufffd"}


async def test_moments_of_links_and_details_are_in_utc(desk: LedgerBook) -> None:
    """Given in Lima's time, each comes back as the same moment in UTC."""
    moment = NOON.astimezone(LIMA)
    of_link = ("made_at", "expires_at", "told_at", "ended_at")
    of_details = ("given_at", "good_from")
    async with desk.begin() as ledger:
        await ledger.add_link(link(**dict.fromkeys(of_link, moment)))
        await ledger.add_destination(destination(2, **dict.fromkeys(of_details, moment)))
    async with desk.begin() as ledger:
        kept = await ledger.link("link-1")
        details = await ledger.newest_destination("rf-2")
    moments = [getattr(kept, name) for name in of_link]
    moments += [getattr(details, name) for name in of_details]
    assert moments == [NOON] * 6
    assert {at.utcoffset() for at in moments} == {timedelta(0)}


async def test_details_that_were_rolled_back_were_never_given(desk: LedgerBook) -> None:
    """The earlier ones count on."""

    async def change(ledger: Ledger) -> None:
        await ledger.add_destination(destination(account="h2"))

    await undone(desk, change)
    async with desk.begin() as ledger:
        assert await ledger.newest_destination("rf-1") == destination(id=1)
        assert await ledger.refunds_to("h2") == []
