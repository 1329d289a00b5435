"""The audit, as far as an actor may read it. Nothing here changes an entry; nothing can."""

from dataclasses import replace

from pef_adapters.core.access import Actor, Permission, agency_of
from pef_adapters.engine.gate.passing import reach
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import AuditEntry, AuditSearch


async def audits(ports: Ports, actor: Actor, search: AuditSearch) -> list[AuditEntry]:
    """What happened in the actor's stores and agencies, newest first.

    `search.reach` and `search.agencies` are set here, whatever they were. What belongs to
    no store and no agency is seen in the house only.
    """
    see = Permission.SEE_AUDIT
    agencies = frozenset(filter(None, map(agency_of, actor.places(see))))
    async with ports.book.begin() as ledger:
        seen = await reach(ledger, actor, see)
        return await ledger.audits(replace(search, reach=seen, agencies=agencies))
