"""A bench for tests of the rail: a real sandbox process and a real client before it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.demo.processes import free_port
from pef_adapters.engine.records import Account, Attempt, Exchange
from pef_adapters.pagoefectivo import PagoEfectivoRail, PagoEfectivoRails
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)

_PATIENCE_SECONDS = 20.0
SHORT_TIMEOUTS = {"connect": 2, "read": 1, "write": 2, "pool": 2, "whole": 4}


class SystemClock:
    """The machine's clock, for tests that talk to a real server."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class SandboxProcess:
    """One sandbox in its own process, with its control API at hand."""

    database: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        given = {"port": self.port, "database": str(self.database), **self.settings}
        command = [sys.executable, "-m", "pef_adapters.pagoefectivo.sandbox", json.dumps(given)]
        self.process = subprocess.Popen(command)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self.get("clock")
            except httpx.TransportError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill -9: no goodbye."""
        if self.process:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/sandbox/{path}").json()
        return answer

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def fetch(self, path: str = "/") -> httpx.Response:
        return httpx.get(f"{self.url}{path}")

    def send(self, path: str, **what: Any) -> httpx.Response:
        """POST, whatever the answer; `what` goes to httpx."""
        return httpx.post(f"{self.url}{path}", **what)

    def clear_faults(self) -> None:
        httpx.delete(f"{self.url}/sandbox/faults")

    def paid_cip(self, amount: str = "100.00", **more: Any) -> str:
        """Seed a CIP that was paid; answers its number."""
        return str(self.post("cips", amount=amount, **more)["cip"])

    def payments(self, merchant_refund_id: str) -> int:
        """How many refunds are booked under an id."""
        booked: int = self.get("refunds")["payments"].get(merchant_refund_id, 0)
        return booked

    def account(self, **settings: Any) -> Account:
        return sandbox_account(self.url, {"timeouts": SHORT_TIMEOUTS, **settings})


@contextmanager
def sandbox_process(database: Path, **settings: Any) -> Iterator[SandboxProcess]:
    """A sandbox that is killed in the end."""
    sandbox = SandboxProcess(database, settings=settings)
    try:
        sandbox.start()
        yield sandbox
    finally:
        sandbox.kill()


def sandbox_account(url: str, settings: Mapping[str, Any] | None = None, **more: Any) -> Account:
    """A merchant account with the sandbox's public keys."""
    given: dict[str, Any] = {
        "id": "account-1",
        "mode": Mode.SANDBOX,
        "base_url": url,
        "service_id": DEFAULT_SERVICE_ID,
        "settings": settings or {},
        "secrets": {"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY},
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Account(**{**given, **more})


def attempt(merchant_refund_id: str, cip: str, amount: str = "22.05", **more: Any) -> Attempt:
    """An intent to pay, as the engine would have written it down."""
    given: dict[str, Any] = {
        "merchant_refund_id": merchant_refund_id,
        "refund_id": "refund-1",
        "generation": 1,
        "transaction_id": cip,
        "amount": Money.parse(amount, "PEN"),
        "reason": "Producto agotado",
        "intended_at": datetime(2026, 11, 22, 15, tzinfo=UTC),
    }
    return Attempt(**{**given, **more})


class Witness:
    """A recorder that keeps the evidence in a list."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def purposes(self) -> list[str]:
        return [exchange.purpose for exchange in self.exchanges]


@dataclass
class Bench:
    """A client with its evidence."""

    rails: PagoEfectivoRails
    rail: PagoEfectivoRail
    witness: Witness


def bench(account: Account, **more: Any) -> Bench:
    """A fresh client for an account; close `rails` afterwards."""
    witness = Witness()
    rails = PagoEfectivoRails(SystemClock(), witness, **more)
    return Bench(rails, rails.of(account), witness)


class Receiver:
    """A store's callback endpoint that keeps what it gets and answers as told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.deliveries: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200

    def wait_for(self, enough: Callable[["Receiver"], bool]) -> None:
        """Poll until the deliveries satisfy; fail after a deadline."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not enough(self):
            assert time.monotonic() < deadline, self.deliveries
            time.sleep(0.02)
