"""Addresses typed by strangers: no connection is made to where it must not be."""

import gzip
import socket
from collections.abc import Iterator, Sequence

import httpcore
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, UnsafeAddress
from pef_adapters.platforms import http
from pef_adapters.platforms.addresses import is_public
from pef_adapters.platforms.http import guarded_client
from woocommerce_bench import Listener, serving

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing binds to it
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "2001:0:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "not an address",
    "",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "200.48.225.130", "2606:4700:4700::1111", "64:ff9b::808:808"]

# Spellings of private places; the system's own resolver turns them into addresses.
ODD_URLS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[64:ff9b::7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.0.1:8080/",
    "https://10.1.2.3/",
    "http://user@8.8.8.8/",
    "http://store.example@127.0.0.1/",
    "http://:secret@8.8.8.8/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/",
]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a connection was opened to."""
    opened: list[str] = []
    real = httpcore.AnyIOBackend.connect_tcp

    async def counted(
        self: httpcore.AnyIOBackend, host: str, *rest: object
    ) -> httpcore.AsyncNetworkStream:
        opened.append(host)
        return await real(self, host, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", counted)
    return opened


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A server on a private address."""
    with Listener().listening() as listening:
        yield listening


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_special_addresses_are_not_public(address: str) -> None:
    """Private, local, mapped, tunnelled and documentation addresses are not public."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_ordinary_addresses_are_public(address: str) -> None:
    """Addresses of the public internet are allowed."""
    assert is_public(address)


@pytest.mark.parametrize("url", ODD_URLS)
async def test_odd_urls_open_no_connection(url: str, connections: list[str]) -> None:
    """However a private place is spelt, it is refused before a connection is opened."""
    async with guarded_client(allow_private=False) as client:
        with pytest.raises((UnsafeAddress, httpx.InvalidURL, httpx.TransportError)):
            await client.get(url)
    assert connections == []


@pytest.mark.parametrize("address", [a for a in NOT_PUBLIC if a and " " not in a])
async def test_names_that_lead_there_are_refused(address: str, connections: list[str]) -> None:
    """One private address behind a name is enough to refuse the name, also beside public ones."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", address]

    async with guarded_client(allow_private=False, resolve=resolve) as client:
        with pytest.raises(UnsafeAddress):
            await client.get("http://tienda.example/")
    assert connections == []


async def test_a_name_can_not_change_its_mind(listener: Listener, connections: list[str]) -> None:
    """The connection goes to the address that was checked; the name is asked once."""
    asked: list[str] = []
    port = httpx.URL(listener.url).port

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.9.9.9"]

    async with guarded_client(allow_private=True, resolve=rebinding) as client:
        await client.get(f"http://tienda.example:{port}/hook")
    assert asked == ["tienda.example"]
    assert connections == ["127.0.0.1"]


async def test_a_name_that_turns_private_is_refused(connections: list[str]) -> None:
    """A name that answers a private address when the connection is made is refused then."""
    answers = iter([["10.0.0.1"]])

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    async with guarded_client(allow_private=False, resolve=resolve) as client:
        with pytest.raises(UnsafeAddress):
            await client.get("https://tienda.example/")
    assert connections == []


async def test_a_name_that_does_not_resolve_is_a_failed_connection() -> None:
    """An unknown name is told as a failed connection, as a retry may help."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    async with guarded_client(allow_private=False, resolve=resolve) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("https://tienda.example/")


@pytest.fixture(scope="module")
def odd_server() -> Iterator[str]:
    """A server whose answers should not be taken."""
    with serving(Starlette(routes=[Route("/{what}", _odd_answer)])) as address:
        yield address


async def _odd_answer(request: Request) -> Response:
    if request.path_params["what"] == "long":
        return Response(b"x" * 5000)
    if request.path_params["what"] == "compressed":
        return Response(gzip.compress(b"x" * 5000), headers={"Content-Encoding": "gzip"})
    target = "http://169.254.169.254/latest?consumer_secret=cs_1"
    return Response(status_code=302, headers={"Location": target})


async def test_a_redirect_is_told_and_not_followed(odd_server: str, connections: list[str]) -> None:
    """A redirect is a refusal that names where it leads, without the query, and is not followed."""
    async with guarded_client(allow_private=True) as client:
        with pytest.raises(PlatformRefused, match=r"169\.254\.169\.254/latest;") as raised:
            await client.get(f"{odd_server}/redirect")
    assert "cs_1" not in str(raised.value)
    assert connections == ["127.0.0.1"]


@pytest.mark.parametrize("what", ["long", "compressed"])
async def test_answers_are_bounded(odd_server: str, what: str) -> None:
    """A long answer, or one that could unpack to anything, is not read."""
    async with guarded_client(allow_private=True, max_answer_bytes=4000) as client:
        with pytest.raises(PlatformNonsense):
            await client.get(f"{odd_server}/{what}")


async def test_proxies_of_the_environment_are_not_used(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve names by itself, so none is taken from the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with guarded_client(allow_private=True) as client:
        assert (await client.post(listener.url)).status_code == 200


def test_the_process_is_told_once(connections: list[str]) -> None:
    """Private stores are refused unless the operator said otherwise for the process."""
    assert not http._Process().private_stores_allowed
    http.allow_private_stores(True)
    assert http.private_stores_allowed()
    http.allow_private_stores(False)
    assert not http.private_stores_allowed()
    assert connections == []
