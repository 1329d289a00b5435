"""How money is sent: reserve, intend, send, observe. The heart; keep it short.

1. Reserve: under the payment's lock, refunded + reserved + amount <= paid.
2. Intend: the attempt and its id are committed before the first byte leaves,
   in the same transaction as the reservation.
3. Send: outside every transaction and lock.
4. Observe: accepted, refused, or anything else, which is unknown.

An unknown ends by evidence or by a named person, never by a new id. The same id
goes out again only inside the rail's replay window, and only after a query said
that the rail does not know it (`engine.observe`).
"""

import asyncio
from dataclasses import replace

from pef_adapters.core.errors import (
    AmountExceedsRest,
    KeysMixed,
    MaybeSent,
    PlatformError,
    RailError,
)
from pef_adapters.core.states import Event, State
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.observe import Answer, observe
from pef_adapters.engine.ports import Boundary, Ledger, Ports, RailRefusal, Refusal
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.engine.transition import move
from pef_adapters.engine.waiting import put_off
from pef_adapters.engine.withdraw import still_wanted, withdraw

# Below the time after which a refund still sending counts as left by a dead
# sender (`core.states.CARE`).
SEND_SECONDS = 60


async def send_refund(ports: Ports, refund: Refund) -> None:
    """Pay a ready refund, if the store still wants exactly that."""
    try:
        wanted = await still_wanted(ports, refund)
    except PlatformError as fault:
        await put_off(ports, refund, fault)
        return
    if wanted is None:
        await withdraw(ports, refund.id)
        return
    ports.at(Boundary.RESERVING)
    attempt = await _reserve_and_intend(ports, refund.id, same=wanted.amount == refund.amount)
    if attempt is not None:
        await _send(ports, attempt)


async def resend(ports: Ports, attempt: Attempt) -> None:
    """Send the very same attempt again; only `engine.observe` may know that this is right."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(attempt.refund_id)
        if refund is None or refund.state is not State.UNKNOWN:
            return
        if attempt.generation != refund.generation:
            return
        await move(ledger, refund, Event.RESEND_STARTED, now)
        attempt = replace(attempt, sends=attempt.sends + 1)
        await ledger.save_attempt(attempt)
    await _send(ports, attempt)


async def _reserve_and_intend(ports: Ports, refund_id: str, *, same: bool) -> Attempt | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(refund_id)
        if refund is None or refund.state is not State.READY:
            return None
        if not same:
            await move(ledger, refund, Event.HELD, now, attention="code.AMOUNT_CHANGED_AT_STORE")
            return None
        try:
            await move(ledger, refund, Event.SEND_STARTED, now)
        except AmountExceedsRest:
            await move(ledger, refund, Event.HELD, now, attention="code.REST_TAKEN")
            return None
        attempt = await _intend(ports, ledger, refund)
    ports.at(Boundary.INTENDED)
    return attempt


async def _intend(ports: Ports, ledger: Ledger, refund: Refund) -> Attempt:
    """This generation's attempt, written down before anything leaves the house."""
    now = ports.clock.now()
    key = merchant_refund_id(refund.id, refund.generation)
    known = await ledger.attempt(key)
    if known is not None:
        # Provably not booked so far, so what a person mended since may go along.
        transaction = refund.transaction_id or known.transaction_id
        again = replace(known, sends=known.sends + 1, transaction_id=transaction)
        await ledger.save_attempt(again)
        return again
    attempt = Attempt(
        merchant_refund_id=key,
        refund_id=refund.id,
        generation=refund.generation,
        transaction_id=refund.transaction_id or "",
        amount=refund.amount,
        reason=refund.reason,
        intended_at=now,
        first_sent_at=now,
        sends=1,
    )
    await ledger.add_attempt(attempt)
    return attempt


async def _send(ports: Ports, attempt: Attempt) -> None:
    answer: Answer
    async with ports.book.begin() as ledger:
        refund = await ledger.refund(attempt.refund_id)
        account = await ledger.account(refund.account_id) if refund else None
    if account is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            answer = await ports.rails.of(account).send(attempt)
    except RailError as fault:
        answer = fault
    except TimeoutError:
        answer = MaybeSent("PagoEfectivo took too long to answer")
    except KeysMixed as mixed:
        answer = RailRefusal(refusal=Refusal.NEEDS_OWNER, code=mixed.code, text=str(mixed))
    ports.at(Boundary.ANSWERED)
    await observe(ports, attempt, answer)
    ports.at(Boundary.OBSERVED)
