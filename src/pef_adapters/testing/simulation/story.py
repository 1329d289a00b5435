"""What happened in a world, line by line: the trace by which two runs of a seed are compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from pef_adapters.testing.clock import START, VirtualClock


class Story:
    """Lines with the world's time. `log` are our own log lines, as a log reader sees them."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.lines: list[str] = []
        self.log: list[str] = []

    def tell(self, text: str) -> None:
        """Add a line."""
        self.lines.append(f"{_since_start(self._clock.now())} {text}")

    @property
    def trace(self) -> str:
        """The whole story."""
        return "\n".join(self.lines) + "\n"

    @contextmanager
    def hearing_the_log(self) -> Iterator[None]:
        """Let our own log lines become lines of the story."""
        before = structlog.get_config()
        structlog.configure(
            processors=[structlog.processors.format_exc_info, self._hear],
            wrapper_class=structlog.make_filtering_bound_logger(20),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)

    def _hear(
        self, _: object, method: str, event: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        told = " ".join(f"{key}={value}" for key, value in event.items())
        self.log.append(told)
        self.tell(f"  log {method}: {told}")
        raise structlog.DropEvent


def _since_start(now: datetime) -> str:
    seconds = int((now - START).total_seconds())
    days, rest = divmod(seconds, 24 * 3600)
    return f"[{days:2}d {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}]"
