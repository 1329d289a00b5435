"""One refund, one step after the other, as far as it can go now.

A job is only a wake-up: what is due is read from the ledger, so a job may come
twice, late or not at all. Nothing waits in here. Whatever is in a step's way puts
the refund off and is shown to a person, so that no refund dies silently.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from pef_adapters.core.errors import PefError
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, Event, State
from pef_adapters.engine.attention import without_trouble
from pef_adapters.engine.bank_answers import await_bank
from pef_adapters.engine.beneficiary import ask_buyer
from pef_adapters.engine.decide import decide_refund
from pef_adapters.engine.find_out import ask_rail, sender_died
from pef_adapters.engine.outcomes import leave_to_store
from pef_adapters.engine.ports import LedgerAway, Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.send import ask_about_earlier_sends, send_refund
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.transition import move, stay
from pef_adapters.engine.waiting import put_off
from pef_adapters.engine.withdraw import still_wanted, withdraw
from pef_adapters.engine.write_back import tell_store
from pef_adapters.platforms.by_hand import BY_HAND

# ready → received → sending → unknown → sending → pending, and one to spare.
_MOST_STEPS = 7
# As long as a step can take; whoever claimed it and died is followed by the janitor.
_CLAIM = timedelta(seconds=90)

_log = structlog.get_logger(__name__)

Step = Callable[[Ports, Refund], Awaitable[None]]


async def advance(ports: Ports, refund_id: str) -> None:
    """Take every step that is due for this refund, then tell its order."""
    for _ in range(_MOST_STEPS):
        async with ports.book.begin() as ledger:
            refund = await ledger.refund(refund_id)
        if refund is None or not _is_due(refund, ports.clock.now()):
            break
        try:
            await _STEPS[refund.state](ports, refund)
        except PefError as fault:
            _log.warning("refund_put_off", refund=refund_id, fault=fault.code, detail=str(fault))
            await put_off(ports, refund_id, fault)
            break
        except LedgerAway:
            # Nothing is wrong with this refund: it stays due, and the next sweep wakes it.
            raise
        except Exception:  # noqa: BLE001 - see the next line
            # A mistake of ours: this refund waits for a person, the others go on.
            _log.exception("refund_stumbled", refund=refund_id, state=refund.state)
            await put_off(ports, refund_id, PefError())
            break
    await tell_store(ports, refund_id)
    await _leave_wake_up(ports, refund_id)


async def _leave_wake_up(ports: Ports, refund_id: str) -> None:
    """For whatever is due next; telling the order may have used up the last one."""
    async with ports.book.begin() as ledger:
        refund = await ledger.refund(refund_id)
        if refund is None or refund.due_at is None:
            return
        # What is due already but did not move is the janitor's, not an endless loop's.
        if refund.due_at > ports.clock.now():
            await ledger.wake(refund, refund.due_at)


def _is_due(refund: Refund, now: datetime) -> bool:
    return refund.next_action_at is not None and refund.next_action_at <= now


async def _decide_and_send(ports: Ports, refund: Refund) -> None:
    # Before the decision: what was paid already is not there to be decided about.
    await ask_about_earlier_sends(ports, refund)
    if await decide_refund(ports, refund) is State.READY:
        await send_refund(ports, refund)


async def _decide_anew(ports: Ports, refund: Refund) -> None:
    """It had to wait: meanwhile the store, the bank or another gateway may have acted."""
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is not None and locked.state is State.READY:
            await move(ledger, locked, Event.REOPENED, ports.clock.now())


async def _look_in_again(ports: Ports, refund: Refund) -> None:
    """A person has to act; meanwhile the store may have taken its refund back."""
    if await still_wanted(ports, refund) is None:
        await withdraw(ports, refund.id)
        return
    now, wait = ports.clock.now(), CARE[refund.state].look_again
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not refund.state or wait is None:
            return
        locked = replace(locked, tries=0, next_action_at=now + wait)
        await stay(ledger, locked, now, attention=without_trouble(locked.attention))


async def _is_stores_to_pay(ports: Ports, refund: Refund) -> bool:
    """Whether the store wants what needs a person to be left to it; then it is."""
    async with ports.book.begin() as ledger:
        store = await ledger.store(refund.store_id)
    provider = ports.platforms.named(store.platform).provider if store else None
    if store is None or provider is None or refund.platform == BY_HAND:
        return False  # of what was pressed here the store's gateway knows nothing
    if not provider.leaves_payouts_to_store(connection(ports, store)):
        return False
    await leave_to_store(ports, refund.id)
    return True


async def _await_payout(ports: Ports, refund: Refund) -> None:
    if not await _is_stores_to_pay(ports, refund):
        await _look_in_again(ports, refund)


async def _claimed(ports: Ports, refund: Refund) -> bool:
    """Whether this worker alone may tell somebody outside now; the next look is put off.

    Two workers can have one refund, once a silent one was taken for dead. A store that looks
    whether a message stands there before it writes it would let both write.
    """
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not refund.state or not _is_due(locked, now):
            return False
        await ledger.save_refund(replace(locked, next_action_at=now + _CLAIM))
        return True


async def _ask_buyer(ports: Ports, refund: Refund) -> None:
    if not await _claimed(ports, refund):
        return
    if await still_wanted(ports, refund) is None:
        await withdraw(ports, refund.id)
        return
    if await _is_stores_to_pay(ports, refund):
        return
    await ask_buyer(ports, refund)
    await _look_in_again(ports, refund)


async def _ask_lane(ports: Ports, refund: Refund) -> None:
    """Whoever has the money now is asked: the rail, or the person with the bank file."""
    by_hand = refund.lane is Route.PAYOUT
    await (await_bank(ports, refund) if by_hand else ask_rail(ports, refund))


_STEPS: dict[State, Step] = {
    State.RECEIVED: _decide_and_send,
    State.HELD: _look_in_again,
    State.AWAITING_BENEFICIARY: _ask_buyer,
    State.PAYOUT_DUE: _await_payout,
    State.READY: _decide_anew,
    State.SENDING: sender_died,
    State.UNKNOWN: ask_rail,
    State.PENDING: _ask_lane,
    State.RETURNED: _ask_lane,
    State.REFUNDED: _ask_lane,
}
