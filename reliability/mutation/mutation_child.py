"""What happens in the process that holds a mutant: the change, the tests, and one word back.

Warm: the functions that are loaded already get the mutant's code. Cold: our modules are
forgotten and imported once more, with the mutant among them; only what is decided at
import needs that.
"""

import gc
import importlib.machinery
import json
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from mutation_mutants import SOURCES, Mutant, mutated_code

ROOT = SOURCES.parents[1]
_HERE = Path(__file__).parent
_KEPT = (str(_HERE), str(ROOT / ".venv"))
# Heavy to import, and no test here needs them.
_UNUSED = ("-p", "no:schemathesis", "-p", "no:playwright")
# Quiet, without a cache; a hanging test is ended by the parent and by the CPU's limit.
QUIET = ("-qq", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", *_UNUSED, "-o", "timeout=0")
# A cold run finds pytest's plugins loaded by the warm process.
_LOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


class ColdNeeded(Exception):
    """The change can't be put into a loaded function."""


class FastOnly:
    """Pytest's plugin: the same samples in every process, and no PostgreSQL."""

    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, settings  # noqa: PLC0415 - pytest has to load it

        calm = settings(
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            max_examples=50,
        )
        settings.register_profile("mutation", calm)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        if fixturedef.argname == "postgres":
            pytest.skip("no PostgreSQL for mutants")


class Chosen(FastOnly):
    """Pytest's plugin for a cold run: only these tests, in this order."""

    def __init__(self, tests: Iterable[str]) -> None:
        self._place = {test: n for n, test in enumerate(tests)}
        self.failed = ""
        self.ran = 0

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = [item for item in items if item.nodeid in self._place]
        items[:] = sorted(found, key=lambda item: self._place[item.nodeid]) or items

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid} (import)"


def functions_by_file() -> dict[str, list[FunctionType]]:
    """The loaded functions of our sources."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename.startswith(str(SOURCES)):
            found[thing.__code__.co_filename].append(thing)
    return found


def run_warm(
    mutant: Mutant, items: list[pytest.Item], functions: dict[str, list[FunctionType]]
) -> dict[str, Any]:
    """Run the tests in this process until one fails."""
    try:
        _swap(mutant, functions)
    except ColdNeeded:
        return {"status": "cold"}
    for item, following in zip(items, [*items[1:], None], strict=True):
        if _fails(item, following):
            return {"status": "killed", "by": item.nodeid}
    return {"status": "survived"}


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    try:
        reports = runtestprotocol(item, log=False, nextitem=following)
    except BaseException:  # noqa: BLE001 - a mutant may raise whatever there is
        return True
    return any(report.failed for report in reports)


def _swap(mutant: Mutant, functions: dict[str, list[FunctionType]]) -> None:
    path = str(SOURCES / mutant.file)
    code = compile(mutated_code(mutant), path, "exec", dont_inherit=True)
    new = {(part.co_qualname, part.co_firstlineno): part for part in _parts(code)}
    for function in functions.get(path, []):
        old = function.__code__
        changed = new.get((old.co_qualname, old.co_firstlineno))
        if changed is None or changed == old:
            continue
        try:
            function.__code__ = changed
        except ValueError as fault:
            raise ColdNeeded from fault


def _parts(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _parts(const)


def run_cold(mutant: Mutant, tests: list[str]) -> dict[str, Any]:
    """Import everything of ours again, with the mutant, and run the tests until one fails."""
    _import_as(str(SOURCES / mutant.file), mutated_code(mutant))
    _forget_ours()
    chosen = Chosen(tests)
    paths = dict.fromkeys(test.split("::")[0] for test in tests)
    try:
        code = int(pytest.main([*QUIET, *_LOADED, "-x", *paths], plugins=[chosen]))
    except BaseException as fault:  # noqa: BLE001 - a mutant may raise whatever there is
        return {"status": "killed", "by": f"{type(fault).__name__} (import)"}
    if code == 0:
        return {"status": "survived"}
    return {"status": "killed", "by": chosen.failed or f"pytest ended with {code}"}


def _import_as(path: str, tree: Any) -> None:
    loader = importlib.machinery.SourceFileLoader
    real = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        if self.get_filename(name) == path:
            return compile(tree, path, "exec", dont_inherit=True)
        return real(self, name)

    loader.get_code = get_code  # type: ignore[method-assign]


def _forget_ours() -> None:
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        package = str(next(iter(getattr(module, "__path__", [])), ""))
        place = file or package
        if place.startswith(str(ROOT)) and not place.startswith(_KEPT):
            del sys.modules[name]


def quiet() -> None:
    """What tests print is nobody's business here."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def in_child(pipe: int, seconds: int, work: Any) -> None:
    """Do the work in this forked process, write its answer to the pipe, and end."""
    quiet()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    try:
        answer = work()
    except BaseException as fault:  # noqa: BLE001 - whatever it is, the parent has to hear it
        answer = {"status": "broken", "by": f"{type(fault).__name__}: {fault}"}
    os.write(pipe, json.dumps(answer).encode())
    os._exit(0)
