"""Accept a one-time link: become a user, get more roles, or choose a new password.

Everything is proved again when the link is used: what its maker may no longer give is not
given. A password is hashed before the ledger is locked, because that takes its time.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from pef_adapters.core.access import Actor, ActorKind, Grant
from pef_adapters.core.errors import (
    NotAllowed,
    NotThere,
    SettingInvalid,
    SignInLinkRefused,
    SignInRefused,
)
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.departures import LEFT_AT
from pef_adapters.engine.gate import passwords
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.links import Promise, Purpose, lock_and_take, look_into
from pef_adapters.engine.gate.sessions import person
from pef_adapters.engine.gate.sign_in_tries import count_at, forget_at, of_codes, too_many
from pef_adapters.engine.gate.users import standing
from pef_adapters.engine.gate.users_grants import (
    belonging,
    clean_email,
    demand_may_give,
    merged,
    words_of,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import User

_MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class _Form:
    """What the holder of a link gave; `kept` is the hash of a new password, or the proved one.

    `origin` is the network address that he comes from.
    """

    email: str
    name: str
    language: str
    origin: str
    kept: str = field(repr=False)


async def accept_link(
    ports: Ports,
    token: str,
    *,
    email: str = "",
    name: str,
    password: str,
    language: str,
    origin: str = "",
) -> User:
    """Use a link. Only the first administrator says an `email`; others have theirs.

    Who is a user already and accepts an invitation proves it by his own password, and
    keeps name and language. A new password ends all sessions and all passkeys: whoever got
    in before may have made them.

    Raises:
        SignInLinkRefused: unknown, used or expired, or its maker may not give this any more.
        SettingInvalid: name, address, language or password won't do; the link stays good.
        SignInRefused: the password of who is a user already is wrong; the link stays good.
        TooManyTries: too many of these.
    """
    promise = await look_into(ports, token)
    address = promise.email or clean_email(email)
    actor = Actor(address, ActorKind.PERSON, (), origin=origin)
    deed = Deed(what="accept_link", subject=f"user/{address}")
    deed.detail.update(purpose=promise.purpose, roles=words_of(promise.grants))
    async with audited(ports, actor, deed):
        form = await _filled(ports, promise, actor, (name, password, language))
        async with ports.book.begin() as ledger:
            await belonging(ledger, deed, [grant.place for grant in promise.grants])
            await lock_and_take(ports, ledger, token)
            return await _ACCEPT[promise.purpose](ports, ledger, promise, form)


async def _filled(
    ports: Ports, promise: Promise, actor: Actor, typed: tuple[str, str, str]
) -> _Form:
    (name, password, language), email, origin = typed, actor.name, actor.origin
    async with ports.book.begin() as ledger:
        known = await ledger.user_by_email(email)
    if known and known.password and promise.purpose is Purpose.INVITE:
        await _prove(ports, known, password, origin)
        return _Form(email, known.name, known.language, origin, known.password)
    name = " ".join(name.split()) or promise.name
    if not 0 < len(name) <= _MOST_LETTERS or not name.isprintable():
        raise SettingInvalid(f"give a name of at most {_MOST_LETTERS} letters")
    if language not in LANGUAGES:
        raise SettingInvalid(f"give a language of {', '.join(LANGUAGES)}")
    passwords.check_new(password, email)
    return _Form(email, name, language, origin, await passwords.hashed(password))


async def _prove(ports: Ports, user: User, password: str, origin: str) -> None:
    """The tries are not forgotten: they count for codes, too, and none was asked for here."""
    if await count_at(ports, user.email, origin):
        raise too_many()
    if not await passwords.matches(user.password, password):
        raise SignInRefused


async def _begin_house(ports: Ports, ledger: Ledger, promise: Promise, form: _Form) -> User:
    return await _add(ledger, _user(promise, form, ports.clock.now()))


async def _join(ports: Ports, ledger: Ledger, promise: Promise, form: _Form) -> User:
    await _demand_still_given(ledger, promise)
    known = await ledger.user_by_email(form.email)
    user = await ledger.lock_user(known.id) if known else None
    if user is None:
        return await _add(ledger, _user(promise, form, ports.clock.now()))
    if user.disabled_at or user.password != form.kept:
        raise SignInLinkRefused
    await ledger.save_user(joined := merged(user, promise.grants))
    return joined


async def _reset(_: Ports, ledger: Ledger, promise: Promise, form: _Form) -> User:
    known = await ledger.user_by_email(form.email)
    user = await ledger.lock_user(known.id) if known else None
    if user is None or user.disabled_at:
        raise SignInLinkRefused
    await _demand_still_resets(ledger, promise, user)
    after = replace(user, name=form.name, language=form.language, password=form.kept, passkeys=())
    if promise.drops_codes:
        after = replace(after, totp="")
        await ledger.forget_tries(of_codes(user.id))
    await ledger.save_user(after)
    await ledger.end_sessions_of(user.id)
    await forget_at(ledger, user.email, form.origin)
    return after


_ACCEPT = {Purpose.FIRST: _begin_house, Purpose.INVITE: _join, Purpose.RESET: _reset}


async def _demand_still_resets(ledger: Ledger, promise: Promise, user: User) -> None:
    """Whose powers grew meanwhile is not taken over by a link of who could not give them."""
    await _demand_connected(ledger, promise)
    if promise.by_id:
        await _demand_gives(ledger, promise, await standing(ledger, user))
    elif not {*user.grants} <= {*promise.grants}:
        raise SignInLinkRefused


async def _demand_still_given(ledger: Ledger, promise: Promise) -> None:
    """Whose own roles were taken meanwhile gives none; operators and platforms have no user."""
    await _demand_connected(ledger, promise)
    if promise.by_id:
        await _demand_gives(ledger, promise, promise.grants)


async def _demand_connected(ledger: Ledger, promise: Promise) -> None:
    """Who was proved by a store's platform has nothing to give once the store left."""
    if promise.by_store:
        head = await ledger.store_head(promise.by_store)
        if head is None or LEFT_AT in head.settings:
            raise SignInLinkRefused


async def _demand_gives(ledger: Ledger, promise: Promise, grants: Iterable[Grant]) -> None:
    maker = await ledger.user(promise.by_id)
    if maker is None or maker.disabled_at:
        raise SignInLinkRefused
    try:
        await demand_may_give(ledger, person(maker, ""), grants)
    except (NotAllowed, NotThere):
        raise SignInLinkRefused from None


async def _add(ledger: Ledger, user: User) -> User:
    if not await ledger.add_user(user):
        raise SignInLinkRefused
    return user


def _user(promise: Promise, form: _Form, now: datetime) -> User:
    return User(
        id=f"U{secrets.token_hex(8)}",
        email=form.email,
        name=form.name,
        language=form.language,
        password=form.kept,
        grants=promise.grants,
        created_by=promise.by,
        created_at=now,
    )
