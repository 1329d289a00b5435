"""Stores on public addresses that answer with a way inside: redirects, pages, documents.

Nothing leaves the machine: where the guarded network connects to a public address, the
connection ends in this process and hears one answer. Everything else goes the usual way.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import httpcore
import httpx

from pef_adapters.core.errors import PefError
from ssrf_corpus import BODIES, PUBLIC, RAIL, REDIRECT_STATUSES, REDIRECTS
from ssrf_doors import Door
from ssrf_watch import Watch

if TYPE_CHECKING:
    from ssrf_run import Findings

# The rail's client leaves it to the network to resolve its name.
_OUTSIDE: Final = frozenset({PUBLIC, RAIL})
_USUAL: Final = httpcore.AnyIOBackend.connect_tcp


class Answering(httpcore.AsyncNetworkStream):
    """One connection that says the same to whatever it is asked, and then ends."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore's signature
        told, self._answer = self._answer[:max_bytes], self._answer[max_bytes:]
        return told

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore's signature
        return

    async def aclose(self) -> None:
        return

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - httpcore's signature
        server_hostname: str | None = None,  # noqa: ARG002 - httpcore's signature
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002 - httpcore's signature
        return None


@contextmanager
def answered(answer: bytes) -> Iterator[list[str]]:
    """Public addresses answer so; gives those that were connected to."""
    reached: list[str] = []

    async def connect(
        self: httpcore.AnyIOBackend, host: str, *rest: Any, **more: Any
    ) -> httpcore.AsyncNetworkStream:
        if host not in _OUTSIDE:
            return await _USUAL(self, host, *rest, **more)
        reached.append(host)
        return Answering(answer)

    with patch.object(httpcore.AnyIOBackend, "connect_tcp", connect):
        yield reached


def answers() -> Iterator[tuple[str, bytes]]:
    """Each answer with what it tries."""
    for target in REDIRECTS:
        for status in REDIRECT_STATUSES:
            yield f"{status} {target}", _answer(status, {"Location": target})
        yield f"refresh {target}", _answer(200, {"Refresh": f"0;url={target}"})
        yield f"content-location {target}", _answer(200, {"Content-Location": target})
        yield f"link {target}", _answer(200, {"Link": f"<{target}>; rel=canonical"})
        yield f"alternative {target}", _answer(200, {"Alt-Svc": f'h2="{target}"'})
        twice = {"Location": "/elsewhere", "location": target}
        yield f"twice {target}", _answer(302, twice)
    for body in BODIES:
        yield f"body {body[:30]!r}", _answer(200, {"Content-Type": "text/html"}, body)


def _answer(status: int, headers: dict[str, str], body: bytes = b"{}") -> bytes:
    told = {**headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def redirected(
    doors: Iterable[Door], found: "Findings", watch: Watch, every: int = 1
) -> None:
    """Each answer at each door: no connection but to the place that was asked for."""
    ways = list(answers())[::every]
    for door in doors:
        for way, answer in ways:
            watch.forget()
            with answered(answer) as reached:
                outcome = await _entered(door)
            found.tried += 1
            found.kinds["redirect"] += 1
            found.doors[door.name] += 1
            found.outcomes[outcome] += 1
            if watch.connects or watch.heard:
                found.wrong(f"{door.name} {way!r}: connected to {watch.connects}")
            if not reached or outcome.startswith("crash"):
                found.wrong(f"{door.name} {way!r}: {outcome}, reached {reached}")


async def _entered(door: Door) -> str:
    """Success is no fault here: the answer can be the door's own place speaking."""
    try:
        await door.enter(door.control)
    except PefError as error:
        return f"refused ({type(error).__name__})"
    except (httpx.InvalidURL, httpx.TransportError) as error:
        sort = "refused" if door.name.startswith("client.") else "crash"
        return f"{sort} ({type(error).__name__})"
    except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
        return f"crash ({type(error).__name__})"
    return "an answer like any other"
