"""The steps of a payment that was asked for: waiting, paid, expired, cancelled.

Whatever PagoEfectivo says about a CIP is booked here, whoever asked. Calls nobody.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pef_adapters.engine import schedule
from pef_adapters.engine.ports import Ledger, Ports, RailPayment
from pef_adapters.engine.records import Alarm, Checkout
from pef_adapters.platforms.asked import CheckoutState

OVER: Final = frozenset({CheckoutState.EXPIRED, CheckoutState.CANCELLED})
# A bank tells PagoEfectivo a little late.
_GRACE = timedelta(minutes=10)


async def hear_of_payment(ports: Ports, told: Checkout, found: RailPayment) -> Checkout:
    """Book what PagoEfectivo says of one of the checkout's CIPs."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        checkout = await ledger.lock_checkout(told.id)
        if checkout is None:
            return told
        if found.paid_at is not None:
            return await _paid(ledger, checkout, found, now)
        is_own = checkout.transaction_id == found.transaction_id
        if checkout.state is CheckoutState.WAITING and found.over and is_own:
            return await moved(ledger, replace(checkout, state=CheckoutState.EXPIRED), now)
        return await _look_later(ledger, checkout, now)


async def moved(ledger: Ledger, checkout: Checkout, now: datetime) -> Checkout:
    """Save a new state: the gateway has to hear it, and a paid or dead CIP needs no look."""
    waiting = checkout.state is CheckoutState.WAITING
    after = replace(
        checkout,
        updated_at=now,
        tell_at=now,
        tell_tries=0,
        look_at=checkout.look_at if waiting else None,
        look_tries=0,
    )
    await ledger.save_checkout(after)
    await ledger.wake_checkout(after.id)
    return after


async def _paid(ledger: Ledger, checkout: Checkout, found: RailPayment, now: datetime) -> Checkout:
    """Money came in: by the CIP that was shown, or by one that nobody was."""
    another = checkout.transaction_id != found.transaction_id
    if checkout.state in OVER or (checkout.state is CheckoutState.PAID and another):
        await _tell_of_surplus(ledger, checkout, found, now)
    if checkout.state in OVER or checkout.state is CheckoutState.PAID:
        return checkout
    paid = replace(
        checkout,
        state=CheckoutState.PAID,
        transaction_id=found.transaction_id,
        paid_at=found.paid_at,
    )
    return await moved(ledger, paid, now)


async def _look_later(ledger: Ledger, checkout: Checkout, now: datetime) -> Checkout:
    later = replace(checkout, look_at=_next_look(checkout, now), look_tries=0)
    await ledger.save_checkout(later)
    if later.look_at is not None:
        await ledger.wake_checkout(later.id, later.look_at)
    return later


def _next_look(checkout: Checkout, now: datetime) -> datetime | None:
    if checkout.state is not CheckoutState.WAITING:
        return None
    usual = schedule.checkout(checkout.id, checkout.created_at, now)
    last = (checkout.expires_at or now) + _GRACE
    return min(usual, last) if last > now else usual


async def _tell_of_surplus(
    ledger: Ledger, checkout: Checkout, found: RailPayment, now: datetime
) -> None:
    """Money that nobody waits for any more: a person has to give it back."""
    await ledger.raise_alarm(
        Alarm(
            key=f"surplus/{checkout.id}/{found.transaction_id}",
            subject=f"store/{checkout.store_id}",
            code="code.CHECKOUT_PAID_TWICE",
            figures={"order": checkout.order_number, "transaction": found.transaction_id},
            raised_at=now,
        )
    )
