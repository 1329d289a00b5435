"""The people who can sign in, as far as an actor may see and change them.

Nobody changes the own roles, nobody touches what he could not give, and the house keeps
an administrator, whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pef_adapters.core.access import HOUSE, Actor, Grant, Permission, Role
from pef_adapters.core.errors import NotAllowed
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.users_disabled import AGAIN, demand_may_enable
from pef_adapters.engine.gate.users_grants import (
    belonging,
    clean_email,
    demand_may_give,
    may_in_place,
    seen_grants,
    seen_user,
    words_of,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import MachineToken, User

ADMINISTRATOR = Grant(Role.AGENCY_ADMINISTRATOR, HOUSE)
LOCK = "users"
"""Who could leave the house without an administrator, or be its first, waits here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as others see him: no secret, and of his roles those in the actor's places."""

    id: str
    email: str
    name: str
    language: str
    grants: tuple[Grant, ...]
    has_codes: bool
    created_by: str
    created_at: datetime
    disabled_at: datetime | None


async def users(ports: Ports, actor: Actor) -> list[Person]:
    """Everybody with a role in a place whose people the actor edits, by e-mail address."""
    everybody = actor.may_in_house(Permission.EDIT_PEOPLE)
    async with ports.book.begin() as ledger:
        seen = [(user, await seen_grants(ledger, actor, user)) for user in await ledger.users()]
    return [_person(user, grants) for user, grants in seen if grants or everybody]


async def look(ports: Ports, actor: Actor, email: str) -> Person:
    """One of them.

    Raises:
        NotThere: nobody, or nobody whom he may see.
    """
    async with ports.book.begin() as ledger:
        user = await seen_user(ledger, actor, clean_email(email))
        return _person(user, await seen_grants(ledger, actor, user))


async def change_grants(ports: Ports, actor: Actor, email: str, grants: Sequence[Grant]) -> Person:
    """Give somebody these roles, and take all others that stand in the actor's places.

    Raises:
        NotThere: nobody whom he may see has this address, or no such place.
        NotAllowed: they are his own, or he could not give what he gives or takes.
    """
    deed = _deed("change_grants", email)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        user = await _others(ledger, actor, deed)
        before = await seen_grants(ledger, actor, user)
        given = tuple(dict.fromkeys(grants))
        changed = {*before} ^ {*given}
        await belonging(ledger, deed, [grant.place for grant in before])
        deed.detail["roles"] = words_of(given)
        await demand_may_give(ledger, actor, changed)
        # Only now: what is refused at a foreign place is not read over there.
        await belonging(ledger, deed, [grant.place for grant in changed or given])
        kept = tuple(grant for grant in user.grants if grant not in before)
        after = replace(user, grants=tuple(dict.fromkeys((*kept, *given))))
        await _keep_an_administrator(ledger, user, after)
        await ledger.save_user(after)
        return _person(after, given)


async def disable(ports: Ports, actor: Actor, email: str) -> list[MachineToken]:
    """Let somebody in no more, at once; answers his tokens, which go on until revoked.

    Raises:
        NotThere: nobody whom he may see has this address.
        NotAllowed: it is himself, the last administrator, or he could not give all the roles.
    """
    deed = _deed("disable", email)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        user = await others_whole(ledger, actor, deed)
        if user.disabled_at:
            deed.detail[AGAIN] = True
        after = replace(user, disabled_at=user.disabled_at or ports.clock.now())
        await _keep_an_administrator(ledger, user, after)
        await ledger.save_user(after)
        await ledger.end_sessions_of(user.id)
        return await _tokens_of(ledger, actor, user, ports.clock.now())


async def enable(ports: Ports, actor: Actor, email: str) -> list[MachineToken]:
    """Let somebody in again, with the roles he had; answers his tokens.

    Raises:
        NotThere, NotAllowed: as for `disable`.
        NotAllowed: it was somebody with roles beyond the actor's places who disabled him.
    """
    deed = _deed("enable", email)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        user = await others_whole(ledger, actor, deed)
        await demand_may_enable(ledger, actor, user)
        await ledger.save_user(replace(user, disabled_at=None))
        await ledger.end_sessions_of(user.id)
        return await _tokens_of(ledger, actor, user, ports.clock.now())


async def others_whole(ledger: Ledger, actor: Actor, deed: Deed) -> User:
    """Somebody else, locked, all of whose roles the actor could give.

    Raises:
        NotThere, NotAllowed: as for `disable`.
    """
    user = await _others(ledger, actor, deed)
    await belonging(ledger, deed, [grant.place for grant in user.grants])
    if await seen_grants(ledger, actor, user) != user.grants:
        raise NotAllowed
    await demand_may_give(ledger, actor, await standing(ledger, user))
    return user


async def standing(ledger: Ledger, user: User) -> list[Grant]:
    """The roles whose place still is; a store that was removed holds nobody back."""
    stores = {f"store/{head.id}" for head in await ledger.store_heads()}
    return [g for g in user.grants if not g.place.startswith("store/") or g.place in stores]


async def _others(ledger: Ledger, actor: Actor, deed: Deed) -> User:
    await ledger.lock_settings(LOCK)
    user = await seen_user(ledger, actor, deed.subject.partition("/")[2])
    if user.id == actor.user_id:
        raise NotAllowed("nobody changes this of his own; ask another administrator")
    return user


async def _keep_an_administrator(ledger: Ledger, before: User, after: User) -> None:
    if not _administers(before) or _administers(after):
        return
    if not any(_administers(each) for each in await ledger.users() if each.id != before.id):
        raise NotAllowed("this is the house's last administrator; name another one first")


def _administers(user: User) -> bool:
    return ADMINISTRATOR in user.grants and user.disabled_at is None


async def _tokens_of(ledger: Ledger, actor: Actor, user: User, now: datetime) -> list[MachineToken]:
    """Those that still count, in places where the actor could revoke them."""
    heads, edit = await ledger.store_heads(), Permission.EDIT_PEOPLE
    own = [token for token in await ledger.tokens() if token.created_by == user.email]
    made = [token for token in own if may_in_place(actor, edit, token.place, heads)]
    return [token for token in made if token.revoked_at is None and token.expires_at > now]


def _person(user: User, grants: tuple[Grant, ...]) -> Person:
    return Person(
        id=user.id,
        email=user.email,
        name=user.name,
        language=user.language,
        grants=grants,
        has_codes=bool(user.totp),
        created_by=user.created_by,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )


def _deed(what: str, email: str) -> Deed:
    return Deed(what=what, subject=f"user/{clean_email(email)}")
