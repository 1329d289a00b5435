"""`pef demo`: see a refund go from the store's button to the order's note."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from pef_adapters import logs
from pef_adapters.cli import output
from pef_adapters.demo import show, watch
from pef_adapters.demo.scenarios import play
from pef_adapters.demo.shop import Scene
from pef_adapters.demo.stage import Stage, stage
from pef_adapters.engine.gate import links

_DAYS_UNTIL_PAID = 3


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End when the refunds are done.")] = False,
    json_wanted: Annotated[
        bool, typer.Option("--json", help="No display; one JSON object as the last line.")
    ] = False,
) -> None:
    """Start three stores, the sandbox and the service, press refund, show what happens."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        output.errors_explained(json_wanted=json_wanted),
        contextlib.suppress(KeyboardInterrupt),
        _folder() as folder,
    ):
        logs.configure("warning", as_json=False)
        asyncio.run(_demo(folder, once=once, json_wanted=json_wanted))


async def _demo(folder: Path, *, once: bool, json_wanted: bool) -> None:
    started = time.monotonic()
    with output.working("Starting the database, sandbox, stores and service…", quiet=json_wanted):
        stack = contextlib.AsyncExitStack()
        everything = await stack.enter_async_context(
            stage(folder, usual_ports=not json_wanted, all_stores=True)
        )
    async with stack:
        scenes = await _play(everything, quiet=json_wanted)
        refunds = await watch.report(everything, scenes)
        if json_wanted:
            seconds = round(time.monotonic() - started, 1)
            output.as_json({"refunds": refunds, "seconds": seconds})
            return
        output.out.print(await show.orders(everything))
        show.results(output.out, scenes, refunds)
        console = await links.first_link(everything.ports)
        show.addresses(output.out, everything, console or everything.settings.address)
        if not once:
            await asyncio.Event().wait()


async def _play(everything: Stage, *, quiet: bool) -> list[Scene]:
    """Press every button and follow the refunds to their end."""
    scenes = await play(everything)
    if quiet:
        await _follow(everything, scenes, lambda _: None)
        return scenes
    with Live(show.progress(scenes), console=output.out, refresh_per_second=10) as live:
        await _follow(everything, scenes, lambda s: live.update(show.progress(s)))
    output.out.print()
    return scenes


async def _follow(everything: Stage, scenes: list[Scene], shown: watch.Shown) -> None:
    await watch.follow(everything, scenes, "accepted", shown)
    await everything.pass_business_days(_DAYS_UNTIL_PAID)
    await watch.follow(everything, scenes, "noted", shown)
    if everything.vtex is not None:
        await everything.vtex.ask_again()


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of the demo's own; kept, and named, where the demo did not end well."""
    folder = Path(tempfile.mkdtemp(prefix="pef-demo-"))
    try:
        yield folder
    except Exception:
        output.err.print(f"The processes' logs are in {folder}", highlight=False)
        raise
    except BaseException:  # Ctrl-C is how the demo usually ends
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
