"""Takes mutants one after another, each in a process forked from one that is warm.

It is a plugin of pytest: once everything is imported and collected, nothing has run yet,
and that is the state each mutant starts from. A first look asks the most promising
tests; what survives is looked at once more, by all that can notice it.
"""

import gc
import json
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from types import FunctionType
from typing import Any, Protocol

import psutil
import pytest
from _pytest.runner import runtestprotocol

from mutation_child import FastOnly, functions_by_file, in_child, quiet, run_cold, run_warm
from mutation_mutants import Mutant
from mutation_select import Selection
from mutation_watch import CACHE, Coverage, Watch, load

_FIRST_SECONDS, _ALL_SECONDS = 1.0, 6.0
# Warm and cold; each file that a cold run asks has to be imported again.
_FIRST_TESTS, _ALL_TESTS = {False: 25, True: 8}, {False: 1000, True: 40}
_COLD_SECONDS = 15
# A wait that never ends uses no CPU: nothing used in so many seconds is a hanging one.
_PATIENCE = 20.0
_UNKNOWN_SECONDS = 0.05


class Chooser(Protocol):
    """Which tests are asked about a mutant."""

    def tests(self, mutant: Mutant) -> list[str]: ...

    def loads_early(self, mutant: Mutant) -> bool: ...

    def noticed(self, mutant: Mutant, test: str) -> None: ...


@dataclass(frozen=True)
class Job:
    """A mutant, and how it is looked at."""

    mutant: Mutant
    tests: list[str]
    upto: int
    cold: bool

    @property
    def asked(self) -> list[str]:
        return self.tests[: self.upto]


@dataclass
class _Running:
    job: Job
    pid: int
    began: float
    until: float
    cpu: float = 0.0

    def hangs(self) -> bool:
        """Whether it did nothing since it was looked at last."""
        used = sum(psutil.Process(self.pid).cpu_times()[:2])
        stands, self.cpu = used - self.cpu < 0.02, used
        self.until = time.monotonic() + _PATIENCE
        return stands


class Loop(FastOnly):
    """Pytest's plugin that runs mutants instead of tests."""

    def __init__(
        self,
        mutants: Iterable[Mutant],
        told: Callable[[Mutant, dict[str, Any]], None],
        known: Callable[[Mutant, list[str]], bool] = lambda _mutant, _tests: False,
        workers: int = 1,
    ) -> None:
        self._mutants = list(mutants)
        self._told, self._known, self._workers = told, known, workers
        self._watch = Watch()
        self._functions: dict[str, list[FunctionType]] = {}
        self.items: dict[str, pytest.Item] = {}
        self.coverage = Coverage()

    def pytest_configure(self) -> None:
        super().pytest_configure()
        self._watch.__enter__()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What import ran is known now; what tests run is watched in a process of its own."""
        self._watch.__exit__()
        self.items = {item.nodeid: item for item in session.items if _is_fast(item)}

    def pytest_runtestloop(self) -> bool:
        self._functions = functions_by_file()
        select = self._selection()
        gc.collect()
        gc.freeze()
        self._go(select)
        return True

    def _selection(self) -> Chooser:
        self._look_at_tests()
        return Selection(self.coverage)

    def _look_at_tests(self) -> None:
        coverage = load()
        new = [item for name, item in self.items.items() if name not in coverage.seconds]
        if new:
            print(f"watching {len(new)} tests", flush=True)
            if (child := os.fork()) == 0:
                _watch_all(new, coverage, self._watch.seen)
            os.waitpid(child, 0)
            coverage = load()
        self.coverage = coverage
        self.coverage.keep_only(set(self.items))

    def _go(self, select: Chooser) -> None:
        todo = deque(self._mutants)
        again: deque[Job] = deque()
        with selectors.DefaultSelector() as pipes:
            while todo or again or pipes.get_map():
                while len(pipes.get_map()) < self._workers and (todo or again):
                    job = again.popleft() if again else self._first(select, todo.popleft())
                    if job is not None:
                        self._start(job, pipes)
                for running, answer in _answers(pipes):
                    following = self._heard(select, running, answer)
                    if following is not None:
                        again.append(following)

    def _first(self, select: Chooser, mutant: Mutant) -> Job | None:
        tests = select.tests(mutant)
        if self._known(mutant, tests):
            return None
        if not tests:
            self._told(mutant, {"status": "no test runs it", "tests": tests})
            return None
        upto = self._within(tests, _FIRST_TESTS[mutant.at_import], _FIRST_SECONDS)
        return Job(mutant, tests, upto, cold=mutant.at_import)

    def _within(self, tests: list[str], most: int, seconds: float) -> int:
        for place, test in enumerate(tests[:most]):
            seconds -= self._seconds(test)
            if seconds < 0:
                return max(1, place)
        return min(len(tests), most)

    def _seconds(self, test: str) -> float:
        return self.coverage.seconds.get(test, _UNKNOWN_SECONDS)

    def _start(self, job: Job, pipes: selectors.BaseSelector) -> None:
        needed = sum(self._seconds(test) for test in job.asked)
        limit = int(2 * needed) + 4 + job.cold * _COLD_SECONDS
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            in_child(theirs, limit, self._work(job))
        os.close(theirs)
        now = time.monotonic()
        pipes.register(ours, selectors.EVENT_READ, _Running(job, pid, now, now + _PATIENCE))

    def _work(self, job: Job) -> Callable[[], dict[str, Any]]:
        if job.cold:
            return partial(run_cold, job.mutant, job.asked)
        items = [self.items[test] for test in job.asked]
        return partial(run_warm, job.mutant, items, self._functions)

    def _heard(self, select: Chooser, running: _Running, answer: dict[str, Any]) -> Job | None:
        job, status = running.job, answer["status"]
        if status == "cold":
            return replace(job, cold=True)
        if status == "survived" and (closer := self._closer(select, job)) is not None:
            return closer
        if status == "killed" and not job.mutant.control:
            select.noticed(job.mutant, answer["by"])
        seconds = round(time.monotonic() - running.began, 2)
        more = {"seconds": seconds, "asked": job.upto, "tests": job.tests, "cold": job.cold}
        self._told(job.mutant, {**answer, **more})
        return None

    def _closer(self, select: Chooser, job: Job) -> Job | None:
        """A survivor is asked about once more: by all tests, and then from the import on."""
        upto = self._within(job.tests, _ALL_TESTS[job.cold], _ALL_SECONDS)
        if upto > job.upto:
            return replace(job, upto=upto)
        if not job.cold and select.loads_early(job.mutant):
            upto = self._within(job.tests, _ALL_TESTS[True], _ALL_SECONDS)
            return replace(job, upto=upto, cold=True)
        return None


def _is_fast(item: pytest.Item) -> bool:
    """No browser, and no PostgreSQL, neither asked for by name nor as one of two ledgers."""
    if item.get_closest_marker("browser"):
        return False
    samples = getattr(getattr(item, "callspec", None), "params", {}).values()
    return "postgres" not in getattr(item, "fixturenames", ()) and "postgres" not in samples


def _watch_all(items: list[pytest.Item], coverage: Coverage, at_import: Any) -> None:
    """In a forked process: run the tests once, and write down which line which test ran."""
    quiet()
    coverage.left_out = []
    coverage.saw_import(at_import)
    watch = Watch()
    for item, following in zip(items, [*items[1:], None], strict=True):
        began = time.process_time()
        with watch:
            reports = runtestprotocol(item, log=False, nextitem=following)
        if all(report.passed for report in reports):
            coverage.saw_test(item.nodeid, time.process_time() - began, watch.seen)
        else:
            coverage.left_out.append(item.nodeid)
    coverage.save(CACHE)
    os._exit(0)


def _answers(pipes: selectors.BaseSelector) -> Iterable[tuple[_Running, dict[str, Any]]]:
    """Whoever is through, and whoever takes too long."""
    for key, _ in pipes.select(timeout=0.5):
        text = os.read(key.fd, 65536)
        yield key.data, _ended(pipes, key, text)
    for key in list(pipes.get_map().values()):
        if time.monotonic() > key.data.until and key.data.hangs():
            os.kill(key.data.pid, signal.SIGKILL)
            yield key.data, _ended(pipes, key, b"")


def _ended(pipes: selectors.BaseSelector, key: selectors.SelectorKey, text: bytes) -> Any:
    pipes.unregister(key.fd)
    os.close(key.fd)
    _, status = os.waitpid(key.data.pid, 0)
    if text:
        return json.loads(text)
    # Killed for its time; or a mutant that ended the process itself.
    ended = os.waitstatus_to_exitcode(status)
    slow = ended in {-signal.SIGXCPU, -signal.SIGKILL}
    return {"status": "timeout" if slow else "killed", "by": f"process ended with {ended}"}
