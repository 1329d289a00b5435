"""The one way a refund changes state, and its money with it.

`move` takes one cell of the state table. The payment's reserved and refunded
amounts follow from the states (`core.states.MONEY`), under the payment's lock,
so no other code ever touches them (ADR 0005). Lock order: refund, then payment.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import AmountExceedsRest, NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, MONEY, Event, Position, State, next_state
from pef_adapters.engine.attention import (
    OUTCOME_TOLD,
    for_the_order,
    standing,
    without_trouble,
)
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Payment, Refund, ReviewEnd, TimelineEntry
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import Outcome

ENGINE = "engine"
PERSON = "person:"

# These pass within one breath of the engine, unless something is in their way.
_PASSING = frozenset({State.RECEIVED, State.READY})
_UNPAID = frozenset(state for state, position in MONEY.items() if position is Position.FREE)


async def move(
    ledger: Ledger,
    refund: Refund,
    event: Event,
    now: datetime,
    *,
    actor: str = ENGINE,
    attention: str | None = None,
    next_action_at: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Refund:
    """Take the step `event`; the refund must be locked by this transaction.

    An alarm stays through every step but a person's (`engine.attention`).

    Raises:
        TransitionRefused: the table has no such cell, the platform was told for good
            that this refund is over, or it was withdrawn where it was pressed by hand.
        AmountExceedsRest: the payment has not enough left to reserve.
    """
    target = next_state(refund.state, event)
    attention = _against_outcome(refund, event, target) or attention
    await _shift_money(ledger, refund, MONEY[refund.state], MONEY[target])
    before = None if actor.startswith(PERSON) else refund.attention
    # The trouble was in the way of this very step.
    stands = standing(without_trouble(before), attention)
    moved = replace(
        refund,
        state=target,
        attention=stands,
        next_action_at=next_action_at or _next_look(target, now),
        tries=0,
        updated_at=now,
        **changes,
    )
    moved = _told(moved, now)
    await ledger.save_refund(moved)
    if refund.state is State.HELD:
        await _end_review(ledger, refund.id, now)
    said = {"attention": stands} if stands else {}
    detail = {**(detail or {}), **said}
    await _remember_step(ledger, refund, moved, event.value, actor=actor, detail=detail)
    return moved


async def stay(
    ledger: Ledger, refund: Refund, now: datetime, *, attention: str | None, **changes: Any
) -> Refund:
    """Keep the state; only when to look again, or what to look at, may change.

    `attention` is what shall stand from now on (`engine.attention`).
    """
    kept = _told(replace(refund, attention=attention, updated_at=now, **changes), now)
    await ledger.save_refund(kept)
    if kept.attention != refund.attention:
        what = "attention" if attention else "attention no longer needed"
        detail = {"attention": attention} if attention else {}
        await _remember_step(ledger, refund, kept, what, actor=ENGINE, detail=detail)
    return kept


async def call_for_attention(
    ledger: Ledger, refund: Refund, attention: str, now: datetime, **changes: Any
) -> Refund:
    """Leave the state as it is and show a person why it needs a look; once."""
    stands = standing(refund.attention, attention)
    return await stay(ledger, refund, now, attention=stands, **changes)


async def remember(ledger: Ledger, refund: Refund, what: str, now: datetime, **detail: str) -> None:
    """Keep on record that something happened which changed nothing in the refund's state."""
    entry = TimelineEntry(
        refund_id=refund.id,
        at=now,
        what=what,
        from_state=refund.state,
        to_state=refund.state,
        actor=ENGINE,
        detail=detail,
    )
    await ledger.add_entry(entry)


async def _remember_step(
    ledger: Ledger,
    before: Refund,
    after: Refund,
    what: str,
    *,
    actor: str,
    detail: Mapping[str, Any],
) -> None:
    entry = TimelineEntry(
        refund_id=after.id,
        at=after.updated_at,
        what=what,
        from_state=before.state,
        to_state=after.state,
        actor=actor,
        detail=detail,
    )
    await ledger.add_entry(entry)


async def _end_review(ledger: Ledger, refund_id: str, now: datetime) -> None:
    """Whatever takes a refund out of being held ends what people were asked about it."""
    review = await ledger.open_review(refund_id)
    if review is not None:
        await ledger.save_review(replace(review, ended_at=now, ended_as=ReviewEnd.VOID))


def may_reopen(refund: Refund) -> bool:
    """Whether this refund may still be decided anew: not after its platform heard the end."""
    return refund.outcome is None and not _is_withdrawn_here(refund)


def _is_withdrawn_here(refund: Refund) -> bool:
    """No store can have it after all, and its amount may have been pressed anew since."""
    return refund.platform == BY_HAND and refund.state is State.CANCELLED


def _against_outcome(refund: Refund, event: Event, target: State) -> str | None:
    """What a person has to see where the money goes another way than the platform was told.

    Raises:
        TransitionRefused: this very step would send money against it.
    """
    if event is Event.REOPENED and _is_withdrawn_here(refund):
        raise TransitionRefused(f"refund {refund.id} was withdrawn for good; press a new one")
    if refund.outcome is None:
        return None
    if event is Event.REOPENED:
        raise TransitionRefused(
            f"the store was told for good that this refund is {refund.outcome}; "
            "press a new refund there"
        )
    fits = target is State.REFUNDED if refund.outcome is Outcome.REFUNDED else target in _UNPAID
    return None if fits else OUTCOME_TOLD


def _next_look(state: State, now: datetime) -> datetime | None:
    wait = CARE[state].look_again
    return None if wait is None else now + wait


def _told(refund: Refund, now: datetime) -> Refund:
    """A new revision wherever the order has something new to hear."""
    attention = for_the_order(refund.attention)
    says = f"{refund.state} {attention or ''}".rstrip()
    passing = refund.state in _PASSING and attention is None
    if refund.state is State.SENDING or passing or says == refund.said:
        return refund
    return replace(
        refund, said=says, revision=refund.revision + 1, write_back_at=now, write_back_tries=0
    )


async def _shift_money(ledger: Ledger, refund: Refund, old: Position, new: Position) -> None:
    if old is new:
        return
    payment = await _locked_payment(ledger, refund)
    free = Money.zero(refund.amount.currency)
    reserved = payment.reserved + _delta(refund.amount, old, new, Position.RESERVED, free)
    refunded = payment.refunded + _delta(refund.amount, old, new, Position.REFUNDED, free)
    if new is Position.RESERVED and old is Position.FREE and payment.reversed_at is not None:
        raise AmountExceedsRest("the bank took the payment back; nothing is left of it")
    if reserved + refunded > payment.paid:
        raise AmountExceedsRest(f"{refund.amount} is more than the {payment.rest} left")
    await ledger.save_payment(replace(payment, reserved=reserved, refunded=refunded))


def _delta(amount: Money, old: Position, new: Position, where: Position, free: Money) -> Money:
    if new is where:
        return amount
    return free - amount if old is where else free


async def _locked_payment(ledger: Ledger, refund: Refund) -> Payment:
    payment = await ledger.lock_payment(refund.account_id, refund.transaction_id or "")
    if payment is None:
        raise NotThere(f"refund {refund.id} has no known payment to take money from")
    return payment
