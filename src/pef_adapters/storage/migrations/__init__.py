"""Brings a database to the schema this release needs.

Owns the order of things: our own tables (Alembic, plain SQL), the queue's tables,
and the table of allowed state changes. Every step can be repeated; two processes
may migrate at once, while older releases work. It never goes back: a downgrade is a
restored backup; but an older release starts on a newer schema that still lives with it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.sql import SQL

from pef_adapters.core.errors import DatabaseUnavailable, SchemaUnfit
from pef_adapters.core.states import moves
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema

_log = structlog.get_logger(__name__)
_VERSIONS: Final = Path(__file__).parent / "versions"
# Any number will do, as long as every release uses the same one.
_LOCK = 0x70656672
# Shorter than PostgreSQL's own second before it looks for a deadlock and kills somebody: a
# migration that meets work under way steps aside, so that the victim is never a refund's job.
_STEP_ASIDE = "SET lock_timeout = '500ms'"
_PAUSES_SECONDS = (0.1,) * 10 + (1.0,) * 60
OLDEST_CODE = "0001"
"""The oldest revision whose code can work on this schema (docs/adr/0021-upgrades.md)."""


def migrate(dsn: str) -> str:
    """Bring the database to this release's schema; answers its revision.

    Args:
        dsn: a libpq connection string or URI.

    Raises:
        DatabaseUnavailable: the database can't be reached, or its tables stay in use.
        SchemaUnfit: its schema left this release behind.
    """
    with _one_at_a_time(dsn) as conn:
        found = current_revision(dsn)
        if found is not None and found not in known_revisions():
            return _work_on_newer(conn, found)
        conn.execute(_STEP_ASIDE)
        for pause in _PAUSES_SECONDS:
            try:
                return _bring_forward(dsn, conn)
            except (LockNotAvailable, DeadlockDetected):
                _log.info("migration_waits", pause=pause)
                time.sleep(pause)
    raise DatabaseUnavailable("the tables stay in use, by a backup perhaps: migrate later")


def refuse_older(dsn: str) -> None:
    """Change nothing; refuse a database that this release can't work on as it is.

    Raises:
        DatabaseUnavailable: the database can't be reached.
        SchemaUnfit: its schema is older than this release, or left it behind.
    """
    found, newest = current_revision(dsn), newest_revision()
    if found == newest:
        return
    if found in {None, *known_revisions()}:
        at = f"is at {found}" if found else "has no schema"
        raise SchemaUnfit(f"the database {at}, this release needs {newest}: run `pef migrate`")
    with _connect(dsn) as conn:
        _work_on_newer(conn, str(found))


def known_revisions() -> list[str]:
    """Every revision that this release has heard of, oldest first: `v0001_ledger.py` is 0001."""
    return sorted(file.stem[1:].partition("_")[0] for file in _VERSIONS.glob("v*.py"))


def current_revision(dsn: str) -> str | None:
    """The schema's revision, or None for a database that was never migrated."""
    with _connect(dsn) as conn:
        if conn.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def newest_revision() -> str:
    """The revision that this release needs."""
    return known_revisions()[-1]


def _bring_forward(dsn: str, conn: psycopg.Connection) -> str:
    _upgrade(dsn)
    queue_files = apply_queue_schema(conn)
    _write_moves(conn)
    # Where a later release finds it, and an earlier one that is started again.
    conn.execute(SQL("COMMENT ON TABLE alembic_version IS {}").format(OLDEST_CODE))
    _log.info("database_migrated", revision=newest_revision(), queue_files=len(queue_files))
    return newest_revision()


def _work_on_newer(conn: psycopg.Connection, found: str) -> str:
    """Leave a newer schema as it is, if its release says that we can work on it."""
    row = conn.execute("SELECT obj_description('alembic_version'::regclass)").fetchone()
    floor = row[0] if row else None
    if floor is not None and floor not in known_revisions():
        raise SchemaUnfit(
            f"the database is at {found}, for releases from {floor} on; "
            f"this one knows {newest_revision()}: start the newer release"
        )
    _log.warning("schema_newer_than_code", schema=found, code=newest_revision())
    return found


def _upgrade(dsn: str) -> None:
    if current_revision(dsn) == newest_revision():
        return
    # Nearly every start has nothing to do here, and Alembic is a fifth of what a command loads.
    from pef_adapters.storage.migrations import by_alembic  # noqa: PLC0415

    by_alembic.upgrade(lambda: _connect(dsn), first=_STEP_ASIDE)


def _write_moves(conn: psycopg.Connection) -> None:
    """Make the guard's table equal to the state machine, in one step."""
    pairs = sorted({(str(a), str(b)) for a, _, b in moves() if a != b})
    with conn.transaction():
        conn.execute("DELETE FROM refund_moves")
        conn.cursor().executemany(
            "INSERT INTO refund_moves (from_state, to_state) VALUES (%s, %s)", pairs
        )


@contextmanager
def _one_at_a_time(dsn: str) -> Iterator[psycopg.Connection]:
    with _connect(dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        yield conn  # closing the session gives the lock back, whatever happens


def _connect(dsn: str, *, autocommit: bool = False) -> psycopg.Connection:
    try:
        return psycopg.connect(dsn, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database can't be reached: {error}") from error
