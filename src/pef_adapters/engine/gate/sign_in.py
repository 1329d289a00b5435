"""Sign in with e-mail address, password and, where the person has an app for it, a code.

No answer tells which of the three was wrong, and an address that nobody has costs the same
work. Each sign-in and each refusal is kept; of tries beyond the limit the first one is, so
that nobody can fill the audit. An address is named only where it is somebody's.
"""

from dataclasses import replace
from datetime import datetime

from pef_adapters.core.access import Actor, ActorKind
from pef_adapters.core.errors import SignInRefused
from pef_adapters.engine.gate import passwords, sign_in_codes
from pef_adapters.engine.gate.auditing import Deed, audited, keep_deed
from pef_adapters.engine.gate.sessions import (
    SignedIn,
    actor_of,
    new_session,
    person,
    sign_out,
    sign_out_everywhere,
)
from pef_adapters.engine.gate.sign_in_own import (
    TotpStart,
    change_password,
    confirm_totp,
    drop_totp,
    start_totp,
)
from pef_adapters.engine.gate.sign_in_tries import (
    count_at,
    count_code,
    forget_at,
    of_codes,
    too_many,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import User

__all__ = [
    "SignedIn",
    "TotpStart",
    "actor_of",
    "change_password",
    "confirm_totp",
    "drop_totp",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "start_totp",
]

_UNKNOWN = "unknown"


async def sign_in(
    ports: Ports, email: str, password: str, code: str, *, origin: str, device: str
) -> SignedIn:
    """Begin a session; `code` is empty for who has no app, `device` the browser's name.

    Raises:
        SignInRefused: address, password or code is wrong, or the person is disabled.
        TooManyTries: from this origin ten at this address or fifty at any, or a hundred at
            this address from everywhere, in fifteen minutes.
    """
    address = email.strip().lower()
    async with ports.book.begin() as ledger:
        user = await ledger.user_by_email(address)
    actor = person(user, origin) if user else Actor(_UNKNOWN, ActorKind.PERSON, (), origin=origin)
    deed = Deed(what="sign_in", subject=f"user/{actor.name}")
    await _demand_few_tries(ports, actor, deed, address)
    async with audited(ports, actor, deed):
        fits = await passwords.matches(user.password if user else "", password)
        if user is None or not fits:
            raise SignInRefused
        await _demand_few_codes(ports, user, deed)
        fresh, now = await _rehashed(user, password), ports.clock.now()
        new = new_session(user.email, now, origin=origin, device=device, user_id=user.id)
        async with ports.book.begin() as ledger:
            await _begin(ledger, fresh, user.password, code, new)
        return new


async def _demand_few_tries(ports: Ports, actor: Actor, deed: Deed, address: str) -> None:
    over = await count_at(ports, address, actor.origin)
    if over == 1:
        await keep_deed(ports, actor, deed, too_many().code)
    if over:
        raise too_many()


async def _demand_few_codes(ports: Ports, user: User, deed: Deed) -> None:
    """Refused in the words of every refusal: another answer would tell that the password fits."""
    if user.totp and await count_code(ports, user):
        deed.detail["codes"] = "too many wrong ones"
        raise SignInRefused


async def _rehashed(user: User, password: str) -> User:
    """With a hash by today's parameters, if his was made by others."""
    if not passwords.is_outdated(user.password):
        return user
    return replace(user, password=await passwords.hashed(password))


async def _begin(ledger: Ledger, fresh: User, proved: str, code: str, new: SignedIn) -> None:
    """Under the user's lock, because a code is good once and a password may just have changed."""
    user = await ledger.lock_user(fresh.id)
    if user is None or user.disabled_at or user.password != proved:
        raise SignInRefused
    step = _proved_step(user, code, new.session.created_at)
    await ledger.save_user(replace(user, password=fresh.password, totp_step=step))
    await forget_at(ledger, user.email, new.session.origin)
    await ledger.forget_tries(of_codes(user.id))
    await ledger.add_session(new.session)


def _proved_step(user: User, code: str, now: datetime) -> int:
    """The time step of his code; who has no app is asked for none."""
    if not user.totp:
        return user.totp_step
    step = sign_in_codes.step_of(user.totp, code, now, user.totp_step)
    if step is None:
        raise SignInRefused
    return step
