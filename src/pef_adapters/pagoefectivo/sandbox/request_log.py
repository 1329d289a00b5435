"""What the sandbox was asked: every merchant request, masked, newest first."""

import sqlite3

from pef_adapters.pagoefectivo.masking import masked, masked_text
from pef_adapters.pagoefectivo.sandbox.book import Book
from pef_adapters.pagoefectivo.sandbox.clock import VirtualClock
from pef_adapters.pagoefectivo.sandbox.faults import Operation
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.wire import lima_text


class RequestLog:
    """Writes requests down before they are worked on, their result afterwards."""

    def __init__(self, book: Book, clock: VirtualClock, settings: SandboxSettings) -> None:
        self._book = book
        self._clock = clock
        self._secrets = (settings.access_key, settings.secret_key.get_secret_value())

    def asked(self, method: str, path: str, operation: Operation, body: bytes) -> int:
        """Note a request; answers its number."""
        return self._book.write(
            "INSERT INTO requests (at, method, path, operation, body) VALUES (?, ?, ?, ?, ?)",
            (
                lima_text(self._clock.now()),
                method,
                masked_text(path, self._secrets),
                operation,
                masked(body, self._secrets) if body else "",
            ),
        )

    def answered(self, number: int, status: int | None, fault: str | None) -> None:
        """Note the HTTP status; None where the connection was dropped."""
        self._book.write(
            "UPDATE requests SET status = ?, fault = ? WHERE number = ?",
            (status, fault, number),
        )

    def newest(self, limit: int = 200) -> list[sqlite3.Row]:
        return self._book.rows("SELECT * FROM requests ORDER BY number DESC LIMIT ?", (limit,))
