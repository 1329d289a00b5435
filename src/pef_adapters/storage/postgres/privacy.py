"""What privacy laws asked of us, and the forgetting itself.

Forgotten is who a buyer is and what was said. Amounts, states, bank details and the
evidence of payments are never touched here.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.records import PrivacyCase
from pef_adapters.platforms.coming_in import PrivacyKind
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = "store_id, id, kind, buyers, order_ids, received_at, done_at, erased, kept"
_INSERT = f"""
    INSERT INTO privacy_cases ({_COLUMNS})
    VALUES (%(store_id)s, %(id)s, %(kind)s, %(buyers)s, %(order_ids)s, %(received_at)s,
            %(done_at)s, %(erased)s, %(kept)s)
    ON CONFLICT DO NOTHING
"""
_END = """
    UPDATE privacy_cases SET done_at = %(done_at)s, erased = %(erased)s, kept = %(kept)s
    WHERE store_id = %(store_id)s AND id = %(id)s
"""
_CASES = f"""
    SELECT {_COLUMNS} FROM privacy_cases
    WHERE %(store_id)s::text IS NULL OR store_id = %(store_id)s
    ORDER BY received_at, seq
"""
# One at a time for a store, so that two of them never wait for each other.
_LOCK_STORE = "SELECT secrets FROM stores WHERE id = %(store_id)s FOR NO KEY UPDATE"
_ORDERS_OF_BUYERS = """
    SELECT DISTINCT order_id FROM refunds
    WHERE store_id = %(store_id)s AND buyer = ANY(%(buyers)s)
"""
_MEANT: LiteralString = """
    store_id = %(store_id)s AND (%(orders)s::text[] IS NULL OR order_id = ANY(%(orders)s))
"""
# In the order in which a bank's answers lock many refunds.
_LOCK_REFUNDS = f"""
    SELECT id FROM refunds WHERE {_MEANT} ORDER BY id COLLATE "C" FOR NO KEY UPDATE
"""
# Only what is there to be forgotten is counted, so that the record of a case is true.
_FORGET: Mapping[str, LiteralString] = {
    "checkouts": f"UPDATE checkouts SET private = '' WHERE {_MEANT} AND private <> ''",
    "asked_refunds": f"""
        UPDATE asked_refunds SET reason = '', private = '', requested_by = NULL
        WHERE {_MEANT} AND (reason <> '' OR private <> '' OR requested_by IS NOT NULL)
    """,
    "refunds": f"""
        UPDATE refunds SET buyer = NULL, reason = ''
        WHERE {_MEANT} AND (buyer IS NOT NULL OR reason <> '')
    """,
}
_SAVE_SECRETS = "UPDATE stores SET secrets = %(secrets)s WHERE id = %(store_id)s"


class Privacy(Table):
    """The table `privacy_cases`, and what is erased elsewhere because of it."""

    async def add_privacy_case(self, case: PrivacyCase) -> bool:
        return await self._run(_INSERT, **columns(storable(case))) == 1

    async def end_privacy_case(self, case: PrivacyCase) -> None:
        if not await self._run(_END, **columns(storable(case))):
            raise NotThere(f"there is no privacy case {case.id} of store {case.store_id}")

    async def privacy_cases(self, store_id: str | None = None) -> list[PrivacyCase]:
        return [_case(row) for row in await self._all(_CASES, store_id=store_id)]

    async def erase_buyer(
        self, store_id: str, buyers: Sequence[str], order_ids: Sequence[str]
    ) -> dict[str, int]:
        await self._one(_LOCK_STORE, store_id=store_id)
        theirs = await self._all(_ORDERS_OF_BUYERS, store_id=store_id, buyers=list(buyers))
        orders = sorted({*order_ids, *(row["order_id"] for row in theirs)})
        return await self._forget(store_id, orders)

    async def erase_store(self, store_id: str) -> dict[str, int]:
        row = await self._one(_LOCK_STORE, store_id=store_id)
        erased = await self._forget(store_id, None)
        secrets = {} if row is None else self._box.open(row["secrets"])
        if secrets:
            await self._run(_SAVE_SECRETS, store_id=store_id, secrets=self._box.seal({}))
        return erased | {"stores": int(bool(secrets))}

    async def _forget(self, store_id: str, orders: list[str] | None) -> dict[str, int]:
        """Forget of these orders, or of all where `orders` is None; checkouts come first."""
        meant = {"store_id": store_id, "orders": orders}
        erased = {}
        for table, sql in _FORGET.items():
            if table == "refunds":
                await self._all(_LOCK_REFUNDS, **meant)
            erased[table] = await self._run(sql, **meant)
        return erased


def _case(row: Row) -> PrivacyCase:
    lists = {name: tuple(row[name]) for name in ("buyers", "order_ids")}
    return PrivacyCase(**row | lists | {"kind": PrivacyKind(row["kind"])})
