"""Tokens for programs; of each the hash is kept, never the token."""

from psycopg.errors import UniqueViolation

from pef_adapters.core.access import Permission
from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.records import MachineToken
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = """
    id, name, token_sha256, place, permissions, created_by, created_at, expires_at, revoked_at,
    used_at
"""
_INSERT = f"""
    INSERT INTO machine_tokens ({_COLUMNS})
    VALUES (%(id)s, %(name)s, %(token_sha256)s, %(place)s, %(permissions)s, %(created_by)s,
            %(created_at)s, %(expires_at)s, %(revoked_at)s, %(used_at)s)
"""
_ONE = f"SELECT {_COLUMNS} FROM machine_tokens WHERE id = %(id)s"
_BY_HASH = f"SELECT {_COLUMNS} FROM machine_tokens WHERE token_sha256 = %(token)s"
_ALL = f"SELECT {_COLUMNS} FROM machine_tokens ORDER BY created_at DESC, seq DESC"
_SAVE = """
    UPDATE machine_tokens SET revoked_at = %(revoked_at)s, used_at = %(used_at)s WHERE id = %(id)s
"""


class MachineTokens(Table):
    """The table `machine_tokens`."""

    async def add_token(self, token: MachineToken) -> None:
        try:
            await self._run(_INSERT, **columns(storable(token)))
        except UniqueViolation:
            raise TransitionRefused(f"there is a token {token.id} already") from None

    async def token(self, token_id: str) -> MachineToken | None:
        return _maybe(await self._one(_ONE, id=token_id))

    async def token_by_hash(self, token_sha256: str) -> MachineToken | None:
        return _maybe(await self._one(_BY_HASH, token=token_sha256))

    async def tokens(self) -> list[MachineToken]:
        return [_token(row) for row in await self._all(_ALL)]

    async def save_token(self, token: MachineToken) -> None:
        if not await self._run(_SAVE, **columns(storable(token))):
            raise NotThere(f"there is no token {token.id}")


def _maybe(row: Row | None) -> MachineToken | None:
    return None if row is None else _token(row)


def _token(row: Row) -> MachineToken:
    return MachineToken(**row | {"permissions": tuple(map(Permission, row["permissions"]))})
