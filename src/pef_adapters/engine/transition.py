"""The one way a refund changes state, and its money with it.

`move` takes one cell of the state table. The payment's reserved and refunded
amounts follow from the states (`core.states.MONEY`), under the payment's lock,
so no other code ever touches them (ADR 0005). Lock order: refund, then payment.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import AmountExceedsRest, NotThere
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, MONEY, Event, Position, State, next_state
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Payment, Refund, TimelineEntry

ENGINE = "engine"

# A store hears of states that last; these pass within one breath of the engine,
# unless something is in their way.
_NOT_TOLD = frozenset({State.RECEIVED, State.READY, State.SENDING})


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

    Raises:
        TransitionRefused: the table has no such cell.
        AmountExceedsRest: the payment has not enough left to reserve.
    """
    target = next_state(refund.state, event)
    await _shift_money(ledger, refund, MONEY[refund.state], MONEY[target])
    moved = replace(
        refund,
        state=target,
        attention=attention,
        next_action_at=next_action_at or _next_look(target, now),
        tries=0,
        updated_at=now,
        **changes,
    )
    moved = _told(moved, refund, now)
    await ledger.save_refund(moved)
    await ledger.add_entry(
        TimelineEntry(
            refund_id=refund.id,
            at=now,
            what=event.value,
            from_state=refund.state,
            to_state=target,
            actor=actor,
            detail={**(detail or {}), **({"attention": attention} if attention else {})},
        )
    )
    return moved


async def call_for_attention(
    ledger: Ledger, refund: Refund, attention: str, now: datetime, **changes: Any
) -> Refund:
    """Leave the state as it is and show a person why it needs a look; once."""
    noticed = replace(refund, attention=attention, updated_at=now, **changes)
    if refund.attention != attention:
        noticed = replace(noticed, revision=refund.revision + 1, write_back_at=now)
        await ledger.add_entry(
            TimelineEntry(
                refund_id=refund.id,
                at=now,
                what="attention",
                from_state=refund.state,
                to_state=refund.state,
                actor=ENGINE,
                detail={"attention": attention},
            )
        )
    await ledger.save_refund(noticed)
    return noticed


async def note_ignored(ledger: Ledger, refund: Refund, event: Event, now: datetime) -> None:
    """Keep on record that something was said which changes nothing any more."""
    await ledger.add_entry(
        TimelineEntry(
            refund_id=refund.id,
            at=now,
            what=f"{event.value} ignored",
            from_state=refund.state,
            to_state=refund.state,
            actor=ENGINE,
        )
    )


def _next_look(state: State, now: datetime) -> datetime | None:
    wait = CARE[state].look_again
    return None if wait is None else now + wait


def _told(moved: Refund, before: Refund, now: datetime) -> Refund:
    """A new revision wherever the order has something new to hear."""
    same = (moved.state, moved.attention) == (before.state, before.attention)
    passing = moved.state in _NOT_TOLD and moved.attention is None
    if same or passing:
        return moved
    return replace(moved, revision=before.revision + 1, write_back_at=now, write_back_tries=0)


async def _shift_money(ledger: Ledger, refund: Refund, old: Position, new: Position) -> None:
    if old is new:
        return
    payment = await _locked_payment(ledger, refund)
    free = Money.zero(refund.amount.currency)
    reserved = payment.reserved + _delta(refund.amount, old, new, Position.RESERVED, free)
    refunded = payment.refunded + _delta(refund.amount, old, new, Position.REFUNDED, free)
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
