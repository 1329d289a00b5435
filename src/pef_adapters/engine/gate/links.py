"""One-time links: the first administrator's, invitations, and new passwords.

A link is good for 72 hours and once. Of its token only a hash is kept, apart from the
hashes of all other one-time tokens. A link for a new password dies with the old password.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pef_adapters.core.access import Actor, ActorKind, Grant, Role
from pef_adapters.core.access.places import store_of
from pef_adapters.core.errors import NotAllowed, SettingInvalid, SignInLinkRefused
from pef_adapters.core.texts import DEFAULT_LANGUAGE, LANGUAGES
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.sessions import sha256
from pef_adapters.engine.gate.users import ADMINISTRATOR, LOCK, others_whole
from pef_adapters.engine.gate.users_grants import (
    belonging,
    clean_email,
    demand_may_give,
    words_of,
)
from pef_adapters.engine.ports import Ledger, Ports

LINK_LASTS = timedelta(hours=72)
PATH = "/console/link/"
"""Where links lead; the token follows."""


class Purpose(StrEnum):
    """What a link is for; each has a text "link.<purpose>"."""

    FIRST = "first"
    INVITE = "invite"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class LinkFor:
    """What a link is for and whom: `email` and `name` are empty where its holder says them."""

    purpose: Purpose
    email: str
    name: str
    language: str = DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is kept of a link. `proof` names the password that a new one replaces.

    `grants` are the roles that an invitation gives; with a link for a new password, those
    that the person had when it was made. `by_store` is the store whose platform proved its
    maker.
    """

    purpose: Purpose
    email: str = ""
    name: str = ""
    language: str = DEFAULT_LANGUAGE
    grants: tuple[Grant, ...] = ()
    by: str = ""
    by_id: str = ""
    by_store: str = ""
    proof: str = ""
    drops_codes: bool = False
    until: datetime


async def first_link(ports: Ports) -> str | None:
    """The link for the house's first administrator; None once anybody can sign in."""
    async with ports.book.begin() as ledger:
        if await ledger.users():
            return None
        until = ports.clock.now() + LINK_LASTS
        promise = Promise(
            purpose=Purpose.FIRST, grants=(ADMINISTRATOR,), by="first link", until=until
        )
        return await _keep(ports, ledger, promise)


async def invite(
    ports: Ports, actor: Actor, email: str, grants: Sequence[Grant], language: str
) -> str:
    """A link by which this person gets these roles; who is a user already keeps the others.

    Raises:
        SettingInvalid: no address, no role, or no language of ours.
        NotThere: no such place, or none that he may see.
        NotAllowed: it takes people's permission and all of the role's there.
    """
    address, given = clean_email(email), tuple(dict.fromkeys(grants))
    if not given or language not in LANGUAGES:
        raise SettingInvalid(f"give a role, and a language of {', '.join(LANGUAGES)}")
    detail = {"roles": words_of(given)}
    deed = Deed(what="invite", subject=f"user/{address}", detail=detail)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        _demand_person(actor)
        await demand_may_give(ledger, actor, given)
        await belonging(ledger, deed, [grant.place for grant in given])
        promise = Promise(
            purpose=Purpose.INVITE,
            email=address,
            language=language,
            grants=given,
            by=actor.name,
            by_id=actor.user_id,
            by_store=_store_behind(actor),
            until=ports.clock.now() + LINK_LASTS,
        )
        return await _keep(ports, ledger, promise)


async def reset_link(ports: Ports, actor: Actor, email: str, *, drops_codes: bool = False) -> str:
    """A link to choose a new password; with `drops_codes` for who lost the phone, too.

    Raises:
        SettingInvalid: no address.
        NotThere: nobody whom he may see has this address.
        NotAllowed: it is his own, or he could not give all the roles of this person.
    """
    deed = Deed(what="reset_link", subject=f"user/{clean_email(email)}")
    deed.detail["drops_codes"] = drops_codes
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        _demand_person(actor)
        user = await others_whole(ledger, actor, deed)
        promise = Promise(
            purpose=Purpose.RESET,
            email=user.email,
            name=user.name,
            language=user.language,
            grants=user.grants,
            by=actor.name,
            by_id=actor.user_id,
            by_store=_store_behind(actor),
            proof=sha256(user.password),
            drops_codes=drops_codes,
            until=ports.clock.now() + LINK_LASTS,
        )
        return await _keep(ports, ledger, promise)


async def open_link(ports: Ports, token: str) -> LinkFor:
    """What a link is for; it stays good.

    Raises:
        SignInLinkRefused: unknown, used or expired.
    """
    promise = await look_into(ports, token)
    return LinkFor(promise.purpose, promise.email, promise.name, promise.language)


async def look_into(ports: Ports, token: str) -> Promise:
    """What was kept of a link; it stays good.

    Raises:
        SignInLinkRefused: unknown, used or expired.
    """
    async with ports.book.begin() as ledger:
        # Two who look at once: the second one waits, instead of seeing it taken.
        await ledger.lock_settings(f"link/{_key(token)}")
        promise = await take(ports, ledger, token)
        await ledger.add_invitation(_key(token), _json(promise), promise.until)
    return promise


async def take(ports: Ports, ledger: Ledger, token: str) -> Promise:
    """Use a link up, if this transaction commits.

    Raises:
        SignInLinkRefused: unknown, used or expired.
    """
    kept = await ledger.take_invitation(_key(token), ports.clock.now())
    if kept is None:
        raise SignInLinkRefused
    promise = _read(json.loads(kept))
    if promise.purpose is Purpose.FIRST and await ledger.users():
        raise SignInLinkRefused
    if promise.purpose is Purpose.RESET:
        user = await ledger.user_by_email(promise.email)
        if user is None or user.disabled_at or sha256(user.password) != promise.proof:
            raise SignInLinkRefused
    return promise


async def lock_and_take(ports: Ports, ledger: Ledger, token: str) -> Promise:
    """Use a link up while nobody else becomes a user or looks at it.

    Raises:
        SignInLinkRefused: unknown, used or expired.
    """
    await ledger.lock_settings(LOCK)
    await ledger.lock_settings(f"link/{_key(token)}")
    return await take(ports, ledger, token)


def inviter(promise: Promise) -> Actor:
    """Who made the link, as far as an audit names him."""
    return Actor(promise.by, ActorKind.PERSON, (), promise.by_id)


def _store_behind(actor: Actor) -> str:
    """The store whose platform proved the actor; empty for who has an account, or the house."""
    places = [power.place for power in actor.powers]
    return store_of(places[0]) or "" if places and not actor.user_id else ""


def _demand_person(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotAllowed


async def _keep(ports: Ports, ledger: Ledger, promise: Promise) -> str:
    token = secrets.token_urlsafe(32)
    await ledger.add_invitation(_key(token), _json(promise), promise.until)
    return f"{ports.public_url}{PATH}{token}"


def _key(token: str) -> str:
    # No token that comes in as text begins with this byte.
    return hashlib.sha256(b"\xfc" + token.encode(errors="surrogatepass")).hexdigest()


def _json(promise: Promise) -> str:
    grants = [[grant.role, grant.place] for grant in promise.grants]
    fields = {name: getattr(promise, name) for name in Promise.__slots__}
    return json.dumps({**fields, "grants": grants, "until": promise.until.isoformat()})


def _read(kept: dict[str, Any]) -> Promise:
    return replace(
        Promise(**kept),
        purpose=Purpose(kept["purpose"]),
        grants=tuple(Grant(Role(role), place) for role, place in kept["grants"]),
        until=datetime.fromisoformat(kept["until"]),
    )
