"""Sessions: who a browser is, from its token. Of a token only the hash is kept.

A session ends twelve hours after it was last used and seven days after it began; one that
a platform proved ends after eight hours, because we don't hear who lost access there.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pef_adapters.core.access import Actor, ActorKind, Power, powers_of
from pef_adapters.core.access.places import store_of
from pef_adapters.core.errors import NotSignedIn
from pef_adapters.engine.departures import LEFT_AT
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Session, User

IDLE = timedelta(hours=12)
LASTS = timedelta(days=7)
PLATFORM_LASTS = timedelta(hours=8)
TOUCH_EVERY = timedelta(minutes=1)
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session and the token for its cookie, which nobody can read again."""

    token: str = field(repr=False)
    session: Session


def sha256(token: str) -> str:
    """Where a token is kept."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def new_session(
    name: str,
    now: datetime,
    *,
    origin: str,
    device: str,
    user_id: str = "",
    powers: Sequence[Power] = (),
) -> SignedIn:
    """A session that begins now, not yet kept."""
    token = secrets.token_urlsafe(32)
    session = Session(
        token_sha256=sha256(token),
        user_id=user_id,
        name=name,
        powers=tuple(powers),
        csrf=secrets.token_urlsafe(32),
        origin=origin[:_MOST_LETTERS],
        device=device[:_MOST_LETTERS],
        created_at=now,
        seen_at=now,
        expires_at=_end(now, now, user_id),
    )
    return SignedIn(token, session)


async def actor_of(ports: Ports, token: str, *, origin: str) -> tuple[Actor, Session, User | None]:
    """Who has this session token, with what he may do as of now; no user if a platform's.

    Raises:
        NotSignedIn: no such session, it has ended, its user is disabled, or its store has left.
    """
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        session = await ledger.session(sha256(token)) if token else None
        if session is None or min(session.expires_at, _latest(session)) <= now:
            raise NotSignedIn
        user = await ledger.user(session.user_id) if session.user_id else None
        if not await _is_let_in(ledger, session, user):
            raise NotSignedIn
        await _touch(ledger, session, now)
    return _actor(session, user, origin), session, user


async def sign_out(ports: Ports, token: str) -> None:
    """End the session of this token, if there is one."""
    async with ports.book.begin() as ledger:
        await ledger.end_session(sha256(token))


async def sign_out_everywhere(ports: Ports, actor: Actor) -> int:
    """End all sessions of the person who asks; answers how many there were.

    Raises:
        NotSignedIn: it is no person of ours.
    """
    if not actor.user_id:
        raise NotSignedIn
    deed = Deed(what="sign_out_everywhere", subject=f"user/{actor.name}")
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        ended = await ledger.end_sessions_of(actor.user_id)
        deed.detail["sessions"] = ended
    return ended


def person(user: User, origin: str) -> Actor:
    """The actor that a user is, by the roles he has now."""
    return Actor(user.email, ActorKind.PERSON, powers_of(user.grants), user.id, origin)


def _actor(session: Session, user: User | None, origin: str) -> Actor:
    if user is not None:
        return person(user, origin)
    return Actor(session.name, ActorKind.PERSON, session.powers, origin=origin)


async def _is_let_in(ledger: Ledger, session: Session, user: User | None) -> bool:
    """A user who is not disabled; or a platform's person, whose store is still connected."""
    if session.user_id:
        return user is not None and user.disabled_at is None
    stores = [await ledger.store_head(store_of(power.place) or "") for power in session.powers]
    return all(store is not None and LEFT_AT not in store.settings for store in stores)


async def _touch(ledger: Ledger, session: Session, now: datetime) -> None:
    if now - session.seen_at >= TOUCH_EVERY:
        end = _end(now, session.created_at, session.user_id)
        await ledger.touch_session(session.token_sha256, now, end)


def _end(now: datetime, created_at: datetime, user_id: str) -> datetime:
    return min(now + IDLE, created_at + (LASTS if user_id else PLATFORM_LASTS))


def _latest(session: Session) -> datetime:
    return session.created_at + (LASTS if session.user_id else PLATFORM_LASTS)
