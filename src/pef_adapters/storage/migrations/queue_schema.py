"""Brings Procrastinate's tables to the installed release.

A fresh database takes the release's whole schema; later releases add their own
migration files in order. `queue_migrations` remembers which files are contained,
so that an upgrade applies only the newer ones.
"""

from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager

# Ours: without it each wake-up and each fetch reads every job that waits for its day.
_INDEX = "CREATE INDEX pef_jobs_waiting_by_lock ON procrastinate_jobs (lock) WHERE status = 'todo'"


def apply_queue_schema(conn: psycopg.Connection) -> list[str]:
    """Apply what is missing; answers the names of the files, in order."""
    files = _files()
    applied = _applied(conn)
    missing = [name for name in files if name not in applied]
    if not applied:
        _apply(conn, SchemaManager.get_schema(), missing)
        conn.execute(_INDEX)
        return missing
    for name in missing:
        _apply(conn, files[name].read_text(encoding="utf-8"), [name])
    return missing


def _files() -> dict[str, Path]:
    folder = Path(SchemaManager.get_migrations_path())
    return {path.name: path for path in sorted(folder.glob("*.sql"))}


def _applied(conn: psycopg.Connection) -> set[str]:
    return {row[0] for row in conn.execute("SELECT name FROM queue_migrations")}


def _apply(conn: psycopg.Connection, sql: str, names: list[str]) -> None:
    with conn.transaction():
        conn.execute(sql)
        conn.cursor().executemany(
            "INSERT INTO queue_migrations (name) VALUES (%s)", [(name,) for name in names]
        )
