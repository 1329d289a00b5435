"""Run one use case from the command line: settings, runtime, errors in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pef_adapters import logs
from pef_adapters.cli import output
from pef_adapters.engine.ports import Ports
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings, read_settings

Answer = TypeVar("Answer")


def run(
    use_case: Callable[[Ports, Settings], Awaitable[Answer]], what: str, *, json_wanted: bool
) -> Answer:
    """Open everything, run the use case, close everything; explain our errors."""
    with output.errors_explained(json_wanted=json_wanted):
        settings = read_settings()
        chosen = "log_level" in settings.model_fields_set
        # One command, one answer: what goes well needs no log line.
        logs.configure(settings.log_level if chosen else "warning", as_json=settings.log_json)
        with output.working(what, quiet=json_wanted):
            return asyncio.run(_run(use_case, settings))


async def _run(
    use_case: Callable[[Ports, Settings], Awaitable[Answer]], settings: Settings
) -> Answer:
    async with Runtime.open(settings) as runtime:
        return await use_case(runtime.ports, settings)
