"""What a secret is handed to, and what is handed on: records, settings, recordings, children."""

import ast
import dataclasses
import importlib
import inspect
import json
import pickle
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel

import pef_adapters
import pef_shopify
import pef_vtex
import pef_woocommerce
from canaries import CCI, DNI, Canaries
from database_server import Server
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from pef_adapters.settings import Settings
from pef_adapters.storage import embedded
from woocommerce_bench import KEY, SECRET

ROOT = Path(__file__).parents[2]
PACKAGES = (pef_adapters, pef_shopify, pef_vtex, pef_woocommerce)
CASSETTES = sorted((ROOT / "tests/cassettes").rglob("*.yaml"))
RECORDED = CASSETTES + sorted((ROOT / "tests/fixtures/woocommerce").rglob("*.json"))
# For trying out, for tests, or run by nobody but a migration.
ASIDE = re.compile(r"\.(testing|sandbox|demo|migrations|__main__)\b")
SECRET_NAMES = re.compile(
    r"secret|password|passphrase|^code$|credential|csrf|totp|"
    r"^(token|letters|private|api_key|access_key|account|account_number|document_number)$"
)
# A name like a secret's, for what is none: a code of an error, a count, a word about a secret.
HARMLESS = re.compile(
    r"\.(errors|policy|records\.alarms|ports|graphql|platforms|wire|envelope)\b.*\.code$|"
    r"\.(totp_step|allow_private_stores|secret_columns)$|\.planning\.Item\.secrets$|"
    r"\.AccountEntry\.(access_key|secret_key)$|"
    r"\.(TokenDone\.token|account)$"
)
UNPICKLED = {"pickle", "marshal", "shelve", "dill", "joblib"}
FROM_POSTGRES_ITSELF = re.compile(r"^(PG|LC_|_$|PWD$|OLDPWD$|SHLVL$|HOME$|USER$|LOGNAME$)")


def _classes() -> Iterator[type]:
    """Every class of the product, once."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ASIDE.search(f"{found.name}."):
                continue
            module = importlib.import_module(found.name)
            yield from (
                each for each in vars(module).values()
                if inspect.isclass(each) and each.__module__ == found.name
            )  # fmt: skip


def _shown_fields(cls: type) -> Iterator[str]:
    """The fields that its `repr` shows and that are not masked by their type."""
    if dataclasses.is_dataclass(cls):
        yield from (each.name for each in dataclasses.fields(cls) if each.repr)
    elif issubclass(cls, BaseModel):
        for name, told in cls.model_fields.items():
            if told.repr and "Secret" not in str(told.annotation):
                yield name


def test_no_record_shows_a_field_that_is_named_like_a_secret() -> None:
    """Whoever prints a record by mistake prints no secret: its field is left out or masked."""
    classes = list(_classes())
    assert len(classes) > 500
    shown = [
        f"{cls.__module__}.{cls.__qualname__}.{name}"
        for cls in classes
        for name in _shown_fields(cls)
        if SECRET_NAMES.search(name)
    ]
    assert sorted(each for each in shown if not HARMLESS.search(each)) == []


def test_settings_are_dumped_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the process's own settings are written down, neither key nor password is there."""
    canaries = Canaries(webhook_secret="canaryUnused0", wrong_secret="canaryUnused1")
    monkeypatch.setenv("PEF_SECRET_KEY", canaries.sealing_key)
    monkeypatch.setenv("PEF_DATABASE_URL", f"postgresql://u:{canaries.database_password}@h/d")
    settings = Settings()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == canaries.sealing_key
    dumps = (
        repr(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        json.dumps(Settings.model_json_schema()),
    )
    assert [canaries.heard_in(text) for text in dumps] == [[], [], [], []]


def test_nothing_is_pickled() -> None:
    """A pickle would hold every secret that a record holds, and run what a stranger wrote."""
    guilty = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("src", "adapters")
        for path in (ROOT / folder).rglob("*.py")
        for name in _imports(path)
        if name.partition(".")[0] in UNPICKLED
    ]
    assert guilty == []
    assert "pickle" in _imports(Path(__file__)), pickle.__name__


def _imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("name", ["start", "stop"])
def test_our_own_postgresql_is_told_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The server lives on beside us, and needs neither our key nor our tokens."""
    told: dict[str, str] = {}
    monkeypatch.setenv("PEF_SECRET_KEY", "canaryKey")
    monkeypatch.setenv("CLOUD_TOKEN", "canaryToken")
    monkeypatch.setenv("TZ", "America/Lima")
    monkeypatch.setattr(embedded, "pgexec", lambda *_, env, **__: told.update(env))
    server = SimpleNamespace(pgdata=Path("data"), bin_path=Path("bin"), system_user=None)
    embedded._pg_ctl(server, name)  # type: ignore[arg-type]
    assert "canary" not in str(told)
    assert (told["TZ"], set(told) <= embedded._FOR_POSTGRES) == ("America/Lima", True)


def test_the_running_postgresql_was_told_nothing(postgres: Server) -> None:
    """The server of these tests knows no variable but those it needs or makes itself."""
    folder = Path(str(conninfo_to_dict(postgres.dsn)["host"]))
    record = (folder / "postmaster.pid").read_text(encoding="utf-8")
    told = psutil.Process(int(record.split()[0])).environ()
    spare = set(told) - embedded._FOR_POSTGRES
    assert [name for name in spare if not FROM_POSTGRES_ITSELF.match(name)] == []


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_cassettes_hold_no_secret(path: Path) -> None:
    """A recording holds neither the keys it was made with nor a token, header or signature."""
    recorded = Canaries(
        consumer_key=KEY,
        consumer_secret=SECRET,
        access_key=DEFAULT_ACCESS_KEY,
        secret_key=DEFAULT_SECRET_KEY,
        webhook_secret="madeUpWebhookSecret42",
    )
    text = path.read_text("utf-8")
    assert recorded.heard_in(text) == []
    assert re.findall(r"(?i)(?:basic|bearer) [A-Za-z0-9+/=._-]{16,}", text) == []
    assert re.findall(r"oauth_signature=\"?[A-Za-z0-9%]{16,}", text) == []


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recordings_hold_nobodys_numbers(path: Path) -> None:
    """No whole account, no document number, no token of Shopify's, in cassettes and fixtures."""
    text = path.read_text("utf-8")
    assert re.findall(r"(?<!\d)\d{20}(?!\d)", text) == []
    assert re.findall(r"shp(?:at|rt|ss|ca)_[A-Za-z0-9]{16,}", text) == []
    assert re.findall(r"(?i)\b(?:dni|ruc|cci)\b\D{0,10}\d{8,}", text) == []
    assert [number for number in (CCI, CCI.replace("-", ""), DNI) if number in text] == []
