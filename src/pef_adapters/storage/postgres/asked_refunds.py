"""Refunds that were asked for, as they were asked; only ever added to, and forgotten of.

What is private is sealed on this side. The one change there is, for privacy, is made
in `privacy`.
"""

from datetime import datetime

from pef_adapters.core.money import Money
from pef_adapters.engine.records import KeptRefund
from pef_adapters.platforms.asked import Operation
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

_COLUMNS = """
    store_id, refund_id, operation, payment_id, order_id, order_number, amount, currency, reason,
    requested_by, payment_method, transaction_id, paid, paid_currency, paid_at, asked_at, private
"""
_INSERT = f"""
    INSERT INTO asked_refunds ({_COLUMNS})
    VALUES (%(store_id)s, %(refund_id)s, %(operation)s, %(payment_id)s, %(order_id)s,
            %(order_number)s, %(amount)s, %(currency)s, %(reason)s, %(requested_by)s,
            %(payment_method)s, %(transaction_id)s, %(paid)s, %(paid_currency)s, %(paid_at)s,
            %(asked_at)s, %(private)s)
    ON CONFLICT DO NOTHING
"""
_OF_STORE = f"SELECT {_COLUMNS} FROM asked_refunds WHERE store_id = %(store_id)s"
_ONE = f"{_OF_STORE} AND refund_id = %(refund_id)s"
_OF_ORDER = f"{_OF_STORE} AND order_id = %(order_id)s ORDER BY seq"
_SINCE = f"{_OF_STORE} AND asked_at >= %(since)s ORDER BY asked_at, seq"


class AskedRefunds(Table):
    """The table `asked_refunds`."""

    async def add_asked_refund(self, asked: KeptRefund) -> bool:
        kept = storable(asked)
        values = columns(kept) | {
            "currency": kept.amount.currency,
            "paid_currency": kept.paid and kept.paid.currency,
            "private": self._sealed(kept.private),
        }
        return await self._run(_INSERT, **values) == 1

    async def asked_refund(self, store_id: str, refund_id: str) -> KeptRefund | None:
        row = await self._one(_ONE, store_id=store_id, refund_id=refund_id)
        return None if row is None else self._kept_refund(row)

    async def asked_refunds_of_order(self, store_id: str, order_id: str) -> list[KeptRefund]:
        rows = await self._all(_OF_ORDER, store_id=store_id, order_id=order_id)
        return [self._kept_refund(row) for row in rows]

    async def asked_refunds_since(self, store_id: str, since: datetime) -> list[KeptRefund]:
        rows = await self._all(_SINCE, store_id=store_id, since=utc(since))
        return [self._kept_refund(row) for row in rows]

    def _kept_refund(self, row: Row) -> KeptRefund:
        currency, paid_in = row.pop("currency"), row.pop("paid_currency")
        read = {
            "operation": Operation(row["operation"]),
            "amount": Money(row["amount"], currency),
            "paid": None if row["paid"] is None else Money(row["paid"], paid_in),
            "private": self._open(row["private"]),
        }
        return KeptRefund(**row | read)
