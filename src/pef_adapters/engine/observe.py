"""Turn what the rail says into the refund's next state. Sends nothing.

One table maps answers to events; the state table decides what an event may do.
An answer that arrives late, twice or about an older attempt is kept on record
and changes only what it can prove.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pef_adapters.core.errors import AmountExceedsRest, AnsweredNonsense, NotSent, RailError
from pef_adapters.core.policy import Route
from pef_adapters.core.states import WITH_THE_RAIL, Event, State, allows, next_state
from pef_adapters.core.texts import known as has_text
from pef_adapters.engine import schedule
from pef_adapters.engine.attention import PAID_BEYOND, RAIL_TROUBLE, standing, without_trouble
from pef_adapters.engine.ports import (
    Ledger,
    Ports,
    RailRefund,
    RailRefusal,
    RailStatus,
    Refusal,
)
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.engine.transition import call_for_attention, move, remember, stay
from pef_adapters.engine.waiting import TRIES_BEFORE_ATTENTION

Answer = RailRefund | RailRefusal | RailError

_STATUS_EVENTS = {
    RailStatus.ACCEPTED: Event.RAIL_ACCEPTED,
    RailStatus.REFUNDED: Event.RAIL_REFUNDED,
    RailStatus.REFUSED: Event.RAIL_REFUSED,
    RailStatus.RETURNED: Event.RAIL_RETURNED,
}
_REFUSAL_EVENTS = {
    Refusal.FINAL: Event.RAIL_REFUSED,
    Refusal.BUSY: Event.RAIL_BUSY,
    Refusal.NEEDS_OWNER: Event.RAIL_NEEDS_OWNER,
    Refusal.NEEDS_BENEFICIARY: Event.RAIL_NEEDS_BENEFICIARY,
    # Somebody used this id for something else: only evidence can tell who.
    Refusal.DISPUTED_ID: Event.ANSWER_LOST,
}
_HAS_DAY = (RailStatus.ACCEPTED, RailStatus.REFUNDED)
# Accepted, but waiting for something a person can speed up.
_ACCEPTED_BUT = {
    "AWAITING_BENEFICIARY": "code.BENEFICIARY_REQUIRED",
    "MANUAL_REQUIRED": "code.RAIL_MANUAL_REQUIRED",
}
_DAY = timedelta(days=1)
# Hearing these again is no news.
_NO_NEWS = frozenset(
    {
        (State.PENDING, Event.RAIL_ACCEPTED),
        (State.REFUNDED, Event.RAIL_REFUNDED),
        (State.REFUNDED, Event.RAIL_ACCEPTED),
        (State.RETURNED, Event.RAIL_RETURNED),
    }
)
_RAIL = "rail"
_CLOSING = frozenset({Event.RAIL_REFUSED, Event.RAIL_REFUNDED})


@dataclass(frozen=True, slots=True)
class _Heard:
    """One answer about one attempt, and the event that it proves."""

    attempt: Attempt
    answer: Answer
    event: Event
    at: datetime


async def observe(ports: Ports, attempt: Attempt, answer: Answer) -> None:
    """Book the rail's answer about one attempt."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(attempt.refund_id)
        current = await ledger.attempt(attempt.merchant_refund_id)
        if refund is None or current is None:
            return
        event = _event(current, answer)
        current = _with_answer(current, answer, event, now)
        await ledger.save_attempt(current)
        heard = _Heard(current, answer, event, now)
        if current.generation != refund.generation:
            refund = await _about_older_attempt(ledger, refund, heard)
        else:
            refund = await _book(ledger, refund, heard)
        await ledger.wake(refund, refund.due_at)


def _event(attempt: Attempt, answer: Answer) -> Event:
    """What the answer proves, given what may have happened before it."""
    if isinstance(answer, RailRefund):
        return _STATUS_EVENTS[answer.status]
    if isinstance(answer, RailRefusal):
        event = _REFUSAL_EVENTS[answer.refusal]
    else:
        event = Event.NOT_SENT if isinstance(answer, NotSent) else Event.ANSWER_LOST
    # After a send whose result is unknown, this request's failure proves nothing
    # about that one: its money stays reserved until there is evidence.
    return Event.ANSWER_LOST if attempt.maybe_sent else event


def _with_answer(attempt: Attempt, answer: Answer, event: Event, now: datetime) -> Attempt:
    closed = (attempt.closed_at or now) if event in _CLOSING else None
    if isinstance(answer, RailRefund):
        return replace(
            attempt,
            rail_refund_id=answer.rail_refund_id,
            rail_status=answer.status_word,
            expected_on=answer.expected_on,
            closed_at=closed,
        )
    if isinstance(answer, RailRefusal):
        return replace(
            attempt,
            rail_status=answer.code,
            rail_text=answer.text,
            closed_at=closed,
            maybe_sent=attempt.maybe_sent or event is Event.ANSWER_LOST,
        )
    return replace(attempt, maybe_sent=attempt.maybe_sent or event is Event.ANSWER_LOST)


async def _book(ledger: Ledger, refund: Refund, heard: _Heard) -> Refund:
    event, now = heard.event, heard.at
    if (refund.state, event) in _NO_NEWS:
        return await _no_news(ledger, refund, heard)
    if not allows(refund.state, event) or next_state(refund.state, event) is refund.state:
        await remember(ledger, refund, f"{event} ignored", now)
        return refund
    try:
        return await move(
            ledger,
            refund,
            event,
            now,
            attention=_attention(heard.answer, heard.attempt.sends),
            next_action_at=_next_look(heard.attempt, event, now),
            detail=_detail(heard.answer),
            expected_on=_expected_on(heard.answer, now),
            **_lane(refund, event, now),
        )
    except AmountExceedsRest:
        # The rail paid what it had refused, after its amount was given away.
        return await call_for_attention(ledger, refund, PAID_BEYOND, now)


async def _no_news(ledger: Ledger, refund: Refund, heard: _Heard) -> Refund:
    """The rail answers as before: past troubles are over, a late refund is not."""
    answer, now = heard.answer, heard.at
    attention = _attention(answer)
    if attention is None and schedule.is_overdue(refund, now):
        attention = "code.RAIL_OVERDUE"
    event = Event.RAIL_REFUNDED if refund.state is State.REFUNDED else heard.event
    return await stay(
        ledger,
        refund,
        now,
        attention=standing(without_trouble(refund.attention), attention),
        tries=0,
        next_action_at=_next_look(heard.attempt, event, now),
        expected_on=_expected_on(answer, now) if _names_day(answer) else refund.expected_on,
    )


async def _about_older_attempt(ledger: Ledger, refund: Refund, heard: _Heard) -> Refund:
    """An attempt given up speaks again. If it pays or paid, nothing may be sent on top.

    While nothing newer is under way, the refund returns to that attempt, and its
    money is booked like any other.
    """
    if heard.event not in (Event.RAIL_ACCEPTED, Event.RAIL_REFUNDED):
        await remember(ledger, refund, f"{heard.event} ignored", heard.at)
        return refund
    if refund.state in WITH_THE_RAIL:
        return await call_for_attention(ledger, refund, PAID_BEYOND, heard.at)
    older = heard.attempt
    refund = replace(refund, generation=older.generation, transaction_id=older.transaction_id)
    return await _book(ledger, refund, heard)


def _lane(refund: Refund, event: Event, now: datetime) -> dict[str, Any]:
    """Whose lane the refund is in from now on.

    What the rail booked is the rail's, whatever was planned, and uses limits up. A rail
    that wants bank details has no way to be given them: the payout desk asks for them and pays.
    """
    if event in (Event.RAIL_ACCEPTED, Event.RAIL_REFUNDED):
        return {"lane": Route.ORIGINAL, "counted_at": refund.counted_at or now}
    if event is Event.RAIL_NEEDS_BENEFICIARY:
        return {"lane": Route.PAYOUT, "lane_chosen_by": refund.lane_chosen_by or _RAIL}
    return {}


def _names_day(answer: Answer) -> bool:
    return isinstance(answer, RailRefund) and answer.expected_on is not None


def _expected_on(answer: Answer, now: datetime) -> str | None:
    """The rail's own date; without one, the usual one."""
    if not isinstance(answer, RailRefund) or answer.status not in _HAS_DAY:
        return None
    return answer.expected_on or schedule.usual_day(now)


def _attention(answer: Answer, sends: int = 1) -> str | None:
    if isinstance(answer, RailRefund):
        if answer.status in (RailStatus.REFUSED, RailStatus.RETURNED):
            return f"rail_status.{answer.status_word}"
        return _ACCEPTED_BUT.get(answer.status_word)
    if isinstance(answer, RailRefusal):
        keys = (f"rail.{answer.code}", f"code.{answer.code}", "rail.UNKNOWN")
        return next(key for key in keys if has_text(key))
    if isinstance(answer, AnsweredNonsense):
        return "code.RAIL_ANSWER_DIFFERS"
    return RAIL_TROUBLE if sends >= TRIES_BEFORE_ATTENTION else None


def _next_look(attempt: Attempt, event: Event, now: datetime) -> datetime | None:
    if event in (Event.NOT_SENT, Event.RAIL_BUSY):
        return schedule.after_fault(attempt.refund_id, attempt.sends - 1, now)
    if event is Event.ANSWER_LOST:
        return schedule.unknown(attempt.refund_id, attempt.sends - 1, now)
    if event is Event.RAIL_ACCEPTED:
        return schedule.pending(attempt.refund_id, attempt.intended_at, now)
    if event is Event.RAIL_REFUNDED:
        return schedule.settled(attempt.closed_at or now, now)
    if event is Event.RAIL_NEEDS_BENEFICIARY:
        return now
    return now + _DAY if event is Event.RAIL_RETURNED else None


def _detail(answer: Answer) -> dict[str, str]:
    if isinstance(answer, RailRefund):
        return {"rail_refund_id": answer.rail_refund_id, "status": answer.status_word}
    if isinstance(answer, RailRefusal):
        return {"code": answer.code, "text": answer.text}
    return {"fault": answer.code}
