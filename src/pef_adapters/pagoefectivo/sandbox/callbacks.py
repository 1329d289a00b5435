"""Status callbacks: signed, queued in the book, delivered twice at most (fact sheet 2).

Owns the queue and its delivery, which runs beside the requests. A delivery is
counted before it leaves, so that not even kill -9 makes a third one.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import httpx

from pef_adapters.pagoefectivo import exact_json, signature
from pef_adapters.pagoefectivo.sandbox.book import Book
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings

MOST_DELIVERIES = 2
_URL_NOTE = "callback_url"
_IDLE_SECONDS = 60.0


class Callbacks:
    """The queue. `real` is the machine's clock: deliveries don't fast-forward."""

    def __init__(self, book: Book, settings: SandboxSettings, real: Callable[[], datetime]) -> None:
        self._book = book
        self._settings = settings
        self._real = real
        self._work = asyncio.Event()
        self._delivering = asyncio.Lock()

    @property
    def url(self) -> str | None:
        return self._book.note(_URL_NOTE) or self._settings.callback_url

    def send_to(self, url: str) -> None:
        """Use another callback URL from now on; kept over restarts."""
        self._book.set_note(_URL_NOTE, url)

    def enqueue(
        self,
        event: str,
        data: dict[str, object],
        *,
        url: str | None = None,
        copies: int = 1,
        indented: bool = False,
    ) -> None:
        """Queue an event, once or as a duplicate; nothing without a URL to send it to."""
        target = url or self.url
        if target is None:
            return
        number = 1 + self._book.number("SELECT MAX(number) FROM callbacks")
        body = {"eventType": event, "operationNumber": str(number), "data": data}
        for _ in range(copies):
            self._book.write(
                "INSERT INTO callbacks (url, body, indented, next_at) VALUES (?, ?, ?, ?)",
                (target, exact_json.write(body), int(indented), self._seconds()),
            )
        self._work.set()

    def listed(self) -> list[sqlite3.Row]:
        """Newest first."""
        return self._book.rows("SELECT * FROM callbacks ORDER BY number DESC LIMIT 200")

    async def run(self) -> None:
        """Deliver whatever becomes due, until cancelled."""
        async with httpx.AsyncClient(timeout=self._settings.callback_timeout) as http:
            while True:
                self._work.clear()
                await self._deliver_due(http)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._work.wait(), self._idle_seconds())

    async def deliver_now(self) -> None:
        """Deliver what is due before going on: the early callback."""
        async with httpx.AsyncClient(timeout=self._settings.callback_timeout) as http:
            await self._deliver_due(http)

    async def _deliver_due(self, http: httpx.AsyncClient) -> None:
        due = "SELECT * FROM callbacks WHERE outcome IS NULL AND tries < ? AND next_at <= ?"
        async with self._delivering:
            for row in self._book.rows(due, (MOST_DELIVERIES, self._seconds())):
                self._count(row)
                await self._deliver(http, row)

    def _count(self, row: sqlite3.Row) -> None:
        retry_at = self._seconds() + self._settings.callback_retry_after
        self._book.write(
            "UPDATE callbacks SET tries = tries + 1, next_at = ? WHERE number = ?",
            (retry_at, row["number"]),
        )

    async def _deliver(self, http: httpx.AsyncClient, row: sqlite3.Row) -> None:
        headers = {
            "Content-Type": "application/json",
            "PE-Signature": signature.sign(row["body"], self._secret()),
        }
        try:
            answer = await http.post(row["url"], content=_shown(row), headers=headers)
            outcome = "delivered" if answer.is_success else f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = type(error).__name__
        is_last = row["tries"] + 1 >= MOST_DELIVERIES
        if outcome == "delivered" or is_last:
            self._book.write(
                "UPDATE callbacks SET outcome = ? WHERE number = ?", (outcome, row["number"])
            )

    def _idle_seconds(self) -> float:
        row = self._book.row(
            "SELECT MIN(next_at) AS at FROM callbacks WHERE outcome IS NULL AND tries < ?",
            (MOST_DELIVERIES,),
        )
        if row is None or row["at"] is None:
            return _IDLE_SECONDS
        return float(max(0.0, min(_IDLE_SECONDS, row["at"] - self._seconds())))

    def _secret(self) -> str:
        return self._settings.secret_key.get_secret_value()

    def _seconds(self) -> float:
        return self._real().timestamp()


def _shown(row: sqlite3.Row) -> bytes:
    """The body, indented where asked: the signature still covers the compact form."""
    body: bytes = row["body"]
    if not row["indented"]:
        return body
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
