"""Sums over refunds: what is under way, and what was asked for by day."""

from datetime import datetime
from typing import LiteralString

from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.records import DayTally, Reach, StateTally
from pef_adapters.storage.postgres.table import Row, Table
from pef_adapters.storage.storable import utc

_RANKS = {state: rank for rank, state in enumerate(State)}
# Written out, not a parameter: only then PostgreSQL sees that `refunds_in_flight` holds them.
_UNFINISHED = ", ".join(f"'{state}'" for state in State if not CARE[state].final)
_IN_FLIGHT = f"""
    SELECT state, currency, count(*) AS count, sum(amount) AS minor FROM refunds
    WHERE state IN ({_UNFINISHED}) AND (%(stores)s::text[] IS NULL OR store_id = ANY(%(stores)s))
    GROUP BY state, currency
"""
_BY_DAY: LiteralString = """
    SELECT (requested_at AT TIME ZONE 'America/Lima')::date AS day, currency,
           count(*) AS count, sum(amount) AS minor
    FROM refunds WHERE requested_at >= %(since)s
"""
_SORTED: LiteralString = 'ORDER BY day, currency COLLATE "C"'
_EVERYWHERE = f"{_BY_DAY} GROUP BY day, currency {_SORTED}"
# Summed up store by store, so that each store's own index is what is read.
_IN_STORES = f"""
    SELECT day, currency, sum(count) AS count, sum(minor) AS minor
    FROM unnest(%(stores)s::text[]) AS store (id)
    CROSS JOIN LATERAL ({_BY_DAY} AND store_id = store.id GROUP BY day, currency) AS tally
    GROUP BY day, currency {_SORTED}
"""


class Tallies(Table):
    """Sums over the table `refunds`."""

    async def in_flight(self, reach: Reach) -> list[StateTally]:
        rows = await self._all(_IN_FLIGHT, stores=_listed(reach))
        tallies = [StateTally(State(row["state"]), *_total(row)) for row in rows]
        return sorted(tallies, key=lambda each: (_RANKS[each.state], each.total.currency))

    async def asked_by_day(self, reach: Reach, since: datetime) -> list[DayTally]:
        sql = _EVERYWHERE if reach is None else _IN_STORES
        rows = await self._all(sql, since=utc(since), stores=_listed(reach))
        return [DayTally(row["day"], *_total(row)) for row in rows]


def _listed(reach: Reach) -> list[str] | None:
    return None if reach is None else sorted(reach)


def _total(row: Row) -> tuple[int, Money]:
    return int(row["count"]), Money(int(row["minor"]), row["currency"])
