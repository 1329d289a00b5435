"""The listener for gateways: who shows no trusted certificate is not served."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.server.mutual_tls import serve_by_certificate
from pef_adapters.settings import Settings
from woocommerce_bench import free_port

OURS = trustme.CA()
GATEWAYS = trustme.CA()
NEW_GATEWAYS = trustme.CA()
STRANGERS = trustme.CA()


async def _served(_: Request) -> PlainTextResponse:
    return PlainTextResponse("served")


APP = Starlette(routes=[Route("/", _served)])


@dataclass(frozen=True, slots=True)
class Listener:
    """The running listener, its files, and how clients of an authority call it."""

    address: str
    settings: Settings

    async def call(self, client: ssl.SSLContext) -> httpx.Response:
        async with httpx.AsyncClient(verify=client, trust_env=False) as http:
            return await http.get(self.address)

    async def refuses(self, client: ssl.SSLContext) -> bool:
        """Whether a call ends without an answer; TLS 1.3 tells a client only as it reads."""
        try:
            await self.call(client)
        except httpx.TransportError:
            return True
        return False

    def trust(self, *authorities: trustme.CA) -> None:
        """Replace the bundle of those whose clients are served."""
        write_bundle(self.settings.payments_client_ca or Path(), *authorities)


def write_bundle(path: Path, *authorities: trustme.CA) -> None:
    """One PEM file with the certificates of all of them."""
    path.write_bytes(b"".join(each.cert_pem.bytes() for each in authorities))


def spoil(path: Path, content: str | None) -> None:
    """Put something else in the file's place, or nothing."""
    path.unlink() if content is None else path.write_text(content)


def client_of(authority: trustme.CA | None, **more: datetime) -> ssl.SSLContext:
    """A client that trusts us and shows a certificate of this authority, or none."""
    context = ssl.create_default_context()
    OURS.configure_trust(context)
    if authority is not None:
        authority.issue_cert("gateway.example", **more).configure_cert(context)
    return context


def write_own(folder: Path) -> None:
    """A fresh certificate for localhost, and its key."""
    issued = OURS.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    (folder / "own.pem").write_bytes(chain)
    issued.private_key_pem.write_to_path(str(folder / "own.key"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a listener on a free port that trusts GATEWAYS."""
    write_own(tmp_path)
    write_bundle(tmp_path / "clients.pem", GATEWAYS)
    return Settings(
        payments_port=free_port(),
        payments_cert=tmp_path / "own.pem",
        payments_key=tmp_path / "own.key",
        payments_client_ca=tmp_path / "clients.pem",
    )


@pytest.fixture
async def listener(settings: Settings) -> AsyncIterator[Listener]:
    """The listener, running."""
    task = asyncio.create_task(serve_by_certificate(APP, settings))
    await asyncio.sleep(0)  # it listens before it first waits
    yield Listener(f"https://localhost:{settings.payments_port}/", settings)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_trusted_client_is_served(listener: Listener) -> None:
    """A certificate of the trusted authority is served."""
    assert (await listener.call(client_of(GATEWAYS))).text == "served"


@pytest.mark.parametrize("authority", [None, STRANGERS, OURS])
async def test_whoever_is_not_trusted_is_refused(
    listener: Listener, authority: trustme.CA | None
) -> None:
    """No certificate, a stranger's, or one of our own server's authority is not served."""
    assert await listener.refuses(client_of(authority))


async def test_an_expired_certificate_is_refused(listener: Listener) -> None:
    """The right authority does not help a certificate whose time is over."""
    assert await listener.refuses(client_of(GATEWAYS, not_after=datetime(2020, 1, 1, tzinfo=UTC)))


async def test_plain_http_is_refused(listener: Listener) -> None:
    """Without TLS there is no answer at all."""
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.TransportError):
            await http.get(listener.address.replace("https", "http"))


async def test_a_new_chain_is_trusted_without_a_restart(listener: Listener) -> None:
    """Old and new stand side by side, then the new one alone: each is served accordingly."""
    old, new = client_of(GATEWAYS), client_of(NEW_GATEWAYS)
    assert await listener.refuses(new)
    listener.trust(GATEWAYS, NEW_GATEWAYS)
    assert [(await listener.call(each)).status_code for each in (old, new)] == [200, 200]
    listener.trust(NEW_GATEWAYS)
    assert await listener.refuses(old)
    assert (await listener.call(new)).status_code == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_an_old_session_does_not_outlive_its_chain(
    listener: Listener, version: ssl.TLSVersion
) -> None:
    """A session from before the chain was replaced opens nothing, although it is well known."""
    client = client_of(GATEWAYS)
    client.maximum_version = version
    port = listener.settings.payments_port
    kept = await asyncio.to_thread(talk, client, port, None)
    assert (await asyncio.to_thread(talk, client, port, kept)) is not None
    listener.trust(NEW_GATEWAYS)
    with pytest.raises(OSError, match=r"alert|EOF|reset|closed"):
        await asyncio.to_thread(talk, client, port, kept)


def talk(client: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> ssl.SSLSession:
    """One request, and the session that its connection leaves behind."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        client.wrap_socket(plain, server_hostname="localhost", session=session) as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = secure.recv(64)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionResetError("the connection was closed without an answer")
        assert secure.session_reused is (session is not None)
        assert secure.session is not None
        return secure.session


async def test_an_unreadable_bundle_keeps_the_last_good_one(listener: Listener) -> None:
    """A file that is half written or gone stops nobody; once it is whole, it counts."""
    bundle = listener.settings.payments_client_ca
    assert bundle is not None
    for content in ("-----BEGIN CERTIFICATE-----\nMIIC", None):
        spoil(bundle, content)
        assert (await listener.call(client_of(GATEWAYS))).status_code == 200
        assert await listener.refuses(client_of(STRANGERS))
    listener.trust(NEW_GATEWAYS)
    assert (await listener.call(client_of(NEW_GATEWAYS))).status_code == 200
    assert await listener.refuses(client_of(GATEWAYS))


async def test_our_own_certificate_is_renewed_too(listener: Listener) -> None:
    """A renewed certificate of ours is shown to the next connection."""
    client = client_of(GATEWAYS)
    port = listener.settings.payments_port
    before = await asyncio.to_thread(shown, client, port)
    write_own((listener.settings.payments_cert or Path()).parent)
    assert await asyncio.to_thread(shown, client, port) != before


def shown(client: ssl.SSLContext, port: int) -> bytes | None:
    """The certificate that the listener shows."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        client.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert(binary_form=True)


async def test_it_ends_when_it_is_told_to(settings: Settings) -> None:
    """Cancelled, it lets its port go."""
    task = asyncio.create_task(serve_by_certificate(APP, settings))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with socket.create_server(("127.0.0.1", settings.payments_port)) as taken:
        assert taken.getsockname()[1] == settings.payments_port


@pytest.mark.parametrize("missing", ["payments_cert", "payments_key", "payments_client_ca"])
async def test_a_missing_setting_is_named(settings: Settings, missing: str) -> None:
    """Two of the three files are of no use: the error names the third."""
    incomplete = settings.model_copy(update={missing: None})
    with pytest.raises(SettingInvalid, match=f"PEF_{missing.upper()}"):
        await serve_by_certificate(APP, incomplete)


async def test_without_settings_it_says_what_it_needs() -> None:
    """With none of the three there is nothing to serve with, and all are named."""
    with pytest.raises(SettingInvalid, match=r"PEF_PAYMENTS_CERT.*KEY.*CLIENT_CA"):
        await serve_by_certificate(APP, Settings())


@pytest.mark.parametrize("setting", ["payments_cert", "payments_key", "payments_client_ca"])
@pytest.mark.parametrize("content", [None, "no PEM at all"])
async def test_an_unusable_file_is_told_by_its_setting(
    settings: Settings, setting: str, content: str | None
) -> None:
    """A file that is missing or holds something else stops the start, by name."""
    spoil(getattr(settings, setting), content)
    with pytest.raises(SettingInvalid, match=f"PEF_{setting.upper()}"):
        await serve_by_certificate(APP, settings)


async def test_a_key_with_a_password_is_refused_at_once(settings: Settings) -> None:
    """Nobody is asked for a password at a terminal that may not be there."""
    path = settings.payments_key
    assert path is not None
    key = load_pem_private_key(path.read_bytes(), password=None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password")
    )
    path.write_bytes(locked)
    with pytest.raises(SettingInvalid, match="PEF_PAYMENTS_KEY"):
        await serve_by_certificate(APP, settings)


async def test_a_taken_port_is_told(settings: Settings) -> None:
    """Where another program listens, the error names the setting and the port."""
    taken = socket.create_server(("127.0.0.1", settings.payments_port))
    with taken, pytest.raises(SettingInvalid, match=f"PORT: 127.0.0.1:{settings.payments_port}"):
        await serve_by_certificate(APP, settings)
