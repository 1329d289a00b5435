"""Entries of the audit at the desk, whole: what owner and agent did, and what was kept of it."""

from typing import Any

from desk_actors import audits, person
from desk_world import DeskWorld
from pef_adapters.core.access import Role

OWNER, AGENT = person(Role.OWNER), person(Role.AGENT)
ORIGIN = "192.0.2.7"


def told(world: DeskWorld, entry: Any) -> tuple[Any, ...]:
    """All that an entry says, but for its number; each was kept now."""
    assert entry.at == world.clock.now()
    return (
        entry.actor,
        entry.what,
        entry.subject,
        (entry.store_id, entry.agency),
        entry.outcome,
        entry.origin,
        dict(entry.detail),
    )


def of_owner(what: str, subject: str, outcome: str = "done", **detail: Any) -> tuple[Any, ...]:
    """An entry of the owner's in his store."""
    return (OWNER.name, what, subject, ("tienda-pe", None), outcome, ORIGIN, detail)


async def kept(world: DeskWorld) -> list[tuple[Any, ...]]:
    """Every entry, oldest first."""
    return [told(world, entry) for entry in (await audits(world))[::-1]]
