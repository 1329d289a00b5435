"""`pef serve`, `worker`, `migrate` and `sandbox`: the processes."""

import asyncio
import contextlib
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import structlog
import typer

from pef_adapters import logs
from pef_adapters.cli import output
from pef_adapters.pagoefectivo.sandbox import SandboxSettings
from pef_adapters.pagoefectivo.sandbox import run as run_sandbox
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from pef_adapters.runtime import Runtime, database
from pef_adapters.settings import Settings, read_settings
from pef_adapters.storage.migrations import migrate

_log = structlog.get_logger(__name__)

LogsAsJson = Annotated[bool, typer.Option("--json", help="One JSON object a log line.")]


def serve(
    *,
    worker: Annotated[
        bool, typer.Option(help="Work off jobs in this process too; --no-worker leaves them.")
    ] = True,
    json_wanted: LogsAsJson = False,
) -> None:
    """Serve webhooks, and work off jobs, until Ctrl-C."""
    explained = output.errors_explained(json_wanted=json_wanted)
    with explained, contextlib.suppress(KeyboardInterrupt):
        settings = _configured(as_json=json_wanted)
        as_json = json_wanted or settings.log_json
        # Most commands serve nothing, and need not wait for all that a web server needs.
        from pef_adapters.cli.serving import run_service  # noqa: PLC0415

        asyncio.run(run_service(settings, with_worker=worker, as_json=as_json))


def worker(*, json_wanted: LogsAsJson = False) -> None:
    """Work off jobs until Ctrl-C; start as many workers as you like."""
    explained = output.errors_explained(json_wanted=json_wanted)
    with explained, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_work(_configured(as_json=json_wanted)))


def migrate_database(
    *,
    json_wanted: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON object.")
    ] = False,
) -> None:
    """Bring the database to this version's schema."""
    with output.errors_explained(json_wanted=json_wanted):
        settings = read_settings()
        logs.configure("warning", as_json=settings.log_json)
        with (
            output.working("Migrating the database…", quiet=json_wanted),
            database(settings) as dsn,
        ):
            revision = migrate(dsn)
    if json_wanted:
        output.as_json({"revision": revision})
        return
    output.out.print(f"[green]✔[/green] database is at revision [bold]{revision}[/bold]")


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8082,
    data: Annotated[Path, typer.Option(help="File that keeps the sandbox's book.")] = Path(
        ".pef/sandbox.sqlite3"
    ),
    callback_url: Annotated[
        str, typer.Option(help="Where status callbacks go; may be set later by control call.")
    ] = "",
    *,
    json_wanted: Annotated[
        bool, typer.Option("--json", help="Say where it is and its keys as one JSON object.")
    ] = False,
) -> None:
    """Run the PagoEfectivo sandbox: the same wire, with faults on demand."""
    explained = output.errors_explained(json_wanted=json_wanted)
    with explained, contextlib.suppress(KeyboardInterrupt):
        logs.configure("info", as_json=False)
        data.parent.mkdir(parents=True, exist_ok=True)
        settings = SandboxSettings(
            host=host, port=port, database=data, callback_url=callback_url or None
        )
        _introduce(f"http://{host}:{port}", json_wanted=json_wanted)
        run_sandbox(settings)


def _introduce(address: str, *, json_wanted: bool) -> None:
    """Where the sandbox is and its keys, which are public and open nothing else."""
    if json_wanted:
        keys = {"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY}
        output.as_json({"sandbox": address, "service_id": DEFAULT_SERVICE_ID, **keys})
        return
    output.say(f"PagoEfectivo sandbox: {address}/  (Ctrl-C stops it)")
    output.say(
        f"Its account: access key {DEFAULT_ACCESS_KEY}, secret {DEFAULT_SECRET_KEY}, "
        f"service id {DEFAULT_SERVICE_ID}; add it with `pef account add --mode sandbox`."
    )


async def _work(settings: Settings) -> None:
    async with Runtime.open(settings) as runtime:
        _log.info("working", concurrency=settings.worker_concurrency)
        await runtime.work()


def end_by_sigterm() -> None:
    """Told to end, we end as by Ctrl-C: with the worker stopped and the database closed."""
    signal.signal(signal.SIGTERM, _as_by_ctrl_c)


def _as_by_ctrl_c(number: int, frame: FrameType | None) -> None:
    """Let asyncio cancel the work: an exception raised here would strike a job in its middle.

    A shell starts what runs in the background deaf to Ctrl-C; then there is only the exception.
    """
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(number, frame)


def _configured(*, as_json: bool) -> Settings:
    end_by_sigterm()
    settings = read_settings()
    logs.configure(settings.log_level, as_json=as_json or settings.log_json)
    return settings
