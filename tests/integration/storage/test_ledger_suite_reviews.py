"""The storage suite, over both ledgers: reviews, and what people say in them."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from desk_samples import DAY, HOUR, act, moved_in, review, undone
from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.ports import Ledger, LedgerBook
from pef_adapters.engine.records import Act, ReviewEnd
from storage_samples import MINUTE, NOON

LIMA = timezone(timedelta(hours=-5))
ENDED = {"ended_at": NOON + HOUR, "ended_as": ReviewEnd.EXPIRED}


@pytest.fixture
async def desk(book: LedgerBook) -> LedgerBook:
    """Each ledger with three refunds, bank details and a bank file."""
    return await moved_in(book, refunds=3)


# --- reviews ---


async def test_a_review_comes_back_under_its_new_id(desk: LedgerBook) -> None:
    """The ledger numbers reviews itself and keeps everything else as it was."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review(id=999, needed=2))
    async with desk.begin() as ledger:
        kept = review(id=number, needed=2)
        assert await ledger.open_review("rf-1") == kept
        assert await ledger.reviews("rf-1") == [kept]
        assert await ledger.open_review("rf-2") is None
        assert await ledger.reviews("rf-2") == []


async def test_a_refund_has_one_open_review(desk: LedgerBook) -> None:
    """A second one is refused, and the first stays."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review())
    with pytest.raises(TransitionRefused, match="rf-1 is under review"):
        async with desk.begin() as ledger:
            await ledger.add_review(review(needed=2))
    async with desk.begin() as ledger:
        assert await ledger.reviews("rf-1") == [review(id=number)]


async def test_after_the_end_of_a_review_the_next_may_open(desk: LedgerBook) -> None:
    """Reviews of one refund are told oldest first, by their writing and not by their moment."""
    async with desk.begin() as ledger:
        first = await ledger.add_review(review())
        await ledger.save_review(review(id=first, **ENDED))
        second = await ledger.add_review(review(opened_at=NOON - DAY))
    async with desk.begin() as ledger:
        kept = [review(id=first, **ENDED), review(id=second, opened_at=NOON - DAY)]
        assert await ledger.reviews("rf-1") == kept
        assert await ledger.open_review("rf-1") == kept[1]


async def test_of_many_who_open_a_review_at_once_one_does(desk: LedgerBook) -> None:
    """Sixteen at the same moment open one; fifteen hear that it is open."""

    async def add() -> str:
        try:
            async with desk.begin() as ledger:
                await ledger.add_review(review())
        except TransitionRefused:
            return "refused"
        return "opened"

    heard = await asyncio.gather(*(add() for _ in range(16)))
    assert sorted(heard) == ["opened"] + ["refused"] * 15
    async with desk.begin() as ledger:
        assert len(await ledger.reviews("rf-1")) == 1


async def test_open_reviews_are_told_by_their_end(desk: LedgerBook) -> None:
    """The one that expires first comes first, ties as written; ended ones are left out."""
    async with desk.begin() as ledger:
        late = await ledger.add_review(review(1, expires_at=NOON + 2 * DAY))
        ended = await ledger.add_review(review(2, expires_at=NOON))
        await ledger.save_review(review(2, id=ended, **ENDED))
        soon = await ledger.add_review(review(3))
        tied = await ledger.add_review(review(2))
        assert [each.id for each in await ledger.open_reviews(10)] == [soon, tied, late]
        assert [each.id for each in await ledger.open_reviews(2)] == [soon, tied]


async def test_saving_a_review_writes_its_reminder_and_its_end(desk: LedgerBook) -> None:
    """Whatever else was agreed to does not change."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review())
        saved = review(id=number, remind_at=NOON + 2 * HOUR, **ENDED)
        await ledger.save_review(
            replace(saved, digest="other", needed=2, covers=(), expires_at=NOON + 9 * DAY)
        )
        assert await ledger.reviews("rf-1") == [saved]
        assert await ledger.open_reviews(10) == []


@pytest.mark.parametrize("end", list(ReviewEnd))
async def test_every_end_of_a_review_is_kept(desk: LedgerBook, end: ReviewEnd) -> None:
    """It comes back as the word that it is."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review())
        await ledger.save_review(review(id=number, ended_at=NOON, ended_as=end))
        (kept,) = await ledger.reviews("rf-1")
    assert kept.ended_as is end


async def test_an_unknown_review_cannot_be_saved(desk: LedgerBook) -> None:
    """Saving never inserts, and never is silently lost."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.save_review(review(id=77))


async def test_an_ended_review_is_not_opened_beside_another(desk: LedgerBook) -> None:
    """There would be two open ones."""
    async with desk.begin() as ledger:
        first = await ledger.add_review(review())
        await ledger.save_review(review(id=first, **ENDED))
        await ledger.add_review(review())
    with pytest.raises(TransitionRefused):
        async with desk.begin() as ledger:
            await ledger.save_review(review(id=first))


async def test_a_review_needs_its_refund(desk: LedgerBook) -> None:
    """Nobody waits for a refund that isn't there."""
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_review(review(9))


@pytest.mark.parametrize("needed", [0, 3])
async def test_a_review_needs_one_person_or_two(desk: LedgerBook, needed: int) -> None:
    """Any other number is refused alike."""
    with pytest.raises(ValueError, match="one person or two"):
        async with desk.begin() as ledger:
            await ledger.add_review(review(needed=needed))


# --- what people say ---


async def test_acts_are_told_in_the_order_of_writing(desk: LedgerBook) -> None:
    """Of one refund over all of its reviews; a clock that went back changes nothing."""
    async with desk.begin() as ledger:
        first = await ledger.add_review(review())
        await ledger.save_review(review(id=first, **ENDED))
        second = await ledger.add_review(review())
        said = [
            act(first, act=Act.ASK, comment="¿Por qué?", covers=()),
            act(second, at=NOON - DAY, person="Luis", act=Act.ANSWER),
            act(first),
        ]
        for each in said:
            await ledger.add_act(each)
    async with desk.begin() as ledger:
        assert await ledger.acts("rf-1") == said
        assert await ledger.acts("rf-2") == []


@pytest.mark.parametrize("kind", list(Act))
async def test_every_act_is_kept(desk: LedgerBook, kind: Act) -> None:
    """It comes back as the word that it is."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review())
        await ledger.add_act(act(number, act=kind))
        (kept,) = await ledger.acts("rf-1")
    assert kept.act is kind


@pytest.mark.parametrize("missing", [{"review_id": 77}, {"refund_id": "rf-9"}])
async def test_an_act_needs_its_review_and_its_refund(
    desk: LedgerBook, missing: dict[str, Any]
) -> None:
    """Nothing is said about what isn't there."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review())
    with pytest.raises(NotThere):
        async with desk.begin() as ledger:
            await ledger.add_act(replace(act(number), **missing))


async def test_a_hostile_comment_is_kept_without_what_no_database_holds(
    desk: LedgerBook,
) -> None:
    """NUL and half surrogates are replaced in words and in lists of words."""
    async with desk.begin() as ledger:
        number = await ledger.add_review(review(covers=("a\x00",)))
        await ledger.add_act(act(number, comment="\ud800!", person="Ro\x00sa", covers=("\x00",)))
    async with desk.begin() as ledger:
        assert await ledger.open_review("rf-1") == review(id=number, covers=("a\ufffd",))
        assert await ledger.acts("rf-1") == [
            act(number, comment="?!", person="Ro\ufffdsa", covers=("\ufffd",))
        ]


async def test_moments_of_reviews_are_in_utc(desk: LedgerBook) -> None:
    """Given in Lima's time, each comes back as the same moment in UTC."""
    moment = NOON.astimezone(LIMA)
    names = ("opened_at", "remind_at", "expires_at", "ended_at")
    async with desk.begin() as ledger:
        number = await ledger.add_review(review(**dict.fromkeys(names, moment)))
        await ledger.add_act(act(number, at=moment))
    async with desk.begin() as ledger:
        (kept,) = await ledger.reviews("rf-1")
        (said,) = await ledger.acts("rf-1")
    for at in (*(getattr(kept, name) for name in names), said.at):
        assert at == moment
        assert at.utcoffset() == timedelta(0)


async def test_a_review_that_was_rolled_back_holds_nothing(desk: LedgerBook) -> None:
    """Neither it nor what was said in it is left, and the next one may open."""

    async def talk(ledger: Ledger) -> None:
        await ledger.add_act(act(await ledger.add_review(review())))

    await undone(desk, talk)
    async with desk.begin() as ledger:
        assert await ledger.reviews("rf-1") == []
        assert await ledger.acts("rf-1") == []
        assert await ledger.add_review(review(opened_at=NOON + MINUTE))
