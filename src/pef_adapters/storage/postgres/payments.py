"""Payments: where the money of each stands. `refunded + reserved <= paid`, always."""

from datetime import datetime
from typing import LiteralString

from psycopg.errors import CheckViolation

from pef_adapters.core.errors import AmountExceedsRest, NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine.records import Payment
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

_COLUMNS = "account_id, transaction_id, currency, paid, reserved, refunded, paid_at, reversed_at"
_INSERT = f"""
    INSERT INTO payments ({_COLUMNS})
    VALUES (%(account_id)s, %(transaction_id)s, %(currency)s, %(paid)s, %(reserved)s,
            %(refunded)s, %(paid_at)s, %(reversed_at)s)
    ON CONFLICT DO NOTHING
"""
_UPDATE = """
    UPDATE payments SET
        currency = %(currency)s, paid = %(paid)s, reserved = %(reserved)s,
        refunded = %(refunded)s, paid_at = %(paid_at)s, reversed_at = %(reversed_at)s
    WHERE account_id = %(account_id)s AND transaction_id = %(transaction_id)s
"""
_ONE = f"""
    SELECT {_COLUMNS} FROM payments
    WHERE account_id = %(account_id)s AND transaction_id = %(transaction_id)s
"""
_LOCK = f"{_ONE} FOR NO KEY UPDATE"
_PAID = f"""
    SELECT {_COLUMNS} FROM payments WHERE paid_at >= %(start)s AND paid_at < %(end)s
    ORDER BY paid_at, transaction_id COLLATE "C", account_id COLLATE "C"
"""


class Payments(Table):
    """The table `payments`."""

    async def add_payment(self, payment: Payment) -> None:
        await self._write(_INSERT, payment)

    async def payment(self, account_id: str, transaction_id: str) -> Payment | None:
        return _maybe(await self._one(_ONE, account_id=account_id, transaction_id=transaction_id))

    async def lock_payment(self, account_id: str, transaction_id: str) -> Payment | None:
        return _maybe(await self._one(_LOCK, account_id=account_id, transaction_id=transaction_id))

    async def payments_paid(self, start: datetime, end: datetime) -> list[Payment]:
        rows = await self._all(_PAID, start=utc(start), end=utc(end))
        return [_payment(row) for row in rows]

    async def save_payment(self, payment: Payment) -> None:
        if not await self._write(_UPDATE, payment):
            raise NotThere(f"there is no payment {payment.transaction_id}")

    async def _write(self, sql: LiteralString, payment: Payment) -> int:
        currency = payment.rest.currency  # refuses a mixture of currencies
        try:
            return await self._run(sql, **columns(storable(payment)) | {"currency": currency})
        except CheckViolation as error:
            raise AmountExceedsRest(error.diag.message_primary) from error


def _maybe(row: Row | None) -> Payment | None:
    return None if row is None else _payment(row)


def _payment(row: Row) -> Payment:
    currency = row.pop("currency")
    money = {name: Money(row[name], currency) for name in ("paid", "reserved", "refunded")}
    return Payment(**row | money)
