"""Broken connections on demand: the client sees no byte of an answer.

ASGI has no word for this, so the server's protocol class tells us which transport
belongs to which client, and the response that answers nothing cuts it.
"""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """The open transports of one server, by the client's address."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """A protocol class for uvicorn's `http` option that reports to us."""
        open_transports = self._open

        class ReportingProtocol(H11Protocol):
            """uvicorn's own protocol, known to the sandbox while it is connected."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its parent
                super().connection_made(transport)
                if self.client:
                    open_transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    open_transports.pop(self.client, None)
                super().connection_lost(exc)

        return ReportingProtocol

    def cut(self, client: tuple[str, int]) -> None:
        """Break a client's connection at once.

        Raises:
            LookupError: another server serves the app; start it by `make_server`.
        """
        if client not in self._open:
            raise LookupError("only the sandbox's own server can drop connections")
        self._open[client].abort()


class NoAnswer(Response):
    """A response of nothing: the connection breaks before its first byte."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send  # nothing is what it sends
        self._connections.cut(tuple(scope["client"]))
        while (await receive())["type"] != "http.disconnect":
            pass
