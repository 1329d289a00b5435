"""Reading: VTEX's gateway can't be asked what it wants refunded, so what it asked is kept.

Beside that, the store's own records are compared with what is kept (`crosscheck`), where
the store let us read its orders. Writes nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pef_adapters.platforms.contract import Changes, Hint, StoreConnection, StoreRefund
from pef_adapters.platforms.kept import changes_kept, read_kept
from pef_vtex import crosscheck
from pef_vtex.orders import group_of


async def read(hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
    """See `platforms.contract.Platform.read`. What is kept is kept under the order's group."""
    if hint.refund_id is None and hint.order_id is not None:
        hint = replace(hint, order_id=group_of(hint.order_id))
    return await read_kept(hint, store)


async def find_changes(
    since: datetime, store: StoreConnection, now: Callable[[], datetime]
) -> Changes:
    """See `platforms.contract.Platform.find_changes`."""
    kept = await changes_kept(since, now(), store)
    return replace(kept, findings=await crosscheck.findings(since, now(), store))
