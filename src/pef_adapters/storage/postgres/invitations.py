"""One-time states of key exchanges: kept sealed, given out once, then gone."""

from datetime import datetime

from pef_adapters.storage.postgres.table import Table
from pef_adapters.storage.storable import utc

_PUT = """
    INSERT INTO invitations (token_sha256, payload, expires_at)
    VALUES (%(token)s, %(payload)s, %(expires_at)s)
    ON CONFLICT (token_sha256) DO UPDATE SET
        payload = excluded.payload, expires_at = excluded.expires_at
"""
_TAKE = "DELETE FROM invitations WHERE token_sha256 = %(token)s RETURNING payload, expires_at"

_FORGET = "DELETE FROM invitations WHERE expires_at <= %(now)s"


class Invitations(Table):
    """The table `invitations`."""

    async def add_invitation(self, token_sha256: str, payload: str, expires_at: datetime) -> None:
        sealed = self._box.seal({"payload": payload})
        await self._run(_PUT, token=token_sha256, payload=sealed, expires_at=utc(expires_at))

    async def take_invitation(self, token_sha256: str, now: datetime) -> str | None:
        row = await self._one(_TAKE, token=token_sha256)
        if row is None or row["expires_at"] <= now:
            return None
        return self._box.open(row["payload"])["payload"]

    async def forget_invitations(self, now: datetime) -> None:
        await self._run(_FORGET, now=utc(now))
