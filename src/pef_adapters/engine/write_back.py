"""Tell the store's order the truth about its refunds: a level, not an edge.

The order hears the newest revision until it has acknowledged it; repeating that
is harmless. What it is told is made from the ledger each time, whole, so a report
that got lost or came late can't leave a mixture behind.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from pef_adapters.core.errors import PefError, PlatformRefused
from pef_adapters.core.states import State
from pef_adapters.core.texts import advise, explain
from pef_adapters.engine import schedule
from pef_adapters.engine.attention import WRITE_BACK_TROUBLE, for_the_order, standing, why
from pef_adapters.engine.outcomes import close
from pef_adapters.engine.ports import Boundary, Ports
from pef_adapters.engine.records import Refund, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.transition import remember
from pef_adapters.platforms.by_hand import BY_HAND, is_no_order
from pef_adapters.platforms.contract import OrderReport, RefundLine

_log = structlog.get_logger(__name__)

_MOST_REVISIONS_A_CALL = 5
_TRIES_BEFORE_STUCK = 5
_READABLE = 24


async def tell_store(ports: Ports, refund_id: str) -> None:
    """Write the refund's newest revision to its order, if that is due."""
    for _ in range(_MOST_REVISIONS_A_CALL):
        due = await _due(ports, refund_id)
        if due is None:
            return
        refund, store, report = due
        ports.at(Boundary.WRITING_BACK)
        platform = ports.platforms.named(store.platform)
        try:
            if _has_order(refund, store):
                await platform.write_back(report, connection(ports, store))
        except PefError as fault:
            await _put_off(ports, refund, fault, platform.capabilities.tell_again_after)
            return
        ports.at(Boundary.WRITTEN_BACK)
        await _acknowledge(ports, refund, told=_has_order(refund, store))
        ports.at(Boundary.ACKNOWLEDGED)


async def _due(ports: Ports, refund_id: str) -> tuple[Refund, Store, OrderReport] | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(refund_id)
        if refund is None or not _is_due(refund, now):
            return None
        store = await ledger.store(refund.store_id)
        if store is None:
            return None
        is_final = ports.platforms.named(store.platform).capabilities.outcome_is_final
        # What another platform told is not this one's to hear the end of.
        if is_final and refund.platform == store.platform:
            refund = await close(ledger, refund, now)
        siblings = await ledger.refunds_of_order(refund.store_id, refund.order_id)
    lines = tuple(_line(sibling, refund, store.language) for sibling in siblings)
    return refund, store, OrderReport(order_id=refund.order_id, lines=lines)


def _has_order(refund: Refund, store: Store) -> bool:
    """Whether somebody is there to be told: not without a shop, or where no order was named."""
    return store.platform != BY_HAND and not is_no_order(refund.order_id)


def _is_due(refund: Refund, now: datetime) -> bool:
    behind = refund.written_revision < refund.revision
    return behind and (refund.write_back_at is None or refund.write_back_at <= now)


def _line(refund: Refund, told: Refund, language: str) -> RefundLine:
    """One refund's line; only the one we came for brings a note along."""
    return RefundLine(
        refund_id=refund.platform_refund_id,
        our_id=refund.id,
        state=_told_state(refund),
        amount=refund.amount,
        revision=refund.revision,
        expected_on=refund.expected_on,
        updated_at=refund.updated_at,
        note=note(refund, language) if refund.id == told.id else None,
        marker=f"{refund.id}/{refund.revision}",
        outcome=refund.outcome if refund.id == told.id else None,
    )


def _told_state(refund: Refund) -> State:
    """What its revision tells: of a sibling in passing the order keeps what it knows."""
    return State(refund.said.split()[0]) if refund.said else refund.state


def _readable_id(refund: Refund) -> str:
    """The store's own number; a gateway's long id would tell nobody anything."""
    own = refund.platform_refund_id
    return own if len(own) <= _READABLE else refund.id


def note(refund: Refund, language: str) -> str:
    """The private sentences about a refund: its state, why, and what to do."""
    figures = {
        "amount": refund.amount.shown(language),
        "expected_on": refund.expected_on or "…",
        "refund": _readable_id(refund),
    }
    sentences = [explain(f"note.{refund.state}", language, figures)]
    key, known = why(refund, for_the_order(refund.attention))
    if key is not None:
        sentences += [explain(key, language, known), advise(key, language, known)]
    return " ".join(filter(None, sentences))


async def _acknowledge(ports: Ports, told_of: Refund, *, told: bool) -> None:
    """The revision is done with; only where an order was `told` is that on record."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await ledger.lock_refund(told_of.id)
        if refund is None or refund.written_revision >= told_of.revision:
            return
        more = refund.revision > told_of.revision
        stuck = refund.attention == WRITE_BACK_TROUBLE
        await ledger.save_refund(
            replace(
                refund,
                written_revision=told_of.revision,
                write_back_at=now if more else None,
                write_back_tries=0,
                attention=None if stuck else refund.attention,
            )
        )
        if told:
            await remember(ledger, refund, f"order told: {told_of.state}", now)


async def _put_off(ports: Ports, refund: Refund, fault: PefError, rhythm: tuple[int, ...]) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None:
            return
        tries = locked.write_back_tries + 1
        if isinstance(fault, PlatformRefused) and not rhythm:
            at = schedule.after_refusal(refund.id, tries - 1, now)
        else:
            at = schedule.next_telling(rhythm, refund.id, tries - 1, now)
        later = replace(locked, write_back_tries=tries, write_back_at=at)
        if tries == _TRIES_BEFORE_STUCK:
            _log.warning("write_back_stuck", refund=refund.id, fault=fault.code)
            await remember(ledger, locked, "order can't be told", now, code=fault.code)
            # For people here; the order itself is the one who can't be told.
            stands = standing(later.attention, WRITE_BACK_TROUBLE)
            later = replace(later, attention=stands)
        await ledger.save_refund(later)
        await ledger.wake(locked, at)
