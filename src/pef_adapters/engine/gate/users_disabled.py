"""Who may let somebody in again: never somebody below whoever put him out. Changes nothing.

A user's record says since when he is disabled, and the audit by whom.
"""

from dataclasses import replace

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import NotAllowed
from pef_adapters.engine.gate.users_grants import seen_grants
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import AuditEntry, AuditSearch, User

AGAIN = "again"
"""Noted in a deed that disables whom somebody else had disabled before: it is not the cause."""


async def demand_may_enable(ledger: Ledger, actor: Actor, user: User) -> None:
    """Let pass who disabled this person, who sees all roles of whoever did, and the house.

    Raises:
        NotAllowed: somebody with roles beyond the actor's places disabled him.
    """
    if user.disabled_at is None or actor.may_in_house(Permission.EDIT_PEOPLE):
        return
    name = await _disabled_by(ledger, user)
    if name == actor.name:
        return
    by = await ledger.user_by_email(name)
    if by is None or not by.grants or await seen_grants(ledger, actor, by) != by.grants:
        raise NotAllowed("whoever disabled this person stands above you; ask there")


async def _disabled_by(ledger: Ledger, user: User) -> str:
    """Who did it; empty where no entry says so."""
    search = AuditSearch(subject=f"user/{user.email}")
    while entries := await ledger.audits(search):
        for entry in entries:
            if _disables(entry):
                return entry.actor
        search = replace(search, before=entries[-1].id)
    return ""


def _disables(entry: AuditEntry) -> bool:
    return entry.what == "disable" and entry.outcome == "done" and AGAIN not in entry.detail
