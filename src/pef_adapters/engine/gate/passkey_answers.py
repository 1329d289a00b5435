"""What browsers answer about passkeys: challenges that are good once, and proofs of answers.

Answers come from anybody, so whatever is wrong with one is a refusal and never a crash. No
user is read or changed here. Source: W3C Web Authentication Level 3, 7.1 and 7.2.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)

from pef_adapters.core.errors import SettingInvalid, SignInRefused
from pef_adapters.engine.ports import Ports

CHALLENGE_LASTS = timedelta(minutes=5)
_MOST_LETTERS = 20_000
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys belong to: a host name (WebAuthn: RP ID), and the origin of our pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose an answer says it is, and by which passkey; nothing of it is proved."""

    user_id: str = ""
    passkey_id: str = ""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A passkey whose holder has proved it; `public_key` is COSE in base64url."""

    id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]


def site_of(ports: Ports) -> Site:
    """Where we are reached.

    Raises:
        SettingInvalid: no address of this service is set.
    """
    parts = urlsplit(ports.public_url)
    if not parts.hostname:
        raise SettingInvalid("passkeys need this service's address; set PEF_PUBLIC_URL")
    is_default = parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)}
    port = "" if is_default else f":{parts.port}"
    return Site(parts.hostname, f"{parts.scheme}://{parts.hostname}{port}")


async def new_challenge(ports: Ports, promise: str) -> bytes:
    """A challenge, kept until it is answered; `promise` says to whom it was put and why."""
    challenge = secrets.token_bytes(32)
    until = ports.clock.now() + CHALLENGE_LASTS
    async with ports.book.begin() as ledger:
        await ledger.add_invitation(_key(challenge), promise, until)
    return challenge


async def take_challenge(ports: Ports, answer: str, promise: str) -> bytes | None:
    """The challenge that is answered; None where it was not put so, was used, or is too old.

    It is used up even where the answer turns out to be wrong.
    """
    challenge = _challenge_in(answer)
    async with ports.book.begin() as ledger:
        kept = await ledger.take_invitation(_key(challenge), ports.clock.now())
    return challenge if kept == promise else None


def claim_in(answer: str) -> Claim:
    """What an answer to a sign-in claims; an empty claim where it can't be read."""
    try:
        given = parse_authentication_credential_json(_short(answer))
        handle = (given.response.user_handle or b"").decode("ascii")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it claims nothing
        return Claim()
    return Claim(handle, given.id) if handle.isprintable() else Claim()


def proved_new(site: Site, challenge: bytes, answer: str) -> NewKey:
    """The new passkey that an answer brings, its holder verified.

    Raises:
        SettingInvalid: it is not for this site, does not fit the challenge, or is no answer.
    """
    try:
        given = parse_registration_credential_json(_short(answer))
        proved = verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is refused
        raise SettingInvalid("the browser's passkey can't be taken; make it again") from None
    return NewKey(
        id=bytes_to_base64url(proved.credential_id),
        public_key=bytes_to_base64url(proved.credential_public_key),
        sign_count=proved.sign_count,
        transports=tuple(each.value for each in given.response.transports or ()),
    )


def proved_count(site: Site, challenge: bytes, answer: str, public_key: str, count: int) -> int:
    """The sign count after this sign-in; `count` is the last one that was kept.

    Raises:
        SignInRefused: signature, site or challenge do not fit, its holder is not verified, or
            the count did not grow, as with a copy of the passkey.
    """
    try:
        proved = verify_authentication_response(
            credential=_short(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is refused
        raise SignInRefused from None
    return proved.new_sign_count


def _challenge_in(answer: str) -> bytes:
    """The challenge that it says it answers; empty, which is none of ours, where it says none."""
    try:
        given = json.loads(_short(answer))["response"]["clientDataJSON"]
        return parse_client_data_json(base64url_to_bytes(given)).challenge
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it answers nothing
        return b""


def _short(answer: str) -> str:
    if len(answer) > _MOST_LETTERS:
        raise ValueError("no passkey's answer is as long")
    return answer


def _key(challenge: bytes) -> str:
    # No token that comes in as text begins with this byte.
    return hashlib.sha256(b"\xfa" + challenge).hexdigest()
