"""The kill test's stage: the database, the supervisor and its children, and who is alive."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import trustme
from psycopg.conninfo import make_conninfo

from kills_roles import KEY, SECRET, settings_of
from pef_adapters.core.policy import Mode
from pef_adapters.demo.processes import free_port, outside
from pef_adapters.engine.onboarding import StoreRequest, add_account, add_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from pef_adapters.runtime import Runtime
from pef_adapters.storage.embedded import EmbeddedPostgres

ACCOUNT = "kills"
# A request that waits for a lock longer than this fails, as it may on a busy server.
_LOCK_TIMEOUT = "3s"
_PATIENCE = 90
# A poll looks back ten minutes: under load too much to be read every few seconds.
_SELDOM, _OFTEN = "* * * * * */30", "* * * * * */5"


class Database:
    """Our own PostgreSQL, and the way to end its server under everybody's feet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hold = EmbeddedPostgres(folder)
        self.server = self._hold.dsn

    def close(self) -> None:
        self._hold.close()

    def fresh(self, name: str) -> str:
        """An empty database in which locks are waited for only so long."""
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            admin.execute(f"CREATE DATABASE {name}".encode())
            admin.execute(f"ALTER DATABASE {name} SET lock_timeout = '{_LOCK_TIMEOUT}'".encode())
        return make_conninfo(self.server, dbname=name)

    async def restart(self, how: signal.Signals, down: float) -> None:
        """Stop the server (SIGINT: fast, SIGQUIT: at once), wait, and start it again."""
        record = self._folder / "postgres" / "postmaster.pid"
        server = psutil.Process(int(record.read_text().split()[0]))
        server.send_signal(how)
        while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
        await asyncio.sleep(down)
        old, self._hold = self._hold, await asyncio.to_thread(EmbeddedPostgres, self._folder)
        old.close()


@dataclass(slots=True)
class Supervisor:
    """The warm process that keeps the others alive (`kills_zygote`)."""

    orders: asyncio.StreamWriter
    news: asyncio.StreamReader
    pids: dict[str, int] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)

    async def follow(self) -> None:
        """Know who lives, until there is no more news."""
        async for line in self.news:
            news = json.loads(line)
            if "born" in news:
                self.pids[news["born"]] = news["pid"]
                continue
            self.pids.pop(news.get("died") or news["gone"], None)
            if "died" in news:
                self.deaths[f"{news['died'].partition('-')[0]} {news['code']}"] += 1

    def start(self, name: str, role: str, **told: Any) -> None:
        """Keep this process alive; whoever had the name before is gone."""
        self._order(name=name, role=role, told=told)

    def end(self, name: str) -> None:
        self._order(name=name, role="nobody", told={})

    def _order(self, **order: Any) -> None:
        self.orders.write(json.dumps(order).encode() + b"\n")


@asynccontextmanager
async def supervisor(folder: Path) -> AsyncIterator[Supervisor]:
    """The supervisor, with everything imported; its children end with it."""
    certificate = folder / "one.pem"
    # Clients read all certificates when they are made, and here nobody speaks TLS.
    trustme.CA().cert_pem.write_to_path(str(certificate))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("kills_zygote.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**outside(), "SSL_CERT_FILE": str(certificate)},
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without the pipes it was given")
    keeper = Supervisor(process.stdin, process.stdout)
    following = asyncio.create_task(keeper.follow())
    try:
        yield keeper
    finally:
        process.stdin.close()
        await process.wait()
        await following


@dataclass(frozen=True, slots=True)
class Stage:
    """One round's house and its surroundings."""

    database: Database
    dsn: str
    keeper: Supervisor
    rail: httpx.AsyncClient
    store: httpx.AsyncClient
    told: dict[str, Any]
    workers: int

    def open(self, ahead: float = 0) -> None:
        """Start web and workers, or start them anew with their clocks ahead."""
        for name in ("web", *self.worker_names):
            role = name.partition("-")[0]
            poll = _OFTEN if ahead else _SELDOM
            told = {
                **self.told,
                "ahead": ahead,
                "poll": poll,
                "log": f"{self.told['folder']}/{name}.log",
            }
            self.keeper.start(name, role, **told)

    async def is_served(self) -> None:
        """Wait until the web half answers."""
        async with _remote(self.told["home"]) as client:
            await answers(client, "/health/ready")

    @property
    def worker_names(self) -> list[str]:
        return [f"worker-{number}" for number in range(self.workers)]

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> bool:
        """Send the signal to whoever has the name now; False where nobody has."""
        pid = self.keeper.pids.get(name)
        if pid is None:
            return False
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return False
        return True


@asynccontextmanager
async def stage(
    folder: Path, database: Database, keeper: Supervisor, *, workers: int, delay: float
) -> AsyncIterator[Stage]:
    """Rail, store and an empty ledger that knows both; web and workers are not there yet.

    The store delivers webhooks after `delay` seconds, and merges equal ones that wait.
    """
    name = "kills"
    rail_port, store_port, web_port = free_port(), free_port(), free_port()
    homes = {port: f"http://127.0.0.1:{port}" for port in (rail_port, store_port, web_port)}
    own = folder / name
    own.mkdir()
    dsn = database.fresh(name)
    told = {"database": dsn, "folder": str(own), "port": web_port, "home": homes[web_port]}
    callback = f"{homes[web_port]}/webhooks/pagoefectivo/{ACCOUNT}"
    keeper.start("rail", "rail", port=rail_port, callback=callback, log=str(own / "rail.log"))
    shop = {"port": store_port, "home": homes[store_port], "delay": delay}
    keeper.start("store", "store", **shop, log=str(own / "store.log"))
    async with AsyncExitStack() as stack:
        rail = await stack.enter_async_context(_remote(homes[rail_port]))
        store = await stack.enter_async_context(_remote(homes[store_port]))
        await _connect(told, rail, store)
        try:
            yield Stage(database, dsn, keeper, rail, store, told, workers)
        finally:
            for each in ("rail", "store", "web", *(f"worker-{n}" for n in range(workers))):
                keeper.end(each)


def _remote(home: str) -> httpx.AsyncClient:
    # A press must not meet a connection that is being closed: nobody could tell what came of it.
    fresh = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=home, trust_env=False, timeout=60, limits=fresh)


async def answers(client: httpx.AsyncClient, path: str) -> None:
    """Wait until somebody listens and is well.

    Raises:
        TimeoutError: nobody did.
    """
    async with asyncio.timeout(_PATIENCE):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get(path)).is_success:
                    return
            await asyncio.sleep(0.1)


async def _connect(told: dict[str, Any], rail: httpx.AsyncClient, store: httpx.AsyncClient) -> None:
    await asyncio.gather(answers(rail, "/"), answers(store, "/"))
    async with Runtime.open(settings_of(told)) as runtime:
        await _add_account(runtime.ports, str(rail.base_url).rstrip("/"))
        request = StoreRequest(
            platform="woocommerce",
            address=str(store.base_url).rstrip("/"),
            account_id=ACCOUNT,
            settings={"payment_methods": ["pagoefectivo"], "allow_http": True},
        )
        keys = {"consumer_key": KEY, "consumer_secret": SECRET}
        await add_store(runtime.ports, request, keys, runtime.ports.public_url)


async def _add_account(ports: Ports, rail: str) -> None:
    account = Account(
        id=ACCOUNT,
        mode=Mode.SANDBOX,
        base_url=rail,
        service_id=DEFAULT_SERVICE_ID,
        settings={},
        secrets={"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY},
        created_at=ports.clock.now(),
    )
    await add_account(ports, account)
