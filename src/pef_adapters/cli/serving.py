"""Serves the web half, with the worker and the certificate listener beside it.

Apart from `service`, so that only the command that serves loads a web server.
"""

import asyncio
import contextlib

import structlog
import typer
import uvicorn
from starlette.types import ASGIApp

from pef_adapters.engine.gate.links import first_link
from pef_adapters.engine.ports import Ports
from pef_adapters.runtime import Runtime
from pef_adapters.server.app import create_app, create_certificate_app
from pef_adapters.server.mutual_tls import Certificates, serve_by_certificate
from pef_adapters.server.origins import networks
from pef_adapters.settings import Settings

_log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5


async def run_service(settings: Settings, *, with_worker: bool, as_json: bool) -> None:
    """Serve until told to end.

    Raises:
        DatabaseUnavailable, SettingInvalid: with what to do about it.
    """
    async with Runtime.open(settings) as runtime:
        proxies = networks(settings.trusted_proxies)
        app = create_app(runtime.ports, settings.address, trusted_proxies=proxies)
        beside = [asyncio.create_task(runtime.work())] if with_worker else []
        if Certificates.named_in(settings) is not None:
            by_certificate = create_certificate_app(runtime.ports)
            beside.append(asyncio.create_task(serve_by_certificate(by_certificate, settings)))
        await tell_first_link(runtime.ports, as_json=as_json)
        _log.info("serving", address=settings.address, worker=with_worker)
        try:
            await _serve_beside(_server(app, settings), beside)
        finally:
            await _stopped(beside)


def _server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        # A buyer's link is in its path; and nobody has anything to say by websocket.
        access_log=False,
        ws="none",
        server_header=False,
        # Whose word about the client counts is decided in `server.origins`.
        proxy_headers=False,
        # A console that is open keeps a stream for minutes; it comes back by itself.
        timeout_graceful_shutdown=_PATIENCE_SECONDS,
    )
    return uvicorn.Server(config)


async def tell_first_link(ports: Ports, *, as_json: bool) -> None:
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
