"""What every table's module stands on: one connection, inside one transaction."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, LiteralString

from psycopg import AsyncCursor
from psycopg.errors import ForeignKeyViolation
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from pef_adapters.core.errors import NotThere
from pef_adapters.core.money import Money
from pef_adapters.storage.postgres.pool import Connection
from pef_adapters.storage.postgres.wakes import Wakes
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import text

Row = DictRow


class Table:
    """Runs SQL on the transaction's connection; rows come back as mappings.

    Text travels as it would be stored, so that nobody can stop a search either by
    what PostgreSQL can't hold. Whatever is run raises `NotThere` where its row would
    refer to a record that isn't there.
    """

    def __init__(self, conn: Connection, box: SecretBox, wakes: Wakes) -> None:
        self._conn = conn
        self._box = box
        self._wakes = wakes

    async def _one(self, sql: LiteralString, **values: Any) -> Row | None:
        async with self._conn.cursor(row_factory=dict_row) as cursor:
            await _execute(cursor, sql, values)
            return await cursor.fetchone()

    async def _all(self, sql: LiteralString, **values: Any) -> list[Row]:
        async with self._conn.cursor(row_factory=dict_row) as cursor:
            await _execute(cursor, sql, values)
            return await cursor.fetchall()

    async def _run(self, sql: LiteralString, **values: Any) -> int:
        """Execute; answers how many rows it touched."""
        async with self._conn.cursor() as cursor:
            await _execute(cursor, sql, values)
            return cursor.rowcount

    def _sealed(self, private: Mapping[str, str]) -> bytes:
        """Sealed, but nothing stays empty: so SQL can tell what is left to forget."""
        return self._box.seal(private) if private else b""

    def _open(self, sealed: bytes) -> dict[str, str]:
        return self._box.open(sealed) if sealed else {}


def columns(record: Any) -> dict[str, Any]:
    """A record's fields as SQL parameters: mappings and tuples as jsonb, money as minor units."""
    return {name: _column(getattr(record, name)) for name in record.__dataclass_fields__}


async def _execute(cursor: AsyncCursor[Any], sql: LiteralString, values: Mapping[str, Any]) -> None:
    try:
        await cursor.execute(sql, {name: _asked(value) for name, value in values.items()})
    except ForeignKeyViolation as error:
        raise NotThere(error.diag.message_detail) from error


def _asked(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return text(value)
    return [_asked(each) for each in value] if isinstance(value, list) else value


def _column(value: Any) -> Any:
    if isinstance(value, Money):
        return value.minor
    if isinstance(value, Mapping | tuple):
        return Jsonb(value)
    return value
