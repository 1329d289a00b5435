"""Mistakes on the way of the money: reserve, intend, send."""

from typing import Any
from unittest.mock import patch

from pef_adapters.core.errors import (
    AmountExceedsRest,
    AnsweredNo,
    MaybeSent,
    NotSent,
    RailError,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import MONEY, Position, State
from pef_adapters.engine import find_out, send, transition
from pef_adapters.engine.observe import Answer
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Attempt, Payment, Refund
from pef_adapters.pagoefectivo import transport
from pef_adapters.pagoefectivo.codes import INVALID_VALUE
from pef_adapters.pagoefectivo.evidence import Answer as WireAnswer
from pef_adapters.pagoefectivo.wire import Envelope
from pef_adapters.storage.memory.ledger import MemoryLedger
from planted_kit import Patches, everywhere, mistake


@mistake(known="refund endpoints that book the amount only after the processor has answered")
def nothing_reserved() -> Patches:
    """Nothing is reserved until the money has arrived."""
    on_its_way = dict.fromkeys((State.SENDING, State.UNKNOWN, State.PENDING), Position.FREE)
    return [patch.object(transition, "MONEY", MONEY | on_its_way)]


@mistake(known="services that insert the refund row from the processor's answer")
def intent_after_send() -> Patches:
    """The intent is written down after the send, so a death in between leaves no trace of it."""
    unwritten: dict[str, Attempt] = {}
    add, observe = MemoryLedger.add_attempt, send.observe

    async def later(_: MemoryLedger, attempt: Attempt) -> None:
        unwritten[attempt.merchant_refund_id] = attempt

    async def written_now(ports: Ports, attempt: Attempt, answer: Answer) -> None:
        async with ports.book.begin() as ledger:
            kept = unwritten.pop(attempt.merchant_refund_id, None)
            if kept is not None:
                await add(ledger, kept)  # type: ignore[arg-type]
        await observe(ports, attempt, answer)

    return [
        patch.object(MemoryLedger, "add_attempt", later),
        patch.object(send, "observe", written_now),
    ]


@mistake(known="'catch timeout: release the hold' in balance services")
def released_on_unknown() -> Patches:
    """The reservation is given back when a send ends without an answer."""
    return [patch.object(transition, "MONEY", {**MONEY, State.UNKNOWN: Position.FREE})]


@mistake(known="HTTP clients that retry or give up on every transport error alike")
def maybe_sent_is_not_sent() -> Patches:
    """A connection that broke midway counts as never made."""

    def sorted_as(error: Exception) -> RailError:
        return NotSent(f"PagoEfectivo was not reached ({type(error).__name__})")

    return everywhere(transport.sort_failure, sorted_as)


@mistake(known="clients that call every status but 2xx 'failed'")
def server_error_is_refusal() -> Patches:
    """A 5xx answer counts as a final refusal."""
    judge = transport.judge

    def judged(answer: WireAnswer) -> Envelope:
        try:
            return judge(answer)
        except MaybeSent:
            raise AnsweredNo(rail_code=INVALID_VALUE, status=answer.status) from None

    return everywhere(judge, judged)


@mistake(known="Stripe's keys are forgotten after 24 hours; the same key then pays again")
def resent_past_the_window() -> Patches:
    """The same id is sent again days later, when the rail has forgotten it."""
    return [patch.object(find_out, "_inside_replay_window", lambda *_: True)]


@mistake(known="queues that simply run a failed job again")
def resent_without_asking() -> Patches:
    """An unknown result is sent again without asking rail or store first."""
    ask = find_out.ask_about

    async def send_again(ports: Ports, refund: Refund, attempt: Attempt) -> None:
        if refund.state is State.UNKNOWN and attempt.generation == refund.generation:
            await send.resend(ports, attempt)
        else:
            await ask(ports, refund, attempt)

    return everywhere(ask, send_again)


@mistake(known="Hyperswitch 13182: a race on the sum of refunds")
def sum_without_reserved() -> Patches:
    """What is left of a payment forgets what is reserved, so refunds can exceed it."""
    rest = property(lambda payment: payment.paid - payment.refunded)
    return [
        patch.object(Payment, "rest", rest),
        patch.object(transition, "_shift_money", _shift_unchecked),
    ]


async def _shift_unchecked(ledger: Ledger, refund: Refund, old: Position, new: Position) -> None:
    if old is new:
        return
    payment: Any = await transition._locked_payment(ledger, refund)
    free = Money.zero(refund.amount.currency)
    held = {
        place.value: getattr(payment, place.value)
        + transition._delta(refund.amount, old, new, place, free)
        for place in (Position.RESERVED, Position.REFUNDED)
    }
    if held["refunded"] > payment.paid:
        raise AmountExceedsRest
    await ledger.save_payment(transition.replace(payment, **held))
