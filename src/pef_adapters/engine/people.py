"""What a named person may do to a refund. Each step is kept with the person's name."""

from dataclasses import replace

from pef_adapters.core.errors import InvalidInput, NotThere, TransitionRefused
from pef_adapters.core.states import CARE, Event, State, allows
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.transition import PERSON, move


async def retry(ports: Ports, refund_id: str, person: str) -> Refund:
    """Let the engine try again now, whatever the refund waits for.

    A stopped refund is decided anew; a finally refused one gets a new generation,
    and with it a new id at the rail. One under way is only looked up earlier.

    Raises:
        NotThere: no such refund.
        TransitionRefused: it is finished and can't be tried again.
    """
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await _locked(ledger, refund_id)
        if allows(refund.state, Event.REOPENED):
            generation = await _generation(ledger, refund)
            refund = await move(
                ledger, refund, Event.REOPENED, now, actor=_name(person), generation=generation
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
        refund = await _locked(ledger, refund_id)
        refund = await move(
            ledger, refund, event, now, actor=_name(person), attention="code.CONFIRMED_BY_PERSON"
        )
        attempt = await ledger.attempt(merchant_refund_id(refund.id, refund.generation))
        if attempt is not None and attempt.closed_at is None:
            await ledger.save_attempt(replace(attempt, closed_at=now))
        await ledger.wake(refund)
    return refund


async def _generation(ledger: Ledger, refund: Refund) -> int:
    """A new id after a final refusal, beyond every id that was ever used."""
    if refund.state is not State.FAILED:
        return refund.generation
    return 1 + max([each.generation for each in await ledger.attempts(refund.id)], default=0)


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


async def _locked(ledger: Ledger, refund_id: str) -> Refund:
    refund = await ledger.lock_refund(refund_id)
    if refund is None:
        raise NotThere(f"there is no refund {refund_id}")
    return refund


def _name(person: str) -> str:
    if not person.strip():
        raise InvalidInput("say who decides this: a name is kept with the refund")
    return PERSON + person.strip()
