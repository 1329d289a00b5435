"""`pef serve`, `worker`, `migrate` and `sandbox`: the processes."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from pef_adapters import logs
from pef_adapters.cli import output
from pef_adapters.engine.gate.links import first_link
from pef_adapters.engine.ports import Ports
from pef_adapters.pagoefectivo.sandbox import SandboxSettings
from pef_adapters.pagoefectivo.sandbox import run as run_sandbox
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)
from pef_adapters.runtime import Runtime, database
from pef_adapters.server.app import create_app, create_certificate_app
from pef_adapters.server.mutual_tls import Certificates, serve_by_certificate
from pef_adapters.server.origins import networks
from pef_adapters.settings import Settings, read_settings
from pef_adapters.storage.migrations import migrate

_log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5


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
        asyncio.run(_serve(settings, with_worker=worker, as_json=as_json))


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


async def _serve(settings: Settings, *, with_worker: bool, as_json: bool) -> None:
    async with Runtime.open(settings) as runtime:
        proxies = networks(settings.trusted_proxies)
        app = create_app(runtime.ports, settings.address, trusted_proxies=proxies)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            # A buyer's link is in its path; and nobody has anything to say by websocket.
            access_log=False,
            ws="none",
            server_header=False,
            # The rightmost proxy's word about the client matters to logs only.
            proxy_headers=False,
            # A console that is open keeps a stream for minutes; it comes back by itself.
            timeout_graceful_shutdown=_PATIENCE_SECONDS,
        )
        beside = [asyncio.create_task(runtime.work())] if with_worker else []
        if Certificates.named_in(settings) is not None:
            by_certificate = create_certificate_app(runtime.ports)
            beside.append(asyncio.create_task(serve_by_certificate(by_certificate, settings)))
        await _tell_first_link(runtime.ports, as_json=as_json)
        _log.info("serving", address=settings.address, worker=with_worker)
        try:
            await _serve_beside(uvicorn.Server(config), beside)
        finally:
            await _stopped(beside)


async def _tell_first_link(ports: Ports, *, as_json: bool) -> None:
    """The one link that is ever told here, and only while nobody can sign in."""
    link = await first_link(ports)
    if link is None:
        return
    if as_json:
        _log.warning("no_administrator_yet", link=link)
    else:
        typer.echo(
            f"Nobody can sign in yet. The first administrator opens (once): {link}", err=True
        )


async def _work(settings: Settings) -> None:
    async with Runtime.open(settings) as runtime:
        _log.info("working", concurrency=settings.worker_concurrency)
        await runtime.work()


async def _serve_beside(server: uvicorn.Server, beside: list[asyncio.Task[None]]) -> None:
    """Serve until told to end, or until what runs beside it fails."""

    def end_too(_: asyncio.Task[None]) -> None:
        server.should_exit = True

    for task in beside:
        task.add_done_callback(end_too)
    await server.serve()
    for task in beside:
        if task.done():
            task.result()


async def _stopped(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _configured(*, as_json: bool) -> Settings:
    # Told to end, we end as by Ctrl-C: with the worker stopped and the database closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = read_settings()
    logs.configure(settings.log_level, as_json=as_json or settings.log_json)
    return settings
