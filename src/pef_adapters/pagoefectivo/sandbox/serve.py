"""Serves the sandbox by uvicorn, in this process."""

import uvicorn

from pef_adapters.pagoefectivo.sandbox.app import create_app
from pef_adapters.pagoefectivo.sandbox.connections import Connections
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings


def make_server(settings: SandboxSettings) -> uvicorn.Server:
    """A server that is not started yet: `run()` it, or `await serve()` it."""
    connections = Connections()
    config = uvicorn.Config(
        create_app(settings, connections),
        host=settings.host,
        port=settings.port,
        http=connections.protocol(),
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    return uvicorn.Server(config)


def run(settings: SandboxSettings) -> None:
    """Serve until interrupted."""
    make_server(settings).run()
