"""The places in which an actor may do something, for whoever has to choose one."""

from pef_adapters.core.access import HOUSE, Actor, Permission, Place, agency_place, store_place
from pef_adapters.engine.ports import Ports


async def places(ports: Ports, actor: Actor, permission: Permission) -> list[Place]:
    """The house, then agencies, then stores, as far as he may do this there."""
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
        kept = {agency.name for agency in await ledger.agencies()}
    names = sorted(kept | {head.agency for head in heads if head.agency})
    house = [HOUSE] if actor.may_in_house(permission) else []
    agencies = [agency_place(n) for n in names if actor.may_in_agency(permission, n)]
    stores = [store_place(h.id) for h in heads if actor.may(permission, h.id, h.agency)]
    return [*house, *agencies, *stores]
