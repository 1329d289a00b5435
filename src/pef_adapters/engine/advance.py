"""One refund, one step after the other, as far as it can go now.

A job is only a wake-up: what is due is read from the ledger, so a job may come
twice, late or not at all. Nothing waits in here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from pef_adapters.core.errors import PlatformError
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.decide import decide_refund
from pef_adapters.engine.find_out import ask_rail, sender_died
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.send import send_refund
from pef_adapters.engine.waiting import put_off
from pef_adapters.engine.withdraw import still_wanted, withdraw
from pef_adapters.engine.write_back import tell_store

# received → ready → sending → unknown → sending → pending, and one to spare.
_MOST_STEPS = 7

Step = Callable[[Ports, Refund], Awaitable[None]]


async def advance(ports: Ports, refund_id: str) -> None:
    """Take every step that is due for this refund, then tell its order."""
    for _ in range(_MOST_STEPS):
        async with ports.book.begin() as ledger:
            refund = await ledger.refund(refund_id)
        if refund is None or not _is_due(refund, ports.clock.now()):
            break
        await _STEPS[refund.state](ports, refund)
    await tell_store(ports, refund_id)


def _is_due(refund: Refund, now: datetime) -> bool:
    return refund.next_action_at is not None and refund.next_action_at <= now


async def _look_in_again(ports: Ports, refund: Refund) -> None:
    """A person has to act; meanwhile the store may have taken its refund back."""
    try:
        wanted = await still_wanted(ports, refund)
    except PlatformError as fault:
        await put_off(ports, refund, fault)
        return
    if wanted is None:
        await withdraw(ports, refund.id)
        return
    wait = CARE[refund.state].look_again
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is not None and locked.state is refund.state and wait is not None:
            later = ports.clock.now() + wait
            await ledger.save_refund(replace(locked, next_action_at=later))


_STEPS: dict[State, Step] = {
    State.RECEIVED: decide_refund,
    State.HELD: _look_in_again,
    State.AWAITING_BENEFICIARY: _look_in_again,
    State.PAYOUT_DUE: _look_in_again,
    State.READY: send_refund,
    State.SENDING: sender_died,
    State.UNKNOWN: ask_rail,
    State.PENDING: ask_rail,
    State.RETURNED: ask_rail,
}
