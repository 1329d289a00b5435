"""Browsers that are signed in: a token's hash each, and a form's secret, which lies sealed."""

from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from pef_adapters.core.access import Permission, Power
from pef_adapters.core.errors import TransitionRefused
from pef_adapters.engine.records import Session
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

_COLUMNS = """
    token_sha256, user_id, name, powers, csrf, origin, device, created_at, seen_at, expires_at
"""
_INSERT = f"""
    INSERT INTO sessions ({_COLUMNS})
    VALUES (%(token_sha256)s, %(user_id)s, %(name)s, %(powers)s, %(csrf)s, %(origin)s,
            %(device)s, %(created_at)s, %(seen_at)s, %(expires_at)s)
"""
_ONE = f"SELECT {_COLUMNS} FROM sessions WHERE token_sha256 = %(token)s"
_OF_USER = f"""
    SELECT {_COLUMNS} FROM sessions WHERE user_id = %(user_id)s
    ORDER BY created_at DESC, seq DESC
"""
_WITHOUT_USER = f"""
    SELECT {_COLUMNS} FROM sessions WHERE user_id IS NULL ORDER BY created_at DESC, seq DESC
"""
_TOUCH = """
    UPDATE sessions SET seen_at = %(seen_at)s, expires_at = %(expires_at)s
    WHERE token_sha256 = %(token)s
"""
_END = "DELETE FROM sessions WHERE token_sha256 = %(token)s"
_END_OF_USER = "DELETE FROM sessions WHERE user_id = %(user_id)s"
_END_WITHOUT_USER = "DELETE FROM sessions WHERE user_id IS NULL"
_FORGET = "DELETE FROM sessions WHERE expires_at <= %(now)s"


class Sessions(Table):
    """The table `sessions`."""

    async def add_session(self, session: Session) -> None:
        kept = storable(session)
        values = columns(kept) | {
            "user_id": kept.user_id or None,
            "powers": Jsonb([_plain(power) for power in kept.powers]),
            "csrf": self._sealed({"csrf": kept.csrf}),
        }
        try:
            await self._run(_INSERT, **values)
        except UniqueViolation:
            raise TransitionRefused("there is a session of this token already") from None

    async def session(self, token_sha256: str) -> Session | None:
        row = await self._one(_ONE, token=token_sha256)
        return None if row is None else self._session(row)

    async def sessions_of(self, user_id: str) -> list[Session]:
        sql = _OF_USER if user_id else _WITHOUT_USER
        return [self._session(row) for row in await self._all(sql, user_id=user_id)]

    async def touch_session(
        self, token_sha256: str, seen_at: datetime, expires_at: datetime
    ) -> None:
        times = {"seen_at": utc(seen_at), "expires_at": utc(expires_at)}
        await self._run(_TOUCH, token=token_sha256, **times)

    async def end_session(self, token_sha256: str) -> None:
        await self._run(_END, token=token_sha256)

    async def end_sessions_of(self, user_id: str) -> int:
        return await self._run(_END_OF_USER if user_id else _END_WITHOUT_USER, user_id=user_id)

    async def forget_sessions(self, now: datetime) -> None:
        await self._run(_FORGET, now=utc(now))

    def _session(self, row: Row) -> Session:
        read = {
            "user_id": row["user_id"] or "",
            "powers": tuple(map(_power, row["powers"])),
            "csrf": self._open(row["csrf"])["csrf"],
        }
        return Session(**row | read)


def _plain(power: Power) -> dict[str, object]:
    return {"place": power.place, "permissions": sorted(power.permissions)}


def _power(plain: Row) -> Power:
    return Power(plain["place"], frozenset(map(Permission, plain["permissions"])))
