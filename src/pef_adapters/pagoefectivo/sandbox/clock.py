"""The sandbox's virtual clock: real time plus what was fast-forwarded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pef_adapters.core.calendar import LIMA, add_business_days, lima_date
from pef_adapters.pagoefectivo.sandbox.book import Book

_NOTE = "clock_ahead_seconds"


def real_now() -> datetime:
    """The machine's clock: the only place where the sandbox reads it."""
    return datetime.now(UTC)


class VirtualClock:
    """Runs like the real one and can only be moved forwards; survives restarts."""

    def __init__(self, book: Book, real: Callable[[], datetime] = real_now) -> None:
        self._book = book
        self._real = real

    def now(self) -> datetime:
        return self._real().astimezone(LIMA) + self._ahead()

    def advance(self, by: timedelta) -> None:
        """Move forwards; going back would unsettle what was settled.

        Raises:
            ValueError: `by` is negative.
        """
        if by < timedelta(0):
            raise ValueError("the clock only moves forwards")
        ahead = self._ahead() + by
        self._book.set_note(_NOTE, str(ahead.total_seconds()))

    def advance_business_days(self, days: int) -> None:
        """To the same time of the `days`-th Peruvian business day from today."""
        today = lima_date(self.now())
        self.advance(add_business_days(today, days) - today)

    def _ahead(self) -> timedelta:
        return timedelta(seconds=float(self._book.note(_NOTE) or 0))
