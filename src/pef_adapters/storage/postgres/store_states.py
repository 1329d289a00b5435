"""What is seen of stores without opening a secret: their heads, last deliveries, health."""

from collections.abc import Collection, Mapping
from datetime import datetime

from pef_adapters.engine.records import StoreHead, StoreHealth
from pef_adapters.storage.postgres.table import Table, columns
from pef_adapters.storage.storable import storable
from pef_adapters.storage.store_heads import head_of

_HEADS = """
    SELECT id, platform, identity, account_id, mode, language, settings, created_at FROM stores
"""
_ALL = f'{_HEADS} ORDER BY id COLLATE "C"'
_ONE = f"{_HEADS} WHERE id = %(id)s"
_LAST_DELIVERIES = """
    SELECT store.id, heard.received_at FROM unnest(%(ids)s::text[]) AS store (id)
    CROSS JOIN LATERAL (
        SELECT received_at FROM received WHERE source = 'store' AND owner_id = store.id
        ORDER BY received_at DESC LIMIT 1
    ) AS heard
"""
_SAVE = """
    INSERT INTO store_health AS known (store_id, at, checks)
    VALUES (%(store_id)s, %(at)s, %(checks)s)
    ON CONFLICT (store_id) DO UPDATE SET at = excluded.at, checks = excluded.checks
    WHERE known.at <= excluded.at
"""
_HEALTHS = """
    SELECT store_id, at, checks FROM store_health WHERE store_id = ANY(%(ids)s)
    ORDER BY store_id COLLATE "C"
"""


class StoreStates(Table):
    """The table `store_health`, and what is plain in `stores` and `received`."""

    async def store_heads(self) -> list[StoreHead]:
        return [head_of(row) for row in await self._all(_ALL)]

    async def store_head(self, store_id: str) -> StoreHead | None:
        row = await self._one(_ONE, id=store_id)
        return None if row is None else head_of(row)

    async def last_deliveries(self, store_ids: Collection[str]) -> Mapping[str, datetime]:
        rows = await self._all(_LAST_DELIVERIES, ids=list(store_ids))
        return {row["id"]: row["received_at"] for row in rows}

    async def save_health(self, health: StoreHealth) -> None:
        await self._run(_SAVE, **columns(storable(health)))

    async def healths(self, store_ids: Collection[str]) -> list[StoreHealth]:
        rows = await self._all(_HEALTHS, ids=list(store_ids))
        return [StoreHealth(**row | {"checks": tuple(row["checks"])}) for row in rows]
