"""The client's trust: certificates come from where SSL_CERT_FILE says."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pagoefectivo_bench import attempt, bench, sandbox_account
from pef_adapters.core.errors import NotSent

AUTHORITY = trustme.CA()


@pytest.fixture
def address() -> Iterator[str]:
    """An https server whose certificate comes from an authority of our own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("localhost", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_ssl_cert_file_is_respected(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the authority's certificate named there, the server is believed and answers."""
    bundle = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    made = bench(sandbox_account(address))
    with pytest.raises(NotSent):
        await made.rail.send(attempt("RF-1", "1"))
    assert made.witness.exchanges[-1].status == 501
    await made.rails.aclose()


async def test_an_unknown_authority_gets_no_byte_of_ours(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, the connection is never made: provably not sent."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    made = bench(sandbox_account(address))
    with pytest.raises(NotSent, match="ConnectError"):
        await made.rail.send(attempt("RF-1", "1"))
    assert made.witness.exchanges[-1].status is None
    await made.rails.aclose()
