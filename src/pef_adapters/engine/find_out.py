"""Ask the rail what became of a refund. The only road out of unknown by ourselves.

A refund whose sender died is unknown first. A rail that does not know our id lets
us send the very same attempt again, inside its replay window; past the window
only a person decides (`engine.people`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from pef_adapters.core.errors import AnsweredNonsense, MaybeSent
from pef_adapters.core.states import State
from pef_adapters.engine import schedule
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.observe import observe
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.engine.send import rail_of, resend
from pef_adapters.engine.transition import call_for_attention
from pef_adapters.engine.withdraw import still_wanted, withdraw


async def sender_died(ports: Ports, refund: Refund) -> None:
    """A refund is still sending after any send has ended: its result is unknown."""
    attempt = await _attempt_of(ports, refund)
    if attempt is not None:
        await observe(ports, attempt, MaybeSent("the sender stopped before it heard an answer"))


async def ask_rail(ports: Ports, refund: Refund) -> None:
    """Look up the refund's present attempt at the rail and book what it says.

    Raises:
        RailError: the rail could not be asked; nothing was changed.
    """
    attempt = await _attempt_of(ports, refund)
    if attempt is not None:
        await ask_about(ports, refund, attempt)


async def ask_about(ports: Ports, refund: Refund, attempt: Attempt) -> None:
    """Look up one attempt of the refund, be it the present one or one given up.

    Raises:
        RailError: the rail could not be asked; nothing was changed.
    """
    rail = await rail_of(ports, refund.id)
    try:
        found = await rail.find_refund(attempt)
    except AnsweredNonsense:
        await _show(ports, refund, "code.RAIL_ANSWER_DIFFERS")
        if refund.next_action_at is None:
            raise  # nobody looks again by himself: what told us must not be forgotten
    else:
        if found is not None:
            await observe(ports, attempt, found)
        elif attempt.generation == refund.generation:
            await _rail_knows_nothing(ports, refund, attempt)


async def _rail_knows_nothing(ports: Ports, refund: Refund, attempt: Attempt) -> None:
    if refund.state is State.SENDING:
        # The request may still be on its way; its own deadline decides.
        return
    if refund.state is not State.UNKNOWN:
        # It said yes to this id once; a person has to ask what happened to it.
        await _show(ports, refund, "code.RAIL_ANSWER_DIFFERS")
    elif refund.attention in ALARMS:
        # Its money may have gone another way, or nobody may want it any more.
        await _show(ports, refund, refund.attention)
    elif await still_wanted(ports, refund) is None:
        await withdraw(ports, refund.id)
    elif _inside_replay_window(ports, attempt, ports.clock.now()):
        await resend(ports, attempt)
    else:
        await _show(ports, refund, "code.REPLAY_WINDOW_CLOSED")


def _inside_replay_window(ports: Ports, attempt: Attempt, now: datetime) -> bool:
    since = attempt.first_sent_at or attempt.intended_at
    # A clock that went back proves nothing about how long the rail remembers.
    return timedelta(0) <= now - since < timedelta(seconds=ports.replay_window_seconds)


async def _show(ports: Ports, refund: Refund, attention: str) -> None:
    """Nothing can be concluded: a person should look, and we ask again later."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not refund.state:
            return
        waiting = _later(locked, now) if _waits_for_rail(locked) else locked
        waiting = await call_for_attention(ledger, waiting, attention, now)
        await ledger.wake(waiting, waiting.due_at)


def _waits_for_rail(refund: Refund) -> bool:
    """A finished refund is not looked at again, and a sender keeps its own deadline."""
    return refund.next_action_at is not None and refund.state is not State.SENDING


def _later(refund: Refund, now: datetime) -> Refund:
    # Of a paid refund the rail has said all it will; a person looks into it.
    paid = refund.state is State.REFUNDED
    at = None if paid else schedule.unknown(refund.id, refund.tries + 1, now)
    return replace(refund, tries=refund.tries + 1, next_action_at=at)


async def _attempt_of(ports: Ports, refund: Refund) -> Attempt | None:
    async with ports.book.begin() as ledger:
        return await ledger.attempt(merchant_refund_id(refund.id, refund.generation))
