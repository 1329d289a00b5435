"""HTTP by hand: requests no client library would send, and every answer that came back."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, replace
from typing import Final, Self

_CHUNK: Final = 256 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery as its sender means it: where to, which headers, which body."""

    path: str
    headers: Headers
    body: bytes

    def saying(self, body: bytes) -> Self:
        """The same envelope around another body."""
        return replace(self, body=body)

    def to(self, path: str) -> Self:
        """The same delivery to another address."""
        return replace(self, path=path)

    def showing(self, name: str, *values: str) -> Self:
        """One header replaced by none, one or several of that name, in this order."""
        kept = tuple(each for each in self.headers if each[0].lower() != name.lower())
        return replace(self, headers=kept + tuple((name, value) for value in values))

    def shown(self, name: str) -> str:
        """What a header says; empty where it is not there."""
        found = (value for key, value in self.headers if key.lower() == name.lower())
        return next(found, "")

    def head(self, *framing: str, connection: str = "close") -> bytes:
        """Request line and headers; `framing` says, in raw lines, how long the body is."""
        own = [f"{name}: {value}" for name, value in self.headers]
        first = [f"POST {self.path} HTTP/1.1", "Host: refunds.example"]
        lines = [*first, *own, f"Connection: {connection}", *framing, "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def raw(self) -> bytes:
        """The whole request, honestly framed."""
        return self.head(f"Content-Length: {len(self.body)}") + self.body


@dataclass(frozen=True, slots=True)
class Reply:
    """Every status that came back over one connection, and how long that took.

    `busy` is what the processor did meanwhile, in seconds: a machine that others use as well
    makes it no longer.
    """

    statuses: tuple[int, ...]
    text: bytes
    seconds: float
    busy: float

    @property
    def status(self) -> int | None:
        """The first answer; None where the connection was closed without one."""
        return self.statuses[0] if self.statuses else None

    @property
    def accepted(self) -> bool:
        return any(200 <= each < 300 for each in self.statuses)

    @property
    def broken(self) -> bool:
        return any(each >= 500 for each in self.statuses)


def chunked(body: bytes, size: int = 64 * 1024) -> bytes:
    """The body in chunks, without a word of how long it will be."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def send(port: int, raw: bytes, *, hangs_up: bool = False, patience: float = 15) -> Reply:
    """Send bytes as they are and read until the service closes, or patience ends."""
    started, idle = time.perf_counter(), time.process_time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.create_task(_write(writer, raw, hangs_up=hangs_up))
    text = b""
    # What was read before a reset counts; a reset itself is an answer too: "no".
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(patience):
            while part := await reader.read(_CHUNK):
                text += part
    taken, busy = time.perf_counter() - started, time.process_time() - idle
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await _close(writer)
    return Reply(tuple(int(each) for each in _STATUS.findall(text)), text, taken, busy)


async def post(port: int, letter: Letter) -> Reply:
    """Deliver a letter as an honest sender does."""
    return await send(port, letter.raw())


async def _write(writer: asyncio.StreamWriter, raw: bytes, *, hangs_up: bool) -> None:
    with contextlib.suppress(ConnectionError):
        for at in range(0, len(raw), _CHUNK):
            writer.write(raw[at : at + _CHUNK])
            await writer.drain()
        if hangs_up:
            writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
