"""Mistakes in what the rail's answers are taken for, and in finding out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from pef_adapters.core.errors import RailError
from pef_adapters.core.states import Event, State
from pef_adapters.engine import advance, find_out, observe
from pef_adapters.engine.ports import Ledger, Ports, RailRefund, RailStatus
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.engine.transition import move, stay
from pef_adapters.pagoefectivo.rail import checked
from pef_adapters.pagoefectivo.wire import RefundRecord
from planted_kit import Patches, everywhere, mistake

_PATIENCE, _DAY = 2, timedelta(days=1)
_BOOKED = (State.PENDING, State.REFUNDED)


def _deaf_to(event: Event) -> Patches:
    book = observe._book

    async def booked(ledger: Ledger, refund: Refund, heard: Any) -> Refund:
        if heard.event is event and refund.state in _BOOKED:
            later = None if refund.state is State.REFUNDED else heard.at + _DAY
            return await stay(ledger, refund, heard.at, attention=None, next_action_at=later)
        return await book(ledger, refund, heard)

    return [patch.object(observe, "_book", booked)]


@mistake(known="shops that never hear Stripe's refund.failed, which comes days later")
def late_failure_ignored() -> Patches:
    """A refund that was accepted and fails later is never corrected."""
    return _deaf_to(Event.RAIL_REFUSED)


@mistake(known="integrations without a handler for returned transfers")
def returned_ignored() -> Patches:
    """Money that the buyer's bank sends back goes unnoticed."""
    return _deaf_to(Event.RAIL_RETURNED)


@mistake(known="'HTTP 201 means done' in most refund plugins")
def accepted_is_refunded() -> Patches:
    """Accepted counts as paid: the order says refunded while the rail has only begun."""
    events = observe._STATUS_EVENTS
    return [patch.dict(events, {RailStatus.ACCEPTED: Event.RAIL_REFUNDED})]


def _unchecked(field: str, asked: Any) -> Patches:
    def taken(record: RefundRecord, attempt: Attempt) -> RailRefund:
        return checked(record.model_copy(update={field: asked(attempt)}), attempt)

    return everywhere(checked, taken)


@mistake(known="Hyperswitch added an integrity check of amounts after such answers")
def amount_not_compared() -> Patches:
    """The amount in the rail's answer is not compared with the one that was asked for."""
    return _unchecked("refund_amount", lambda attempt: attempt.amount.decimal)


@mistake(known="accounts in two currencies behind one API")
def currency_not_compared() -> Patches:
    """The currency in the rail's answer is not compared."""
    return _unchecked("currency", lambda attempt: attempt.amount.currency)


@mistake(known="caches and proxies that mix answers up")
def id_not_compared() -> Patches:
    """The id in the rail's answer is not compared: somebody else's refund counts as ours."""
    return _unchecked("merchant_refund_id", lambda attempt: attempt.merchant_refund_id)


@mistake(known="retries that keep only their last answer")
def refusal_of_second_send_final() -> Patches:
    """A refusal of the second send counts as the end, though the first may have been booked."""
    event = observe._event

    def proved(attempt: Attempt, answer: Any) -> Event:
        return event(replace(attempt, maybe_sent=False), answer)

    return [patch.object(observe, "_event", proved)]


@mistake(known="Kill Bill's janitor gives up after its list of retries is used up")
def unknown_given_up() -> Patches:
    """A refund whose result stays unknown is called failed after a few looks."""

    async def look(ports: Ports, refund: Refund) -> None:
        if refund.tries >= _PATIENCE:
            await _call_failed(ports, refund)
        else:
            await find_out.ask_rail(ports, refund)

    return [patch.dict(advance._STEPS, {State.UNKNOWN: look})]


@mistake(known="'404 on status query means it never happened'")
def nothing_found_is_failed() -> Patches:
    """What the rail does not know counts as failed, though the request may still arrive."""

    async def concluded(ports: Ports, refund: Refund, _: Attempt) -> None:
        await _call_failed(ports, refund)

    return [patch.object(find_out, "_rail_knows_nothing", concluded)]


@mistake(known="'except: return None' around a status query")
def silence_is_nothing_found() -> Patches:
    """A rail that can't be asked counts as one that knows nothing: the refund failed."""
    ask = find_out.ask_about

    async def asked(ports: Ports, refund: Refund, attempt: Attempt) -> None:
        try:
            await ask(ports, refund, attempt)
        except RailError:
            await _call_failed(ports, refund)

    return everywhere(ask, asked)


async def _call_failed(ports: Ports, refund: Refund) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is not None and locked.state is State.UNKNOWN:
            await ledger.wake(await move(ledger, locked, Event.RAIL_REFUSED, now))
