"""Serve an ASGI application on a real port for as long as a test needs it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def served(
    app: ASGIApp, *, port: int = 0, certificate: Path | None = None
) -> AsyncIterator[str]:
    """The application's address; real HTTP, in this process and loop.

    With `certificate` (key and chain for localhost in one file) it is real HTTPS.
    """
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, lifespan="on", ssl_certfile=certificate)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        home = "https://localhost" if certificate else "http://127.0.0.1"
        yield f"{home}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
