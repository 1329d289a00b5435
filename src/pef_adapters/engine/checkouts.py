"""Payments that a store's gateway asks us to take: a CIP, and what became of it.

The checkout is kept before its CIP is made. PagoEfectivo knows no idempotency key for
CIPs, so a lost answer can leave one that nobody was shown; paid all the same, it is
found by its transaction code, which is the checkout's id.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from pef_adapters.core.errors import (
    AnsweredNo,
    InvalidInput,
    KeysMixed,
    MaybeSent,
    NotThere,
    RailError,
    RequestIdReused,
)
from pef_adapters.core.policy import Mode
from pef_adapters.engine import schedule
from pef_adapters.engine.asked_refunds import LONGEST_ID
from pef_adapters.engine.checkout_steps import OVER, hear_of_payment, moved
from pef_adapters.engine.identity import checkout_id
from pef_adapters.engine.known import known_account
from pef_adapters.engine.ports import Ports, Rail, RailCip
from pef_adapters.engine.records import Alarm, Checkout, Store
from pef_adapters.platforms.asked import AskedPayment, AskedSettlement, CheckoutState

# How long a buyer may pay where the gateway does not say.
_USUAL_LIFE = timedelta(days=3)
# A gateway gives up after five seconds, and one call can ask PagoEfectivo twice.
CREATE_SECONDS, ASK_SECONDS = 4.0, 2.0

_log = structlog.get_logger(__name__)


async def ask_payment(ports: Ports, store: Store, asked: AskedPayment) -> Checkout:
    """Take a payment: keep it, make its CIP; the same payment id answers the same checkout.

    Raises:
        KeysMixed: a test payment for a live store, or the reverse.
        InvalidInput: an id or amount that can't be used.
        RequestIdReused: this payment id was used for another amount or order.
        RailError: there is no CIP yet; ask again.
    """
    keep_modes_apart(store, test=asked.test)
    if len(asked.payment_id) > LONGEST_ID:
        raise InvalidInput(f"a payment's id has at most {LONGEST_ID} letters")
    checkout = await _kept(ports, store, asked)
    if checkout.state is not CheckoutState.ASKED:
        return checkout
    rail = await rail_of_store(ports, store)
    async with _in_time(CREATE_SECONDS):
        made = await rail.create_payment(checkout, asked.email)
    shown = await _shown(ports, checkout, made)
    if shown.transaction_id != made.transaction_id:
        await _withdraw(rail, made)
    return shown


async def settle_checkout(ports: Ports, store: Store, asked: AskedSettlement) -> Checkout:
    """The gateway asks for its money: how the payment stands now, looked up where it waits.

    One that asks for less than was paid will ask for the rest's refund, or never: a person
    has to know.

    Raises:
        NotThere: this payment was not taken through us.
        RailError: PagoEfectivo could not be asked.
    """
    checkout = await stored_checkout(ports, store, asked.payment_id)
    if checkout.state is CheckoutState.WAITING:
        checkout = await look_up(ports, store, checkout)
    if checkout.state is not CheckoutState.PAID or checkout.settled_at is not None:
        return checkout
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(checkout.id)
        if current is None or current.settled_at is not None:
            return current or checkout
        settled = replace(current, settled_at=now, updated_at=now)
        await ledger.save_checkout(settled)
        if asked.amount < settled.amount.decimal:
            await ledger.raise_alarm(_settled_less(settled, now))
    return settled


async def stop_checkout(ports: Ports, store: Store, payment_id: str) -> Checkout:
    """The gateway cancels: withdraw the CIP, unless it is paid; answers how it stands then.

    Raises:
        NotThere: this payment was not taken through us.
        RailError: PagoEfectivo could not be asked; ask again.
    """
    checkout = await stored_checkout(ports, store, payment_id)
    if checkout.state in OVER or checkout.state is CheckoutState.PAID:
        return checkout
    if checkout.transaction_id is not None:
        rail = await rail_of_store(ports, store)
        try:
            async with _in_time(ASK_SECONDS):
                await rail.cancel_payment(checkout.transaction_id)
        except AnsweredNo:
            # Paid a moment ago, or over already: only PagoEfectivo knows which.
            found = await look_up(ports, store, checkout)
            if found.state is CheckoutState.WAITING:
                raise RailError("PagoEfectivo would not withdraw a CIP that waits") from None
            return found
    return await _cancelled(ports, checkout)


async def stored_checkout(ports: Ports, store: Store, payment_id: str) -> Checkout:
    """The checkout under the gateway's payment id, as it is kept.

    Raises:
        NotThere: this payment was not taken through us.
    """
    async with ports.book.begin() as ledger:
        found = await ledger.find_checkout(store.id, payment_id)
    if found is None:
        raise NotThere(f"payment {payment_id[:40]} was not taken through this service")
    return found


async def look_up(ports: Ports, store: Store, checkout: Checkout) -> Checkout:
    """Ask PagoEfectivo whether the CIP was paid; answers the checkout as it stands then.

    Raises:
        RailError: could not be asked.
    """
    rail = await rail_of_store(ports, store)
    async with _in_time(ASK_SECONDS):
        found = await rail.find_payment(checkout.transaction_id or "")
    if found is None:
        raise RailError(f"PagoEfectivo does not know the CIP of checkout {checkout.id}")
    return await hear_of_payment(ports, checkout, found)


def keep_modes_apart(store: Store, *, test: bool) -> None:
    """A test call must never reach the live rail, nor a live one the sandbox (spec S15).

    Raises:
        KeysMixed: it would.
    """
    if test is not (store.mode is Mode.SANDBOX):
        called = "test" if test else "live"
        raise KeysMixed(f"a {called} call reached the {store.mode} store {store.id}")


async def rail_of_store(ports: Ports, store: Store) -> Rail:
    """The rail of the store's account.

    Raises:
        NotThere, SettingInvalid, KeysMixed: a person has to mend the account.
    """
    async with ports.book.begin() as ledger:
        account = await known_account(ledger, store.account_id)
    if account.mode is not store.mode:
        raise KeysMixed(f"store {store.id} is {store.mode}, its account {account.mode}")
    return ports.rails.of(account)


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    """What takes longer counts as lost: the gateway calls again, and hears of it then."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise MaybeSent("PagoEfectivo took too long to answer") from None


async def _kept(ports: Ports, store: Store, asked: AskedPayment) -> Checkout:
    now = ports.clock.now()
    fresh = Checkout(
        id=checkout_id(store.identity, store.platform, asked.payment_id),
        store_id=store.id,
        account_id=store.account_id,
        payment_id=asked.payment_id,
        order_id=asked.order_id,
        order_number=asked.order_number,
        amount=asked.amount,
        test=asked.test,
        state=CheckoutState.ASKED,
        return_url=asked.return_url,
        private=asked.private,
        created_at=now,
        updated_at=now,
        expires_at=asked.expires_at or now + _USUAL_LIFE,
    )
    async with ports.book.begin() as ledger:
        if await ledger.add_checkout(fresh):
            return fresh
    known = await stored_checkout(ports, store, asked.payment_id)
    if (known.amount, known.order_id) != (asked.amount, asked.order_id):
        raise RequestIdReused(f"payment {asked.payment_id} was asked for {known.amount} before")
    return known


async def _shown(ports: Ports, checkout: Checkout, made: RailCip) -> Checkout:
    """The checkout with its CIP; of two calls at once the buyer is shown the first one's."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(checkout.id)
        if current is None or current.state is not CheckoutState.ASKED:
            return current or checkout
        waiting = replace(
            current,
            state=CheckoutState.WAITING,
            transaction_id=made.transaction_id,
            pay_url=made.pay_url,
            expires_at=made.expires_at,
            look_at=schedule.checkout(current.id, now, now),
        )
        return await moved(ledger, waiting, now)


async def _withdraw(rail: Rail, made: RailCip) -> None:
    """A CIP that no page shows may still be mailed to the buyer, who would pay twice."""
    try:
        await rail.cancel_payment(made.transaction_id)
    except RailError as fault:  # paid all the same, it is found by its transaction code
        _log.warning("spare_cip_not_withdrawn", cip=made.transaction_id, fault=fault.code)


def _settled_less(checkout: Checkout, now: datetime) -> Alarm:
    return Alarm(
        key=f"settled-less/{checkout.id}",
        subject=f"store/{checkout.store_id}",
        code="code.SETTLED_LESS",
        figures={"order": checkout.order_number, "paid": str(checkout.amount)},
        raised_at=now,
    )


async def _cancelled(ports: Ports, checkout: Checkout) -> Checkout:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        current = await ledger.lock_checkout(checkout.id)
        if current is None or current.state in OVER or current.state is CheckoutState.PAID:
            return current or checkout
        return await moved(ledger, replace(current, state=CheckoutState.CANCELLED), now)
