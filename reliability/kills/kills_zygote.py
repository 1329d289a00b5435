"""Keeps processes alive that others kill: each one a fork of this warm process.

Run as a program: orders come by standard input, news goes to standard output, one JSON
object a line. A cold start of Python costs more than a second of CPU; a fork of a process
that has imported everything costs some milliseconds, so that a thousand kills are affordable
on two cores. What such a process does after the fork is what the product's own commands do:
it opens its own event loop, its own connections and its own log. Nothing is shared over the
fork but imported modules: this process has no thread, no event loop, no socket and no
connection that a child could inherit, and draws no random number.
"""

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

from kills_roles import ROLES

# A process that ends at once, because the database is away, is not started in a tight loop.
_SHORT_LIFE, _PAUSE, _LOOK = 1.0, 0.4, 0.05


@dataclass(slots=True)
class Child:
    """One process that is kept alive; pid 0 while it is dead."""

    name: str
    role: str
    told: dict[str, Any]
    pid: int = 0
    born: float = 0.0
    not_before: float = 0.0


class Nursery:
    """The children, and the two pipes."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}
        self._lines = b""

    def run(self) -> None:
        """Until the orders end; then everybody goes."""
        try:
            while self._obey():
                self._bury()
                self._bear()
        finally:
            for child in self._children.values():
                _kill(child)

    def _obey(self) -> bool:
        """Take in what has been ordered meanwhile; False at the end of all orders."""
        if not select.select([0], [], [], _LOOK)[0]:
            return True
        given = os.read(0, 65536)
        *whole, self._lines = (self._lines + given).split(b"\n")
        for line in whole:
            self._order(json.loads(line))
        return bool(given)

    def _order(self, order: dict[str, Any]) -> None:
        old = self._children.pop(order["name"], None)
        if old is not None:
            _kill(old)
            _tell(gone=old.name)
        if order["role"] in ROLES:
            self._children[order["name"]] = Child(order["name"], order["role"], order["told"])

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                for child in self._children.values():
                    if child.pid == found[0]:
                        self._died(child, os.waitstatus_to_exitcode(found[1]))

    def _died(self, child: Child, code: int) -> None:
        now = time.monotonic()
        child.pid = 0
        child.not_before = now + (_PAUSE if now - child.born < _SHORT_LIFE else 0.0)
        _tell(died=child.name, code=code)

    def _bear(self) -> None:
        for child in self._children.values():
            if child.pid == 0 and time.monotonic() >= child.not_before:
                child.born = time.monotonic()
                child.pid = _fork(child)
                _tell(born=child.name, pid=child.pid)


def _fork(child: Child) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _make_own(child.told["log"])
        ROLES[child.role](child.told)
        code = 0
    except Exception as error:  # noqa: BLE001 - like any program: told in its log, and an exit code
        sys.stderr.write(f"{child.name} ended: {type(error).__name__}: {error}\n")
    finally:
        # Never back into the parent's loop, whatever happened.
        sys.stderr.flush()
        os._exit(code)


def _make_own(log: str) -> None:
    """Neither the parent's orders nor its news are the child's."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.closerange(3, 64)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _kill(child: Child) -> None:
    if child.pid:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
        child.pid = 0


def _tell(**news: Any) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


if __name__ == "__main__":
    # The terminal's Ctrl-C is its owner's to hear; it then ends our orders.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not installed, and looked for in every folder at every request by the HTTP client.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # an import of it fails at once
    gc.freeze()
    Nursery().run()
