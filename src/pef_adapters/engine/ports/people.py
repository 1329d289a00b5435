"""The ledger of who uses the console and the API. See `ports` for what a `Ledger` is."""

from datetime import datetime
from typing import Protocol

from pef_adapters.engine.records import (
    Agency,
    AuditEntry,
    AuditSearch,
    KeptCall,
    MachineToken,
    Session,
    User,
)


class PeopleLedger(Protocol):
    """People, sessions, tokens, agencies, and the audit."""

    # people
    async def add_user(self, user: User) -> bool:
        """Insert; False where somebody has this e-mail address already."""
        ...

    async def user(self, user_id: str) -> User | None: ...

    async def lock_user(self, user_id: str) -> User | None:
        """Read for update: nobody else changes it until this transaction ends."""
        ...

    async def user_by_email(self, email: str) -> User | None: ...

    async def users(self) -> list[User]:
        """By e-mail address."""
        ...

    async def save_user(self, user: User) -> None:
        """Write every field but id, e-mail address and creation.

        Raises:
            NotThere: no such user.
        """
        ...

    # sessions
    async def add_session(self, session: Session) -> None: ...

    async def session(self, token_sha256: str) -> Session | None: ...

    async def sessions_of(self, user_id: str) -> list[Session]:
        """Newest first."""
        ...

    async def touch_session(
        self, token_sha256: str, seen_at: datetime, expires_at: datetime
    ) -> None: ...

    async def end_session(self, token_sha256: str) -> None: ...

    async def end_sessions_of(self, user_id: str) -> int:
        """End all of a user's; answers how many there were."""
        ...

    async def forget_sessions(self, now: datetime) -> None:
        """Delete those that have expired."""
        ...

    # machine tokens
    async def add_token(self, token: MachineToken) -> None: ...

    async def token(self, token_id: str) -> MachineToken | None: ...

    async def token_by_hash(self, token_sha256: str) -> MachineToken | None: ...

    async def tokens(self) -> list[MachineToken]:
        """Newest first."""
        ...

    async def save_token(self, token: MachineToken) -> None:
        """Write `revoked_at` and `used_at`.

        Raises:
            NotThere: no such token.
        """
        ...

    # audit
    async def add_audit(self, entry: AuditEntry) -> int:
        """Append; answers its id (`entry.id` is ignored)."""
        ...

    async def audits(self, search: AuditSearch) -> list[AuditEntry]:
        """Newest first."""
        ...

    # tries
    async def count_try(self, key: str, now: datetime, window_seconds: int) -> int:
        """Count one; answers how many there were in the window that began with the first.

        A window that has passed begins anew. Counts in the caller's transaction, so count
        in one that commits.
        """
        ...

    async def forget_tries(self, key: str) -> None: ...

    async def forget_old_tries(self, before: datetime) -> None:
        """Delete those of windows that began before `before`; for upkeep."""
        ...

    # calls under an idempotency key
    async def claim_call(self, call: KeptCall) -> KeptCall | None:
        """Insert; None where it was, else the call that has this actor's key already."""
        ...

    async def answer_call(self, call: KeptCall) -> None:
        """Keep `at` and `answer` of a claimed call."""
        ...

    async def forget_calls(self, before: datetime) -> None:
        """Delete those claimed before `before`."""
        ...

    # agencies
    async def add_agency(self, agency: Agency) -> None:
        """Insert, or replace title and settings of the agency with this name."""
        ...

    async def agency(self, name: str) -> Agency | None: ...

    async def agencies(self) -> list[Agency]:
        """By name."""
        ...
