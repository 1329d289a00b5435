"""The sandbox's storage: one SQLite file that outlives kill -9.

Owns the tables and nothing of their meaning. Every method is one transaction, so
a process that dies between two of them leaves a whole book.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cips (
    cip INTEGER PRIMARY KEY, transaction_code TEXT NOT NULL, currency TEXT NOT NULL,
    minor INTEGER NOT NULL, status INTEGER NOT NULL, concept TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL, expires_at TEXT NOT NULL, paid_at TEXT, removed_at TEXT,
    page_token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
    number INTEGER PRIMARY KEY, merchant_refund_id TEXT NOT NULL UNIQUE,
    content_sha256 TEXT NOT NULL, original_transaction_id TEXT NOT NULL,
    cip INTEGER NOT NULL REFERENCES cips (cip), minor INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, route TEXT NOT NULL, due_on TEXT,
    requested_at TEXT NOT NULL, changed_at TEXT NOT NULL, beneficiary TEXT,
    notification_url TEXT, first_answer TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    operation TEXT NOT NULL, body TEXT NOT NULL, fault TEXT, status INTEGER);
CREATE TABLE IF NOT EXISTS callbacks (
    number INTEGER PRIMARY KEY, url TEXT NOT NULL, body BLOB NOT NULL,
    indented INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL, outcome TEXT);
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY, fault TEXT NOT NULL, remaining INTEGER,
    operation TEXT, merchant_refund_id TEXT, transaction_id TEXT, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS magic_uses (
    merchant_refund_id TEXT PRIMARY KEY, uses INTEGER NOT NULL);
"""

Value = str | int | float | bytes | None


class Book:
    """One open file. Used from one thread: the server's event loop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = _open(path)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all; may be nested."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def write(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one statement; answers the number of the row it inserted."""
        return self._connection.execute(sql, values).lastrowid or 0

    def row(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The first column of the first row, 0 where there is none."""
        found = self.row(sql, values)
        return int(found[0] or 0) if found else 0

    def note(self, name: str) -> str | None:
        found = self.row("SELECT value FROM notes WHERE name = ?", (name,))
        return str(found["value"]) if found else None

    def set_note(self, name: str, value: str) -> None:
        self.write("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(_SCHEMA)
    return connection
