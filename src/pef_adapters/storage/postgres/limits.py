"""What limits count: refunds that use them up, added up under lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from pef_adapters.core.money import Money
from pef_adapters.core.policy import LimitScope, Used
from pef_adapters.core.states import COUNTED
from pef_adapters.storage.postgres.table import Table
from pef_adapters.storage.storable import utc

# In one order for everybody, so that two refunds never wait for each other.
_LOCK = """
    SELECT pg_advisory_xact_lock(number) FROM (
        SELECT DISTINCT hashtextextended(name, 0) AS number FROM unnest(%(names)s::text[]) AS name
        ORDER BY number
    ) AS sorted
"""
_USED: LiteralString = """
    SELECT currency, count(*) AS count, sum(amount) AS amount FROM refunds
    WHERE counted_at >= %(since)s AND state = ANY(%(states)s) AND id <> %(but)s AND
"""
_WHOSE: Mapping[LimitScope, LiteralString] = {
    LimitScope.STORE: "store_id = %(key)s",
    LimitScope.ACCOUNT: "account_id = %(key)s",
    LimitScope.BUYER: "buyer = %(key)s",
    LimitScope.OPERATOR: "store_id || '/' || requested_by = %(key)s",
    LimitScope.DESTINATION: "destination = %(key)s",
}


class Limits(Table):
    """Sums over the table `refunds`."""

    async def lock_limits(self, counters: Sequence[str]) -> None:
        await self._all(_LOCK, names=list(counters))

    async def lock_settings(self, owner: str) -> None:
        await self.lock_limits([f"settings/{owner}"])

    async def used(self, per: LimitScope, key: str, since: datetime, but: str) -> Used:
        sql = f"{_USED} {_WHOSE[per]} GROUP BY currency ORDER BY currency"
        states = [state.value for state in COUNTED]
        rows = await self._all(sql, key=key, since=utc(since), but=but, states=states)
        money = tuple(Money(int(row["amount"]), row["currency"]) for row in rows)
        return Used(sum(row["count"] for row in rows), money)
