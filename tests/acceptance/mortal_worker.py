"""A worker that kills itself, as `kill -9` would, when it reaches a boundary.

Run as a program: `mortal_worker.py BOUNDARY SECONDS_AHEAD`. With "none" it lives.
Its clock runs ahead so that nobody has to wait for a dead sender's deadline.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta

from pef_adapters import logs
from pef_adapters.engine.ports import Boundary
from pef_adapters.runtime import Runtime, SystemClock
from pef_adapters.settings import read_settings
from pef_adapters.storage.queue import QueueSettings

_QUICK = QueueSettings(
    heartbeat=0.2, stalled_after=1, sweep_cron="* * * * * *", poll_cron="0 0 1 1 *"
)


class ClockAhead(SystemClock):
    """The machine's clock and some seconds."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


async def main(deadly: str, ahead: float) -> None:
    """Work until cancelled, or dead."""

    def at(boundary: Boundary) -> None:
        if boundary == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    async with Runtime.open(
        read_settings(), clock=ClockAhead(ahead), at=at, rhythm=_QUICK
    ) as runtime:
        await runtime.work()


if __name__ == "__main__":
    logs.configure("info", as_json=True)
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
