"""Passkeys: make one, drop one, and sign in by one instead of password and code.

Only the public key is kept. Whoever makes or drops one proves the password first, because a
passkey opens the account as the password does. A sign-in by passkey asks for no name: it is
refused in the same words whatever is wrong. Nobody's other passkeys are shown or changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pef_adapters.core.access import Actor, ActorKind
from pef_adapters.core.errors import NotThere, SettingInvalid, SignInRefused
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals, keep_deed
from pef_adapters.engine.gate.passkey_answers import (
    CHALLENGE_LASTS,
    Claim,
    NewKey,
    claim_in,
    new_challenge,
    proved_count,
    proved_new,
    site_of,
    take_challenge,
)
from pef_adapters.engine.gate.sessions import SignedIn, new_session, person, sha256
from pef_adapters.engine.gate.sign_in_own import own_user, proved_user, unchanged_user
from pef_adapters.engine.gate.sign_in_tries import (
    TRIES_OF_ORIGIN,
    count_tries,
    demand_few_tries,
    of_origin,
    too_many,
)
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import User

MOST_PASSKEYS = 20
MOST_LETTERS = 60
_ISSUER = "PagoEfectivo refunds"
_ANYBODY = json.dumps({"sign_in": True})
_MILLISECONDS = int(CHALLENGE_LASTS.total_seconds()) * 1000
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of somebody's passkeys, as he sees it."""

    id: str
    name: str
    created_at: datetime


def passkeys_of(user: User) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    return [
        Passkey(each["id"], each["name"], datetime.fromisoformat(each["created_at"]))
        for each in user.passkeys
    ]


async def offer_registration(ports: Ports, actor: Actor, password: str) -> str:
    """What the browser is asked to make: PublicKeyCredentialCreationOptions as JSON.

    Raises:
        NotAllowed: it is no person of ours.
        SettingInvalid: the person has as many as there may be.
        SignInRefused: the password is wrong.
        TooManyTries: too many passwords in a short time.
    """
    deed = Deed(what="add_passkey", subject=f"user/{actor.name}")
    async with audited_refusals(ports, actor, deed):
        user = await proved_user(ports, actor, password)
        _demand_room(user)
        challenge = await new_challenge(ports, _promise_to(user))
        return _creation(ports, user, challenge)


async def keep_passkey(ports: Ports, actor: Actor, answer: str, name: str) -> None:
    """Keep the passkey that the browser made, under a `name` by which its person knows it.

    `answer` is the browser's credential as JSON. The challenge in it is good once, for five
    minutes, and only for who was asked and still has the same password.

    Raises:
        NotAllowed: it is no person of ours.
        SettingInvalid: no such name, too late, or it is no good answer.
        SignInRefused: the password was just changed.
    """
    async with audited(ports, actor, Deed(what="add_passkey", subject=f"user/{actor.name}")):
        called = _called(name)
        async with ports.book.begin() as ledger:
            asked = await own_user(ledger, actor)
        challenge = await take_challenge(ports, answer, _promise_to(asked))
        if challenge is None:
            raise SettingInvalid("this passkey was not made in time; make it again")
        new = proved_new(site_of(ports), challenge, answer)
        async with ports.book.begin() as ledger:
            user = await unchanged_user(ledger, actor, asked)
            _demand_room(user, new.id)
            kept = _plain(new, called, ports.clock.now())
            await ledger.save_user(replace(user, passkeys=(*user.passkeys, kept)))


async def drop_passkey(ports: Ports, actor: Actor, passkey_id: str, password: str) -> None:
    """Let this passkey sign in no more; sessions that began by it go on.

    Raises:
        NotAllowed: it is no person of ours.
        NotThere: none of his is this one.
        SignInRefused: the password is wrong.
        TooManyTries: too many passwords in a short time.
    """
    async with audited(ports, actor, Deed(what="drop_passkey", subject=f"user/{actor.name}")):
        proved = await proved_user(ports, actor, password)
        async with ports.book.begin() as ledger:
            user = await unchanged_user(ledger, actor, proved)
            left = tuple(each for each in user.passkeys if each["id"] != passkey_id)
            if len(left) == len(user.passkeys):
                raise NotThere("there is no such passkey; it may have been removed already")
            await ledger.save_user(replace(user, passkeys=left))


async def offer_sign_in(ports: Ports, *, origin: str) -> str:
    """What the browser is asked to sign: PublicKeyCredentialRequestOptions as JSON.

    It is the same for all but for the challenge: the browser itself knows its passkeys.

    Raises:
        SettingInvalid: no address of this service is set.
        TooManyTries: fifty from this origin in fifteen minutes.
    """
    site = site_of(ports)
    await demand_few_tries(ports, {f"{of_origin(origin)}/passkey": TRIES_OF_ORIGIN})
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=await new_challenge(ports, _ANYBODY),
        timeout=_MILLISECONDS,
        user_verification=_VERIFIED,
    )
    return options_to_json(options)


async def sign_in_by_passkey(ports: Ports, answer: str, *, origin: str, device: str) -> SignedIn:
    """Begin a session; `answer` is the browser's credential as JSON, `device` its name.

    Raises:
        SignInRefused: nobody's passkey, not for this challenge or site, or its person is
            disabled.
        TooManyTries: fifty from this origin in fifteen minutes, with passwords together.
    """
    claim = claim_in(answer)
    user = await _claimed(ports, claim)
    actor = person(user, origin) if user else Actor("unknown", ActorKind.PERSON, (), origin=origin)
    deed = Deed(what="sign_in", subject=f"user/{actor.name}", detail={"by": "passkey"})
    await _demand_few_tries(ports, actor, deed)
    async with audited(ports, actor, deed):
        challenge = await take_challenge(ports, answer, _ANYBODY)
        if user is None or challenge is None:
            raise SignInRefused
        now = ports.clock.now()
        new = new_session(user.email, now, origin=origin, device=device, user_id=user.id)
        async with ports.book.begin() as ledger:
            await _demand_proof(ports, ledger, claim, challenge, answer)
            await ledger.add_session(new.session)
        return new


async def _claimed(ports: Ports, claim: Claim) -> User | None:
    """Who has the claimed passkey."""
    async with ports.book.begin() as ledger:
        user = await ledger.user(claim.user_id) if claim.user_id else None
    return user if user and _found(user, claim.passkey_id) else None


async def _demand_few_tries(ports: Ports, actor: Actor, deed: Deed) -> None:
    """As for passwords: the first try beyond the limit is kept, and no other."""
    over = await count_tries(ports, {of_origin(actor.origin): TRIES_OF_ORIGIN})
    if over == 1:
        await keep_deed(ports, actor, deed, too_many().code)
    if over > 0:
        raise too_many()


async def _demand_proof(
    ports: Ports, ledger: Ledger, claim: Claim, challenge: bytes, answer: str
) -> None:
    """Under the user's lock, because a sign count must grow and he may just be disabled."""
    user = await ledger.lock_user(claim.user_id)
    kept = _found(user, claim.passkey_id) if user else None
    if user is None or user.disabled_at or kept is None:
        raise SignInRefused
    count = proved_count(site_of(ports), challenge, answer, kept["public_key"], kept["sign_count"])
    used = {**kept, "sign_count": count}
    after = tuple(used if each["id"] == kept["id"] else each for each in user.passkeys)
    await ledger.save_user(replace(user, passkeys=after))


def _found(user: User, passkey_id: str) -> Mapping[str, Any] | None:
    return next((each for each in user.passkeys if each["id"] == passkey_id), None)


def _promise_to(user: User) -> str:
    """A challenge to make a passkey dies with the password that was proved for it."""
    return json.dumps({"user": user.id, "proof": sha256(user.password)})


def _demand_room(user: User, new_id: str = "") -> None:
    if len(user.passkeys) >= MOST_PASSKEYS:
        raise SettingInvalid(f"nobody has more than {MOST_PASSKEYS} passkeys; remove one first")
    if _found(user, new_id):
        raise SettingInvalid("this passkey is among yours already")


def _called(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > MOST_LETTERS or not clean.isprintable():
        raise SettingInvalid(f"give the passkey a name of 1 to {MOST_LETTERS} letters")
    return clean


def _plain(new: NewKey, name: str, now: datetime) -> dict[str, Any]:
    return {
        "id": new.id,
        "public_key": new.public_key,
        "sign_count": new.sign_count,
        "name": name,
        "created_at": now.isoformat(),
        "transports": list(new.transports),
    }


def _creation(ports: Ports, user: User, challenge: bytes) -> str:
    # The browser keeps the user's id with the passkey: it says nothing about the person.
    options = generate_registration_options(
        rp_id=site_of(ports).host,
        rp_name=_ISSUER,
        user_id=user.id.encode(),
        user_name=user.email,
        user_display_name=user.name or user.email,
        challenge=challenge,
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each["id"]))
            for each in user.passkeys
        ],
    )
    return options_to_json(options)
