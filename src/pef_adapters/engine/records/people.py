"""Who uses the console and the API: people, their sessions, machines, and what they did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pef_adapters.core.access import Grant, Permission, Place, Power


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who can sign in. `password` is an argon2 hash, empty until one was chosen.

    `email` is lower-case and unique; it is the name kept with what the person does. `totp`
    is the shared secret of a one-time-code app (RFC 6238), empty without one, and
    `totp_step` the last time step that was used, so that no code is good twice.
    `passkeys` are public keys (WebAuthn) as plain data.
    """

    id: str
    email: str
    name: str
    language: str
    password: str = field(default="", repr=False)
    totp: str = field(default="", repr=False)
    totp_step: int = 0
    passkeys: tuple[Mapping[str, Any], ...] = ()
    grants: tuple[Grant, ...] = ()
    created_by: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in; the cookie holds the token, we only its hash.

    Of a user the powers are looked up at each request. Who was proved by a platform has no
    `user_id`: then `name` and `powers` say who and what.
    """

    token_sha256: str
    user_id: str = ""
    name: str
    powers: tuple[Power, ...] = ()
    csrf: str = field(repr=False)
    origin: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineToken:
    """A token for programs; shown once, kept as its hash."""

    id: str
    name: str
    token_sha256: str = field(repr=False)
    place: Place
    permissions: tuple[Permission, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One sign-in or change; never changed. `id` is given by the ledger.

    `what` is a text key of the group "audit", `subject` such as "refund/ID"; `outcome` is
    "done" or the code of the error that refused it.
    """

    id: int = 0
    at: datetime
    actor: str
    what: str
    subject: str
    store_id: str | None = None
    agency: str | None = None
    outcome: str = "done"
    origin: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A change asked for by API under an idempotency key, and its answer once there is one."""

    actor: str
    key: str
    digest: str
    at: datetime
    answer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency, and the settings that its stores inherit.

    `settings`: "language", and "platform" with the settings of each platform by its name.
    """

    name: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
