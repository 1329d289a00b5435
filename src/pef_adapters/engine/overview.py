"""What one store's owner sees of his own refunds. Reads only, and no other store's.

Where a store's admin shows our page, the store is proved by the platform; every function
here takes that store and answers nothing about any other.
"""

from dataclasses import dataclass

from pef_adapters.core.errors import NotThere
from pef_adapters.core.states import CARE, Owner, State
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Alarm, Refund, Store

_NEWEST = 50
_BY_PEOPLE = tuple(state for state in State if CARE[state].owner is Owner.PERSON)


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest refunds, those that wait for a person (however old), and open alarms."""

    refunds: tuple[Refund, ...]
    waiting: tuple[Refund, ...]
    alarms: tuple[Alarm, ...]


async def store_overview(ports: Ports, store: Store) -> Overview:
    """How the store's refunds stand; newest first, alarms oldest first."""
    async with ports.book.begin() as ledger:
        newest = await ledger.list_refunds(store_id=store.id, limit=_NEWEST)
        waiting = [
            refund
            for state in _BY_PEOPLE
            for refund in await ledger.list_refunds(store_id=store.id, state=state)
        ]
        alarms = [
            alarm for alarm in await ledger.open_alarms() if await _is_of(ledger, alarm, store)
        ]
    waiting.sort(key=lambda refund: refund.requested_at, reverse=True)
    return Overview(tuple(newest), tuple(waiting), tuple(alarms))


async def refunds_of_order(ports: Ports, store: Store, order_id: str) -> tuple[Refund, ...]:
    """The order's refunds, oldest first.

    Raises:
        NotThere: the store has no refund of this order here; another store's looks the same.
    """
    async with ports.book.begin() as ledger:
        found = await ledger.refunds_of_order(store.id, order_id)
    if not found:
        raise NotThere("no refund of this order is known here")
    return tuple(found)


async def _is_of(ledger: Ledger, alarm: Alarm, store: Store) -> bool:
    kind, _, name = alarm.subject.partition("/")
    if kind == "refund":
        refund = await ledger.refund(name)
        return refund is not None and refund.store_id == store.id
    return (kind, name) in {("store", store.id), ("account", store.account_id)}
