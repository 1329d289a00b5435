"""Brings a database to the schema this release needs.

Owns the order of things: our own tables (Alembic, plain SQL), the queue's tables,
and the table of allowed state changes. Every step can be repeated; two processes
may migrate at once. It never goes back: a downgrade is a restored backup.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from pef_adapters.core.errors import DatabaseUnavailable
from pef_adapters.core.states import moves
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema

_log = structlog.get_logger(__name__)
_HERE = Path(__file__).parent
# Any number will do, as long as every release uses the same one.
_LOCK = 0x70656672


def migrate(dsn: str) -> str:
    """Bring the database to this release's schema; answers its revision.

    Args:
        dsn: a libpq connection string or URI.

    Raises:
        DatabaseUnavailable: the database can't be reached.
    """
    with _one_at_a_time(dsn) as conn:
        revision = _upgrade(dsn)
        queue_files = apply_queue_schema(conn)
        _write_moves(conn)
    _log.info("database_migrated", revision=revision, queue_files=len(queue_files))
    return revision


def current_revision(dsn: str) -> str | None:
    """The schema's revision, or None for a database that was never migrated."""
    with _sqlalchemy(dsn) as conn:
        return MigrationContext.configure(conn).get_current_revision()


def newest_revision() -> str:
    """The revision that this release needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _upgrade(dsn: str) -> str:
    config = _config()
    with _sqlalchemy(dsn) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
    return newest_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


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


@contextmanager
def _sqlalchemy(dsn: str) -> Iterator[Connection]:
    # `creator` because the embedded server is reached by a socket that an
    # SQLAlchemy URL describes only clumsily.
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: _connect(dsn), poolclass=NullPool
    )
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def _connect(dsn: str, *, autocommit: bool = False) -> psycopg.Connection:
    try:
        return psycopg.connect(dsn, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database can't be reached: {error}") from error
