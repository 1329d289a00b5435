"""What the bank says about money paid out by hand, and the proofs it gives.

A file of answers is booked whole or not at all, and any number of times. A returned
payout asks the buyer again; its money stays reserved.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pef_adapters.bank_files import AnswerKind, BankAnswer
from pef_adapters.core.calendar import lima_date
from pef_adapters.core.errors import NotThere, PayoutAnswerDiffers
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.states import Event, State, allows
from pef_adapters.engine.attention import PAID_BEYOND
from pef_adapters.engine.known import known_batch
from pef_adapters.engine.people import named
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Payout, PayoutEnd, Proof, Refund
from pef_adapters.engine.schedule import is_overdue
from pef_adapters.engine.transition import (
    PERSON,
    call_for_attention,
    move,
    remember,
    stay,
)

MOST_PROOF_BYTES = 5_000_000
_DAY = timedelta(days=1)
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of answers changed; `open_lines` the bank has not answered yet."""

    confirmed: int
    returned: int
    known: int
    open_lines: int


async def take_answers(ports: Ports, batch_id: str, data: bytes, person: str) -> Imported:
    """Book what the bank answered: all of the file, or nothing of it. Safe to repeat.

    Raises:
        NotThere: no such batch.
        BankFileUnreadable: the file can't be read; the message names line and mend.
        PayoutAnswerDiffers: a line is not of this batch, or its amount or answer differs.
    """
    who, now = named(person), ports.clock.now()
    async with ports.book.begin() as ledger:
        batch = await known_batch(ledger, batch_id)
        answers = ports.bank_format(batch.format).read(data, lima_date(now))
        payouts = {p.line_id: p for p in await ledger.payouts_of_batch(batch_id)}
        _check_answers(answers, payouts)
        await _lock(ledger, {payouts[answer.line_id].refund_id for answer in answers})
        payouts = {p.line_id: p for p in await ledger.payouts_of_batch(batch_id)}
        news = [a for a in answers if not _is_known(payouts[a.line_id], a)]
        for answer in news:
            await _book_answer(ledger, payouts[answer.line_id], answer, who, now)
        open_lines = sum(
            payout.ended_as is None for payout in await ledger.payouts_of_batch(batch_id)
        )
    confirmed = sum(answer.kind is AnswerKind.CONFIRMED for answer in news)
    return Imported(confirmed, len(news) - confirmed, len(answers) - len(news), open_lines)


async def attach_proof(
    ports: Ports, batch_id: str, person: str, *, file_name: str, body: bytes, line_id: str = ""
) -> Proof:
    """Keep a proof of payment with a batch or with one of its lines; it can't be changed.

    The same file again for the same line is the proof that is kept already.

    Raises:
        NotThere: no such batch or line.
        PayoutAnswerDiffers: the file is empty or larger than 5 MB.
    """
    check_proof(body)
    async with ports.book.begin() as ledger:
        await known_batch(ledger, batch_id)
        lines = {payout.line_id for payout in await ledger.payouts_of_batch(batch_id)}
        if line_id and line_id not in lines:
            raise NotThere(f"there is no line {line_id} in batch {batch_id}")
        proof = Proof(
            id=0,
            batch_id=batch_id,
            line_id=line_id,
            file_name=file_name,
            sha256=hashlib.sha256(body).hexdigest(),
            body=body,
            added_by=named(person),
            added_at=ports.clock.now(),
        )
        for kept in await ledger.proofs(batch_id):
            if (kept.line_id, kept.sha256) == (line_id, proof.sha256):
                return kept
        return replace(proof, id=await ledger.add_proof(proof))


def check_proof(body: bytes) -> None:
    """Let pass what can be kept as a proof.

    Raises:
        PayoutAnswerDiffers: it is empty or larger than 5 MB.
    """
    if not 0 < len(body) <= MOST_PROOF_BYTES:
        raise PayoutAnswerDiffers("a proof is a file of 1 byte to 5 MB, such as the bank's PDF")


async def await_bank(ports: Ports, refund: Refund) -> None:
    """Look at a refund whose money is with the bank: after its usual days a person should."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not refund.state:
            return
        tomorrow = now + _DAY if locked.state is State.PENDING else None
        locked = replace(locked, next_action_at=tomorrow, tries=0)
        if is_overdue(locked, now):
            await call_for_attention(ledger, locked, "code.PAYOUT_OVERDUE", now)
        else:
            await stay(ledger, locked, now, attention=locked.attention)


async def _lock(ledger: Ledger, refund_ids: set[str]) -> None:
    """All refunds of a file, then all their payments: in one order, whoever imports."""
    refunds = [await ledger.lock_refund(refund_id) for refund_id in sorted(refund_ids)]
    payments = {(each.account_id, each.transaction_id or "") for each in refunds if each}
    for account_id, transaction_id in sorted(payments):
        await ledger.lock_payment(account_id, transaction_id)


def _check_answers(answers: tuple[BankAnswer, ...], payouts: Mapping[str, Payout]) -> None:
    wrong = [_wrong(answer, payouts.get(answer.line_id)) for answer in answers]
    if any(wrong):
        raise PayoutAnswerDiffers("; ".join(filter(None, wrong)))


def _wrong(answer: BankAnswer, payout: Payout | None) -> str:
    if payout is None:
        return f"line {answer.line_id} is not of this batch"
    if answer.amount != payout.paid_out:
        return f"line {answer.line_id}: {answer.amount} instead of {payout.paid_out}"
    return ""


def _is_known(payout: Payout, answer: BankAnswer) -> bool:
    return payout.ended_as is not None and payout.ended_as.value == answer.kind.value


async def _book_answer(
    ledger: Ledger, payout: Payout, answer: BankAnswer, who: str, now: datetime
) -> None:
    confirmed = answer.kind is AnswerKind.CONFIRMED
    await ledger.save_payout(
        replace(
            payout,
            ended_as=PayoutEnd.CONFIRMED if confirmed else PayoutEnd.RETURNED,
            answered_at=now,
            answered_by=who,
            bank_reference=answer.bank_reference,
            paid_on=answer.paid_on.isoformat() if answer.paid_on else None,
            reason=_masked(answer.reason),
            reason_code=answer.reason_code or "",
        )
    )
    refund = await ledger.lock_refund(payout.refund_id)
    if refund is not None:
        await ledger.wake(await _follow(ledger, refund, payout, answer, by=who, at=now))


async def _follow(
    ledger: Ledger, refund: Refund, payout: Payout, answer: BankAnswer, *, by: str, at: datetime
) -> Refund:
    confirmed = answer.kind is AnswerKind.CONFIRMED
    event = Event.PAYOUT_CONFIRMED if confirmed else Event.PAYOUT_RETURNED
    detail = {"batch": payout.batch_id, "bank_reference": answer.bank_reference}
    if refund.generation != payout.generation or not allows(refund.state, event):
        await remember(ledger, refund, f"{event} ignored", at, **detail)
        # The refund has gone on without this money; now it may have been paid twice.
        return await call_for_attention(ledger, refund, PAID_BEYOND, at) if confirmed else refund
    why = {"reason": _masked(answer.reason)} if answer.reason else {}
    moved = await move(ledger, refund, event, at, actor=PERSON + by, detail={**detail, **why})
    return moved if confirmed else await _ask_again(ledger, moved, at)


async def _ask_again(ledger: Ledger, refund: Refund, now: datetime) -> Refund:
    """The bank sent it back: the buyer is asked again; its money stays reserved."""
    return await move(
        ledger,
        refund,
        Event.BENEFICIARY_ASKED,
        now,
        attention="code.PAYOUT_RETURNED",
        next_action_at=now,
        destination=None,
        expected_on=None,
    )


def _masked(words: str) -> str:
    # The bank's words may name an account.
    return without_long_numbers(words)[:_LONGEST_REASON]
