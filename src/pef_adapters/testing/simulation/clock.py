"""The world's time, and what our own process takes for it."""

from datetime import datetime, timedelta

from pef_adapters.testing.clock import VirtualClock


class SkewedClock:
    """Our machine's clock: the world's time, plus an error that can jump."""

    def __init__(self, world: VirtualClock) -> None:
        self._world = world
        self.error = timedelta(0)

    def now(self) -> datetime:
        """What our machine says, aware, in UTC."""
        return self._world.now() + self.error
