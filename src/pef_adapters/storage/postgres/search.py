"""Refunds as people and programs look for them; see `newest` for how they are found."""

from datetime import datetime, timedelta
from typing import LiteralString

from pef_adapters.core.states import CARE, State
from pef_adapters.engine.records import Reach, Refund, RefundSearch
from pef_adapters.storage.postgres.newest import newest
from pef_adapters.storage.postgres.refunds import COLUMNS, read_refund
from pef_adapters.storage.postgres.table import Table
from pef_adapters.storage.storable import utc

_FINAL = frozenset(state for state in State if CARE[state].final)
# OFFSET 0: one look by id for each that was found, whatever the planner thinks of LIMIT.
_WHOLE: LiteralString = f"""
    CROSS JOIN LATERAL (SELECT {COLUMNS} FROM refunds WHERE id = found.id OFFSET 0) AS refund
"""
_ENDED: LiteralString = """
    CROSS JOIN LATERAL (SELECT requested_at FROM refunds WHERE id = found.id OFFSET 0) AS refund
    CROSS JOIN LATERAL (
        SELECT at FROM timeline WHERE refund_id = found.id AND to_state = ANY(%(final)s)
        ORDER BY seq LIMIT 1
    ) AS ended
"""
_SORTED: LiteralString = 'ORDER BY found.created_at DESC, found.id COLLATE "C" DESC'
_CHANGED = f"""
    SELECT {COLUMNS} FROM refunds WHERE updated_at >= %(since)s
    ORDER BY updated_at, id COLLATE "C" LIMIT %(limit)s
"""


class Searches(Table):
    """Reads the tables `refunds` and `timeline`."""

    async def search_refunds(self, search: RefundSearch) -> list[Refund]:
        found, values = newest(search)
        sql = f"SELECT refund.* FROM ({found}) AS found {_WHOLE} {_SORTED}"
        return [read_refund(row) for row in await self._all(sql, **values)]

    async def changed_refunds(self, since: datetime, limit: int) -> list[Refund]:
        rows = await self._all(_CHANGED, since=utc(since), limit=limit)
        return [read_refund(row) for row in rows]

    async def times_to_truth(self, reach: Reach, limit: int) -> list[timedelta]:
        found, values = newest(RefundSearch(reach=reach, states=_FINAL, limit=limit))
        sql = f"SELECT requested_at, at FROM ({found}) AS found {_ENDED} {_SORTED}"
        rows = await self._all(sql, **values, final=values["states"])
        return [row["at"] - row["requested_at"] for row in rows]
