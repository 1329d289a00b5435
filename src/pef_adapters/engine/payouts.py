"""Money paid out by hand: what is due goes out in a bank file.

The same state machine and the same reservation as the rail's lane. A line is an intent:
it is committed, with its refund moved on, before anybody can hold the file, and the file
can be made again from it. A refund stands in one open bank file at most, and before it
enters one the store and the rail are asked, as before any send.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from pef_adapters.bank_files import BankFormat, Batch, PayoutLine
from pef_adapters.core.beneficiary import Beneficiary
from pef_adapters.core.errors import InvalidInput, NotThere, PefError, TransitionRefused
from pef_adapters.core.policy import Route
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.states import Event, State
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.costs import paid_out_for
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.known import known_account, known_batch, locked_refund
from pef_adapters.engine.people import named, next_generation
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import (
    Destination,
    Payout,
    PayoutBatch,
    PayoutEnd,
    Refund,
    ReviewEnd,
)
from pef_adapters.engine.schedule import usual_day
from pef_adapters.engine.send import ask_about_earlier_sends, rail_of
from pef_adapters.engine.transition import PERSON, move
from pef_adapters.engine.withdraw import still_wanted, withdraw

# A bank file that nobody can check by eye helps nobody.
MOST_LINES = 500
_MOST_WAITING = 10_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A refund that can go into the next bank file, or (`waits`) why it can't yet."""

    refund: Refund
    destination: Destination
    same_account: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Exported:
    """A bank file: what is kept of it, its bytes, and the refunds it left out."""

    batch: PayoutBatch
    body: bytes
    lines: int
    left_out: Mapping[str, str]


async def due(ports: Ports, account_id: str) -> list[Due]:
    """What waits for the account's next bank file, oldest first."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        found = []
        for refund in await ledger.refunds_due_for_payout(account_id, _MOST_WAITING):
            destination = await ledger.newest_destination(refund.id)
            if destination is not None:
                others = len(await ledger.refunds_to(destination.account)) - 1
                waits = destination.good_from > now
                found.append(Due(refund, destination, others, waits))
    return found


async def export(ports: Ports, account_id: str, format_name: str, person: str) -> Exported:
    """Put everything that is due into one bank file.

    Raises:
        NotThere: no such account or format, or nothing can be paid out now.
        InvalidInput: no name is given.
    """
    who, bank_format = named(person), ports.bank_format(format_name)
    ready = (each.refund for each in await due(ports, account_id) if not each.waits)
    waiting = list(islice(ready, MOST_LINES))
    left_out = await _ask_outside_first(ports, waiting) | await _without_details(ports, account_id)
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        await known_account(ledger, account_id)
        # Locks in one order, whoever exports.
        chosen = sorted(refund.id for refund in waiting if refund.id not in left_out)
        drafts = {refund_id: await _drafted(ledger, refund_id, now) for refund_id in chosen}
        left_out |= {name: why for name, why in drafts.items() if isinstance(why, str)}
        payouts = [payout for payout in drafts.values() if isinstance(payout, Payout)]
        if payouts:
            batch, body = await _new_batch(ledger, account_id, bank_format, payouts, by=who, at=now)
        for payout in payouts:
            await _send_out(ledger, replace(payout, batch_id=batch.id), who, now)
    # Only here, after the commit: a refund that has to be asked anew is on its way to that.
    if not payouts:
        raise NotThere(_nothing(left_out))
    return Exported(batch, body, len(payouts), left_out)


async def file_again(ports: Ports, batch_id: str) -> Exported:
    """The very same file of an earlier batch; nothing new is paid.

    Raises:
        NotThere: no such batch.
        TransitionRefused: the bank has answered lines of it, which could be paid twice, or
            the format would write other bytes today.
    """
    async with ports.book.begin() as ledger:
        batch = await known_batch(ledger, batch_id)
        payouts = await ledger.payouts_of_batch(batch_id)
        if any(payout.ended_as is not None for payout in payouts):
            raise TransitionRefused(f"the bank has answered lines of {batch_id}: its file is over")
        lines = await _lines(ledger, payouts)
    body = ports.bank_format(batch.format).write(Batch(batch_id, batch.made_at, lines))
    if hashlib.sha256(body).hexdigest() != batch.sha256:
        raise TransitionRefused(f"batch {batch_id} can't be written as it was; use the first file")
    return Exported(batch, body, len(payouts), {})


async def _without_details(ports: Ports, account_id: str) -> dict[str, str]:
    """An older release knew payouts without a destination."""
    why = "it has no bank details: `pef payout ask`, or settle it if it was paid by hand"
    async with ports.book.begin() as ledger:
        waiting = await ledger.refunds_due_for_payout(account_id, MOST_LINES)
        return {each.id: why for each in waiting if not await ledger.newest_destination(each.id)}


async def _ask_outside_first(ports: Ports, refunds: list[Refund]) -> dict[str, str]:
    """Who of them must stay behind, and why: as before a send, store and rail are asked."""
    answers = {refund.id: await _in_the_way(ports, refund) for refund in refunds}
    return {refund_id: why for refund_id, why in answers.items() if why}


async def _in_the_way(ports: Ports, refund: Refund) -> str:
    try:
        # An earlier attempt may have been booked after all.
        await ask_about_earlier_sends(ports, refund)
        wanted = await still_wanted(ports, refund)
        rail = await rail_of(ports, refund.id)
        payment = await rail.find_payment(refund.transaction_id or "")
    except PefError as fault:
        return str(fault)
    if wanted is None:
        await withdraw(ports, refund.id)
        return "the store has withdrawn it"
    if wanted.payout_barred is not None:
        await _decide_anew(ports, refund.id)
        return "its store lets it go back by the original route only; it is held"
    if wanted.amount != refund.amount:
        return "its amount changed at the store; retry the refund"
    if payment is None or payment.paid_at is None:
        return "PagoEfectivo does not show its payment as paid any more; retry the refund"
    return ""


async def _decide_anew(ports: Ports, refund_id: str) -> None:
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        if refund.state is State.PAYOUT_DUE:
            await ledger.wake(await move(ledger, refund, Event.REOPENED, ports.clock.now()))


async def _drafted(ledger: Ledger, refund_id: str, now: datetime) -> Payout | str:
    """The refund's line, or why it can't have one now."""
    refund = await ledger.lock_refund(refund_id)
    destination = await ledger.newest_destination(refund_id)
    if refund is None or refund.state is not State.PAYOUT_DUE or destination is None:
        return "it is not due any more"
    if destination.good_from > now:
        return "its bank details changed and have to rest"
    try:
        payout = await _payout(ledger, refund, destination, now)
        # What no file can hold keeps its own refund out, and not the account's others.
        await _line(ledger, payout)
    except PefError as fault:
        return str(fault)
    forbidden = await _forbidden(ledger, refund)
    return forbidden or await _not_agreed(ledger, refund, destination, payout) or payout


async def _forbidden(ledger: Ledger, refund: Refund) -> str:
    """Why it must not be paid (again), by what we know ourselves; empty: nothing says so.

    The payment is not locked: an extorno of this very moment finds the refund in the file.
    """
    payment = await ledger.payment(refund.account_id, refund.transaction_id or "")
    if payment is None or payment.reversed_at is not None:
        return "the bank took its payment back; retry the refund"
    for earlier in await ledger.payouts_of_refund(refund.id):
        if earlier.ended_as is not PayoutEnd.RETURNED:
            return f"the bank confirmed its line {earlier.line_id}; if that is so, settle it"
    if refund.attention in ALARMS:
        return "an alarm stands; see `pef refund show`, and retry it once that is mended"
    return ""


async def _not_agreed(
    ledger: Ledger, refund: Refund, destination: Destination, payout: Payout
) -> str:
    """An exchange rate that moved since makes it another payout: people are asked anew."""
    bound = digest(refund.amount, destination.bound, payout.paid_out)
    agreed = (r for r in await ledger.reviews(refund.id) if r.ended_as is ReviewEnd.APPROVED)
    if any(review.digest == bound for review in agreed):
        return ""
    moved = await move(ledger, refund, Event.REOPENED, payout.exported_at)
    await ledger.wake(moved)
    return "what the buyer would get is not what was approved; it is asked anew"


async def _payout(
    ledger: Ledger, refund: Refund, destination: Destination, now: datetime
) -> Payout:
    paid_out, exchange = await paid_out_for(ledger, refund, now)
    if paid_out.minor <= 0:
        raise InvalidInput(f"{refund.amount} comes to nothing in {paid_out.currency}")
    generation = await next_generation(ledger, refund.id)
    return Payout(
        line_id=merchant_refund_id(refund.id, generation),
        refund_id=refund.id,
        generation=generation,
        batch_id="",
        destination_id=destination.id,
        paid_out=paid_out,
        exchange=exchange,
        exported_at=now,
    )


async def _send_out(ledger: Ledger, payout: Payout, who: str, now: datetime) -> None:
    refund = await locked_refund(ledger, payout.refund_id)
    await ledger.add_payout(payout)
    moved = await move(
        ledger,
        refund,
        Event.PAYOUT_EXPORTED,
        now,
        actor=PERSON + who,
        next_action_at=now + _DAY,
        detail={"batch": payout.batch_id, "line": payout.line_id},
        generation=payout.generation,
        lane=Route.PAYOUT,
        counted_at=refund.counted_at or now,
        expected_on=usual_day(now),
    )
    await ledger.wake(moved)


async def _new_batch(
    ledger: Ledger,
    account_id: str,
    bank_format: BankFormat,
    payouts: list[Payout],
    *,
    by: str,
    at: datetime,
) -> tuple[PayoutBatch, bytes]:
    batch_id = _batch_id(payouts)
    body = bank_format.write(Batch(batch_id, at, await _lines(ledger, payouts)))
    batch = PayoutBatch(
        id=batch_id,
        account_id=account_id,
        format=bank_format.name,
        made_by=by,
        made_at=at,
        sha256=hashlib.sha256(body).hexdigest(),
    )
    await ledger.add_batch(batch)
    return batch, body


async def _lines(ledger: Ledger, payouts: list[Payout]) -> tuple[PayoutLine, ...]:
    return tuple([await _line(ledger, payout) for payout in payouts])


async def _line(ledger: Ledger, payout: Payout) -> PayoutLine:
    refund = await ledger.refund(payout.refund_id)
    destination = await ledger.destination(payout.destination_id)
    if refund is None or destination is None:
        raise NotThere(f"line {payout.line_id} has lost its refund or its bank details")
    details = Beneficiary.from_secrets(destination.details)
    return PayoutLine(
        line_id=payout.line_id,
        amount=payout.paid_out,
        name=details.name,
        document_type=details.document_type,
        document_number=details.document_number,
        method=details.method,
        account=details.account,
        order_number=refund.order_number,
    )


def _batch_id(payouts: list[Payout]) -> str:
    """From its lines: the same lines can't become two batches."""
    lines = "\n".join(payout.line_id for payout in payouts)
    return "PB" + hashlib.sha256(lines.encode()).hexdigest()[:12].upper()


def _nothing(left_out: Mapping[str, str]) -> str:
    if not left_out:
        return "nothing is due for payout; see `pef payout list`"
    said = "; ".join(f"{refund}: {why}" for refund, why in left_out.items())
    return f"nothing can be paid out now: {said}"
