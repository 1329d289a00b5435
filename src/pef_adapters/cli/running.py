"""Run one use case from the command line: settings, runtime, errors in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pef_adapters import logs
from pef_adapters.cli import output
from pef_adapters.cli.operator import operator
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.ports import Ports
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings, read_settings

Answer = TypeVar("Answer")


def run(
    use_case: Callable[[Ports, Settings], Awaitable[Answer]],
    what: str,
    *,
    json_wanted: bool,
    deed: Deed | None = None,
) -> Answer:
    """Open everything, run the use case, close everything; explain our errors.

    `deed` is kept in the audit under the operator's name, whether it is done or refused.
    """
    with output.errors_explained(json_wanted=json_wanted):
        settings = read_settings()
        chosen = "log_level" in settings.model_fields_set
        # One command, one answer: what goes well needs no log line.
        logs.configure(settings.log_level if chosen else "warning", as_json=settings.log_json)
        with output.working(what, quiet=json_wanted):
            return asyncio.run(_run(use_case, settings, deed))


async def _run(
    use_case: Callable[[Ports, Settings], Awaitable[Answer]],
    settings: Settings,
    deed: Deed | None,
) -> Answer:
    async with Runtime.open(settings) as runtime:
        if deed is None:
            return await use_case(runtime.ports, settings)
        async with audited(runtime.ports, operator(), deed):
            return await use_case(runtime.ports, settings)
