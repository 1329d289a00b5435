"""Re-create lost wake-ups, and find what webhooks lost. Costs minutes, never money."""

from datetime import timedelta

import structlog

from pef_adapters.core.errors import PefError
from pef_adapters.engine.departures import has_left
from pef_adapters.engine.digest import is_news
from pef_adapters.engine.health import check_if_old
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.privacy import finish_open_cases
from pef_adapters.engine.receive import hint_record, keep
from pef_adapters.engine.records import Alarm, Source, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.watch import watch
from pef_adapters.platforms.contract import Finding

_log = structlog.get_logger(__name__)

_BATCH = 500
# A delivery younger than this has its own wake-up on the way.
_GRACE = timedelta(seconds=30)
# A delivery that was worked off is only good for telling what happened.
_REMEMBERED = timedelta(days=30)
# No limit on tries counts longer back than this.
_LONGEST_WINDOW = timedelta(days=1)


async def sweep(ports: Ports) -> int:
    """Wake whatever is due and answer how much that was; safe to repeat."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        refunds = await ledger.due_refunds(now, _BATCH)
        deliveries = await ledger.open_received(now - _GRACE, _BATCH)
        for refund_id in refunds:
            refund = await ledger.refund(refund_id)
            if refund is not None:
                await ledger.wake(refund)
        for received_id in deliveries:
            await ledger.wake_received(received_id)
        checkouts = await ledger.due_checkouts(now, _BATCH)
        for checkout_id in checkouts:
            await ledger.wake_checkout(checkout_id)
        await ledger.forget_received(now - _REMEMBERED)
        await ledger.forget_calls(now - timedelta(days=7))  # as `gate.once` promises
        await ledger.forget_invitations(now)
        await ledger.forget_sessions(now)
        await ledger.forget_old_tries(now - _LONGEST_WINDOW)
    await watch(ports)
    await finish_open_cases(ports)
    return len(refunds) + len(deliveries) + len(checkouts)


async def poll_stores(ports: Ports) -> None:
    """Ask each store what changed; one store's trouble does not stop the others."""
    async with ports.book.begin() as ledger:
        names = await ledger.store_ids()
    for name in names:
        try:
            await _poll(ports, name)
        except PefError as fault:
            _log.warning("poll_failed", store=name, fault=fault.code, detail=str(fault))
        except Exception:  # noqa: BLE001 - a mistake of ours over one store is this one's only
            _log.exception("poll_stumbled", store=name)


async def _poll(ports: Ports, name: str) -> None:
    async with ports.book.begin() as ledger:
        store = await ledger.store(name)
    if store is not None and not has_left(store):
        try:
            await poll_store(ports, store)
        except PefError:  # its check tells why
            await check_if_old(ports, name)
            raise
        await check_if_old(ports, name)


async def poll_store(ports: Ports, store: Store) -> int:
    """Keep what this store's webhooks lost, and replace webhooks that died.

    Answers how many new hints it kept. The cursor moves only after they are durable.

    Raises:
        PlatformError: the store could not be read; the cursor stays.
    """
    platform = ports.platforms.named(store.platform)
    changes = await platform.find_changes(store.poll_cursor, connection(ports, store))
    news = [hint for hint in changes.hints if await is_news(ports, store, hint)]
    for hint in news:  # each by itself: one that can't be read must not stop the others
        await keep(
            ports,
            source=Source.POLL,
            owner_id=store.id,
            topic="poll",
            body=b"",
            hints=(hint_record(hint),),
        )
    await _tell_findings(ports, store, changes.findings)
    # A store whose clock runs ahead must not carry us past refunds to come.
    cursor = min(changes.cursor, ports.clock.now())
    if cursor > store.poll_cursor:
        async with ports.book.begin() as ledger:
            await ledger.save_cursor(store.id, cursor)
    for check in await platform.connect(connection(ports, store)):
        if not check.passed:
            _log.warning("store_check_failed", store=store.id, check=check.name)
    return len(news)


async def _tell_findings(ports: Ports, store: Store, findings: tuple[Finding, ...]) -> None:
    """Each difference between store and ledger that no read can mend is an alarm, once."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        for found in findings:
            alarm = Alarm(
                key=f"{found.code}/{store.id}/{found.order_id}",
                subject=f"store/{store.id}",
                code=found.code,
                figures={**found.figures, "store": store.id},
                raised_at=now,
            )
            if await ledger.raise_alarm(alarm):
                _log.warning("poll_found", store=store.id, code=found.code, order=found.order_id)
