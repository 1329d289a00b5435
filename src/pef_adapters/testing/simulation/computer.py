"""Our own machines: a process that can die anywhere, a database that can fail, a lossy queue.

The ledger itself is the in-memory twin of PostgreSQL's (one suite proves both alike); what
was committed survives every death.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random

from pef_adapters.engine.ports import Boundary, Ledger, LedgerAway
from pef_adapters.storage.memory import MemoryBook, Wake
from pef_adapters.testing.simulation.palette import Fault, Weather

_LONGEST_LIFE = 40


class Killed(BaseException):
    """The process died here; nothing of ours may catch it."""


class DatabaseTrouble(LedgerAway):
    """What the ledger raises when the server, its disk or a lock is gone."""


class Process:
    """Counts the places where it could die, and dies at the one that was drawn."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._left: int | None = None

    def doom(self) -> None:
        """It will die at one of the next places."""
        self._left = self._dice.randrange(1, _LONGEST_LIFE)

    def spare(self) -> None:
        """It will not die after all: whatever was drawn died with the last one."""
        self._left = None

    def cross(self) -> None:
        """A place between two steps.

        Raises:
            Killed: this was the place.
        """
        if self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            self._left = None
            raise Killed

    def at(self, boundary: Boundary) -> None:
        """The engine's own fault points (`engine.ports.FaultPoint`)."""
        del boundary
        self.cross()


class FailingBook:
    """The ledger book as a failing database shows it."""

    def __init__(self, book: MemoryBook, process: Process, weather: Weather) -> None:
        self._book = book
        self._process = process
        self._weather = weather
        self.disk_is_full = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        """As `MemoryBook.begin`.

        Raises:
            DatabaseTrouble: nothing was committed; or it was, and nobody can know.
        """
        self._process.cross()
        await asyncio.sleep(0)  # a connection has to be had: another worker goes on meanwhile
        async with self._book.begin() as ledger:
            yield ledger
            self._fail_before_commit()
        self._fail_after_commit()

    def _fail_before_commit(self) -> None:
        self._process.cross()
        if self._weather.strikes(Fault.DISK_FULL):
            self.disk_is_full = True
        if self.disk_is_full:
            raise DatabaseTrouble("no space left on device")
        lost = self._weather.first((Fault.COMMIT_LOST, Fault.LOCK_LOST))
        if lost is not None:
            raise DatabaseTrouble(lost)

    def _fail_after_commit(self) -> None:
        if self._weather.strikes(Fault.COMMIT_UNREPORTED):
            raise DatabaseTrouble("the connection broke while it committed")
        self._process.cross()


class Queue:
    """Wake-ups, as the queue keeps them: some are lost, some come twice, none in order."""

    def __init__(self, book: MemoryBook, dice: Random, weather: Weather) -> None:
        self._book = book
        self._dice = dice
        self._weather = weather
        self._waiting: list[Wake] = []

    def due(self, now: datetime) -> list[Wake]:
        """Take what is due, each once unless the queue repeats it."""
        self._waiting += self._book.drain()
        due = [wake for wake in self._waiting if wake.at is None or wake.at <= now]
        self._waiting = [wake for wake in self._waiting if wake not in due]
        due = list(dict.fromkeys(due))
        self._dice.shuffle(due)
        return [again for wake in due for again in self._as_delivered(wake)]

    def _as_delivered(self, wake: Wake) -> list[Wake]:
        if self._weather.strikes(Fault.JOB_LOST):
            return []
        return [wake, wake] if self._weather.strikes(Fault.JOB_TWICE) else [wake]
