"""What tests of stores at the gate share: records as they are now, and the newest entry kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from gate_world import (
    ADMINISTRATOR,
    MINE,
    House,
    at_agency,
)
from pef_adapters.core.access import Actor, Role
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Agency, Store, StoreHead
from stores_file_world import Installed

ANA = "ana@tienda.pe"
ANDES = at_agency(Role.AGENCY_ADMINISTRATOR)
COSTA = at_agency(Role.AGENCY_ADMINISTRATOR, "costa")


async def admin(house: House) -> Actor:
    """Somebody who may do everything."""
    return await house.person(ANA, ADMINISTRATOR)


async def set_store(house: House, name: str = MINE, **changes: Any) -> Store:
    """Change a store's record past the gate."""
    async with house.world.book.begin() as ledger:
        known = await ledger.store(name)
        assert known is not None
        changed = replace(known, **changes)
        await ledger.add_store(changed)
    return changed


async def head_of(house: House, name: str) -> StoreHead:
    """What of a store can be read without opening a secret."""
    async with house.world.book.begin() as ledger:
        found = await ledger.store_head(name)
    assert found is not None
    return found


def installed(house: House) -> Ports:
    """The house's ports, with the installed adapters beside the fake one."""
    return replace(house.ports, platforms=Installed(house.world.platform))


def agency_of(name: str, title: str, now: datetime) -> Agency:
    """An agency without settings, made now."""
    return Agency(name=name, title=title, settings={}, created_at=now)


async def last(house: House) -> tuple[Any, ...]:
    """The newest entry of the audit."""
    e = (await house.audit())[-1]
    return (e.what, e.subject, e.store_id, e.agency, e.outcome, e.origin, dict(e.detail))
