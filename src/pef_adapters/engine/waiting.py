"""Put off a step because somebody outside could not be reached. Nothing is lost."""

from dataclasses import replace

from pef_adapters.core.errors import AnsweredNo, PefError, PlatformRefused, RailError
from pef_adapters.core.texts import known as has_text
from pef_adapters.engine import schedule
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund
from pef_adapters.engine.transition import call_for_attention

# Shorter troubles pass unnoticed; from here on a person should know.
TRIES_BEFORE_ATTENTION = 4


async def put_off(ports: Ports, refund: Refund, fault: PefError) -> None:
    """Look again later; after several tries show a person what is in the way."""
    now = ports.clock.now()
    wait = schedule.after_refusal if isinstance(fault, PlatformRefused) else schedule.after_fault
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not refund.state:
            return
        later = replace(
            locked,
            tries=locked.tries + 1,
            next_action_at=wait(refund.id, locked.tries, now),
        )
        if isinstance(fault, PlatformRefused) or later.tries >= TRIES_BEFORE_ATTENTION:
            later = await call_for_attention(ledger, later, _in_the_way(fault), now)
        else:
            await ledger.save_refund(later)
        await ledger.wake(later, later.due_at)


def _in_the_way(fault: PefError) -> str:
    if isinstance(fault, AnsweredNo) and has_text(f"rail.{fault.rail_code}"):
        return f"rail.{fault.rail_code}"
    if isinstance(fault, RailError):
        return "code.RAIL_UNREACHABLE"
    if isinstance(fault, PlatformRefused):
        return "code.STORE_REFUSES_KEYS"
    return "code.STORE_UNREACHABLE"
