"""A refund that a person presses here, of what was shown to remain of a payment.

For sellers whose shop has no button that we hear of. What is pressed is kept as an asked
refund and registered in the same transaction, under the payment's lock, and then goes the
way of every other refund. It can be withdrawn until it is sent, and is over then. Decides
nothing, and sends nothing.
"""

import re
from dataclasses import dataclass, replace

from pef_adapters.core.errors import (
    AmountExceedsRest,
    CurrencyDiffers,
    InvalidInput,
    NotThere,
    RequestIdReused,
    RestChanged,
    TransitionRefused,
)
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.money import Money
from pef_adapters.core.states import TABLE, Event, State
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.by_hand_rest import (
    Found,
    KnownOrder,
    buyer_of,
    checkouts_of,
    find,
    known_order,
    order_by_name,
    rest_of,
    usable,
)
from pef_adapters.engine.digest import register_in
from pef_adapters.engine.known import known_store, locked_refund
from pef_adapters.engine.people import named
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import (
    Checkout,
    KeptRefund,
    Payment,
    PayoutEnd,
    Refund,
    Store,
)
from pef_adapters.engine.transition import PERSON, move
from pef_adapters.platforms.asked import Operation
from pef_adapters.platforms.by_hand import BY_HAND, no_order_of, own_id
from pef_adapters.platforms.kept import store_refund

__all__ = ["LONGEST_REASON", "Found", "Press", "find", "may_withdraw", "press", "withdraw"]

LONGEST_REASON = 500
_LONGEST_KEY = 200
# NUL, and half a surrogate pair: no ledger keeps them (`storage.storable`).
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_KEY = re.compile(rf"\S.{{0,{_LONGEST_KEY - 1}}}")
# It becomes a part of addresses at some stores.
_ORDER = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a person presses. `expected_rest` is the rest that he was shown.

    `key` is the form's, or the caller's: the same key is the same refund. `order_number`
    may be empty; one that we don't know yet is taken as the order's id at the store.
    """

    transaction_id: str
    order_number: str
    amount: Money
    expected_rest: Money
    reason: str
    person: str
    key: str


async def press(ports: Ports, store_id: str, pressed: Press) -> Refund:
    """Keep and register one refund; the same key again answers with the same refund.

    Raises:
        NotThere, InvalidInput, KeysMixed, RailError: as `find`.
        InvalidInput: no reason, no amount above zero, an order that can't be one, or a
            payment that another store of the account took.
        AmountExceedsRest: more than what remains.
        RestChanged: what remains is not what was shown; nothing was done.
        RequestIdReused: the key was used for another refund.
    """
    pressed = _checked(pressed)
    found = await find(ports, store_id, pressed.transaction_id)
    async with ports.book.begin() as ledger:
        store = await known_store(ledger, store_id)
        await _hold_gateways(ledger, found.payment)
        await ledger.add_payment(found.payment)
        payment = await _locked(ledger, found.payment)
        known = await ledger.asked_refund(store.id, own_id(pressed.key))
        if known is not None:
            return await _same(ledger, known, payment, pressed)
        await _check_rest(ledger, payment, pressed)
        kept = await _kept(ports, ledger, store, payment, pressed)
        if not await ledger.add_asked_refund(kept):
            # The same key at the same moment, for another payment.
            raise RequestIdReused(_reused(pressed))
        buyer = await buyer_of(ledger, store, payment)
        await register_in(ports, ledger, store, store_refund(kept), platform=BY_HAND, buyer=buyer)
        return await _registered(ledger, kept)


async def withdraw(ports: Ports, refund_id: str, person: str, why: str) -> Refund:
    """Take back what was pressed here, before any of it is sent; its amount is free again.

    It is over for good: nobody tries it again, its key goes on naming it, and what shall go
    back after all is pressed anew. One that is withdrawn already stays as it is.

    Raises:
        NotThere: no such refund.
        InvalidInput: no name, or no reason that can be kept.
        TransitionRefused: a store's button made it, it is on its way or over, or its money
            may have gone already.
    """
    who, reason, now = named(person), _usable_reason(why), ports.clock.now()
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        if refund.platform == BY_HAND and refund.state is State.CANCELLED:
            return refund
        await _refuse_withdrawal(ledger, refund)
        refund = await move(
            ledger,
            refund,
            Event.STORE_WITHDREW,
            now,
            actor=PERSON + who,
            detail={"why": without_long_numbers(reason)},
        )
        await ledger.wake(refund)
    return refund


def may_withdraw(refund: Refund) -> bool:
    """Whether it was pressed here and nothing of it is on its way, for all that it shows."""
    stops = TABLE[refund.state].get(Event.STORE_WITHDREW) is State.CANCELLED
    new = refund.state is not State.CANCELLED
    return refund.platform == BY_HAND and stops and new and refund.attention not in ALARMS


async def _refuse_withdrawal(ledger: Ledger, refund: Refund) -> None:
    if refund.platform != BY_HAND:
        raise TransitionRefused(f"refund {refund.id} was pressed in its store: delete it there")
    if refund.attention in ALARMS:
        raise TransitionRefused(
            f"an alarm stands on refund {refund.id}; see `pef refund show`, and mend that first"
        )
    if not may_withdraw(refund):
        raise TransitionRefused(f"a refund that is {refund.state} can't be withdrawn any more")
    for payout in await ledger.payouts_of_refund(refund.id):
        if payout.ended_as is not PayoutEnd.RETURNED:
            # Its amount would be offered again beside what a bank has, or has paid.
            raise TransitionRefused(f"the bank file has its line {payout.line_id}; settle it")


async def _hold_gateways(ledger: Ledger, payment: Payment) -> None:
    """Until we are done no gateway can ask for what is left of it (`asked_refunds`)."""
    for checkout in sorted(await checkouts_of(ledger, payment), key=lambda each: each.id):
        await ledger.lock_checkout(checkout.id)


async def _locked(ledger: Ledger, payment: Payment) -> Payment:
    locked = await ledger.lock_payment(payment.account_id, payment.transaction_id)
    if locked is None:
        raise NotThere(f"payment {payment.transaction_id} was erased a moment ago")
    return locked


def _checked(pressed: Press) -> Press:
    """The press as it is compared and kept: without the spaces around key and reason."""
    named(pressed.person)
    key, reason = usable(pressed.key, _KEY, "an idempotency key"), _usable_reason(pressed.reason)
    _refuse_unkeepable(key)
    if pressed.amount.minor <= 0:
        raise InvalidInput("the amount of a refund must be above zero")
    return replace(pressed, key=key, reason=reason)


def _usable_reason(typed: str) -> str:
    reason = typed.strip()
    _refuse_unkeepable(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidInput(f"give a reason, in {LONGEST_REASON} letters at most")
    return reason


def _refuse_unkeepable(typed: str) -> None:
    """Kept it would be another text, and the same press again another refund."""
    if _UNKEEPABLE.search(typed):
        raise InvalidInput("the reason or the key has letters that can't be kept; type it anew")


async def _check_rest(ledger: Ledger, payment: Payment, pressed: Press) -> None:
    """Let pass what was shown and is still true; the payment is locked."""
    if pressed.amount.currency != payment.paid.currency:
        raise CurrencyDiffers(f"the payment is in {payment.paid.currency}; refund it in that")
    rest = await rest_of(ledger, payment)
    if rest != pressed.expected_rest:
        raise RestChanged(f"{rest} remains now, not {pressed.expected_rest}; nothing was done")
    if pressed.amount > rest:
        raise AmountExceedsRest(f"{pressed.amount} is more than the {rest} that remains")


async def _same(ledger: Ledger, known: KeptRefund, payment: Payment, pressed: Press) -> Refund:
    told = (pressed.amount, payment.transaction_id)
    # A reason that was erased for privacy can't be compared any more.
    if told != (known.amount, known.transaction_id) or known.reason not in ("", pressed.reason):
        raise RequestIdReused(_reused(pressed))
    return await _registered(ledger, known)


def _reused(pressed: Press) -> str:
    return f"the key {pressed.key} was used for another refund; load the form again"


async def _registered(ledger: Ledger, kept: KeptRefund) -> Refund:
    refund = await ledger.find_refund(kept.store_id, kept.refund_id)
    if refund is None:
        raise NotThere(f"refund {kept.refund_id} was erased a moment ago")
    return refund


async def _kept(
    ports: Ports, ledger: Ledger, store: Store, payment: Payment, pressed: Press
) -> KeptRefund:
    checkouts = await _own_checkouts(ledger, store, payment)
    order = await _order(ledger, store, payment, pressed.order_number, taken=bool(checkouts))
    return KeptRefund(
        store_id=store.id,
        refund_id=own_id(pressed.key),
        operation=Operation.REFUND,
        # A gateway that asks for all that is left must not ask for this part again.
        payment_id=checkouts[0].payment_id if checkouts else None,
        order_id=order.id,
        order_number=order.number,
        amount=pressed.amount,
        reason=pressed.reason,
        requested_by=named(pressed.person),
        payment_method="",
        transaction_id=payment.transaction_id,
        paid=payment.paid,
        paid_at=payment.paid_at,
        asked_at=ports.clock.now(),
    )


async def _own_checkouts(ledger: Ledger, store: Store, payment: Payment) -> list[Checkout]:
    """The payments that this store asked us to take, if the account's payment is one.

    Raises:
        InvalidInput: another store asked for it, whose order would never hear of a refund here.
    """
    found = await checkouts_of(ledger, payment)
    own = [each for each in found if each.store_id == store.id]
    if found and not own:
        raise InvalidInput("another store of this account took the payment; refund it there")
    return own


async def _order(
    ledger: Ledger, store: Store, payment: Payment, typed: str, *, taken: bool
) -> KnownOrder:
    """The order to be told; what stands for one where nobody names any.

    Raises:
        InvalidInput: it can't be one, or we took the payment (`taken`) for another one.
    """
    typed = typed.strip().removeprefix("#")
    known = await known_order(ledger, store, payment)
    if not typed:
        return known or KnownOrder(no_order_of(payment.transaction_id), payment.transaction_id)
    if known is not None and typed in (known.id, known.number.removeprefix("#")):
        return known
    if known is not None and taken:
        # Another order would tell of money that was never paid for it.
        raise InvalidInput(f"the payment was taken for order {known.number}; name that, or none")
    named_so = await order_by_name(ledger, store, typed)
    if named_so is None:
        usable(typed, _ORDER, "an order's number or id")
    return named_so or KnownOrder(typed, typed)
