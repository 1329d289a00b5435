"""How money is sent: reserve, intend, send, observe. The heart; keep it short.

1. Reserve: under the payment's lock, refunded + reserved + amount <= paid.
2. Intend: the attempt and its id are committed before the first byte leaves,
   in the same transaction as the reservation.
3. Send: outside every transaction and lock.
4. Observe: accepted, refused, or anything else, which is unknown.

An unknown ends by evidence or by a named person, never by a new id. The same id
goes out again only inside the rail's replay window, and only after a query said
that the rail does not know it (`engine.find_out`).
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from pef_adapters.core.errors import AmountExceedsRest, MaybeSent, NotThere, RailError
from pef_adapters.core.states import Event, State
from pef_adapters.engine.attention import ALARMS, PAID_BEYOND
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.observe import Answer, observe
from pef_adapters.engine.people import next_generation
from pef_adapters.engine.ports import Boundary, Ledger, Ports, Rail, RailRefund
from pef_adapters.engine.records import Attempt, PayoutEnd, Refund
from pef_adapters.engine.transition import move

# Below the time after which a refund still sending counts as left by a dead
# sender (`core.states.CARE`).
SEND_SECONDS = 60


async def send_refund(ports: Ports, refund: Refund) -> None:
    """Pay a refund that was decided a moment ago.

    Raises:
        PefError: the rail can't be used or asked; nothing was reserved or sent.
    """
    rail = await rail_of(ports, refund.id)
    known = await _sent_in_a_lost_life(ports, rail, refund)
    ports.at(Boundary.RESERVING)
    attempt = await _reserve_and_intend(ports, refund.id)
    if attempt is None:
        return
    await (_send(ports, rail, attempt) if known is None else observe(ports, attempt, known))


async def ask_about_earlier_sends(ports: Ports, refund: Refund) -> None:
    """An id given up as refused or unpaid may have been booked after all: ask, then go on.

    Raises:
        RailError: the rail could not be asked; nothing may be sent.
    """
    async with ports.book.begin() as ledger:
        attempts = await ledger.attempts(refund.id)
    if not attempts:
        return
    rail = await rail_of(ports, refund.id)
    for attempt in attempts:
        found = await rail.find_refund(attempt)
        if found is not None:
            await observe(ports, attempt, found)


async def resend(ports: Ports, attempt: Attempt) -> None:
    """Send the very same attempt again; only `engine.find_out` may know that this is right."""
    rail = await rail_of(ports, attempt.refund_id)
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(attempt.refund_id)
        if refund is None or refund.state is not State.UNKNOWN:
            return
        if attempt.generation != refund.generation or refund.attention in ALARMS:
            return
        await move(ledger, refund, Event.RESEND_STARTED, now)
        attempt = replace(attempt, sends=attempt.sends + 1)
        await ledger.save_attempt(attempt)
    await _send(ports, rail, attempt)


async def _sent_in_a_lost_life(ports: Ports, rail: Rail, refund: Refund) -> RailRefund | None:
    """What the rail has of a refund that our ledger never sent: then that is booked instead.

    A ledger restored from a backup forgets what it sent. The rail recognises the id inside
    its replay window only, so a refund that was asked for earlier than that is looked up first.

    Raises:
        RailError: the rail could not be asked; nothing may be sent.
    """
    now = ports.clock.now()
    if now - refund.requested_at < timedelta(seconds=ports.replay_window_seconds):
        return None
    key = merchant_refund_id(refund.id, refund.generation)
    return await rail.find_refund(_first_attempt(refund, key, now))


async def _reserve_and_intend(ports: Ports, refund_id: str) -> Attempt | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(refund_id)
        if refund is None or refund.state is not State.READY:
            return None
        payouts = await ledger.payouts_of_refund(refund_id)
        if any(payout.ended_as is not PayoutEnd.RETURNED for payout in payouts):
            # A bank has it, or says that it paid after all.
            await move(ledger, refund, Event.HELD, now, attention=PAID_BEYOND)
            return None
        generation = refund.generation
        if generation in {payout.generation for payout in payouts}:
            generation = await next_generation(ledger, refund_id)
        refund = replace(refund, generation=generation)
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
        again = _once_more(known, refund, now)
        await ledger.save_attempt(again)
        return again
    attempt = _first_attempt(refund, key, now)
    await ledger.add_attempt(attempt)
    return attempt


def _first_attempt(refund: Refund, key: str, now: datetime) -> Attempt:
    return Attempt(
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


def _once_more(attempt: Attempt, refund: Refund, now: datetime) -> Attempt:
    """Provably not booked so far: what a person mended since may go along."""
    return replace(
        attempt,
        sends=attempt.sends + 1,
        transaction_id=refund.transaction_id or attempt.transaction_id,
        first_sent_at=attempt.first_sent_at if attempt.maybe_sent else now,
    )


async def _send(ports: Ports, rail: Rail, attempt: Attempt) -> None:
    answer: Answer
    try:
        async with asyncio.timeout(SEND_SECONDS):
            answer = await rail.send(attempt)
    except RailError as fault:
        answer = fault
    except TimeoutError:
        answer = MaybeSent("PagoEfectivo took too long to answer")
    ports.at(Boundary.ANSWERED)
    await observe(ports, attempt, answer)
    ports.at(Boundary.OBSERVED)


async def rail_of(ports: Ports, refund_id: str) -> Rail:
    """The rail of the refund's account, proved usable before anything is promised.

    Raises:
        NotThere, SettingInvalid, KeysMixed: a person has to mend the account.
    """
    async with ports.book.begin() as ledger:
        refund = await ledger.refund(refund_id)
        account = await ledger.account(refund.account_id) if refund else None
    if account is None:
        raise NotThere(f"refund {refund_id} has no merchant account")
    return ports.rails.of(account)
