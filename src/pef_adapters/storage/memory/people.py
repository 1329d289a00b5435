"""The twin's people, sessions, machine tokens, audit, kept calls and agencies."""

from dataclasses import replace
from datetime import datetime, timedelta

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.records import (
    Agency,
    AuditEntry,
    AuditSearch,
    KeptCall,
    MachineToken,
    Session,
    User,
)
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.memory.tables import Tries
from pef_adapters.storage.storable import storable, text, utc


class People(Connections):
    """Works on one transaction's copy of the tables."""

    # people

    async def add_user(self, user: User) -> bool:
        kept = storable(user)
        if kept.id in self._tables.users or await self.user_by_email(kept.email):
            return False
        self._tables.users[kept.id] = kept
        return True

    async def user(self, user_id: str) -> User | None:
        return self._tables.users.get(text(user_id))

    async def lock_user(self, user_id: str) -> User | None:
        return await self.user(user_id)

    async def user_by_email(self, email: str) -> User | None:
        wanted = text(email)
        return next((each for each in self._tables.users.values() if each.email == wanted), None)

    async def users(self) -> list[User]:
        return sorted(self._tables.users.values(), key=lambda each: each.email)

    async def save_user(self, user: User) -> None:
        new = storable(user)
        old = self._tables.users.get(new.id)
        if old is None:
            raise NotThere(f"there is no user {new.id}")
        self._tables.users[new.id] = replace(
            new, email=old.email, created_by=old.created_by, created_at=old.created_at
        )

    # sessions

    async def add_session(self, session: Session) -> None:
        kept = storable(session)
        if kept.token_sha256 in self._tables.sessions:
            raise TransitionRefused("there is a session of this token already")
        if kept.user_id:
            self._must_hold(self._tables.users, kept.user_id)
        self._tables.sessions[kept.token_sha256] = kept

    async def session(self, token_sha256: str) -> Session | None:
        return self._tables.sessions.get(text(token_sha256))

    async def sessions_of(self, user_id: str) -> list[Session]:
        wanted = text(user_id)
        own = [each for each in self._tables.sessions.values() if each.user_id == wanted]
        return sorted(own, key=lambda each: each.created_at)[::-1]

    async def touch_session(
        self, token_sha256: str, seen_at: datetime, expires_at: datetime
    ) -> None:
        seen, end = utc(seen_at), utc(expires_at)
        if kept := await self.session(token_sha256):
            touched = replace(kept, seen_at=seen, expires_at=end)
            self._tables.sessions[kept.token_sha256] = touched

    async def end_session(self, token_sha256: str) -> None:
        self._tables.sessions.pop(text(token_sha256), None)

    async def end_sessions_of(self, user_id: str) -> int:
        own = await self.sessions_of(user_id)
        for each in own:
            del self._tables.sessions[each.token_sha256]
        return len(own)

    async def forget_sessions(self, now: datetime) -> None:
        present = utc(now)
        kept = self._tables.sessions.items()
        self._tables.sessions = {key: each for key, each in kept if each.expires_at > present}

    # machine tokens

    async def add_token(self, token: MachineToken) -> None:
        kept = storable(token)
        if kept.id in self._tables.tokens or await self.token_by_hash(kept.token_sha256):
            raise TransitionRefused(f"there is a token {kept.id} already")
        self._tables.tokens[kept.id] = kept

    async def token(self, token_id: str) -> MachineToken | None:
        return self._tables.tokens.get(text(token_id))

    async def token_by_hash(self, token_sha256: str) -> MachineToken | None:
        wanted, kept = text(token_sha256), self._tables.tokens.values()
        return next((each for each in kept if each.token_sha256 == wanted), None)

    async def tokens(self) -> list[MachineToken]:
        return sorted(self._tables.tokens.values(), key=lambda each: each.created_at)[::-1]

    async def save_token(self, token: MachineToken) -> None:
        new = storable(token)
        old = self._tables.tokens.get(new.id)
        if old is None:
            raise NotThere(f"there is no token {new.id}")
        saved = replace(old, revoked_at=new.revoked_at, used_at=new.used_at)
        self._tables.tokens[new.id] = saved

    # audit

    async def add_audit(self, entry: AuditEntry) -> int:
        kept = replace(storable(entry), id=len(self._tables.audits) + 1)
        self._tables.audits[kept.id] = kept
        return kept.id

    async def audits(self, search: AuditSearch) -> list[AuditEntry]:
        newest_first = list(self._tables.audits.values())[::-1]
        return [each for each in newest_first if _is_wanted(each, search)][: search.limit]

    # tries

    async def count_try(self, key: str, now: datetime, window_seconds: int) -> int:
        present = utc(now)
        kept = self._tables.tries.get(text(key))
        if kept is None or kept.began_at + timedelta(seconds=window_seconds) <= present:
            kept = Tries(0, present)
        self._tables.tries[text(key)] = counted = replace(kept, count=kept.count + 1)
        return counted.count

    async def forget_tries(self, key: str) -> None:
        self._tables.tries.pop(text(key), None)

    async def forget_old_tries(self, before: datetime) -> None:
        start, kept = utc(before), self._tables.tries.items()
        self._tables.tries = {key: each for key, each in kept if each.began_at >= start}

    # calls under an idempotency key

    async def claim_call(self, call: KeptCall) -> KeptCall | None:
        kept = storable(call)
        first = self._tables.calls.setdefault((kept.actor, kept.key), kept)
        return None if first is kept else first

    async def answer_call(self, call: KeptCall) -> None:
        new = storable(call)
        if old := self._tables.calls.get((new.actor, new.key)):
            answered = replace(old, at=new.at, answer=new.answer)
            self._tables.calls[new.actor, new.key] = answered

    async def forget_calls(self, before: datetime) -> None:
        start, kept = utc(before), self._tables.calls.items()
        self._tables.calls = {key: each for key, each in kept if each.at >= start}

    # agencies

    async def add_agency(self, agency: Agency) -> None:
        kept = storable(agency)
        if old := self._tables.agencies.get(kept.name):
            kept = replace(kept, created_at=old.created_at)
        self._tables.agencies[kept.name] = kept

    async def agency(self, name: str) -> Agency | None:
        return self._tables.agencies.get(text(name))

    async def agencies(self) -> list[Agency]:
        return sorted(self._tables.agencies.values(), key=lambda each: each.name)


def _is_wanted(entry: AuditEntry, search: AuditSearch) -> bool:
    return (
        _is_in_reach(entry, search)
        and text(search.actor) in ("", entry.actor)
        and text(search.subject) in ("", entry.subject)
        and (search.before is None or entry.id < search.before)
    )


def _is_in_reach(entry: AuditEntry, search: AuditSearch) -> bool:
    if search.reach is None:
        return True
    return entry.store_id in search.reach or entry.agency in search.agencies
