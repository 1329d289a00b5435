"""Published policies and decisions; both are only ever added to."""

from datetime import datetime

from pef_adapters.engine.records import Decided, PublishedPolicy
from pef_adapters.storage.postgres.table import Table, columns
from pef_adapters.storage.storable import storable, utc

_COLUMNS = "owner, version, digest, body, published_by, published_at"
_INSERT = f"""
    INSERT INTO policies ({_COLUMNS})
    VALUES (%(owner)s, %(version)s, %(digest)s, %(body)s, %(published_by)s, %(published_at)s)
    ON CONFLICT DO NOTHING
"""
_OF = f"SELECT {_COLUMNS} FROM policies WHERE owner = %(owner)s ORDER BY version DESC"
_NEWEST = f"{_OF} LIMIT 1"
_DECIDED = "refund_id, store_id, at, facts, decision"
_ADD_DECIDED = f"""
    INSERT INTO decisions ({_DECIDED})
    VALUES (%(refund_id)s, %(store_id)s, %(at)s, %(facts)s, %(decision)s)
"""
_DECIDED_SINCE = f"""
    SELECT {_DECIDED} FROM decisions
    WHERE at >= %(since)s AND (%(store_id)s::text IS NULL OR store_id = %(store_id)s)
    ORDER BY at, seq
"""


class Policies(Table):
    """The tables `policies` and `decisions`."""

    async def add_policy(self, policy: PublishedPolicy) -> bool:
        return await self._run(_INSERT, **columns(storable(policy))) == 1

    async def newest_policy(self, owner: str) -> PublishedPolicy | None:
        row = await self._one(_NEWEST, owner=owner)
        return None if row is None else PublishedPolicy(**row)

    async def policies(self, owner: str) -> list[PublishedPolicy]:
        return [PublishedPolicy(**row) for row in await self._all(_OF, owner=owner)]

    async def add_decided(self, decided: Decided) -> None:
        await self._run(_ADD_DECIDED, **columns(storable(decided)))

    async def decided(self, since: datetime, store_id: str | None = None) -> list[Decided]:
        rows = await self._all(_DECIDED_SINCE, since=utc(since), store_id=store_id)
        return [Decided(**row) for row in rows]
