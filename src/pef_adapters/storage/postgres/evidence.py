"""The evidence as its rows, and the table of seals over them."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

from psycopg.errors import LockNotAvailable, UniqueViolation

from pef_adapters.core.errors import TransitionRefused
from pef_adapters.engine.records import EvidenceBook, Seal
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

# Every column. JSON as PostgreSQL writes it: read as figures, 1.0 and 1.00 would be one.
_ROWS: Final[Mapping[EvidenceBook, LiteralString]] = {
    EvidenceBook.EXCHANGES: """
        SELECT seq, account_id, merchant_refund_id, purpose, request, request_body, status,
               answer_body, answer_sha256, response_id, rail_timestamp, fault, started_at, ended_at
        FROM exchanges WHERE seq > %(after)s AND seq <= %(upto)s ORDER BY seq LIMIT %(limit)s
    """,
    EvidenceBook.TIMELINE: """
        SELECT seq, refund_id, at, what, from_state, to_state, actor, detail::text AS detail
        FROM timeline WHERE seq > %(after)s AND seq <= %(upto)s ORDER BY seq LIMIT %(limit)s
    """,
    EvidenceBook.AUDIT: """
        SELECT id AS seq, at, actor, what, subject, store_id, agency, outcome, origin,
               detail::text AS detail
        FROM audit WHERE id > %(after)s AND id <= %(upto)s ORDER BY id LIMIT %(limit)s
    """,
}
_COUNT: Final[Mapping[EvidenceBook, LiteralString]] = {
    EvidenceBook.EXCHANGES: "SELECT count(*) AS rows FROM exchanges WHERE seq > %(after)s",
    EvidenceBook.TIMELINE: "SELECT count(*) AS rows FROM timeline WHERE seq > %(after)s",
    EvidenceBook.AUDIT: "SELECT count(*) AS rows FROM audit WHERE id > %(after)s",
}
_LOCK: Final[Mapping[EvidenceBook, LiteralString]] = {
    EvidenceBook.EXCHANGES: "LOCK TABLE exchanges IN SHARE MODE",
    EvidenceBook.TIMELINE: "LOCK TABLE timeline IN SHARE MODE",
    EvidenceBook.AUDIT: "LOCK TABLE audit IN SHARE MODE",
}
_END: Final[Mapping[EvidenceBook, LiteralString]] = {
    EvidenceBook.EXCHANGES: "SELECT coalesce(max(seq), 0) AS seq FROM exchanges",
    EvidenceBook.TIMELINE: "SELECT coalesce(max(seq), 0) AS seq FROM timeline",
    EvidenceBook.AUDIT: "SELECT coalesce(max(id), 0) AS seq FROM audit",
}
_COLUMNS: LiteralString = "book, number, first_seq, last_seq, rows, digest, mark, sealed_at"
_INSERT = f"""
    INSERT INTO seals ({_COLUMNS})
    VALUES (%(book)s, %(number)s, %(first_seq)s, %(last_seq)s, %(rows)s, %(digest)s, %(mark)s,
            %(sealed_at)s)
"""
_NEWEST = f"SELECT {_COLUMNS} FROM seals WHERE book = %(book)s ORDER BY number DESC LIMIT 1"
_SEALS = f"""
    SELECT {_COLUMNS} FROM seals WHERE book = %(book)s AND number > %(after)s
    ORDER BY number LIMIT %(limit)s
"""


class Evidence(Table):
    """The table `seals`, and the tables it covers."""

    async def firm_end(self, book: EvidenceBook) -> int | None:
        # A number is handed out before its row is committed, so a smaller one can come later.
        # This lock waits for every writer under way and keeps new ones out: whoever writes
        # after it gets a greater number. Others wait behind us, so we give up soon.
        await self._run("SET LOCAL lock_timeout = '500ms'")
        try:
            async with self._conn.transaction():
                await self._run(_LOCK[book])
        except LockNotAvailable:
            return None
        return await self._figure(_END[book], "seq")

    async def evidence(
        self, book: EvidenceBook, after: int, upto: int, limit: int
    ) -> list[Mapping[str, Any]]:
        return [*await self._all(_ROWS[book], after=after, upto=upto, limit=limit)]

    async def count_evidence(self, book: EvidenceBook, after: int) -> int:
        return await self._figure(_COUNT[book], "rows", after=after)

    async def add_seal(self, seal: Seal) -> None:
        try:
            await self._run(_INSERT, **columns(storable(seal)))
        except UniqueViolation as error:
            raise TransitionRefused(f"{seal.book} has a seal {seal.number} already") from error

    async def last_seal(self, book: EvidenceBook) -> Seal | None:
        row = await self._one(_NEWEST, book=book)
        return None if row is None else _seal(row)

    async def seals(self, book: EvidenceBook, after: int, limit: int) -> list[Seal]:
        rows = await self._all(_SEALS, book=book, after=after, limit=limit)
        return [_seal(row) for row in rows]

    async def _figure(self, sql: LiteralString, name: str, **values: Any) -> int:
        row = await self._one(sql, **values)
        assert row is not None  # noqa: S101 -- an aggregate always has a row
        return int(row[name])


def _seal(row: Row) -> Seal:
    return Seal(**row | {"book": EvidenceBook(row["book"])})
