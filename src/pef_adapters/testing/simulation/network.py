"""All HTTP of a simulated world, in one process: who answers under which host.

While it is installed, every httpx client of this process, our adapters' guarded ones among
them, sends its requests here, below all our own checks and signatures.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import httpx

from pef_adapters.server import gateway
from pef_adapters.testing.simulation.computer import Process

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


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

    def serve(self, host: str, answer: Answer) -> None:
        """From now on this host is answered so."""
        self._hosts[host] = answer

    async def send(self, request: httpx.Request) -> httpx.Response:
        """One request of our own process.

        Raises:
            httpx.TransportError: the network failed.
            Killed: our process died before or after.
        """
        self._process.cross()
        response = await self.reach(request)
        self._process.cross()
        return response

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

        with (
            patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle),
            patch.object(gateway, "_PATIENCE_SECONDS", 0.0),
        ):
            yield


def application(app: Callable[..., Awaitable[None]]) -> Answer:
    """An ASGI application as a host's answer."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def answer(request: httpx.Request) -> httpx.Response:
        return await transport.handle_async_request(request)

    return answer
