"""The embedded PostgreSQL: made, shared, survived, stopped."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pef_adapters.core.errors import DatabaseUnavailable
from pef_adapters.storage.embedded import EmbeddedPostgres

HOLDER = """
import sys
from pathlib import Path
from pef_adapters.storage.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.dsn, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a space in its name; its server is stopped afterwards."""
    base = Path(tempfile.mkdtemp(prefix="pef-embedded-"))
    yield base / "mi tienda"
    if (base / "mi tienda").exists():
        EmbeddedPostgres(base / "mi tienda").close()
    shutil.rmtree(base)


def holder(folder: Path) -> "subprocess.Popen[str]":
    """Another process that holds the server until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    while "dbname=" not in (line := process.stdout.readline()):
        assert line, "the holder ended before it had the server"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    """Close its input and wait until it is gone."""
    process.communicate(timeout=60)


def answers(dsn: str) -> bool:
    """Whether a server answers there."""
    try:
        with psycopg.connect(dsn) as conn:
            return conn.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_what_was_written_is_there_at_the_next_start(folder: Path) -> None:
    """The first start makes the database, the second finds it; between them it is stopped."""
    with EmbeddedPostgres(folder) as first, psycopg.connect(first.dsn) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert not answers(first.dsn)
    with EmbeddedPostgres(folder) as second, psycopg.connect(second.dsn) as conn:
        assert conn.execute("SELECT n FROM kept").fetchone() == (7,)


def test_it_keeps_what_it_was_told_to_keep(folder: Path) -> None:
    """Commits reach the disk, and nothing listens on a network."""
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.dsn) as conn:
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)


def test_only_its_owner_can_reach_the_socket(folder: Path) -> None:
    """Neither the folder nor the socket is open to other users."""
    with EmbeddedPostgres(folder):
        assert (folder / "postgres").stat().st_mode & 0o077 == 0
        assert (folder / "postgres" / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_the_last_one_stops_it(folder: Path) -> None:
    """Two holders of one process: the first to leave leaves it running."""
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    assert first.dsn == second.dsn
    first.close()
    first.close()
    assert answers(second.dsn)
    second.close()
    assert not answers(second.dsn)


def test_two_processes_share_it(folder: Path) -> None:
    """It outlives the process that started it as long as another one holds it."""
    other = holder(folder)
    with EmbeddedPostgres(folder) as mine:
        end(other)
        assert answers(mine.dsn)
    assert not answers(mine.dsn)


def test_processes_that_start_at_once_get_one_server(folder: Path) -> None:
    """Nobody makes a second cluster, nobody fails."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    starting = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(3)
    ]
    for process in starting:
        end(process)
    assert [process.returncode for process in starting] == [0, 0, 0]


def test_a_killed_process_leaves_it_usable(folder: Path) -> None:
    """After kill -9 of a holder the others go on, and the last one still stops it."""
    killed = holder(folder)
    with EmbeddedPostgres(folder) as mine:
        killed.send_signal(signal.SIGKILL)
        end(killed)
        assert answers(mine.dsn)
    assert not answers(mine.dsn)


def test_a_server_whose_only_holder_was_killed_is_found_again(folder: Path) -> None:
    """The next process uses the server that was left running, and stops it."""
    killed = holder(folder)
    killed.send_signal(signal.SIGKILL)
    end(killed)
    with EmbeddedPostgres(folder) as mine:
        assert answers(mine.dsn)
    assert not answers(mine.dsn)


def test_a_killed_server_recovers(folder: Path) -> None:
    """After kill -9 of the server itself the next start recovers what was committed."""
    with EmbeddedPostgres(folder) as first:
        with psycopg.connect(first.dsn) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        with EmbeddedPostgres(folder) as second, psycopg.connect(second.dsn) as conn:
            assert conn.execute("SELECT n FROM kept").fetchone() == (7,)


@pytest.mark.parametrize(
    "content", [f"{os.getpid()}\n", "", "no number\n"], ids=["ours", "empty", "no number"]
)
def test_a_stale_pid_file_does_not_stop_it(folder: Path, content: str) -> None:
    """After a crash the recorded pid may be anybody's; it starts all the same."""
    EmbeddedPostgres(folder).close()
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (folder / "postgres" / name).write_text(content)
    with EmbeddedPostgres(folder) as server:
        assert answers(server.dsn)


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    """A process killed while it made the cluster leaves a draft that nobody trusts."""
    (folder / "postgres.draft").mkdir(parents=True)
    (folder / "postgres.draft" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        assert answers(server.dsn)


def test_a_folder_that_cannot_be_used_is_a_clear_error(folder: Path) -> None:
    """The error names the folder and the way out."""
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("not a folder")
    with pytest.raises(DatabaseUnavailable, match=r"mi tienda.*PEF_DATABASE_URL"):
        EmbeddedPostgres(folder)
    folder.unlink()


def test_a_cluster_that_cannot_start_is_a_clear_error(folder: Path) -> None:
    """The error points to the server's log, and a mended folder works again."""
    EmbeddedPostgres(folder).close()
    config = folder / "postgres" / "postgresql.conf"
    whole = config.read_text()
    config.write_text(whole + "\nno_such_setting = 1\n")
    with pytest.raises(DatabaseUnavailable, match="log"):
        EmbeddedPostgres(folder)
    config.write_text(whole)
    with EmbeddedPostgres(folder) as server:
        assert answers(server.dsn)


def test_a_path_too_long_for_a_socket_is_a_clear_error(folder: Path) -> None:
    """The system allows about a hundred characters; the error says to choose a shorter one."""
    with pytest.raises(DatabaseUnavailable, match="shorter"):
        EmbeddedPostgres(folder / ("x" * 100))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_can_run_it(folder: Path) -> None:
    """Nothing of it needs root."""
    nobody = pwd.getpwnam("nobody")
    folder.parent.chmod(0o755)
    folder.mkdir()
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    # The interpreter itself may lie where only root can read: import first, then step down.
    step_down = f"os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})"
    program = HOLDER.replace("with", f"import os; {step_down}\nwith", 1)
    shown = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "dbname=postgres" in shown.stdout, shown.stderr
    assert (folder / "postgres").stat().st_uid == nobody.pw_uid
    shutil.rmtree(folder)
