"""Alarms, what refunds really cost, and the one key of this house."""

from collections.abc import Sequence
from datetime import datetime

from pef_adapters.core.money import Money
from pef_adapters.engine.records import ActualCost, Alarm
from pef_adapters.storage.postgres.table import Table, columns
from pef_adapters.storage.storable import storable, utc

_ALARM = "key, subject, code, figures, raised_at, cleared_at"
_RAISE = f"""
    INSERT INTO alarms ({_ALARM})
    VALUES (%(key)s, %(subject)s, %(code)s, %(figures)s, %(raised_at)s, %(cleared_at)s)
    ON CONFLICT DO NOTHING
"""
_CLEAR = "UPDATE alarms SET cleared_at = %(at)s WHERE key = %(key)s AND cleared_at IS NULL"
_OPEN = f"SELECT {_ALARM} FROM alarms WHERE cleared_at IS NULL ORDER BY raised_at, seq"
_ADD_COST = """
    INSERT INTO actual_costs (refund_id, amount, currency, what, recorded_by, recorded_at)
    VALUES (%(refund_id)s, %(amount)s, %(currency)s, %(what)s, %(recorded_by)s, %(recorded_at)s)
"""
_COSTS = """
    SELECT refund_id, amount, currency, what, recorded_by, recorded_at FROM actual_costs
    WHERE refund_id = ANY(%(ids)s) ORDER BY seq
"""
_KEEP_KEY = "INSERT INTO house_key (sealed) VALUES (%(sealed)s) ON CONFLICT DO NOTHING"
_KEY = "SELECT sealed FROM house_key"


class Alarms(Table):
    """The tables `alarms`, `actual_costs` and `house_key`."""

    async def raise_alarm(self, alarm: Alarm) -> bool:
        return await self._run(_RAISE, **columns(storable(alarm))) == 1

    async def clear_alarm(self, key: str, at: datetime) -> bool:
        return await self._run(_CLEAR, key=key, at=utc(at)) == 1

    async def open_alarms(self) -> list[Alarm]:
        return [Alarm(**row) for row in await self._all(_OPEN)]

    async def add_cost(self, cost: ActualCost) -> None:
        values = columns(storable(cost)) | {"currency": cost.amount.currency}
        await self._run(_ADD_COST, **values)

    async def costs(self, refund_ids: Sequence[str]) -> list[ActualCost]:
        rows = await self._all(_COSTS, ids=list(refund_ids))
        money = [Money(row["amount"], row.pop("currency")) for row in rows]
        return [ActualCost(**row | {"amount": each}) for row, each in zip(rows, money, strict=True)]

    async def house_key(self, fresh: str) -> str:
        await self._run(_KEEP_KEY, sealed=self._box.seal({"key": fresh}))
        row = await self._one(_KEY)
        assert row is not None  # noqa: S101 -- it was put there a line ago
        return self._box.open(row["sealed"])["key"]
