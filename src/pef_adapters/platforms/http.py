"""The only way an adapter talks to a store: HTTP that can't be led astray.

A store's address is typed by a stranger. This client therefore resolves the name
once, refuses it unless every address is public, and connects to the very address
it checked, so that a name can't change its mind in between. It never follows a
redirect, never reads more than a bound, never uses a proxy from the environment,
and signs below the place where requests are logged, so that no key is logged.
"""

import functools
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import anyio
import httpcore
import httpx

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, UnsafeAddress
from pef_adapters.core.moments import within_reach
from pef_adapters.platforms.addresses import is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Sign = Callable[[httpx.Request], httpx.Request]

MAX_ANSWER_BYTES: Final = 20 * 1024 * 1024
TIMEOUT: Final = httpx.Timeout(20.0, connect=10.0)
_SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


@dataclass(slots=True)
class _Process:
    private_stores_allowed: bool = False


_process = _Process()


def allow_private_stores(allowed: bool) -> None:  # noqa: FBT001 - a setter, called once by the runtime
    """Set, for this whole process, whether stores may stand in private networks.

    Process-wide on purpose: it is the operator's word about this machine's network
    (`PEF_ALLOW_PRIVATE_STORES`) and must not be a store's setting.
    """
    _process.private_stores_allowed = allowed


def private_stores_allowed() -> bool:
    """Whether this process may call stores in private networks."""
    return _process.private_stores_allowed


def guarded_client(
    *,
    allow_private: bool | None = None,
    sign: Sign | None = None,
    resolve: Resolve | None = None,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    timeout: httpx.Timeout = TIMEOUT,
) -> httpx.AsyncClient:
    """A client for stores' addresses; close it, best with `async with`.

    `allow_private` defaults to what the process was told. `sign` adds the keys to
    each request after it was logged. Requests raise httpx's errors, and besides:

    Raises:
        UnsafeAddress: the URL or an address behind its name must not be called.
        PlatformRefused: the store redirects; the message names where to.
        PlatformNonsense: the answer is larger than `max_answer_bytes`.
    """
    allowed = private_stores_allowed() if allow_private is None else allow_private
    network = _GuardedNetwork(allow_private=allowed, resolve=resolve or _resolve)
    transport = _GuardedTransport(network, sign or (lambda request: request), max_answer_bytes)
    return _GuardedClient(
        transport=transport,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        # A compressed answer could unpack to more than the bound.
        headers={"Accept-Encoding": "identity", "User-Agent": "pef-adapters"},
    )


def date_of(headers: httpx.Headers) -> datetime | None:
    """The answering server's own clock, in UTC; None where it tells none that can be read."""
    try:
        return within_reach(parsedate_to_datetime(headers["Date"])).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):  # a zone of a million hours overflows
        return None


class _GuardedClient(httpx.AsyncClient):
    """httpx's client, for which a host name that can't be decoded is a malformed address too."""

    def build_request(self, *args: Any, **kwargs: Any) -> httpx.Request:
        try:
            return super().build_request(*args, **kwargs)
        except UnicodeError:  # as "xn--a", which httpx lets into a URL and then trips over
            raise httpx.InvalidURL("the address's host name can't be read") from None


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves once, checks every address, connects to those and no others."""

    def __init__(self, *, allow_private: bool, resolve: Resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("the name leads to no address")
        for address in await self._checked(host, port, timeout):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _checked(self, host: str, port: int, timeout: float | None) -> Sequence[str]:  # noqa: ASYNC109 - httpcore's deadline
        try:
            with anyio.fail_after(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name did not resolve in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name does not resolve") from None
        if not self._allow_private and not all(map(is_public, addresses)):
            raise UnsafeAddress(f"{host} leads to a private or reserved network")
        return addresses

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport on the guarded network; refuses what must not be asked or read."""

    def __init__(self, network: _GuardedNetwork, sign: Sign, max_answer_bytes: int) -> None:
        tls = _tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, network_backend=network, max_connections=10
        )
        self._sign = sign
        self._max_answer_bytes = max_answer_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _refuse_odd_url(request.url)
        response = await super().handle_async_request(self._sign(request))
        try:
            _refuse_answer(response, request.url)
        except BaseException:
            await response.aclose()
            raise
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _BoundedStream(response.stream, self._max_answer_bytes)
        return response


class _BoundedStream(httpx.AsyncByteStream):
    """Hands on an answer until it grows too large."""

    def __init__(self, stream: httpx.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise PlatformNonsense("the store's answer is too large to be read")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _refuse_odd_url(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https"):
        raise UnsafeAddress(f"only http and https addresses are called, not {url.scheme}:")
    if url.userinfo:
        raise UnsafeAddress("an address with a user name in it is not called")
    if not url.host:
        raise UnsafeAddress("the address names no host")


def _refuse_answer(response: httpx.Response, url: httpx.URL) -> None:
    if response.has_redirect_location:
        # Without its query, which may repeat the keys.
        there = url.join(response.headers["Location"]).copy_with(
            userinfo=b"", query=None, fragment=None
        )
        raise PlatformRefused(f"the store redirects to {there}; connect it under that address")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise PlatformNonsense("the store compresses an answer that was asked for plain")


@functools.lru_cache(maxsize=4)
def _tls(_cert_file: str | None, _cert_dir: str | None) -> ssl.SSLContext:
    """Made once per setting of SSL_CERT_FILE and SSL_CERT_DIR, which httpx reads itself."""
    return httpx.create_ssl_context()


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
