"""`python -m upgrade_worker`: a worker of whichever release stands first on PYTHONPATH.

It keeps to what every release since the first one has: `pef worker` with a quicker
rhythm, so that nobody waits a minute for the janitor.
"""

import asyncio
import contextlib
import signal

from pef_adapters import logs
from pef_adapters.runtime import Runtime
from pef_adapters.settings import read_settings
from pef_adapters.storage.queue import QueueSettings

_QUICK = QueueSettings(
    heartbeat=1, stalled_after=30, sweep_cron="*/5 * * * * *", poll_cron="*/15 * * * * *"
)


async def main() -> None:
    """Work until told to end."""
    settings = read_settings()
    logs.configure(settings.log_level, as_json=settings.log_json)
    async with Runtime.open(settings, rhythm=_QUICK) as runtime:
        await runtime.work()


if __name__ == "__main__":
    # As today's `pef worker`: asyncio cancels the work, no job is cut in the middle. A run in
    # the background is deaf to SIGINT, which would leave nothing to cancel it by.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
