"""All HTTP of a simulated world, in one process: who answers under which host.

While it is installed, every httpx client of this process, our adapters' guarded ones among
them, sends its requests here, below all our own checks and signatures.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import httpx

from pef_adapters.server import gateway
from pef_adapters.testing.simulation.computer import Killed, Process

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


def _nothing(_: httpx.AsyncHTTPTransport, **_settings: object) -> None:
    return


async def _itself(transport: httpx.AsyncHTTPTransport) -> httpx.AsyncHTTPTransport:
    return transport


async def _nothing_to_close(_: httpx.AsyncHTTPTransport, *_how: object) -> None:
    return


class _Whole(httpx.AsyncByteStream):
    """A body that is there already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


class Network:
    """Hosts and what answers there. Every request of ours is a place where we can die."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._hosts: dict[str, Answer] = {}
        self._ours = ""
        self._died: Callable[[BaseException], None] = lambda _: None

    def serve(self, host: str, answer: Answer) -> None:
        """From now on this host is answered so."""
        self._hosts[host] = answer

    def serve_ourselves(
        self, host: str, answer: Answer, died: Callable[[BaseException], None]
    ) -> None:
        """Our own host; `died` hears of it where we die while we serve."""
        self._ours, self._died = host, died
        self._hosts[host] = answer

    async def send(self, request: httpx.Request) -> httpx.Response:
        """One request of our own process.

        Raises:
            httpx.TransportError: the network failed.
            Killed: our process died before or after.
        """
        if request.url.host == self._ours:
            return await self.visit(request)
        self._process.cross()
        await asyncio.sleep(0)  # as on a real wire, another worker goes on meanwhile
        response = await self.reach(request)
        await asyncio.sleep(0)
        self._process.cross()
        return response

    async def visit(self, request: httpx.Request) -> httpx.Response:
        """One request to us; whoever asks notices our death as a broken connection.

        Raises:
            httpx.TransportError: so it seems to him.
        """
        try:
            return await self.reach(request)
        except Killed as death:
            self._died(death)
            raise httpx.ReadError("the connection broke", request=request) from None

    async def reach(self, request: httpx.Request) -> httpx.Response:
        """One request of anybody."""
        answer = self._hosts.get(request.url.host)
        if answer is None:
            raise httpx.ConnectError(f"nobody is {request.url.host}", request=request)
        response = await answer(request)
        content = await response.aread()
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Whole(content), request=request
        )

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let all httpx of this process go through here, and no gateway wait in real time."""

        async def handle(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            return await self.send(request)

        async def close(_: httpx.AsyncHTTPTransport) -> None:
            return

        with (
            # Without the pools and TLS contexts that nobody would use.
            patch.object(httpx.AsyncHTTPTransport, "__init__", _nothing),
            patch.object(httpx.AsyncHTTPTransport, "__aenter__", _itself),
            patch.object(httpx.AsyncHTTPTransport, "__aexit__", _nothing_to_close),
            patch.object(httpx.AsyncHTTPTransport, "aclose", close),
            patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle),
            patch.object(gateway, "_PATIENCE_SECONDS", 0.0),
        ):
            yield


def application(app: Callable[..., Awaitable[None]]) -> Answer:
    """An ASGI application as a host's answer; much quicker than httpx's own way to one."""

    async def answer(request: httpx.Request) -> httpx.Response:
        body, head, parts = await request.aread(), {}, list[bytes]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            head.update(message if message["type"] == "http.response.start" else {})
            parts.append(message.get("body", b""))

        try:
            await app(_scope(request), receive, send)
        except Exception as error:  # noqa: BLE001 - a server answers 500 to whatever it was
            return httpx.Response(500, text=type(error).__name__)
        return httpx.Response(head["status"], headers=head["headers"], content=b"".join(parts))

    return answer


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
