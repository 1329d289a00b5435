"""Find out what a stored delivery means: read the store, register, withdraw.

A hint is never a fact. The store's API says which refunds exist and how much
each is; refunds become ours by (store, platform refund id), so the same news may
arrive any number of times. Our own write-back echoing is recognised without
asking the store again.
"""

from dataclasses import replace
from datetime import timedelta

import structlog

from pef_adapters.core.errors import PefError
from pef_adapters.core.states import Event, State
from pef_adapters.engine import schedule
from pef_adapters.engine.departures import digest_departure
from pef_adapters.engine.identity import buyer_mark, refund_id
from pef_adapters.engine.notified import digest_notification
from pef_adapters.engine.ports import Ledger, LedgerAway, Ports
from pef_adapters.engine.privacy import digest_privacy
from pef_adapters.engine.receive import hint_of
from pef_adapters.engine.records import Received, Refund, Source, Store, TimelineEntry
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.transition import call_for_attention, may_reopen, move
from pef_adapters.engine.withdraw import is_gone, usable_reference, withdraw
from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund

_log = structlog.get_logger(__name__)

# The store dates its refunds, we date its connection.
_CLOCKS_DIFFER_BY = timedelta(minutes=1)


async def digest(ports: Ports, received_id: int) -> None:
    """Work off one stored delivery; a fault outside postpones it, nothing loses it."""
    async with ports.book.begin() as ledger:
        received = await ledger.received(received_id)
    if received is None or received.outcome is not None:
        return
    try:
        outcome = await _digest(ports, received)
    except PefError as fault:
        await _postpone(ports, received, fault)
        return
    except LedgerAway:
        # Nothing is wrong with this delivery: it stays as due as it was.
        raise
    except Exception:  # noqa: BLE001 - see the next line
        # A mistake of ours: it waits as after any fault, and is not tried every minute.
        _log.exception("delivery_stumbled", received=received_id)
        await _postpone(ports, received, PefError())
        return
    async with ports.book.begin() as ledger:
        await ledger.close_received(received_id, outcome, ports.clock.now())


async def _digest(ports: Ports, received: Received) -> str:
    if received.source is Source.RAIL:
        return await digest_notification(ports, received)
    async with ports.book.begin() as ledger:
        store = await ledger.store(received.owner_id)
    if store is None:
        return "store gone"
    outcomes = [await _follow(ports, store, hint_of(record)) for record in received.hints]
    return ", ".join(sorted(set(outcomes))) or "nothing to do"


async def _postpone(ports: Ports, received: Received, fault: PefError) -> None:
    until = schedule.after_fault(str(received.id), received.tries, ports.clock.now())
    _log.warning("delivery_postponed", received=received.id, fault=fault.code, until=str(until))
    async with ports.book.begin() as ledger:
        await ledger.postpone_received(received.id, until)


async def _follow(ports: Ports, store: Store, hint: Hint) -> str:
    if hint.kind is HintKind.STORE_TROUBLE:
        _log.warning("store_reports_trouble", store=store.id, detail=hint.detail)
        return "store trouble"
    if hint.kind is HintKind.UNINSTALLED:
        return await digest_departure(ports, store, hint)
    if hint.privacy is not None:
        return await digest_privacy(ports, store, hint.privacy)
    if not await is_news(ports, store, hint):
        return "nothing new"
    # Only what we knew before the store was asked can be missing from its answer.
    async with ports.book.begin() as ledger:
        known = await _could_be_gone(ledger, store, hint)
    found = await ports.platforms.named(store.platform).read(hint, connection(ports, store))
    wanted = [refund for refund in found if _is_our_affair(store, refund)]
    registered = [await register(ports, store, refund) for refund in wanted]
    withdrawn = await _withdraw_missing(ports, known, found)
    if any(registered):
        return "registered"
    return "withdrawn" if withdrawn else ("known" if registered else "none of ours")


def _is_our_affair(store: Store, found: StoreRefund) -> bool:
    """Refunds from before the store was connected were settled by its owner."""
    return found.ours and found.requested_at >= store.created_at - _CLOCKS_DIFFER_BY


async def is_news(ports: Ports, store: Store, hint: Hint) -> bool:
    """Whether the hint says more than we know; our own echo, for one, does not."""
    async with ports.book.begin() as ledger:
        if hint.kind is HintKind.REFUND_CREATED and hint.refund_id is not None:
            same = await ledger.find_refund(store.id, hint.refund_id)
            return same is None or hint.order_id not in (None, same.order_id)
        if hint.order_id is None or hint.refund_ids is None:
            return True
        known = await ledger.refunds_of_order(store.id, hint.order_id)
    # What was pressed elsewhere, or came by an earlier platform, this one does not list.
    own = [refund for refund in known if refund.platform == store.platform]
    return {r.platform_refund_id for r in own if not is_gone(r)} != hint.refund_ids


async def register(ports: Ports, store: Store, found: StoreRefund) -> bool:
    """Make the refund ours; False where it is already. A cancelled one comes back."""
    async with ports.book.begin() as ledger:
        return await register_in(ports, ledger, store, found, platform=store.platform)


async def register_in(
    ports: Ports,
    ledger: Ledger,
    store: Store,
    found: StoreRefund,
    *,
    platform: str,
    buyer: str | None = None,
) -> bool:
    """As `register`, in a transaction that is open; `platform` is by what it came.

    `buyer` is his mark, where it is not `found` that names him.
    """
    refund = _new_refund(ports, store, found, platform)
    refund = replace(refund, buyer=refund.buyer or buyer)
    if not await ledger.add_refund(refund):
        return await _known_already(ports, ledger, refund)
    await ledger.add_entry(
        TimelineEntry(
            refund_id=refund.id,
            at=refund.created_at,
            what="registered",
            from_state=None,
            to_state=State.RECEIVED,
            actor=found.requested_by or "store",
            detail={"order": found.order_number, "amount": str(found.amount)},
        )
    )
    await ledger.wake(refund)
    return True


async def _known_already(ports: Ports, ledger: Ledger, found: Refund) -> bool:
    """Whether a refund that we know comes back; a store that counts anew is an alarm."""
    known, now = await ledger.lock_refund(found.id), ports.clock.now()
    if known is None:
        return False
    if (known.order_id, known.amount) != (found.order_id, found.amount):
        known = await call_for_attention(ledger, known, "code.REFUND_ID_REUSED", now)
        await ledger.wake(known, known.due_at)
        return False
    if known.state is not State.CANCELLED or not may_reopen(known):
        return False
    # The store has it after all, so its deletion was a mistake.
    await ledger.wake(await move(ledger, known, Event.REOPENED, now, actor="store"))
    return True


async def _withdraw_missing(
    ports: Ports, known: list[Refund], found: tuple[StoreRefund, ...]
) -> bool:
    """Stop refunds that the store no longer has; only a whole order's answer proves that."""
    present = {refund.refund_id for refund in found}
    gone = [refund for refund in known if refund.platform_refund_id not in present]
    for refund in gone:
        await withdraw(ports, refund.id)
    return bool(gone)


async def _could_be_gone(ledger: Ledger, store: Store, hint: Hint) -> list[Refund]:
    if hint.refund_id is not None:
        one = await ledger.find_refund(store.id, hint.refund_id)
        known = [one] if one else []
    else:
        known = await ledger.refunds_of_order(store.id, hint.order_id or "")
    # What came by an earlier platform of this store is nothing that this one could know.
    return [refund for refund in known if refund.platform == store.platform]


def _new_refund(ports: Ports, store: Store, found: StoreRefund, platform: str) -> Refund:
    now = ports.clock.now()
    return Refund(
        id=refund_id(store.identity, platform, found.refund_id),
        store_id=store.id,
        platform=platform,
        platform_refund_id=found.refund_id,
        order_id=found.order_id,
        order_number=found.order_number,
        amount=found.amount,
        reason=found.reason,
        requested_by=found.requested_by,
        requested_at=found.requested_at,
        account_id=store.account_id,
        transaction_id=usable_reference(found),
        state=State.RECEIVED,
        generation=1,
        revision=0,
        written_revision=0,
        tries=0,
        next_action_at=now,
        write_back_at=None,
        write_back_tries=0,
        decision=None,
        attention=None,
        expected_on=None,
        created_at=now,
        updated_at=now,
        buyer=None if found.buyer is None else buyer_mark(ports, store, found.buyer),
        deadline_at=found.deadline_at,
    )
