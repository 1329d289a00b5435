"""A line to the rail that keeps what leaves and answers as told, at a time set by hand."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from pagoefectivo_bench import Bench, Witness, sandbox_account
from pef_adapters.pagoefectivo import PagoEfectivoRails
from pef_adapters.pagoefectivo.rail import PagoEfectivoRail
from pef_adapters.pagoefectivo.wire import CipState

URL = "http://127.0.0.1:9"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
REFUND = {
    "refund_id": "RFD-1",
    "merchant_refund_id": "RF-1",
    "original_transaction_id": "10000001",
    "refund_amount": 22.05,
    "currency": "PEN",
    "status": "PROCESSING",
    "estimated_payment_date": "2026-12-02",
}
CIP = {
    "cip": 10000001,
    "currency": "PEN",
    "amount": 129.8,
    "status": CipState.PAID,
    "datePayment": "2026-11-22T10:00:00-05:00",
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


class Line(httpx.AsyncBaseTransport):
    """Keeps each request; answers with one thing, and with tokens that last an hour."""

    def __init__(self, data: object, clock: Clock) -> None:
        self.data, self.clock = data, clock
        self.requests: list[httpx.Request] = []
        self.tokens: list[dict[str, Any]] = []
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if request.url.path == "/v1/authorizations":
            self.tokens.append(json.loads(body))
            expires = (self.clock.now() + timedelta(hours=1)).isoformat()
            token = {"token": f"token-{len(self.tokens)}", "tokenExpires": expires}
            return httpx.Response(201, json={"code": "100", "data": token})
        self.requests.append(request)
        answer = {"code": "100", "message": "", "data": self.data, "response_id": "R-77"}
        return httpx.Response(200, json=answer)

    async def aclose(self) -> None:
        self.closed = True

    def last(self) -> tuple[str, str, Any]:
        """Method, address and body of the last call."""
        request = self.requests[-1]
        sent = json.loads(request.content) if request.content else None
        return request.method, request.url.raw_path.decode(), sent


def lined(data: object, **settings: object) -> tuple[Bench, Line, Clock]:
    """A client whose calls end in a line of its own, at a time of its own."""
    clock, witness = Clock(), Witness()
    line = Line(data, clock)
    rails = PagoEfectivoRails(clock, witness, http=lambda _account: line)
    return Bench(rails, rails.of(sandbox_account(URL, settings)), witness), line, clock


def client_of(rail: PagoEfectivoRail) -> Any:
    """The calls beneath the rail."""
    return rail._client
