"""The proxy before the web processes: it spreads the calls and keeps count of the answers.

An operator takes a process out of the rotation before ending it; so do we. Whatever a caller
then hears that is not an answer of our service is downtime.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from served import served

_METHODS = ["GET", "POST"]
_HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length"}


@dataclass(slots=True)
class Front:
    """Where calls go now, and how they went: `failures` tells each bad answer."""

    client: httpx.AsyncClient
    homes: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def pass_on(self, request: Request) -> Response:
        """Ask the next process, and answer as it does."""
        began = time.monotonic()
        self.homes.append(self.homes.pop(0))
        try:
            answer = await self._ask(self.homes[-1], request)
        except httpx.HTTPError as error:
            answer = Response(type(error).__name__, HTTPStatus.BAD_GATEWAY)
        self.seconds.append(time.monotonic() - began)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            told = bytes(answer.body)[:200].decode(errors="replace")
            self.failures.append(f"{answer.status_code} {request.url.path} {told}")
        return answer

    async def _ask(self, home: str, request: Request) -> Response:
        headers = [(k, v) for k, v in request.headers.items() if k not in _HOP_BY_HOP]
        answer = await self.client.request(
            request.method,
            f"{home}{request.url.path}",
            params=request.query_params,
            content=await request.body(),
            headers=headers,
        )
        return Response(answer.content, answer.status_code, {"content-type": "application/json"})


@asynccontextmanager
async def front(port: int) -> AsyncIterator[Front]:
    """The proxy on `port`; give it `homes` before the first call."""
    # Each call on a connection of its own: a process that ends closes none that we count on.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:
        proxy = Front(client)
        app = Starlette(routes=[Route("/{path:path}", proxy.pass_on, methods=_METHODS)])
        async with served(app, port=port):
            yield proxy
