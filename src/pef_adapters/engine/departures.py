"""A store that removed our app: nothing of it can be read or told any more.

Refunds under way go on, because their money is with PagoEfectivo; only the order can't
be told. The store stays on record, and comes back whole when it is connected again.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from pef_adapters.engine.policies import owner_of_store
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Alarm, Store
from pef_adapters.platforms.contract import Hint

LEFT_AT, CONNECTED_AT = "left_at", "connected_at"
_LEFT = "code.STORE_UNINSTALLED"

_log = structlog.get_logger(__name__)


def has_left(store: Store) -> bool:
    """Whether the store removed our app and was not connected again."""
    return LEFT_AT in store.settings


async def digest_departure(ports: Ports, store: Store, hint: Hint) -> str:
    """Note that the store left, unless it was connected again after that."""
    return "store left" if await leave(ports, store, at=hint.at) else "known"


async def leave(ports: Ports, store: Store, *, at: datetime | None) -> bool:
    """Ask the store no more, since `at` or now; False where that is no news."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        await ledger.lock_settings(owner_of_store(store.id))
        known = await ledger.store(store.id)
        if known is None or has_left(known) or _came_back(known, at):
            return False
        settings = {**known.settings, LEFT_AT: (at or now).isoformat()}
        await ledger.add_store(replace(known, settings=settings))
        await ledger.raise_alarm(_alarm(known, now))
    _log.warning("store_left", store=store.id)
    return True


async def forget_departure(ledger: Ledger, store: Store, now: datetime) -> None:
    """The store is connected again: nobody has to look after its departure any more."""
    for alarm in await ledger.open_alarms():
        if (alarm.subject, alarm.code) == (f"store/{store.id}", _LEFT):
            await ledger.clear_alarm(alarm.key, now)


def _came_back(store: Store, left_at: datetime | None) -> bool:
    """A departure that is told late must not undo a newer installation."""
    connected = store.settings.get(CONNECTED_AT)
    if left_at is None or connected is None:
        return False
    return left_at <= datetime.fromisoformat(connected)


def _alarm(store: Store, now: datetime) -> Alarm:
    return Alarm(
        key=f"left/{store.id}/{store.settings.get(CONNECTED_AT, '')}",
        subject=f"store/{store.id}",
        code=_LEFT,
        figures={"store": store.id},
        raised_at=now,
    )
