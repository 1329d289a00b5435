"""Migrating: fresh, again, at once, and with a newer release of the queue."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager

from database_server import Server
from pef_adapters.core.errors import DatabaseUnavailable
from pef_adapters.core.states import moves
from pef_adapters.storage.migrations import (
    by_alembic,
    current_revision,
    known_revisions,
    migrate,
    newest_revision,
)

TABLES = {
    "accounts",
    "actual_costs",
    "agencies",
    "api_calls",
    "asked_refunds",
    "attempts",
    "audit",
    "checkouts",
    "exchanges",
    "invitations",
    "machine_tokens",
    "payments",
    "privacy_cases",
    "procrastinate_jobs",
    "received",
    "refund_moves",
    "refunds",
    "seals",
    "sessions",
    "store_health",
    "stores",
    "timeline",
    "tries",
    "users",
}


@pytest.fixture
def empty(postgres: Server) -> Iterator[str]:
    """A database that nobody has migrated."""
    with postgres.fresh(template="template1") as dsn:
        yield dsn


def names(dsn: str, query: str) -> set[str]:
    """The first column of a query."""
    with psycopg.connect(dsn) as conn:
        return {str(row[0]) for row in conn.execute(query)}


def tables(dsn: str) -> set[str]:
    """The database's tables."""
    return names(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def test_a_fresh_database_gets_everything(empty: str) -> None:
    """The first migration makes all tables, ours and the queue's."""
    assert current_revision(empty) is None
    assert migrate(empty) == newest_revision()
    assert current_revision(empty) == newest_revision()
    assert tables(empty) >= TABLES


def test_a_command_that_migrates_nothing_loads_no_alembic(empty: str) -> None:
    """Nearly every start finds the schema as it should be, and need not load what changes it."""
    migrate(empty)
    code = (
        "import sys; import pef_adapters.cli; from pef_adapters.storage.migrations import migrate;"
        f"migrate({empty!r}); print([m for m in ('alembic', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_known_revisions_are_those_that_alembic_finds() -> None:
    """The names of the files tell what Alembic reads in them, each built on the one before."""
    there = ScriptDirectory.from_config(by_alembic.config()).walk_revisions()
    assert known_revisions() == [each.revision for each in there][::-1]


def test_migrating_again_changes_nothing(empty: str) -> None:
    """A second migration finds everything there, the data too."""
    migrate(empty)
    with psycopg.connect(empty) as conn:
        conn.execute("INSERT INTO invitations VALUES ('t', '', now())")
    before = tables(empty)
    assert migrate(empty) == newest_revision()
    assert tables(empty) == before
    assert names(empty, "SELECT token_sha256 FROM invitations") == {"t"}


def test_eight_may_migrate_at_once(empty: str) -> None:
    """One does the work, the others wait and find it done."""
    with ThreadPoolExecutor(8) as threads:
        revisions = list(threads.map(migrate, [empty] * 8))
    assert revisions == [newest_revision()] * 8
    assert tables(empty) >= TABLES


def test_the_guards_table_is_the_cores_table(empty: str) -> None:
    """`refund_moves` holds exactly the changes of state that the core allows."""
    migrate(empty)
    with psycopg.connect(empty) as conn:
        kept = set(conn.execute("SELECT from_state, to_state FROM refund_moves"))
    assert kept == {(str(a), str(b)) for a, _, b in moves() if a != b}


def test_migrating_mends_the_guards_table(empty: str) -> None:
    """A move that another release knew, or lost, is put right."""
    migrate(empty)
    with psycopg.connect(empty) as conn:
        before = set(conn.execute("SELECT from_state, to_state FROM refund_moves"))
        conn.execute("DELETE FROM refund_moves WHERE from_state = 'received'")
        conn.execute("INSERT INTO refund_moves VALUES ('refunded', 'ready')")
    migrate(empty)
    with psycopg.connect(empty) as conn:
        assert set(conn.execute("SELECT from_state, to_state FROM refund_moves")) == before


def test_a_newer_queue_applies_only_its_newer_files(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade of the queue its new migration files run, once and in order."""
    migrate(empty)
    newer = tmp_path / "migrations"
    shutil.copytree(SchemaManager.get_migrations_path(), newer)
    (newer / "99.00.00_01_pre_new.sql").write_text("CREATE TABLE newer (percent text)")
    (newer / "99.00.00_50_post_new.sql").write_text("INSERT INTO newer VALUES ('100%')")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", staticmethod(lambda: str(newer)))
    migrate(empty)
    migrate(empty)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT percent FROM newer").fetchall() == [("100%",)]


def test_a_failed_step_can_be_repeated(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that fails is undone whole and not remembered as applied."""
    migrate(empty)
    newer = tmp_path / "migrations"
    shutil.copytree(SchemaManager.get_migrations_path(), newer)
    broken = newer / "99.00.00_01_pre_new.sql"
    broken.write_text("CREATE TABLE newer (); SELECT 1/0")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", staticmethod(lambda: str(newer)))
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    assert "newer" not in tables(empty)
    broken.write_text("CREATE TABLE newer ()")
    migrate(empty)
    assert "newer" in tables(empty)


def test_an_unreachable_database_is_said_to_be_so() -> None:
    """No server behind the address: one clear error, without the password."""
    with pytest.raises(DatabaseUnavailable) as caught:
        migrate("postgresql://pef:hush-hush@127.0.0.1:1/pef")
    assert re.search("can't be reached", str(caught.value))
    assert "hush-hush" not in str(caught.value)
