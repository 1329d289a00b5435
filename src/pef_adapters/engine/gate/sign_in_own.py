"""What a person changes about the own sign-in: password, and codes of an app on the phone.

Only persons of ours have these; who a platform proved, and machines, have none.
"""

from dataclasses import dataclass, field, replace

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import NotAllowed, SettingInvalid, SignInRefused
from pef_adapters.engine.gate import passwords, sign_in_codes
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.sign_in_tries import (
    TRIES_OF_EMAIL,
    demand_few_tries,
    of_own,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import User


@dataclass(frozen=True, slots=True)
class TotpStart:
    """A shared secret for an app: `secret` to type (base 32), `uri` for a QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


async def start_totp(ports: Ports, actor: Actor) -> TotpStart:
    """A new secret to put into an app; it counts once a code of it was confirmed.

    Raises:
        NotAllowed: it is no person of ours.
        SettingInvalid: codes are asked for already.
    """
    async with ports.book.begin() as ledger:
        user = await own_user(ledger, actor)
    _demand_none(user)
    secret = sign_in_codes.new_secret()
    return TotpStart(secret, sign_in_codes.address_of(secret, user.email))


async def confirm_totp(ports: Ports, actor: Actor, secret: str, code: str) -> None:
    """From now on ask for codes of `secret`, which `start_totp` gave; `code` proves the app.

    Raises:
        NotAllowed: it is no person of ours.
        SettingInvalid: it is no such secret, or codes are asked for already.
        SignInRefused: the code does not fit.
        TooManyTries: too many codes in a short time.
    """
    if not sign_in_codes.is_secret(secret):
        raise SettingInvalid("this is no secret of ours for one-time codes; start again")
    async with audited(ports, actor, _deed("confirm_totp", actor)):
        await _demand_few(ports, actor)
        async with ports.book.begin() as ledger:
            user = await own_user(ledger, actor)
            _demand_none(user)
            step = sign_in_codes.step_of(secret, code, ports.clock.now(), used=0)
            if step is None:
                raise SignInRefused
            await ledger.save_user(replace(user, totp=secret, totp_step=step))
            await ledger.forget_tries(of_own(user.id))


async def drop_totp(ports: Ports, actor: Actor, password: str) -> None:
    """Ask for no codes any more.

    Raises:
        NotAllowed: it is no person of ours.
        SignInRefused: the password is wrong.
        TooManyTries: too many passwords in a short time.
    """
    async with audited(ports, actor, _deed("drop_totp", actor)):
        proved = await proved_user(ports, actor, password)
        async with ports.book.begin() as ledger:
            user = await unchanged_user(ledger, actor, proved)
            await ledger.save_user(replace(user, totp=""))


async def change_password(
    ports: Ports, actor: Actor, old: str, new: str, *, keep_token_sha256: str = ""
) -> None:
    """Choose another password; all sessions end but the one that asks.

    Raises:
        NotAllowed: it is no person of ours.
        SettingInvalid: the new one won't do; `passwords.weakness` says why.
        SignInRefused: the old one is wrong.
        TooManyTries: too many passwords in a short time.
    """
    async with audited(ports, actor, _deed("change_password", actor)):
        proved = await proved_user(ports, actor, old)
        passwords.check_new(new, proved.email)
        kept = await passwords.hashed(new)
        async with ports.book.begin() as ledger:
            user = await unchanged_user(ledger, actor, proved)
            await ledger.save_user(replace(user, password=kept))
            for session in await ledger.sessions_of(user.id):
                if session.token_sha256 != keep_token_sha256:
                    await ledger.end_session(session.token_sha256)


async def own_user(ledger: Ledger, actor: Actor) -> User:
    """The person who asks, locked.

    Raises:
        NotAllowed: it is no person of ours, or a disabled one.
    """
    user = await ledger.lock_user(actor.user_id) if actor.user_id else None
    if user is None or user.disabled_at:
        raise NotAllowed
    return user


async def proved_user(ports: Ports, actor: Actor, password: str) -> User:
    """The person who asks, whose password this is.

    Raises:
        NotAllowed: it is no person of ours.
        SignInRefused: the password is wrong.
        TooManyTries: too many passwords in a short time.
    """
    async with ports.book.begin() as ledger:
        user = await own_user(ledger, actor)
    await _demand_few(ports, actor)
    if not await passwords.matches(user.password, password):
        raise SignInRefused
    async with ports.book.begin() as ledger:
        await ledger.forget_tries(of_own(user.id))
    return user


async def unchanged_user(ledger: Ledger, actor: Actor, proved: User) -> User:
    """The person as he is now, locked, if his password is still the one that was proved.

    Raises:
        NotAllowed: he may not sign in any more.
        SignInRefused: it is another by now.
    """
    user = await own_user(ledger, actor)
    if user.password != proved.password:
        raise SignInRefused
    return user


async def _demand_few(ports: Ports, actor: Actor) -> None:
    if not actor.user_id:
        raise NotAllowed
    await demand_few_tries(ports, {of_own(actor.user_id): TRIES_OF_EMAIL})


def _demand_none(user: User) -> None:
    if user.totp:
        raise SettingInvalid("one-time codes are asked for already; drop them first")


def _deed(what: str, actor: Actor) -> Deed:
    return Deed(what=what, subject=f"user/{actor.name}")
