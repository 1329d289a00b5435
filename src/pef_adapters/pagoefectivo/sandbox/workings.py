"""The sandbox put together: one book and everything that works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from starlette.requests import HTTPConnection

from pef_adapters.pagoefectivo.sandbox.book import Book
from pef_adapters.pagoefectivo.sandbox.callbacks import Callbacks
from pef_adapters.pagoefectivo.sandbox.cips import CipDesk
from pef_adapters.pagoefectivo.sandbox.clock import VirtualClock, real_now
from pef_adapters.pagoefectivo.sandbox.faults import FaultBoard
from pef_adapters.pagoefectivo.sandbox.refunds import RefundDesk
from pef_adapters.pagoefectivo.sandbox.request_log import RequestLog
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.sandbox.status_events import StatusEvents


@dataclass(frozen=True, slots=True)
class Workings:
    """What the routes need, reached through the app's state."""

    settings: SandboxSettings
    book: Book
    clock: VirtualClock
    callbacks: Callbacks
    events: StatusEvents
    cips: CipDesk
    refunds: RefundDesk
    faults: FaultBoard
    requests: RequestLog

    @classmethod
    def open(cls, settings: SandboxSettings) -> Self:
        """Open the book named in the settings, with all that is in it."""
        book = Book(settings.database)
        clock = VirtualClock(book)
        callbacks = Callbacks(book, settings, real_now)
        events = StatusEvents(callbacks)
        cips = CipDesk(book, clock, callbacks)
        return cls(
            settings=settings,
            book=book,
            clock=clock,
            callbacks=callbacks,
            events=events,
            cips=cips,
            refunds=RefundDesk(book, clock, cips, events, settings),
            faults=FaultBoard(book, magic_amounts=settings.magic_amounts),
            requests=RequestLog(book, clock, settings),
        )

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Workings":
        """The workings of the app that serves this request."""
        workings: Workings = connection.app.state.workings
        return workings

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver callbacks in the background; close the book afterwards."""
        delivering = asyncio.create_task(self.callbacks.run())
        try:
            yield
        finally:
            delivering.cancel()
            with suppress(asyncio.CancelledError):
                await delivering
            self.book.close()
