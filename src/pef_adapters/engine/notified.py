"""What PagoEfectivo's own webhooks mean.

A notification is a hint like any other: it makes us ask at once, and what the
rail answers is what counts.

An extorno is the bank taking the buyer's payment back. Refunds not yet sent stop;
one already on its way can't, so a person is called (ADR 0006).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import RailError
from pef_adapters.core.states import WITH_THE_RAIL, Event, State, allows
from pef_adapters.engine.checkout_steps import hear_of_payment
from pef_adapters.engine.find_out import ask_about
from pef_adapters.engine.ports import Ledger, Ports, RailPayment
from pef_adapters.engine.records import Account, Received
from pef_adapters.engine.transition import call_for_attention, move

EXTORNO_EVENT = "cip.refunded"
_REFUND_EVENTS = "refund."
_CHECKOUT_EVENTS = frozenset({"cip.paid", "cip.expired"})
# A notification can be faster than the rail's own books.
_TIMES_TO_CONFIRM = 3


async def digest_notification(ports: Ports, received: Received) -> str:
    """Follow one stored notification; answers what it led to.

    Raises:
        RailError: the rail could not be asked; try again later.
    """
    async with ports.book.begin() as ledger:
        account = await ledger.account(received.owner_id)
    if account is None:
        return "account gone"
    outcomes = [await _follow(ports, account, hint, received) for hint in received.hints]
    return ", ".join(outcomes)


async def _follow(
    ports: Ports, account: Account, hint: Mapping[str, Any], received: Received
) -> str:
    event = str(hint.get("event", ""))
    if event == EXTORNO_EVENT:
        known_as = [str(hint[name]) for name in ("cip", "transaction_code") if hint.get(name)]
        return await _extorno(ports, account, known_as, received.tries)
    if event in _CHECKOUT_EVENTS:
        return await _about_checkout(ports, account, hint)
    if event.startswith(_REFUND_EVENTS):
        return await _about_refund(ports, account, str(hint.get("merchant_refund_id", "")))
    return "nothing to do"


async def _about_checkout(ports: Ports, account: Account, hint: Mapping[str, Any]) -> str:
    """The CIP of a checkout, or one of the same transaction code that nobody was shown."""
    cip, code = str(hint.get("cip") or ""), str(hint.get("transaction_code") or "")
    async with ports.book.begin() as ledger:
        named = await ledger.checkout(code)
        others = await ledger.checkouts_of_transaction(account.id, cip)
    ours = {c.id: c for c in (named, *others) if c is not None and c.account_id == account.id}
    found = await _payment(ports, account, cip, code) if ours else None
    if found is None:
        return "not ours"
    for checkout in ours.values():
        await hear_of_payment(ports, checkout, found)
    return "asked the rail"


async def _payment(ports: Ports, account: Account, cip: str, code: str) -> RailPayment | None:
    """The payment, by whichever of its two names the account's payments are known."""
    rail = ports.rails.of(account)
    for name in filter(None, (cip, code)):
        found = await rail.find_payment(name)
        if found is not None:
            return found
    return None


async def _about_refund(ports: Ports, account: Account, merchant_refund_id: str) -> str:
    async with ports.book.begin() as ledger:
        attempt = await ledger.attempt(merchant_refund_id)
        refund = await ledger.refund(attempt.refund_id) if attempt else None
    if attempt is None or refund is None or refund.account_id != account.id:
        return "not ours"
    await ask_about(ports, refund, attempt)
    return "asked the rail"


async def _extorno(ports: Ports, account: Account, known_as: list[str], tries: int) -> str:
    rail = ports.rails.of(account)
    found = [payment for name in known_as if (payment := await rail.find_payment(name))]
    reversed_ = [payment.transaction_id for payment in found if payment.paid_at is None]
    if not reversed_:
        if found and tries < _TIMES_TO_CONFIRM:
            raise RailError("PagoEfectivo told of an extorno that it does not show yet")
        return "extorno not confirmed"
    for transaction_id in dict.fromkeys(reversed_):
        await _stop_all(ports, account, transaction_id)
    return "extorno"


async def _stop_all(ports: Ports, account: Account, transaction_id: str) -> None:
    """First the payment, so that no refund can still be reserved on it; then each refund."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        payment = await ledger.lock_payment(account.id, transaction_id)
        if payment is not None and payment.reversed_at is None:
            await ledger.save_payment(replace(payment, reversed_at=now))
    async with ports.book.begin() as ledger:
        touched = await ledger.refunds_of_payment(account.id, transaction_id)
    for refund in touched:
        async with ports.book.begin() as ledger:
            await _stop(ledger, refund.id, now)


async def _stop(ledger: Ledger, refund_id: str, now: datetime) -> None:
    refund = await ledger.lock_refund(refund_id)
    if refund is None:
        return
    if allows(refund.state, Event.EXTORNO):
        moved = await move(ledger, refund, Event.EXTORNO, now, actor="rail")
        await ledger.wake(moved)
    elif refund.state in WITH_THE_RAIL:
        code = "AFTER" if refund.state is State.REFUNDED else "DURING"
        seen = await call_for_attention(ledger, refund, f"code.EXTORNO_{code}_REFUND", now)
        await ledger.wake(seen)
