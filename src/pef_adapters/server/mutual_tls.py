"""A listener for gateways that prove themselves by certificate: mutual TLS.

Owns whom that listener trusts, and reads it again when the files change, so that a chain
can be replaced while the service runs. It must never serve a connection whose client
showed no certificate of a trusted authority. Shopify calls payment providers so, and
replaces its chain from time to time (platforms/shopify.md, section 1).
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog
import uvicorn
from starlette.types import ASGIApp

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.settings import Settings

_log = structlog.get_logger(__name__)

_GRACE_SECONDS: Final = 10
_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Certificates:
    """The PEM files of the listener: our certificate and key, and whom we trust."""

    own: Path
    key: Path
    client_ca: Path

    @classmethod
    def named_in(cls, settings: Settings) -> Self | None:
        """The files that the settings name; None where they name none.

        Raises:
            SettingInvalid: some are named and others are missing.
        """
        named = {
            "PEF_PAYMENTS_CERT": settings.payments_cert,
            "PEF_PAYMENTS_KEY": settings.payments_key,
            "PEF_PAYMENTS_CLIENT_CA": settings.payments_client_ca,
        }
        own, key, client_ca = named.values()
        if own and key and client_ca:
            return cls(own, key, client_ca)
        missing = [name for name, path in named.items() if path is None]
        if len(missing) < len(named):
            raise SettingInvalid(f"name {' and '.join(missing)} too, or none of the three")
        return None

    def stamp(self) -> _Stamp:
        """What changes whenever one of the files does.

        Raises:
            SettingInvalid: a file is missing.
        """
        with _told("PEF_PAYMENTS_CERT, PEF_PAYMENTS_KEY, PEF_PAYMENTS_CLIENT_CA"):
            found = [path.stat() for path in (self.own, self.key, self.client_ca)]
        return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)

    def open(self) -> ssl.SSLContext:
        """A server's context that demands a certificate of each client.

        Raises:
            SettingInvalid: a file is missing, is no PEM file, or key and certificate differ.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with _told("PEF_PAYMENTS_CERT, PEF_PAYMENTS_KEY"):
            # Without a password, OpenSSL would ask for one at the terminal and wait.
            context.load_cert_chain(self.own, self.key, password="")
        context.verify_mode = ssl.CERT_REQUIRED
        # Whatever stands in the file is trusted, an intermediate without its root as well.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        with _told("PEF_PAYMENTS_CLIENT_CA"):
            context.load_verify_locations(self.client_ca)
        return context


class RenewedContext(ssl.SSLContext):
    """Hands each new connection to a context made from the files as they are now.

    A context can't unlearn whom it trusts, and a resumed session is not verified again:
    so each state of the files gets a context, and with it sessions, of its own. Where
    changed files can't be read, the last good ones stay in use. This context itself
    holds no certificate: a connection that it were asked to serve would fail.

    Raises:
        SettingInvalid: the files can't be used to begin with.
    """

    def __new__(cls, _files: Certificates) -> Self:
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, files: Certificates) -> None:
        self.verify_mode = ssl.CERT_REQUIRED
        self._files = files
        # Before the reading: files that change meanwhile are read again next time.
        self._stamp = files.stamp()
        self._current = files.open()

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - the base class's signature
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        self._renew()
        return self._current.wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def _renew(self) -> None:
        try:
            stamp = self._files.stamp()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._current = self._files.open()
        except SettingInvalid as fault:
            _log.error("certificates unreadable", fault=str(fault), kept="the last good ones")
            return
        trusted = [str(each.get("serialNumber")) for each in self._current.get_ca_certs()]
        _log.info("certificates renewed", trusted=trusted)


async def serve_by_certificate(app: ASGIApp, settings: Settings) -> None:
    """Serve `app` by mutual TLS until cancelled; it must be up and running otherwise.

    Raises:
        SettingInvalid: a setting is missing or its file can't be used, or another
            program listens on that port.
    """
    files = Certificates.named_in(settings)
    if files is None:
        raise SettingInvalid(
            "gateways can't be served by certificate: name PEF_PAYMENTS_CERT, PEF_PAYMENTS_KEY "
            "and PEF_PAYMENTS_CLIENT_CA"
        )
    server = _Server(_config(app, RenewedContext(files)))
    with _listening(settings) as listener:
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            # Cancelled from outside, it still answers what is under way.
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs this one."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override] # uvicorn's is a generator's
        return contextlib.nullcontext()


def _config(app: ASGIApp, context: ssl.SSLContext) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_context_factory=lambda _config, _default: context,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    host, port = settings.payments_host, settings.payments_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as fault:
        raise SettingInvalid(
            f"PEF_PAYMENTS_HOST, PEF_PAYMENTS_PORT: {host}:{port} can't be listened on: "
            f"{fault.strerror}"
        ) from None
    with listener:
        yield listener


@contextlib.contextmanager
def _told(settings: str) -> Iterator[None]:
    """A file that can't be used is told by its setting, never by what stands in it."""
    try:
        yield
    except FileNotFoundError:
        raise SettingInvalid(f"{settings}: there is no such file") from None
    except OSError as fault:
        reason = getattr(fault, "reason", None) or fault.strerror or "unreadable"
        raise SettingInvalid(f"{settings}: no usable PEM file ({reason})") from None
