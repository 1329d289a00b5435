"""Tokens for programs: made, listed, revoked, and read when a program calls.

A token is shown once; only its hash is kept. It holds what its maker could do in that place
when it was made, never what takes a person, and goes on when its maker leaves: whoever
disables somebody is shown the tokens that this person made.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pef_adapters.core.access import (
    PERSONS_ONLY,
    Actor,
    ActorKind,
    Permission,
    Place,
    Power,
)
from pef_adapters.core.errors import NotAllowed, NotSignedIn, NotThere, SettingInvalid
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.sessions import TOUCH_EVERY, sha256
from pef_adapters.engine.gate.sign_in_tries import demand_few_tries
from pef_adapters.engine.gate.users_grants import belonging, demand_in_place, may_in_place
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import MachineToken

PREFIX: Final = "pef_"
MOST_DAYS: Final = 366
TRIES_OF_ORIGIN: Final = 50
MAKES: Final = Permission.EDIT_PEOPLE
"""What it takes to connect a program to a place; no program can hold it."""
_FORM: Final = re.compile(r"pef_[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LOCK: Final = "tokens"
_MOST_SHOWN: Final = 40


async def make_token(
    ports: Ports,
    actor: Actor,
    name: str,
    place: Place,
    permissions: Iterable[Permission],
    *,
    days: int,
) -> tuple[MachineToken, str]:
    """A new token and its letters, which are shown this once; it ends after `days`.

    Raises:
        SettingInvalid: a name, a count of days or permissions that can't be used.
        NotThere: no such place, or none that he may see.
        NotAllowed: he is a program, connects none here, or lacks one of the permissions.
    """
    wanted = tuple(each for each in Permission if each in {*permissions})
    letters, now = PREFIX + secrets.token_urlsafe(32), ports.clock.now()
    token = MachineToken(
        id=f"T{secrets.token_hex(8)}",
        name=name,
        token_sha256=sha256(letters),
        place=place,
        permissions=wanted,
        created_by=actor.name,
        created_at=now,
        expires_at=now + timedelta(days=min(max(days, 0), MOST_DAYS)),
    )
    deed = Deed(what="make_token", subject=f"token/{token.id}")
    deed.detail.update(name=name[:_MOST_SHOWN], permissions=[*wanted], days=days)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        _check(name, wanted, days)
        await _demand_maker(ledger, actor, token)
        await belonging(ledger, deed, [place])
        await ledger.lock_settings(_LOCK)
        if any(each.name.lower() == name.lower() for each in await ledger.tokens()):
            raise SettingInvalid(f"a token {name} was made before; choose another name")
        await ledger.add_token(token)
    return token, letters


async def tokens(ports: Ports, actor: Actor) -> list[MachineToken]:
    """The tokens of every place where the actor connects programs, newest first."""
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
        kept = await ledger.tokens()
    return [token for token in kept if may_in_place(actor, MAKES, token.place, heads)]


async def revoke_token(ports: Ports, actor: Actor, token_id: str) -> MachineToken:
    """End a token at once; one that has ended stays as it is.

    Raises:
        NotThere: no such token, or none of a place where he connects programs.
        NotAllowed: he is a program.
    """
    deed = Deed(what="revoke_token", subject=f"token/{token_id[:80]}")
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        await ledger.lock_settings(f"token/{token_id}")
        token, heads = await ledger.token(token_id), await ledger.store_heads()
        if token is None or not may_in_place(actor, MAKES, token.place, heads):
            raise NotThere(f"there is no token {token_id[:80]}; see `pef token list`")
        await belonging(ledger, deed, [token.place])
        deed.detail["name"] = token.name
        if actor.kind is not ActorKind.PERSON:
            raise NotAllowed
        revoked = replace(token, revoked_at=token.revoked_at or ports.clock.now())
        await ledger.save_token(revoked)
    return revoked


async def actor_by_token(ports: Ports, token: str, *, origin: str) -> Actor:
    """The program that calls.

    Raises:
        NotSignedIn: no such token, or it has expired or was revoked.
        TooManyTries: fifty wrong ones from this origin in fifteen minutes.
    """
    found = await _good(ports, token) if _FORM.fullmatch(token) else None
    if found is None:
        await demand_few_tries(ports, {f"token/origin/{sha256(origin)}": TRIES_OF_ORIGIN})
        raise NotSignedIn("this token is unknown, revoked or expired")
    power = Power(found.place, frozenset(found.permissions) - PERSONS_ONLY)
    return Actor(f"token/{found.name}", ActorKind.MACHINE, (power,), origin=origin)


async def _good(ports: Ports, letters: str) -> MachineToken | None:
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        token = await ledger.token_by_hash(sha256(letters))
        if token is None or token.revoked_at or token.expires_at <= now:
            return None
        if token.used_at is None or now - token.used_at >= TOUCH_EVERY:
            return await _touched(ledger, token.id, now)
    return token


async def _touched(ledger: Ledger, token_id: str, now: datetime) -> MachineToken | None:
    """Under the token's lock, so that a call meanwhile does not undo that it was revoked."""
    await ledger.lock_settings(f"token/{token_id}")
    token = await ledger.token(token_id)
    if token is None or token.revoked_at:
        return None
    await ledger.save_token(touched := replace(token, used_at=now))
    return touched


def _check(name: str, permissions: tuple[Permission, ...], days: int) -> None:
    if not _NAME.fullmatch(name):
        raise SettingInvalid("name a token in at most 40 letters, figures, dots and hyphens")
    if not 1 <= days <= MOST_DAYS:
        raise SettingInvalid(f"a token is good for 1 to {MOST_DAYS} days")
    if not permissions:
        raise SettingInvalid("give the token at least one permission")
    if barred := sorted(PERSONS_ONLY.intersection(permissions)):
        raise SettingInvalid(f"no token can hold {', '.join(barred)}: it takes a person")


async def _demand_maker(ledger: Ledger, actor: Actor, token: MachineToken) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotAllowed
    await demand_in_place(ledger, actor, token.place, {MAKES, *token.permissions})
