"""Tells listeners which refunds changed, as it happens. Decides nothing and changes nothing.

While somebody listens, one task in this process reads the ledger every second; a change
that another process made is seen like one's own. It looks back some seconds each time,
because a transaction that commits late carries an earlier time.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Reach, Refund

LOOK_BACK: Final = timedelta(seconds=5)
MOST_WAITING: Final = 1000
_PAGE: Final = 500
_log = structlog.get_logger(__name__)

_Version = tuple[str, datetime]


@dataclass(eq=False, slots=True)
class _Listener:
    """Whoever falls behind by more than a full queue is cut off, and may listen anew."""

    reach: Reach
    queue: asyncio.Queue[Refund] = field(
        default_factory=lambda: asyncio.Queue(maxsize=MOST_WAITING)
    )
    is_cut_off: bool = False

    def hear(self, refund: Refund) -> None:
        if self.reach is not None and refund.store_id not in self.reach:
            return
        try:
            self.queue.put_nowait(refund)
        except asyncio.QueueFull:
            self.is_cut_off = True


class Newsroom:
    """One for each process; it works only while somebody listens."""

    def __init__(self, ports: Ports, every_seconds: float = 1.0) -> None:
        self._ports = ports
        self._every_seconds = every_seconds
        self._listeners: set[_Listener] = set()
        self._recent: dict[_Version, Refund] = {}
        self._poller: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def changes(self, reach: Reach) -> AsyncGenerator[Refund, None]:
        """Each refund within `reach` as it is after a change, until the listener leaves.

        It begins some seconds in the past, so that nothing is missed between looking at a
        page and listening. It ends by itself where the listener falls far behind.
        """
        listener = _Listener(reach)
        for refund in self._recent.values():
            listener.hear(refund)
        self._join(listener)
        try:
            while not (listener.is_cut_off and listener.queue.empty()):
                yield await listener.queue.get()
        finally:
            self._leave(listener)

    def _join(self, listener: _Listener) -> None:
        self._listeners.add(listener)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="newsroom")

    def _leave(self, listener: _Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners and self._poller is not None:
            self._poller.cancel()
            self._poller = None
            self._recent = {}

    async def _poll(self) -> None:
        since = self._ports.clock.now()
        while True:
            try:
                since = await self._look(since - LOOK_BACK, since)
            except Exception as error:  # noqa: BLE001 - the next look may succeed
                _log.warning("changes could not be read", fault=type(error).__name__)
            await asyncio.sleep(self._every_seconds)

    async def _look(self, start: datetime, newest: datetime) -> datetime:
        """Tell what changed since `start`; answers the time of the newest change."""
        limit = _PAGE
        while True:
            async with self._ports.book.begin() as ledger:
                changed = await ledger.changed_refunds(start, limit)
            for refund in changed:
                self._tell(refund)
            if changed:
                newest = max(newest, changed[-1].updated_at)
            if len(changed) < limit:
                self._forget(newest - LOOK_BACK)
                return newest
            # Of one moment there can be more than a page.
            limit = limit * 2 if changed[-1].updated_at == start else _PAGE
            start = changed[-1].updated_at

    def _tell(self, refund: Refund) -> None:
        version = (refund.id, refund.updated_at)
        if version in self._recent:
            return
        self._recent[version] = refund
        for listener in self._listeners:
            listener.hear(refund)

    def _forget(self, before: datetime) -> None:
        self._recent = {v: refund for v, refund in self._recent.items() if v[1] >= before}


@contextlib.asynccontextmanager
async def listening(newsroom: Newsroom, reach: Reach) -> AsyncIterator[AsyncIterator[Refund]]:
    """`newsroom.changes`, closed for certain when the body ends."""
    changes = newsroom.changes(reach)
    try:
        yield changes
    finally:
        await changes.aclose()
