"""The end of a refund where its platform hears it once and for good.

The end is written down, under the refund's lock, before anybody is told: from then on
nothing is paid against it, however the telling goes (ADR 0016).
"""

from dataclasses import replace
from datetime import datetime

from pef_adapters.core.states import Event, State
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.transition import move, remember
from pef_adapters.platforms.contract import Outcome

_ENDS = {
    State.REFUNDED: Outcome.REFUNDED,
    State.REJECTED: Outcome.FAILED,
    State.FAILED: Outcome.FAILED,
    State.CANCELLED: Outcome.FAILED,
    State.REVERSED: Outcome.FAILED,
}
_FOR_A_PERSON = frozenset({State.AWAITING_BENEFICIARY, State.PAYOUT_DUE})
LEFT_TO_STORE = "code.LEFT_TO_STORE"


async def close(ledger: Ledger, refund: Refund, now: datetime) -> Refund:
    """The refund with its end written down, if it has ended; it must be locked."""
    if refund.outcome is not None or refund.state not in _ENDS:
        return refund
    closed = replace(refund, outcome=_ENDS[refund.state])
    await ledger.save_refund(closed)
    await remember(ledger, closed, f"outcome: {closed.outcome}", now)
    return closed


async def leave_to_store(ports: Ports, refund_id: str) -> None:
    """A person at the store refunds this by hand: from now on we never pay it."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(refund_id)
        if refund is None or refund.state not in _FOR_A_PERSON:
            return
        refund = await move(ledger, refund, Event.REJECTED, now, attention=LEFT_TO_STORE)
        await ledger.save_refund(replace(refund, outcome=Outcome.LEFT_TO_STORE))
        await ledger.wake(refund)
