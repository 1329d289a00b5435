"""Does the store still want this refund? And what happens when it does not.

A store can delete a refund at any time, and some deletions are never announced.
Before money leaves, the store is asked; after that, a deletion is too late and a
person has to see it.
"""

from dataclasses import replace

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.core.states import Event, State, allows
from pef_adapters.engine.attention import PAID_BEYOND
from pef_adapters.engine.people import paid_by_bank
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.transition import call_for_attention, move
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import Hint, HintKind, StoreRefund
from pef_adapters.platforms.kept import store_refund
from pef_adapters.platforms.payout_bars import payout_bar_of

_TOO_LATE = "code.STORE_WITHDREW_TOO_LATE"
_LONGEST_REFERENCE = 200
_NOTHING_TO_STOP = frozenset({State.REJECTED, State.FAILED})


async def still_wanted(ports: Ports, refund: Refund) -> StoreRefund | None:
    """The refund as the store has it now, or None where it was deleted.

    Raises:
        PlatformError: the store could not be read.
    """
    async with ports.book.begin() as ledger:
        store = await ledger.store(refund.store_id)
    if store is None:
        return None
    if refund.platform == BY_HAND:
        return await _pressed_here(ports, store, refund)
    if store.platform != refund.platform:
        # What one platform told, another can't know: that it is not there proves nothing.
        raise PlatformRefused(
            f"{store.id} is connected as {store.platform} now, but this refund came by "
            f"{refund.platform}: settle it by hand"
        )
    hint = Hint(
        kind=HintKind.REFUND_CREATED,
        order_id=refund.order_id,
        refund_id=refund.platform_refund_id,
    )
    found = await ports.platforms.named(store.platform).read(hint, connection(ports, store))
    wanted = next((r for r in found if r.refund_id == refund.platform_refund_id), None)
    return wanted and replace(wanted, transaction_id=usable_reference(wanted))


async def _pressed_here(ports: Ports, store: Store, refund: Refund) -> StoreRefund | None:
    """No store knows it: what was pressed here is read from what was kept of it.

    Its store's rules bind it none the less, such as the App Store's about payouts.

    Raises:
        SettingInvalid: the store's settings don't tell whether it bars payouts.
    """
    async with ports.book.begin() as ledger:
        kept = await ledger.asked_refund(refund.store_id, refund.platform_refund_id)
    bar = payout_bar_of(ports.platforms.named(store.platform), connection(ports, store))
    return None if kept is None else store_refund(kept, bar)


def usable_reference(found: StoreRefund) -> str | None:
    """What names the payment; None where it is too long for any name of a payment.

    At some stores it comes from a field that buyers write into, and the ledger's indexes
    take no text of any length: the refund must be kept all the same.
    """
    reference = found.transaction_id
    return None if reference is None or len(reference) > _LONGEST_REFERENCE else reference


async def withdraw(ports: Ports, refund: str) -> None:
    """The store deleted this refund: stop it, or say plainly that it is too late."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund)
        if locked is None or is_gone(locked) or locked.state in _NOTHING_TO_STOP:
            return
        if allows(locked.state, Event.STORE_WITHDREW):
            if locked.attention == _TOO_LATE:
                locked = replace(locked, attention=None)  # its money did not leave, or is back
            paid = PAID_BEYOND if await paid_by_bank(ledger, locked.id) else None
            locked = await move(
                ledger, locked, Event.STORE_WITHDREW, now, actor="store", attention=paid
            )
        else:
            locked = await call_for_attention(ledger, locked, _TOO_LATE, now)
        await ledger.wake(locked)


def is_gone(refund: Refund) -> bool:
    """Whether the deletion is known and dealt with already."""
    if refund.state in (State.CANCELLED, State.REVERSED):
        return True
    return refund.attention == _TOO_LATE and not allows(refund.state, Event.STORE_WITHDREW)
