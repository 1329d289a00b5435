"""People decide about a held refund: approve, decline, ask, answer, comment.

An approval moves no money. When enough people have agreed, the refund is decided anew,
with their votes among the facts; a vote counts only for the amount and the bank details
it was given for (`core.policy.approval`). Whoever pressed the button or changed the
refund last can't approve it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    InvalidInput,
    NothingToApprove,
)
from pef_adapters.core.policy import Decision, Facts
from pef_adapters.core.policy.approval import digest, is_editor
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.policy.model import ApprovalTerms
from pef_adapters.core.states import Event, State
from pef_adapters.engine.facts import editors, person_behind
from pef_adapters.engine.known import locked_refund
from pef_adapters.engine.people import named
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Act, Refund, Review, ReviewAct, ReviewEnd
from pef_adapters.engine.transition import PERSON, move, remember, stay

QUESTION = "code.MORE_INFORMATION_NEEDED"
_LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry of the approval queue."""

    refund: Refund
    review: Review
    acts: tuple[ReviewAct, ...]

    @property
    def agreed(self) -> tuple[str, ...]:
        """Who has approved so far."""
        return tuple(act.person for act in self.acts if act.act is Act.APPROVE)


async def queue(ports: Ports, limit: int = 100) -> list[Waiting]:
    """The refunds that wait for an approval; the one that expires first comes first."""
    async with ports.book.begin() as ledger:
        waiting = []
        for review in await ledger.open_reviews(limit):
            refund = await ledger.refund(review.refund_id)
            if refund is not None:
                waiting.append(Waiting(refund, review, await _acts(ledger, review)))
    return waiting


async def look(ports: Ports, refund_id: str) -> Waiting:
    """One refund with its open review and what was said in it.

    Raises:
        NotThere: no such refund.
        NothingToApprove: it does not wait for an approval.
    """
    async with ports.book.begin() as ledger:
        refund, review = await _open(ledger, refund_id)
        return Waiting(refund, review, await _acts(ledger, review))


async def approve(
    ports: Ports, refund_id: str, person: str, comment: str = "", seen: str | None = None
) -> Refund:
    """One person agrees; the last one needed lets the refund be decided anew.

    `seen` is the beginning of the digest that the person was shown.

    Raises:
        NotThere: no such refund.
        NothingToApprove: it does not wait for one, has changed, or waited too long.
        EditorCannotApprove: the person pressed the button or changed the refund.
        AlreadyApproved: the same person has approved it before.
    """
    who, now = named(person), ports.clock.now()
    async with ports.book.begin() as ledger:
        refund, review = await _open(ledger, refund_id)
        _check_review(review, now, seen)
        who = await _checked_person(ledger, refund, review, who)
        await _say(ledger, review, who, act=Act.APPROVE, comment=comment, now=now)
        agreed = {fold(a.person) for a in await _acts(ledger, review) if a.act is Act.APPROVE}
        if len(agreed) < review.needed:
            await remember(ledger, refund, "approved", now, by=who)
            return refund
        await ledger.save_review(replace(review, ended_at=now, ended_as=ReviewEnd.APPROVED))
        moved = await move(ledger, refund, Event.REOPENED, now, actor=PERSON + who)
        await ledger.wake(moved)
    return moved


async def decline(ports: Ports, refund_id: str, person: str, why: str) -> Refund:
    """One person refuses; nothing is paid, and the reason is kept.

    Raises:
        NotThere, NothingToApprove: as for an approval.
        InvalidInput: no reason is given.
    """
    who, now = named(person), ports.clock.now()
    async with ports.book.begin() as ledger:
        refund, review = await _open(ledger, refund_id)
        await _say(ledger, review, who, act=Act.DECLINE, comment=_needed(why), now=now)
        await ledger.save_review(replace(review, ended_at=now, ended_as=ReviewEnd.DECLINED))
        moved = await move(
            ledger,
            refund,
            Event.REJECTED,
            now,
            actor=PERSON + who,
            attention="code.DECLINED_BY_PERSON",
            detail={"why": why.strip()[:_LONGEST_COMMENT]},
        )
        await ledger.wake(moved)
    return moved


async def speak(ports: Ports, refund_id: str, person: str, act: Act, comment: str) -> Refund:
    """Comment on a held refund, ask for more information, or answer such a question.

    Raises:
        NotThere, NothingToApprove: as for an approval.
        InvalidInput: nothing is said.
    """
    who, now = named(person), ports.clock.now()
    async with ports.book.begin() as ledger:
        refund, review = await _open(ledger, refund_id)
        await _say(ledger, review, who, act=act, comment=_needed(comment), now=now)
        await remember(ledger, refund, f"review: {act}", now, by=who, said=comment.strip())
        if act is Act.ASK:
            refund = await stay(ledger, refund, now, attention=refund.attention or QUESTION)
        elif act is Act.ANSWER and refund.attention == QUESTION:
            refund = await stay(ledger, refund, now, attention=None)
        await ledger.wake(refund)
    return refund


async def open_review(
    ledger: Ledger,
    refund: Refund,
    *,
    facts: Facts,
    decision: Decision,
    terms: ApprovalTerms,
    now: datetime,
) -> None:
    """Put a refund that was held a moment ago into the queue."""
    await ledger.add_review(
        Review(
            id=0,
            refund_id=refund.id,
            store_id=refund.store_id,
            digest=digest(facts.amount, facts.beneficiary, facts.paid_out),
            needed=decision.approvers,
            covers=decision.holds,
            opened_at=now,
            remind_at=now + timedelta(hours=terms.remind_after_hours),
            expires_at=now + timedelta(hours=terms.expire_after_hours),
        )
    )


async def _open(ledger: Ledger, refund_id: str) -> tuple[Refund, Review]:
    refund = await locked_refund(ledger, refund_id)
    review = await ledger.open_review(refund_id)
    if review is None or refund.state is not State.HELD:
        mend = "; retry it, and it is decided anew" if refund.state is State.HELD else ""
        raise NothingToApprove(f"{refund_id} is {refund.state} and waits for no approval{mend}")
    return refund, review


def _check_review(review: Review, now: datetime, seen: str | None) -> None:
    if now >= review.expires_at:
        raise NothingToApprove("the time for this approval is over; it will be asked for anew")
    if seen is not None and not (seen and review.digest.startswith(seen)):
        raise NothingToApprove("amount or bank details are not those that you were shown")


async def _checked_person(ledger: Ledger, refund: Refund, review: Review, who: str) -> str:
    """Who it is: an operator's number and a person's name are not two people."""
    store = await ledger.store(refund.store_id)
    who = person_behind(store, who) if store is not None else who
    if store is not None and is_editor(who, editors(refund, store)):
        raise EditorCannotApprove(f"{who} pressed or changed this refund; somebody else approves")
    if _has_approved(who, await _acts(ledger, review)):
        raise AlreadyApproved(f"{who} has approved this refund; a second person is needed")
    return who


def _has_approved(who: str, acts: Iterable[ReviewAct]) -> bool:
    return any(act.act is Act.APPROVE and fold(act.person) == fold(who) for act in acts)


async def _say(
    ledger: Ledger, review: Review, who: str, *, act: Act, comment: str, now: datetime
) -> None:
    await ledger.add_act(
        ReviewAct(
            review_id=review.id,
            refund_id=review.refund_id,
            at=now,
            person=who,
            act=act,
            comment=comment.strip()[:_LONGEST_COMMENT],
            digest=review.digest,
            covers=review.covers,
        )
    )


async def _acts(ledger: Ledger, review: Review) -> tuple[ReviewAct, ...]:
    said = await ledger.acts(review.refund_id)
    return tuple(act for act in said if act.review_id == review.id)


def _needed(comment: str) -> str:
    if not comment.strip():
        raise InvalidInput("say why: the words are kept with the refund")
    return comment
