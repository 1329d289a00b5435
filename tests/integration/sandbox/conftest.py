"""A sandbox in its own process for the tests of this folder, and a receiver of callbacks."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagoefectivo_bench import Receiver, SandboxProcess, sandbox_process


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for a module; its tests use CIPs of their own."""
    database: Path = tmp_path_factory.mktemp("sandbox") / "book.db"
    with sandbox_process(database, callback_retry_after=0.05) as running:
        yield running


@pytest.fixture(autouse=True)
def no_faults_left(sandbox: SandboxProcess) -> Iterator[None]:
    """Each test leaves a rail that behaves."""
    yield
    sandbox.clear_faults()


@pytest.fixture
def receiver(sandbox: SandboxProcess) -> Iterator[Receiver]:
    """The sandbox's callbacks come here during the test."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    kept = Receiver(f"http://127.0.0.1:{server.server_port}/callback")

    class Handler(http.server.BaseHTTPRequestHandler):
        """Keeps each delivery."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.deliveries.append((body, dict(self.headers.items())))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_parts: object) -> None:
            """Say nothing."""

    server.RequestHandlerClass = Handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sandbox.post("callback-url", url=kept.url)
    yield kept
    server.shutdown()
    server.server_close()
