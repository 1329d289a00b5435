"""Reading for platforms that can't be asked: what their gateway or webhook asked for, as kept.

The counterpart of reading a store's API. Reads what the engine keeps; writes nothing.
"""

from datetime import datetime, timedelta
from typing import Final

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.platforms.asked import KeptRefund
from pef_adapters.platforms.coming_in import Changes, Hint, HintKind, StoreRefund
from pef_adapters.platforms.stores import StoreConnection, StoreRecords

OVERLAP: Final = timedelta(minutes=10)
_NOTHING_TO_READ: Final = frozenset({HintKind.PING, HintKind.STORE_TROUBLE})


def records_of(store: StoreConnection) -> StoreRecords:
    """What is kept about the store.

    Raises:
        PlatformRefused: it was connected without its records, which is a mistake of ours.
    """
    if store.records is None:
        raise PlatformRefused("this store's records are not at hand; restart the service")
    return store.records


async def read_kept(
    hint: Hint, store: StoreConnection, *, payout_barred: str | None = None
) -> tuple[StoreRefund, ...]:
    """The refunds that a hint is about, as they were asked for."""
    records = records_of(store)
    if hint.kind in _NOTHING_TO_READ:
        return ()
    found = await _found(hint, records)
    return tuple(store_refund(each, payout_barred) for each in found)


async def _found(hint: Hint, records: StoreRecords) -> tuple[KeptRefund, ...]:
    if hint.refund_id is None:
        return await records.refunds_of_order(hint.order_id or "")
    one = await records.refund(hint.refund_id)
    return () if one is None or hint.order_id not in (None, one.order_id) else (one,)


async def changes_kept(since: datetime, now: datetime, store: StoreConnection) -> Changes:
    """What was asked for since `since`; `now` is the present moment."""
    found = await records_of(store).refunds_since(since)
    hints = (
        Hint(kind=HintKind.REFUND_CREATED, order_id=each.order_id, refund_id=each.refund_id)
        for each in found
    )
    return Changes(tuple(hints), max(since, now - OVERLAP))


def store_refund(kept: KeptRefund, payout_barred: str | None = None) -> StoreRefund:
    """One kept refund as a canonical record; what nobody told stays as small as it can."""
    paid = kept.paid or kept.amount
    return StoreRefund(
        refund_id=kept.refund_id,
        order_id=kept.order_id,
        order_number=kept.order_number,
        amount=kept.amount,
        reason=kept.reason,
        requested_at=kept.asked_at,
        requested_by=kept.requested_by,
        paid_by_gateway=False,
        order_currency=paid.currency,
        order_total=paid,
        order_paid_at=kept.paid_at,
        payment_method=kept.payment_method,
        transaction_id=kept.transaction_id,
        ours=True,
        payout_barred=payout_barred,
    )
