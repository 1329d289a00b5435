"""What a named person may do to a refund. Each step is kept with the person's name."""

from dataclasses import replace
from datetime import datetime

from pef_adapters.core.errors import InvalidInput, TransitionRefused
from pef_adapters.core.policy import Route, barred_by
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.states import CARE, Event, State, allows
from pef_adapters.core.texts import explain
from pef_adapters.engine.attention import PAID_BEYOND
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.known import locked_refund
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import PayoutEnd, Refund
from pef_adapters.engine.transition import ENGINE, PERSON, move, remember

# Whatever these do is not a person's; a link that the engine made makes nobody an editor.
_NOBODYS_NAMES = frozenset({ENGINE, "rail", "buyer", "store"})


async def retry(ports: Ports, refund_id: str, person: str) -> Refund:
    """Let the engine try again now, whatever the refund waits for.

    A stopped refund is decided anew; a finally refused one gets a new generation,
    and with it a new id at the rail. One under way is only looked up earlier. Where
    nobody may pay it by hand, the original route is tried again, whoever chose otherwise.

    Raises:
        NotThere: no such refund.
        TransitionRefused: it is finished and can't be tried again.
    """
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        if allows(refund.state, Event.REOPENED):
            generation = await _generation(ledger, refund)
            refund = await move(
                ledger,
                _without_barred_lane(refund),
                Event.REOPENED,
                now,
                actor=_name(person),
                # Trying again does not undo what a bank has said.
                attention=PAID_BEYOND if await paid_by_bank(ledger, refund.id) else None,
                generation=generation,
            )
        elif CARE[refund.state].final and refund.written_revision == refund.revision:
            raise TransitionRefused(f"a refund that is {refund.state} has nothing left to try")
        else:
            refund = await _look_now(ledger, refund, ports)
        await ledger.wake(refund)
    return refund


async def settle(ports: Ports, refund_id: str, person: str, *, paid: bool) -> Refund:
    """A person has found out, outside, what became of the money.

    Raises:
        NotThere: no such refund.
        TransitionRefused: this state is not a person's to settle.
    """
    now = ports.clock.now()
    event = Event.PERSON_CONFIRMED_PAID if paid else Event.PERSON_CONFIRMED_UNPAID
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        refund = await move(
            ledger, refund, event, now, actor=_name(person), attention="code.CONFIRMED_BY_PERSON"
        )
        await _close(ledger, refund, now, person=named(person), paid=paid)
        await ledger.wake(refund)
    return refund


async def _close(ledger: Ledger, refund: Refund, now: datetime, *, person: str, paid: bool) -> None:
    """End what was under way: the attempt at the rail, or the line in a bank file."""
    attempt = await ledger.attempt(merchant_refund_id(refund.id, refund.generation))
    if attempt is not None and attempt.closed_at is None:
        await ledger.save_attempt(replace(attempt, closed_at=now))
    end = PayoutEnd.CONFIRMED if paid else PayoutEnd.RETURNED
    for payout in await ledger.payouts_of_refund(refund.id):
        if payout.ended_as is None:
            await ledger.save_payout(
                replace(payout, ended_as=end, answered_at=now, answered_by=person)
            )


async def choose_payout(ports: Ports, refund_id: str, person: str) -> Refund:
    """Pay this refund out by hand instead: it is decided anew, for the manual lane.

    Raises:
        NotThere: no such refund.
        TransitionRefused: it is under way or finished, so another lane could pay it twice;
            or its store lets it go back by the original route only.
    """
    now, who = ports.clock.now(), _name(person)
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        refuse_if_barred(refund)
        generation = await _generation(ledger, refund)
        refund = await move(
            ledger,
            refund,
            Event.REOPENED,
            now,
            actor=who,
            detail={"lane": Route.PAYOUT},
            generation=generation,
            lane_chosen_by=named(person),
        )
        await ledger.wake(refund)
    return refund


def refuse_if_barred(refund: Refund) -> None:
    """Let pass what may be paid out by hand, for all that its last decision knew.

    Raises:
        TransitionRefused: it may go back by the original route only; the message says why.
    """
    code = barred_by(refund.decision)
    if code is not None:
        why = explain(f"code.{code}", "en")
        raise TransitionRefused(f"refund {refund.id} can't be paid out by hand: {why}")


async def set_deadline(ports: Ports, refund_id: str, person: str, at: datetime | None) -> Refund:
    """Say by when a platform wants this refund done; None takes the deadline away.

    Raises:
        NotThere: no such refund.
    """
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = replace(await locked_refund(ledger, refund_id), deadline_at=at, updated_at=now)
        await ledger.save_refund(refund)
        said = {"at": at.isoformat()} if at else {}
        await remember(ledger, refund, "deadline set", now, by=named(person), **said)
    return refund


async def paid_by_bank(ledger: Ledger, refund_id: str) -> bool:
    """Whether a bank says that it has paid a line of it, whatever a person settled before."""
    payouts = await ledger.payouts_of_refund(refund_id)
    return any(payout.ended_as is PayoutEnd.CONFIRMED for payout in payouts)


async def next_generation(ledger: Ledger, refund_id: str) -> int:
    """A number beyond every id that was ever used for this refund, in whichever lane."""
    used = [attempt.generation for attempt in await ledger.attempts(refund_id)]
    used += [payout.generation for payout in await ledger.payouts_of_refund(refund_id)]
    return 1 + max(used, default=0)


async def _generation(ledger: Ledger, refund: Refund) -> int:
    """A new id after a final refusal; else the refund keeps the one it has."""
    if refund.state is not State.FAILED:
        return refund.generation
    return await next_generation(ledger, refund.id)


def _without_barred_lane(refund: Refund) -> Refund:
    """Whoever chose the lane that is barred stays somebody who changed the refund."""
    if barred_by(refund.decision) is None:
        return refund
    edited_by = refund.edited_by or refund.lane_chosen_by
    return replace(refund, lane_chosen_by=None, edited_by=edited_by)


async def _look_now(ledger: Ledger, refund: Refund, ports: Ports) -> Refund:
    now = ports.clock.now()
    # A sender may still be at work: only its own deadline makes it dead.
    at = refund.next_action_at if refund.state is State.SENDING else now
    sooner = replace(
        refund,
        next_action_at=at if refund.next_action_at is not None else None,
        write_back_at=now if refund.write_back_at is not None else None,
    )
    await ledger.save_refund(sooner)
    return sooner


def named(person: str) -> str:
    """The name of whoever decides something.

    Raises:
        InvalidInput: there is none, or it is one of ours.
    """
    if not person.strip():
        raise InvalidInput("say who decides this: a name is kept with the refund")
    if fold(person) in _NOBODYS_NAMES:
        raise InvalidInput(f"{person.strip()} is no person: say who decides this by name")
    return person.strip()


def _name(person: str) -> str:
    return PERSON + named(person)
