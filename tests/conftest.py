"""What all tests share: one embedded PostgreSQL, and a fresh migrated database each.

The server lives as long as the test session, in a folder of its own, without
fsync and in memory where it can be. A test's database is a copy of a migrated template
(some tens of milliseconds) and is dropped afterwards, whoever is still connected.
"""

import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import certifi
import psycopg
import pytest
import structlog
import trustme
from cryptography.fernet import Fernet

from database_server import TEMPLATE, Server
from pef_adapters import logs
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.memory import MemoryBook
from pef_adapters.storage.migrations import migrate
from pef_adapters.storage.postgres import Pool, PostgresBook, open_pool
from pef_adapters.storage.queue import Queue, make_queue
from pef_adapters.storage.secrets import SecretBox
from ram_disk import use_ram_disk

# The root, and whatever `logs.configure` makes quieter.
_LOUD = ("", *logs.CHATTY)


def pytest_configure() -> None:
    """Before anybody makes a temporary file."""
    use_ram_disk()


@pytest.fixture(autouse=True)
def logging_left_alone() -> Iterator[None]:
    """A test that sets up logging, as each command does, sets it up for itself alone."""
    root, ours = logging.getLogger(), structlog.get_config()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in _LOUD}
    yield
    structlog.configure(**ours)
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def nobody_is_trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One unknown authority in place of the world's: each client reads them all, in 30 ms.

    Tests that speak TLS bring an authority of their own.
    """
    unknown = tmp_path_factory.mktemp("trust") / "unknown.pem"
    trustme.CA().cert_pem.write_to_path(str(unknown))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(unknown))
        patch.setattr(certifi, "where", lambda: str(unknown))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The session's server, with a migrated template database."""
    # Not pytest's tmp_path: its parents are closed to the user that serves root.
    folder = Path(tempfile.mkdtemp(prefix="pef-tests-"))
    with (
        EmbeddedPostgres(folder) as embedded,
        psycopg.connect(embedded.dsn, autocommit=True) as admin,
    ):
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
        server = Server(embedded.dsn, admin)
        migrate(server.dsn_of(TEMPLATE))
        yield server
    shutil.rmtree(folder)


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """The DSN of a fresh, migrated database, for one test."""
    with postgres.fresh() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def module_database(postgres: Server) -> Iterator[str]:
    """The DSN of a fresh, migrated database, shared by the tests of one module."""
    with postgres.fresh() as dsn:
        yield dsn


@pytest.fixture
def secret_box() -> SecretBox:
    """A box with a key of its own."""
    return SecretBox(Fernet.generate_key().decode())


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool on the test's database."""
    async with open_pool(database) as opened:
        yield opened


@pytest.fixture
def queue(pool: Pool) -> Queue:
    """The job queue of the test's database; no worker runs."""
    return make_queue(pool)


@pytest.fixture
def postgres_book(pool: Pool, secret_box: SecretBox, queue: Queue) -> PostgresBook:
    """The ledger on PostgreSQL, empty."""
    return PostgresBook(pool, secret_box, queue)


@pytest.fixture
def memory_book() -> MemoryBook:
    """The ledger's twin in memory, empty."""
    return MemoryBook()


@pytest.fixture(params=["memory", "postgres"])
def book(request: pytest.FixtureRequest) -> LedgerBook:
    """Each ledger in turn: what one promises, the other keeps."""
    chosen: LedgerBook = request.getfixturevalue(f"{request.param}_book")
    return chosen
