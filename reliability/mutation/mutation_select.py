"""Which tests are asked about a mutant, and in which order.

Those that run its line; of each test function one first, then its other samples; the
quick ones first. Whatever lately noticed a change in the same function goes before all.
"""

import ast
import re
from collections import defaultdict
from functools import lru_cache

from mutation_mutants import SOURCES, Mutant, files
from mutation_watch import ROOT, Coverage, file_of

# These compare everything at the end: slower than most, and few changes pass them.
_WHOLE = "tests/unit/engine/test_golden_stories.py"
_QUICK_FIRST, _WHOLE_FIRST = 10, 6
_TURN = 0.02


class Selection:
    """Chooses tests, and remembers which noticed something."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._noticed: dict[tuple[str, str], list[str]] = defaultdict(list)

    def noticed(self, mutant: Mutant, test: str) -> None:
        for place in ((mutant.file, mutant.function), (mutant.file, "")):
            known = self._noticed[place]
            if test in known:
                known.remove(test)
            known.insert(0, test)

    def tests(self, mutant: Mutant) -> list[str]:
        """All tests that could notice it, the most promising first."""
        found = self._covering(mutant)
        known = self._noticed[mutant.file, mutant.function] + self._noticed[mutant.file, ""][:5]
        first = [test for test in dict.fromkeys(known) if test in found]
        mixed = self._mixed(found)
        whole = [test for test in mixed if file_of(test) == _WHOLE][:_WHOLE_FIRST]
        about = sorted(self._about(mutant) & found) if mutant.at_import else []
        return list(dict.fromkeys([*first, *about, *mixed[:_QUICK_FIRST], *whole, *mixed]))

    def loads_early(self, mutant: Mutant) -> bool:
        """Whether it already ran while the modules were imported."""
        first, last = mutant.lines
        lines = range(first, last + 1)
        return any(self._coverage.runs_at_import(mutant.file, line) for line in lines)

    def _covering(self, mutant: Mutant) -> set[str]:
        if not mutant.at_import and not self.loads_early(mutant):
            return self._coverage.tests_at(mutant.file, *mutant.lines)
        found = self._coverage.tests_at(mutant.file, *mutant.lines)
        found |= self._about(mutant)
        for name in _names_at(mutant.file, *mutant.lines):
            found |= self._mentioning(name, mutant.file)
        return found or self._coverage.tests_of(mutant.file)

    def _about(self, mutant: Mutant) -> set[str]:
        """Samples of a test that are each about one module or class, as `test_x[room.Class]`."""
        module = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        tests = self._coverage.seconds
        if not mutant.function:
            marks = (f"[{module}]", f"[{module}.")
            return {test for test in tests if any(mark in test for mark in marks)}
        ends = tuple(f"{mark}{mutant.function.split('.')[0]}]" for mark in ".[")
        return {test for test in tests if test.endswith(ends)}

    def _mentioning(self, name: str, file: str) -> set[str]:
        """Tests that run a line with this name, or have it in their own text."""
        found: set[str] = set()
        own = name.startswith("_")
        for place, line in _lines_with(name):
            if place == file or not own:
                found |= self._coverage.tests_at(place, line, line)
        texts = _test_files_with(name)
        return found | {t for t in self._coverage.seconds if file_of(t) in texts}

    def _mixed(self, tests: set[str]) -> list[str]:
        """One sample of each test function, then the second of each, and so on."""
        seconds = self._coverage.seconds
        samples: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda test: (seconds[test], test)):
            samples[test.split("[")[0]].append(test)
        turns = {test: n for group in samples.values() for n, test in enumerate(group)}
        # A second sample of a quick function comes before a slow one's first.
        return sorted(tests, key=lambda test: (seconds[test] + _TURN * turns[test], test))


@lru_cache(maxsize=4096)
def _names_at(file: str, first: int, last: int) -> tuple[str, ...]:
    """The names that a statement of a module or a class gives something to."""
    found = set()
    for node in ast.walk(ast.parse((SOURCES / file).read_text())):
        line = getattr(node, "lineno", 0)
        if not first <= line <= last:
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return tuple(found)


@lru_cache(maxsize=4096)
def _lines_with(name: str) -> tuple[tuple[str, int], ...]:
    word = re.compile(rf"\b{re.escape(name)}\b")
    return tuple((file, n) for file in files() for n, text in _text(file) if word.search(text))


@lru_cache(maxsize=512)
def _text(file: str) -> tuple[tuple[int, str], ...]:
    return tuple(enumerate((SOURCES / file).read_text().splitlines(), start=1))


@lru_cache(maxsize=4096)
def _test_files_with(name: str) -> frozenset[str]:
    word = re.compile(rf"\b{re.escape(name)}\b")
    return frozenset(file for file, text in _test_texts() if word.search(text))


@lru_cache(maxsize=1)
def _test_texts() -> tuple[tuple[str, str], ...]:
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    return tuple((path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths)
