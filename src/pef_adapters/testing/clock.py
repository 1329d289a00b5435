"""A clock that moves only when it is told to."""

from datetime import UTC, datetime, timedelta

# A Monday morning in Lima, with business days on either side.
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class VirtualClock:
    """Implements `engine.ports.Clock`; `advance` is the passing of time."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """The virtual moment, aware, in UTC."""
        return self._now

    def advance(self, **step: float) -> datetime:
        """Let time pass, given as for `timedelta`: `advance(minutes=5)`."""
        self._now += timedelta(**step)
        return self._now
