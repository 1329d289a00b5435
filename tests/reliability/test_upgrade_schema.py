"""Code and schema of different releases: who waits, who goes on, who refuses."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.sql import SQL

from database_server import Server
from pef_adapters.core.errors import DatabaseUnavailable, SchemaUnfit
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings
from pef_adapters.storage import migrations
from pef_adapters.storage.migrations import (
    by_alembic,
    current_revision,
    migrate,
    newest_revision,
    refuse_older,
)
from pef_adapters.storage.migrations.queue_schema import apply_queue_schema
from storage_samples import NOON

HEARD = (
    "INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at)"
    " VALUES ('store', 'shop', 'refund', 'ab', '[]', %(now)s, %(now)s)"
)
WAITS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def at_0002(postgres: Server) -> Iterator[str]:
    """A database that an older release made."""
    with postgres.fresh(template="template1") as dsn:
        by_alembic.upgrade(lambda: psycopg.connect(dsn), to="0002")
        with psycopg.connect(dsn, autocommit=True) as conn:
            apply_queue_schema(conn)
        yield dsn


def _newer(dsn: str, floor: str | None) -> None:
    """What a later release leaves behind: its revision, and the oldest code it lives with."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.execute("INSERT INTO refund_moves VALUES ('refunded', 'ready')")
        conn.execute(SQL("COMMENT ON TABLE alembic_version IS {}").format(floor))


def _moves(dsn: str) -> set[tuple[str, str]]:
    with psycopg.connect(dsn) as conn:
        return {(a, b) for a, b in conn.execute("SELECT from_state, to_state FROM refund_moves")}


# --- the schema is newer than the code ---


@pytest.mark.parametrize("floor", ["0001", newest_revision(), None])
def test_code_goes_on_where_a_newer_schema_lives_with_it(database: str, floor: str | None) -> None:
    """It starts, and takes back nothing of what the newer release brought."""
    _newer(database, floor)
    assert migrate(database) == "9999"
    assert current_revision(database) == "9999"
    assert ("refunded", "ready") in _moves(database)


def test_code_refuses_a_schema_that_left_it_behind(database: str) -> None:
    """It says so before it touches anything, instead of failing in the middle of a refund."""
    _newer(database, "9998")
    with pytest.raises(SchemaUnfit, match="9998"):
        migrate(database)
    with pytest.raises(SchemaUnfit, match="9998"):
        refuse_older(database)
    assert ("refunded", "ready") in _moves(database)


def test_the_schema_says_from_which_code_on_it_can_be_used(database: str) -> None:
    """The release before the next one reads it there."""
    with psycopg.connect(database) as conn:
        found = conn.execute("SELECT obj_description('alembic_version'::regclass)").fetchone()
    assert found == (migrations.OLDEST_CODE,)
    assert migrations.OLDEST_CODE in migrations.known_revisions()


# --- the schema is older than the code ---


async def test_a_process_that_may_not_migrate_refuses_an_older_schema(at_0002: str) -> None:
    """With PEF_MIGRATE=0 nothing is changed, and the operator reads what to do."""
    settings = Settings(database_url=at_0002, migrate=False)  # type: ignore[arg-type]
    with pytest.raises(SchemaUnfit, match=r"0002.*pef migrate"):
        async with Runtime.open(settings):
            raise AssertionError
    assert current_revision(at_0002) == "0002"


def test_a_database_without_any_schema_is_refused_too(postgres: Server) -> None:
    """Nobody ever migrated it."""
    with postgres.fresh(template="template1") as dsn, pytest.raises(SchemaUnfit, match="no schema"):
        refuse_older(dsn)


def test_a_process_that_may_not_migrate_starts_on_its_own_schema(database: str) -> None:
    """And on a newer one that lives with it."""
    refuse_older(database)
    _newer(database, "0001")
    refuse_older(database)


# --- work that is under way ---


def test_a_migration_steps_aside_for_work_under_way(at_0002: str) -> None:
    """Two tables in another order than the migration's: it waits, and neither is a victim."""
    with ThreadPoolExecutor(1) as thread, psycopg.connect(at_0002) as old:
        old.execute(HEARD, {"now": NOON})
        migrating = thread.submit(migrate, at_0002)
        _until_it_waits(at_0002)
        old.execute("UPDATE stores SET poll_cursor = now()")
        old.commit()
        assert migrating.result(60) == newest_revision()


def test_a_migration_gives_up_where_a_table_stays_in_use(
    at_0002: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its patience it says so, and the old schema is whole."""
    monkeypatch.setattr(migrations, "_PAUSES_SECONDS", (0.01, 0.01))
    with psycopg.connect(at_0002) as old:
        old.execute(HEARD, {"now": NOON})
        with pytest.raises(DatabaseUnavailable, match="in use"):
            migrate(at_0002)
    assert current_revision(at_0002) == "0002"


def _until_it_waits(dsn: str) -> None:
    """Until the migration waits for a lock."""
    pause = threading.Event()
    with psycopg.connect(dsn, autocommit=True) as watch:
        for _ in range(2000):
            if watch.execute(WAITS).fetchone() != (0,):
                return
            pause.wait(0.005)
    raise AssertionError("the migration never waited")


# --- the end of an old process ---


def _told_to_end(sigint: str) -> subprocess.CompletedProcess[str]:
    program = (sys.executable, "-c", _PROGRAM % sigint)
    return subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)


def test_told_to_end_a_worker_finishes_its_step() -> None:
    """SIGTERM cancels the work from outside; it never cuts a job in the middle."""
    done = _told_to_end("signal.default_int_handler")
    assert done.stdout.split() == ["whole", "cancelled"], done.stderr


def test_a_worker_that_is_deaf_to_ctrl_c_ends_all_the_same() -> None:
    """As a shell starts it in the background."""
    done = _told_to_end("signal.SIG_IGN")
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode != 0


_PROGRAM = """
import asyncio, os, signal
from pef_adapters.cli.service import end_by_sigterm

async def job():
    os.kill(os.getpid(), signal.SIGTERM)
    print("whole")

async def work():
    running = asyncio.create_task(job())
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await running
        print("cancelled")

signal.signal(signal.SIGINT, %s)
end_by_sigterm()
asyncio.run(work())
"""
