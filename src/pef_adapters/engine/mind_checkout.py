"""What time does to a payment that was asked for: look whether it is paid, tell the gateway.

A job is only a wake-up: what is due is read from the checkout. The gateway hears a state
until it has acknowledged it.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from pef_adapters.core.errors import PefError
from pef_adapters.engine import schedule
from pef_adapters.engine.checkouts import look_up
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Checkout, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import CheckoutState

_log = structlog.get_logger(__name__)


async def mind_checkout(ports: Ports, checkout_id: str) -> None:
    """Take whatever step is due for this checkout; safe to repeat."""
    found = await _with_store(ports, checkout_id)
    if found is not None and _is_due(found[0].look_at, ports.clock.now()):
        await _look(ports, *found)
        found = await _with_store(ports, checkout_id)
    if found is not None and _is_due(found[0].tell_at, ports.clock.now()):
        await _tell(ports, *found)


async def _with_store(ports: Ports, checkout_id: str) -> tuple[Checkout, Store] | None:
    async with ports.book.begin() as ledger:
        checkout = await ledger.checkout(checkout_id)
        store = await ledger.store(checkout.store_id) if checkout else None
    return (checkout, store) if checkout and store else None


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


async def _look(ports: Ports, checkout: Checkout, store: Store) -> None:
    try:
        await look_up(ports, store, checkout)
    except PefError as fault:
        _log.warning("checkout_not_looked_up", checkout=checkout.id, fault=fault.code)
        await _look_later(ports, checkout)


async def _look_later(ports: Ports, checkout: Checkout) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(checkout.id)
        if current is None or current.look_at is None:
            return
        at = schedule.after_fault(current.id, current.look_tries, now)
        later = replace(current, look_at=at, look_tries=current.look_tries + 1)
        await ledger.save_checkout(later)
        await ledger.wake_checkout(current.id, at)


async def _tell(ports: Ports, checkout: Checkout, store: Store) -> None:
    platform = ports.platforms.named(store.platform)
    if platform.provider is None or checkout.state is CheckoutState.ASKED:
        # The store is connected another way now: nobody can be told, until it comes back.
        await _tell_later(ports, checkout, ())
        return
    try:
        await platform.provider.tell_payment(checkout, connection(ports, store))
    except PefError as fault:
        _log.warning("gateway_not_told", checkout=checkout.id, fault=fault.code, said=str(fault))
        await _tell_later(ports, checkout, platform.capabilities.tell_again_after)
        return
    await _told(ports, checkout)


async def _told(ports: Ports, told: Checkout) -> None:
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(told.id)
        if current is None:
            return
        # It moved on while the gateway was being told: then there is more to hear.
        again = current.tell_at if current.state is not told.state else None
        await ledger.save_checkout(replace(current, told=told.state, tell_at=again, tell_tries=0))
        if again is not None:
            await ledger.wake_checkout(current.id, again)


async def _tell_later(ports: Ports, checkout: Checkout, rhythm: tuple[int, ...]) -> None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(checkout.id)
        if current is None or current.state is not checkout.state:
            return
        tries = current.tell_tries
        at = schedule.next_telling(rhythm, current.id, tries, now)
        await ledger.save_checkout(replace(current, tell_at=at, tell_tries=tries + 1))
        await ledger.wake_checkout(current.id, at)
