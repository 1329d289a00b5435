"""The house rules that no linter knows, each with the reason it stands here."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("src", "adapters")
PURE = ("core", "engine")
MOST_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Written in halves, so that this file does not break its own rule.
NOT_TO_BE_NAMED = ("py" + "pi.org", "files.python" + "hosted", "npm" + "js.org", "/wo" + "rk/")
IMPURE = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
IMPURE_NAMES = {"uuid1", "uuid4", "utcnow"}
HTTP_CLIENTS = {"AsyncClient", "Client"}
MAY_CALL_OUT = {"pagoefectivo", "platforms", "testing", "demo", "cli"}


def modules(*folders: str) -> list[Path]:
    """Every Python file under these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """A path as it reads in the repository."""
    return str(path.relative_to(ROOT))


def words_of(path: Path) -> set[str]:
    """The folder names and the module name of a file of ours."""
    inside = path.relative_to(ROOT)
    return {*inside.parts[:-1], inside.stem}


def calls(path: Path) -> Iterator[str]:
    """Every call in a file, as it is written."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports from."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def http_clients(path: Path) -> Iterator[str]:
    """Every HTTP client that a file builds, or takes by its bare name."""
    yield from (call for call in calls(path) if call in {f"httpx.{c}" for c in HTTP_CLIENTS})
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "httpx":
            yield from (alias.name for alias in node.names if alias.name in HTTP_CLIENTS)


def test_core_and_engine_read_no_clock_and_throw_no_dice() -> None:
    """Time and chance are given to the rules and use cases, never taken by them."""
    guilty = []
    for path in modules(*(f"src/pef_adapters/{room}" for room in PURE)):
        guilty += [f"{name_of(path)}: {call}" for call in calls(path) if _impure(call)]
        guilty += [f"{name_of(path)}: import random"] if "random" in imports(path) else []
    assert guilty == []


def test_http_clients_are_built_where_the_outside_is_spoken_to() -> None:
    """Only the rail's client and the adapters call out, so that no rule of theirs is evaded."""
    guilty = [
        f"{name_of(path)}: {client}"
        for path in modules(*OURS)
        if not MAY_CALL_OUT & words_of(path)
        for client in http_clients(path)
    ]
    assert guilty == []


def test_files_stay_short() -> None:
    """A file that grows past the limit holds more than one idea."""
    lengths = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules(*OURS)}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_no_module_is_named_for_nothing() -> None:
    """A name like utils says that nobody knew where it belongs."""
    found = modules(*OURS, "tests", "docs", "tools", "bench")
    assert [name_of(p) for p in found if words_of(p) & VAGUE_NAMES] == []


def test_each_module_says_what_it_owns() -> None:
    """Every module opens with a docstring."""
    silent = [p for p in modules(*OURS) if ast.get_docstring(_tree(p)) is None]
    assert [name_of(p) for p in silent] == []


def test_each_test_states_its_behaviour() -> None:
    """Every test's docstring is a sentence; together they read as a specification."""
    silent = [
        f"{name_of(path)}: {node.name}"
        for path in modules("tests")
        if path.name.startswith("test_")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    ]
    assert silent == []


def test_test_files_have_names_of_their_own() -> None:
    """Test folders are no packages, so two files of one name would hide each other."""
    names = [path.name for path in modules("tests") if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


def test_nothing_names_a_registry_or_a_machine() -> None:
    """What is kept here works anywhere: no index address and no path of one machine."""
    guilty = [
        f"{name}: {word}"
        for name in kept_files()
        for word in NOT_TO_BE_NAMED
        if word.encode() in (ROOT / name).read_bytes()
    ]
    assert guilty == []


def test_the_import_contracts_hold() -> None:
    """Each room knows only the rooms below it (pyproject.toml, import-linter)."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def kept_files() -> list[str]:
    """What git keeps, or would keep, of this tree."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _impure(call: str) -> bool:
    parts = call.split(".")
    return ".".join(parts[-2:]) in IMPURE or parts[-1] in IMPURE_NAMES
