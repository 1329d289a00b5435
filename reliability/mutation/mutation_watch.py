"""Which test runs which line: watched once, kept in a file, and watched again where text changed.

A line's tests are a set of bits, one a test, so that
four thousand tests by ten thousand lines stay small.
"""

import hashlib
import json
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

from mutation_mutants import SOURCES, files

ROOT = SOURCES.parents[1]
CACHE = ROOT / "build" / "mutation" / "coverage.json"
_AT_IMPORT = "(import)"


class Coverage:
    """What the watch saw: the tests with their seconds, and each line's tests as bits."""

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        kept = kept or {}
        self.digests: dict[str, str] = kept.get("digests", {})
        self.seconds: dict[str, float] = kept.get("seconds", {})
        self.left_out: list[str] = kept.get("left_out", [])
        self._names: list[str] = kept.get("names", [_AT_IMPORT])
        self._place = {name: n for n, name in enumerate(self._names)}
        self.lines: dict[str, dict[int, int]] = {
            file: {int(n): int(bits, 16) for n, bits in lines.items()}
            for file, lines in kept.get("lines", {}).items()
        }

    def tests_at(self, file: str, first: int, last: int) -> set[str]:
        """The tests that run any of these lines."""
        lines = self.lines.get(file, {})
        return self._tests(lines.get(line, 0) for line in range(first, last + 1))

    def tests_of(self, file: str) -> set[str]:
        """The tests that run anything in this file."""
        return self._tests(self.lines.get(file, {}).values())

    def runs_at_import(self, file: str, line: int) -> bool:
        return bool(self.lines.get(file, {}).get(line, 0) & 1)

    def saw_import(self, seen: dict[str, set[int]]) -> None:
        self._saw(_AT_IMPORT, seen)

    def saw_test(self, test: str, seconds: float, seen: dict[str, set[int]]) -> None:
        self.seconds[test] = round(seconds, 4)
        self._saw(test, seen)
        for file in [file_of(test), *(source_name(file) for file in seen)]:
            if file not in self.digests:
                self.digests[file] = digest_of(file)

    def forget(self, tests: set[str]) -> None:
        """They have to be watched again, or are there no more."""
        for test in tests:
            self.seconds.pop(test, None)
        gone = sum(1 << self._place[test] for test in tests if test in self._place)
        for lines in self.lines.values():
            for line in lines:
                lines[line] &= ~gone

    def keep_only(self, tests: set[str]) -> None:
        self.forget(set(self.seconds) - tests)

    def save(self, path: Path = CACHE) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = {
            file: {n: f"{bits:x}" for n, bits in kept.items()} for file, kept in self.lines.items()
        }
        told = {"digests": self.digests, "seconds": self.seconds, "left_out": self.left_out}
        path.write_text(json.dumps({**told, "names": self._names, "lines": lines}))

    def _saw(self, test: str, seen: dict[str, set[int]]) -> None:
        if test not in self._place:
            self._place[test] = len(self._names)
            self._names.append(test)
        bit = 1 << self._place[test]
        for file, lines in seen.items():
            kept = self.lines.setdefault(file, {})
            for line in lines:
                kept[line] = kept.get(line, 0) | bit

    def _tests(self, lines: Iterable[int]) -> set[str]:
        bits = 0
        for line in lines:
            bits |= line
        return {name for name in _named(bits, self._names) if name in self.seconds}


def load(path: Path = CACHE) -> Coverage:
    """What was kept of the last watch, without what is no longer true."""
    coverage = Coverage(json.loads(path.read_text()) if path.exists() else None)
    changed = {f for f, digest in coverage.digests.items() if digest != digest_of(f)}
    coverage.forget(_stale(coverage, changed))
    for name in changed:
        del coverage.digests[name]
    return coverage


def _stale(coverage: Coverage, changed: set[str]) -> set[str]:
    """Tests whose own file changed, or that ran a file that did."""
    stale = {test for test in coverage.seconds if file_of(test) in changed}
    for file in coverage.lines:
        if source_name(file) in changed:
            stale |= coverage.tests_of(file)
            coverage.lines[file] = {}
    return stale


def source_name(file: str) -> str:
    """A source file as its digest is kept."""
    return f"src/pef_adapters/{file}"


def file_of(test: str) -> str:
    """The file a test stands in."""
    return test.split("::", maxsplit=1)[0]


def digest_of(name: str) -> str:
    """What a file's text comes to, by its path from the top."""
    path = ROOT / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


def _named(bits: int, names: list[str]) -> Iterator[str]:
    """The names whose bit is set."""
    for place, digit in enumerate(reversed(f"{bits:b}")):
        if digit == "1":
            yield names[place]


class Watch:
    """Notes each line of our rooms that runs while it is open."""

    def __init__(self) -> None:
        self._files = {str(SOURCES / file): file for file in files()}
        self.seen: dict[str, set[int]] = {}

    def __enter__(self) -> Self:
        self.seen = {}
        sys.settrace(self._called)
        threading.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]

    def _called(self, frame: FrameType, _event: str, _arg: object) -> Any:
        file = self._files.get(frame.f_code.co_filename)
        if file is None:
            return None
        lines = self.seen.setdefault(file, set())
        lines.add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _arg: object) -> Any:
            lines.add(frame.f_lineno)
            return line

        return line
