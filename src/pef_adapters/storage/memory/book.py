"""Opens the twin's transactions, one at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Attempt, Payment, Refund, TimelineEntry
from pef_adapters.storage.memory.ledger import MemoryLedger
from pef_adapters.storage.memory.tables import Tables, Wake


class MemoryBook:
    """The ledger book in memory."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._turn = asyncio.Lock()
        self._writer: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        """One transaction: commits on leaving, rolls back on an exception.

        Raises:
            RuntimeError: this task has one open already; it would wait for itself.
        """
        if self._writer is not None and self._writer is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction would wait for ever")
        async with self._turn:
            self._writer = asyncio.current_task()
            draft = self._tables.copy()
            try:
                yield MemoryLedger(draft)
                self._tables = draft
            finally:
                self._writer = None

    @property
    def wakes(self) -> list[Wake]:
        """Committed wake-ups, in order, that nobody has drained yet."""
        return list(self._tables.wakes.values())

    @property
    def refunds(self) -> Sequence[Refund]:
        """All refunds as committed, oldest first; for whoever watches from outside."""
        return tuple(self._tables.refunds.values())

    @property
    def payments(self) -> Sequence[Payment]:
        """All payments as committed; for whoever watches from outside."""
        return tuple(self._tables.payments.values())

    def committed_attempt(self, merchant_refund_id: str) -> Attempt | None:
        """An attempt as committed; for whoever watches from outside."""
        return self._tables.attempts.get(merchant_refund_id)

    def committed_timeline(self, after: int = 0) -> Sequence[TimelineEntry]:
        """All entries as committed but the first `after`; for whoever watches from outside."""
        return tuple(self._tables.timeline.values())[after:]

    def drain(self) -> list[Wake]:
        """Take all wake-ups, as a worker would; not for use inside a transaction."""
        taken = self.wakes
        self._tables.wakes = {}
        return taken
