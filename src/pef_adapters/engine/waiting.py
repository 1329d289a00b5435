"""Put off a step because something is in its way. Nothing is lost, nobody is left unaware."""

from dataclasses import replace

from pef_adapters.core.errors import (
    AnsweredNo,
    PefError,
    PlatformError,
    PlatformRefused,
    RailError,
)
from pef_adapters.core.states import State
from pef_adapters.core.texts import known as has_text
from pef_adapters.engine import schedule
from pef_adapters.engine.attention import KEYS_TROUBLE, RAIL_TROUBLE, STORE_TROUBLE
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.transition import call_for_attention

# Shorter troubles pass unnoticed; from here on a person should know.
TRIES_BEFORE_ATTENTION = 4


async def put_off(ports: Ports, refund_id: str, fault: PefError) -> None:
    """Look again later; what does not pass by itself is shown to a person at once."""
    now = ports.clock.now()
    passes = isinstance(fault, PlatformError | RailError) and not isinstance(fault, PlatformRefused)
    wait = schedule.after_fault if passes else schedule.after_refusal
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(refund_id)
        if refund is None or refund.next_action_at is None:
            return
        at = wait(refund_id, refund.tries, now)
        if refund.state is State.SENDING:
            # A sender may still be at work: its deadline is never shortened.
            at = max(at, refund.next_action_at)
        later = replace(refund, tries=refund.tries + 1, next_action_at=at)
        if passes and later.tries < TRIES_BEFORE_ATTENTION:
            await ledger.save_refund(later)
        else:
            later = await call_for_attention(ledger, later, in_the_way(fault), now)
        await ledger.wake(later, later.due_at)


def in_the_way(fault: PefError) -> str:
    """The text key that says what is in the way."""
    if isinstance(fault, AnsweredNo) and has_text(f"rail.{fault.rail_code}"):
        return f"rail.{fault.rail_code}"
    if isinstance(fault, RailError):
        return RAIL_TROUBLE
    if isinstance(fault, PlatformRefused):
        return KEYS_TROUBLE
    return STORE_TROUBLE if isinstance(fault, PlatformError) else fault.text_key
