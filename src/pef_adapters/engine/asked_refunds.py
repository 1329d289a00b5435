"""Keep what a platform asked us to refund, where its call or webhook is the only word about it.

Written once and never changed: it is what other platforms' APIs are read for. Decides
nothing; the pipeline takes it from here like any other refund.
"""

from pef_adapters.core.errors import InvalidInput, NotThere, RequestIdReused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Alarm, Checkout, KeptRefund, Store
from pef_adapters.platforms.asked import AskedRefund
from pef_adapters.platforms.by_hand import is_own_id

LONGEST_ID = 500
_GIVEN_UP = frozenset({State.REJECTED, State.FAILED, State.CANCELLED, State.REVERSED})


async def keep_asked_refund(
    ports: Ports, ledger: Ledger, store: Store, asked: AskedRefund
) -> KeptRefund:
    """The refund as it is kept; the same id again is the same refund.

    Raises:
        NotThere: its payment was never taken through us.
        RequestIdReused: this id was used for another amount or payment.
        InvalidInput: the amount can't be used, or nothing is left of the payment.
    """
    names = (asked.refund_id, asked.order_id, asked.payment_reference or "")
    if any(len(name) > LONGEST_ID for name in names):
        raise InvalidInput(f"the id of a refund, order or payment has at most {LONGEST_ID} letters")
    if is_own_id(asked.refund_id):
        raise InvalidInput("ids such as by-hand/… are for what is refunded by hand here")
    known = await ledger.asked_refund(store.id, asked.refund_id)
    if known is not None:
        return _same(known, asked)
    kept = await _kept(ports, ledger, store, asked)
    if await ledger.add_asked_refund(kept):
        return kept
    first = await ledger.asked_refund(store.id, asked.refund_id)  # two at once: the first counts
    if first is None:
        raise NotThere(f"refund {asked.refund_id} was erased a moment ago")
    return _same(first, asked)


async def tell_of_reuse(ports: Ports, store: Store, asked: AskedRefund) -> None:
    """Show a person that one id stands for two refunds; only the first is known to be meant."""
    alarm = Alarm(
        key=f"reused/{store.id}/{asked.refund_id}",
        subject=f"store/{store.id}",
        code="code.REQUEST_ID_REUSED",
        figures={"refund": asked.refund_id},
        raised_at=ports.clock.now(),
    )
    async with ports.book.begin() as ledger:
        await ledger.raise_alarm(alarm)


def _same(known: KeptRefund, asked: AskedRefund) -> KeptRefund:
    amount = known.amount.decimal if asked.amount is None else asked.amount
    currency = asked.currency or known.amount.currency
    told = (asked.operation, asked.payment_id, amount, currency)
    kept = (known.operation, known.payment_id, known.amount.decimal, known.amount.currency)
    if told != kept:
        raise RequestIdReused(
            f"{asked.refund_id} was asked for {known.amount} before; give a new refund a new id"
        )
    return known


async def _kept(ports: Ports, ledger: Ledger, store: Store, asked: AskedRefund) -> KeptRefund:
    checkout = await _checkout(ledger, store, asked)
    return KeptRefund(
        store_id=store.id,
        refund_id=asked.refund_id,
        operation=asked.operation,
        payment_id=asked.payment_id,
        order_id=checkout.order_id if checkout else asked.order_id,
        order_number=checkout.order_number if checkout else asked.order_number,
        amount=await _amount(ledger, asked, checkout),
        reason=asked.reason,
        requested_by=asked.requested_by,
        payment_method=asked.payment_method,
        transaction_id=checkout.transaction_id if checkout else asked.payment_reference,
        paid=checkout.amount if checkout else None,
        paid_at=checkout.paid_at if checkout else None,
        # Ours, not the platform's: its clock may be far from here. Where ours went back, not
        # before the store was connected: such a refund would count as settled by its owner.
        asked_at=max(ports.clock.now(), store.created_at),
        private=asked.private,
    )


async def _checkout(ledger: Ledger, store: Store, asked: AskedRefund) -> Checkout | None:
    """The payment, locked: of two refunds of all that is left, the second sees the first."""
    if asked.payment_id is None:
        return None
    found = await ledger.find_checkout(store.id, asked.payment_id)
    if found is None:
        raise NotThere(f"payment {asked.payment_id} was not taken through this service")
    return await ledger.lock_checkout(found.id)


async def _amount(ledger: Ledger, asked: AskedRefund, checkout: Checkout | None) -> Money:
    if asked.amount is None:
        if checkout is None:
            raise InvalidInput("a refund of an unknown payment must name its amount")
        return await _all_that_is_left(ledger, checkout, asked.refund_id)
    currency = asked.currency or (checkout.amount.currency if checkout else "")
    return Money.parse(asked.amount, currency)


async def _all_that_is_left(ledger: Ledger, checkout: Checkout, but: str) -> Money:
    """`but` is the refund's own id: while we waited for the lock, its twin may have been kept."""
    left = checkout.amount
    for other in await ledger.asked_refunds_of_order(checkout.store_id, checkout.order_id):
        if other.refund_id == but:
            continue
        refund = await ledger.find_refund(checkout.store_id, other.refund_id)
        given_up = refund is not None and refund.state in _GIVEN_UP
        if other.payment_id == checkout.payment_id and not given_up:
            left -= other.amount
    if left.minor <= 0:
        raise InvalidInput("nothing is left of this payment: its refunds are under way or paid")
    return left
