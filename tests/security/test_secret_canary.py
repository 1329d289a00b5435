"""No secret stands anywhere but sealed: the main road is driven with canaries, then searched.

Whatever the product leaves behind is collected: logs at level debug, every row of
every table, what commands and error answers say, the sandbox's page, the orders' notes.
The road goes through failures too, because it is errors that quote what they should not.
"""

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psycopg
import pytest
import trustme
from psycopg import sql
from psycopg.conninfo import make_conninfo

from canaries import REASON, Canaries, numbers_in
from pef_adapters.demo.processes import free_port, program
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.testing.fake_woocommerce import ApiKey, StoreSettings, running
from woocommerce_bench import KEY, SECRET, RemoteStore

_PATIENCE_SECONDS = 60
_PLACES = ("logs", "tables", "commands", "answers", "page", "notes")
_SERVICE_ID = "1000"
_CASSETTES = Path(__file__).parents[1] / "cassettes"
# The ledger must know the reason as it was typed: PagoEfectivo is sent it.
_KEEP_THE_REASON = {"public.refunds", "public.attempts"}
# What one buyer types, first with a wrong digit; nobody's, and unlike what the reason holds.
_TYPED: Mapping[str, str] = MappingProxyType(
    {
        "name": "Zoila Canaria Bermejo",
        "document_type": "DNI",
        "document_number": "71829364",
        "method": "cci",
        "account": "00332184726190553870",
    }
)
_MISTYPED: Mapping[str, str] = MappingProxyType({**_TYPED, "account": "00332184726190553879"})
_MASKED = ("Zoila C.", "DNI ····9364", "Interbank ····3870")
_UPGRADE: Mapping[str, str] = MappingProxyType(
    {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes...").decode(),
    }
)

_STUMBLE = """
import logging, sys
import structlog
from pef_adapters import logs

def stumble(account):
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("refund_stumbled")
        logging.getLogger("theirs").exception("Exception in ASGI application")

logs.configure("info", as_json=sys.argv[1] == "1")
stumble(sys.argv[2])
"""


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
    commands: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    link: str = ""

    def pef(self, *arguments: str, code: int = 0, keys: Mapping[str, str] | None = None) -> str:
        """Run a command, keep what it says, check how it ended."""
        done = subprocess.run(
            [sys.executable, "-m", "pef_adapters", *arguments],
            env={**os.environ, **self.environment, "COLUMNS": "300", **(keys or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        name = f"{len(self.commands)} {' '.join(arguments)}"
        self.commands[name] = done.stdout + done.stderr
        assert done.returncode == code, self.commands[name]
        return done.stdout

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
            time.sleep(0.1)

    def tables(self) -> dict[str, str]:
        """Every row of every table, as text; sealed columns as the hex they are."""
        listing = (
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(listing).fetchall()
            return {".".join(name): _rows(connection, name) for name in found}

    def left(self) -> dict[str, dict[str, str]]:
        """All that is left behind, by place."""
        page = httpx.get(f"{self.sandbox}/", trust_env=False).text
        return {
            "logs": {path.name: path.read_text("utf-8") for path in self.folder.glob("*.log")},
            "tables": self.tables(),
            "commands": self.commands,
            "answers": self.answers,
            "page": {"sandbox": page},
            "notes": {
                str(order["id"]): json.dumps([order["notes"], order["record"]])
                for order in self.store.do("GET", "/orders")
            },
        }


@dataclass(frozen=True, slots=True)
class Left:
    """What a drive left behind, and what to listen for in it."""

    canaries: Canaries
    places: dict[str, dict[str, str]]
    link: str
    bank_file: str

    def everything(self) -> dict[str, str]:
        return {
            f"{place}: {name}": text
            for place, texts in self.places.items()
            for name, text in texts.items()
        }


@pytest.fixture(scope="module")
def left(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """The road, driven once through weal and woe."""
    folder, canaries = tmp_path_factory.mktemp("canary"), Canaries()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
        road = _open(stack, folder, module_database, canaries)
        _connect(road)
        _drive(road)
        _pay_out(road)
        _ask(road)
        heard_for = replace(canaries, webhook_secret=_webhook_secret(road))
        yield Left(heard_for, road.left(), road.link, (folder / "bank.csv").read_text("utf-8"))


@pytest.mark.parametrize("place", _PLACES)
def test_no_secret_is_left_behind(left: Left, place: str) -> None:
    """Neither a key, a password nor a token stands in it, in no disguise."""
    found = left.places[place]
    assert sum(map(len, found.values())) > 0
    heard = {name: left.canaries.heard_in(text) for name, text in found.items()}
    assert {name: secrets for name, secrets in heard.items() if secrets} == {}


def test_account_and_document_numbers_are_masked(left: Left) -> None:
    """A CCI and a DNI that someone typed into a reason are whole in the ledger alone."""
    everything = left.everything()
    for table in _KEEP_THE_REASON:
        del everything[f"tables: {table}"]
    assert "Devolver a la cuenta CCI ***" in everything["tables: public.exchanges"]
    assert numbers_in(everything) == []


@pytest.mark.parametrize(
    "secret", ["token", "signature", "account", "mistyped", "document", "name"]
)
def test_nothing_of_a_buyer_is_left_behind(left: Left, secret: str) -> None:
    """Neither the link nor what was typed behind it stands anywhere; the store's mail had it."""
    token = left.link.rpartition("/")[2]
    said = {
        "token": token,
        "signature": token.rpartition(".")[2],
        "account": _TYPED["account"],
        "mistyped": _MISTYPED["account"],
        "document": _TYPED["document_number"],
        "name": _TYPED["name"].partition(" ")[2],
    }[secret]
    assert said
    forms = (said, said.encode().hex(), base64.b64encode(said.encode()).decode())
    heard = [
        name
        for name, text in left.everything().items()
        for form in forms
        if form.casefold() in text.casefold()
    ]
    assert heard == []


def test_buyer_was_really_there(left: Left) -> None:
    """The search means something: the link was refused, used and tried again, details are kept."""
    everything = left.everything()
    assert {"LINK_TAMPERED", "LINK_USED"} <= _codes(left, "logs")
    kept = everything["tables: public.destinations"]
    assert [masked for masked in _MASKED if masked not in kept] == []
    said = " ".join(left.places["commands"].values()) + " ".join(left.places["answers"].values())
    assert [masked for masked in _MASKED if masked not in said] == []
    assert '"to_state": "payout_due"' in everything["tables: public.timeline"]
    assert _TYPED["account"] in left.bank_file


def test_road_was_driven_through_its_failures(left: Left) -> None:
    """The search means something: debug logs, refusals and broken answers are in the heap."""
    logs, tables = left.places["logs"]["service.log"], left.places["tables"]
    assert '"level": "debug"' in logs
    assert "delivery_postponed" in logs
    faults = set(re.findall(r"RAIL_[A-Z_]+", tables["public.exchanges"]))
    assert {"RAIL_ANSWERED_NO", "RAIL_ANSWERED_NONSENSE", "RAIL_MAYBE_SENT"} <= faults
    assert {"SIGNATURE_INVALID", "NOT_THERE", "BODY_UNREADABLE"} <= _codes(left, "answers")
    assert {"KEYS_MIXED"} <= _codes(left, "commands")
    assert any("store is kept" in text for text in left.places["commands"].values())
    states = set(re.findall(r'"state": "(\w+)"', tables["public.refunds"]))
    assert {"refunded", "held", "pending"} <= states


@pytest.mark.parametrize("as_json", [True, False], ids=["as JSON", "to be read"])
def test_log_of_a_mistake_of_ours_shows_no_values(as_json: bool) -> None:  # noqa: FBT001
    """A trace tells where it was, in our log and in a library's, and not what was worked on."""
    done = subprocess.run(
        [sys.executable, "-c", _STUMBLE, str(int(as_json)), _TYPED["account"]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.count("ZeroDivisionError") >= 2
    assert _TYPED["account"] not in done.stderr


def test_search_hears_every_canary_in_every_disguise(left: Left) -> None:
    """Each secret is heard when it stands in a text as it is, quoted, in base64 or in hex."""
    for name, form in left.canaries.disguises():
        assert name in left.canaries.heard_in(f"GET /?x={form}&y HTTP/1.1")
    assert left.canaries.heard_in("nothing") == []


@pytest.mark.parametrize("cassette", sorted(_CASSETTES.rglob("*.yaml")), ids=lambda p: p.stem)
def test_cassettes_hold_no_secret(cassette: Path) -> None:
    """A recording holds neither the keys it was made with nor a token, header or full CCI."""
    recorded = Canaries(
        consumer_key=KEY,
        consumer_secret=SECRET,
        access_key=DEFAULT_ACCESS_KEY,
        secret_key=DEFAULT_SECRET_KEY,
        webhook_secret="madeUpWebhookSecret42",
    )
    text = cassette.read_text("utf-8")
    assert recorded.heard_in(text) == []
    assert re.findall(r"(?i)(?:basic|bearer) [A-Za-z0-9+/=._-]{16,}", text) == []
    assert re.findall(r"oauth_signature=\"?[A-Za-z0-9%]{16,}", text) == []
    assert re.findall(r"(?<!\d)\d{20}(?!\d)", text) == []


def _open(stack: ExitStack, folder: Path, database: str, canaries: Canaries) -> Road:
    """Sandbox, store behind https, and service, all with canaries for secrets."""
    service, sandbox = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    environment = _environment(folder, database, service, canaries)
    settings = {
        "port": httpx.URL(sandbox).port,
        "database": str(folder / "sandbox.sqlite3"),
        "access_key": canaries.access_key,
        "secret_key": canaries.secret_key,
        "service_id": _SERVICE_ID,
        "callback_url": f"{service}/webhooks/pagoefectivo/main",
    }
    home = stack.enter_context(running(_store(folder, canaries)))
    for name, module, argument, ready in (
        ("sandbox", "pef_adapters.pagoefectivo.sandbox", json.dumps(settings), f"{sandbox}/"),
        ("service", "pef_adapters", "serve", f"{service}/health/ready"),
    ):
        log = folder / f"{name}.log"
        stack.enter_context(
            program(module, argument, log=log, ready=ready, environment=environment)
        )
    store = stack.enter_context(RemoteStore(home))
    return Road(folder, database, service, sandbox, store, environment, canaries)


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


def _connect(road: Road) -> None:
    """By the command line: wrong first, then right."""
    keys = {
        "PEF_ACCESS_KEY": road.canaries.access_key,
        "PEF_ACCOUNT_SECRET": road.canaries.secret_key,
    }
    account = ("account", "add", "--service-id", _SERVICE_ID, "--base-url")
    road.pef(*account, "https://services.pagoefectivo.pe", code=1, keys=keys)
    road.pef(*account, road.sandbox, "--mode", "sandbox", keys=keys)
    _add_store(road, road.canaries.wrong_secret, code=1)
    _add_store(road, road.canaries.consumer_secret)


def _add_store(road: Road, secret: str, *options: str, code: int = 0) -> None:
    keys = {"PEF_STORE_KEY": road.canaries.consumer_key, "PEF_STORE_SECRET": secret}
    address = ("--url", road.store.home, "--payment-method", "pagoefectivo")
    road.pef("store", "add", "woocommerce", *address, *options, code=code, keys=keys)


def _drive(road: Road) -> None:
    """Refunds that go well, and the failures that could make somebody talk."""
    refunds = [road.press(74000001), road.press(74000002, "answer_lost")]
    refunds.append(road.press(74000003, "nonsense"))
    road.reaches(road.press(74000004, "kyc_expired"), "held")
    for refund in refunds:
        road.reaches(refund, "pending")
    road.at_rail("clock", advance_business_days=3)
    for refund in refunds:
        road.reaches(refund, "refunded")
    road.at_rail("faults", fault="rail_unavailable", times=500)
    road.tries(road.press(74000005))
    httpx.delete(f"{road.sandbox}/sandbox/faults", trust_env=False).raise_for_status()
    road.store.moods(down=True)
    road.press(74000006)
    road.logs("delivery_postponed")
    road.store.moods(down=False)
    _send_nonsense(road)


def _send_nonsense(road: Road) -> None:
    """Deliveries that are refused, some of which quote a secret themselves."""
    c, hooks = road.canaries, f"{road.service}/webhooks"
    (store,) = (name for name in _column(road, "SELECT id FROM stores"))
    forged = {"X-WC-Webhook-Signature": c.consumer_secret}
    body = {"action": "woocommerce_refund_created", "arg": 15, "note": REASON}
    road.post(f"{hooks}/woocommerce/{store}", json=body, headers=forged)
    road.post(f"{hooks}/pagoefectivo/main", json=body, headers={"PE-Signature": c.secret_key})
    keys = {"consumer_key": c.consumer_key, "consumer_secret": c.consumer_secret}
    road.post(
        f"{road.service}/connect/woocommerce/keys",
        json={"user_id": c.wrong_secret, "key_permissions": "read_write", **keys},
    )
    road.post(f"{road.service}/connect/woocommerce/keys", json={"key_permissions": [], **keys})


def _pay_out(road: Road) -> None:
    """An old payment's refund: its buyer errs and gives details, two agree, a bank file leaves."""
    order = road.store.paid_order("80.00", transaction_id="74000008", email="zoila@buyer.example")
    old = (datetime.now(UTC) - timedelta(days=45)).isoformat()
    road.at_rail("cips", cip=74000008, amount="80.00", paid_at=old)
    pressed = road.store.press(order, "80.00")
    road.until(lambda: bool(road.store.order(order)["messages"]), "a message with the link")
    (message,) = road.store.order(order)["messages"]
    road.link = re.findall(r"http\S+/payout/\S+", message)[0]
    _open_link(road)
    road.reaches(pressed, "held")
    (refund,) = _column(road, "SELECT refund_id FROM destinations")
    for person in ("Rosa", "Marta"):
        road.pef("approval", "show", refund)
        road.pef("approval", "approve", refund, "--by", person)
    road.reaches(pressed, "payout_due")
    # The one place where the account may stand whole.
    bank_file = str(road.folder / "bank.csv")
    road.pef("payout", "list")
    road.pef("payout", "export", "--account", "main", "--by", "Rosa", "--out", bank_file)
    for command in (("refund", "show", refund), ("payout", "batches")):
        road.pef(*command)
        road.pef(*command, "--json")


def _open_link(road: Road) -> None:
    """Everything that a link meets: scanners, mistakes, haste, and whoever tries to change it."""
    link, changed = road.link, road.link[:-1] + ("A" if road.link[-1] != "A" else "B")
    httpx.head(link, trust_env=False).raise_for_status()
    httpx.get(link, headers=dict(_UPGRADE), trust_env=False)
    road.post(changed, data=dict(_TYPED))
    road.post(link, json=dict(_TYPED))
    # Answered by the same form, which keeps what its sender typed.
    assert httpx.post(link, data=dict(_MISTYPED), trust_env=False).status_code == 400
    thanks = httpx.post(link, data=dict(_TYPED), trust_env=False)
    road.keep(thanks.raise_for_status())
    road.post(link, data=dict(_TYPED))


def _ask(road: Road) -> None:
    """Every command that tells of stores, accounts and refunds; keys in the query at the end."""
    (refund, *_) = _column(road, "SELECT id FROM refunds ORDER BY seq")
    (store,) = _column(road, "SELECT id FROM stores")
    for command in (("refund", "list"), ("refund", "show", refund), ("store", "list")):
        road.pef(*command)
        road.pef(*command, "--json")
    road.pef("account", "list", "--json")
    _add_store(road, road.canaries.consumer_secret, "--auth", "query", "--json")
    road.store.moods(strip_authorization=True)
    road.reaches(road.press(74000007), "pending")
    road.store.moods(down=True)
    road.pef("store", "check", store, code=1)


def _codes(left: Left, place: str) -> set[str]:
    """The error codes that were said there."""
    return set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", " ".join(left.places[place].values())))


def _column(road: Road, query: str) -> list[str]:
    with psycopg.connect(road.dsn) as connection:
        return [str(row[0]) for row in connection.execute(query.encode()).fetchall()]


def _webhook_secret(road: Road) -> str:
    """The secret that the product made up for the store, out of the sealed column."""
    with psycopg.connect(road.dsn) as connection:
        row = connection.execute("SELECT secrets FROM stores").fetchone()
    assert row is not None
    return SecretBox.from_setting(road.canaries.sealing_key).open(row[0])["webhook_secret"]


def _rows(connection: psycopg.Connection[Any], name: tuple[str, ...]) -> str:
    query = sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t").format(sql.Identifier(*name))
    return "\n".join(row[0] for row in connection.execute(query).fetchall())
