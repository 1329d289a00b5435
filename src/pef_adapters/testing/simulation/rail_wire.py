"""The rail's wire: the routes our client asks, JSON as the contract has it, and its faults."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Final

import httpx

from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.wire import CipState, lima_text
from pef_adapters.testing.simulation.palette import Fault, Weather
from pef_adapters.testing.simulation.rail import Booking, Order, PaidCip, Rail

# Loopback: accounts of the sandbox may stand nowhere else.
HOST: Final = "127.0.0.1"
_CIP_LIFE: Final = timedelta(days=3)
_TOKEN_LIFE: Final = timedelta(hours=1)
_REFUNDS: Final = "/api/v1/refunds"
_BEFORE: Final = (
    Fault.RAIL_REFUSES_CONNECTION,
    Fault.RAIL_LOSES_REQUEST,
    Fault.RAIL_BUSY,
    Fault.RAIL_FAILS,
    Fault.RAIL_TOKEN_EXPIRES,
)
_AFTER: Final = (
    Fault.RAIL_LOSES_ANSWER,
    Fault.RAIL_FAILS_AFTER,
    Fault.RAIL_TRUNCATES,
    Fault.RAIL_DRIFTS,
    Fault.RAIL_TALKS_NONSENSE,
)
_LIES: Final = (Fault.RAIL_WRONG_AMOUNT, Fault.RAIL_WRONG_CURRENCY, Fault.RAIL_WRONG_TENANT)
_REFUSALS: Final = {
    Fault.RAIL_REFUSES: (HTTPStatus.UNPROCESSABLE_ENTITY, "REFUND_EXPIRED"),
    Fault.RAIL_WANTS_OWNER: (HTTPStatus.FORBIDDEN, "MERCHANT_BLOCKED"),
    Fault.RAIL_WANTS_BENEFICIARY: (HTTPStatus.UNPROCESSABLE_ENTITY, "BENEFICIARY_REQUIRED"),
}
_SOMEBODY_ELSES: Final = "RFD-9999999999"
# How far another worker of ours can get while the rail is slow.
_OTHERS_STEPS: Final = 12
_ONE_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Keys:
    """A merchant account's keys at the rail."""

    account: str
    access_key: str
    secret_key: str


class RailWire:
    """Answers HTTP for the rail's book."""

    def __init__(self, rail: Rail, weather: Weather, now: Callable[[], datetime]) -> None:
        self._rail = rail
        self._weather = weather
        self._now = now
        self.keys: dict[str, Keys] = {}
        self.slow: Callable[[], None] = lambda: None
        self.on_request: Callable[[Order], None] = lambda _: None
        self.on_early: Callable[[str], Awaitable[None]] | None = None

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What the merchant's client gets.

        Raises:
            httpx.TransportError: the connection failed, before or after the effect.
        """
        body = await request.aread()
        struck = self._weather.first(_BEFORE)
        if struck is not None:
            return self._instead(struck, request)
        if self._weather.strikes(Fault.RAIL_DELAYS):
            self.slow()
            for _ in range(_OTHERS_STEPS):
                await asyncio.sleep(0)
        response = await self._work(request, body)
        return self._spoiled(response, request)

    def secret_of(self, account: str) -> str:
        """The secret with which notifications to this account are signed."""
        return next(str(keys.secret_key) for keys in self.keys.values() if keys.account == account)

    # the routes

    async def _work(self, request: httpx.Request, body: bytes) -> httpx.Response:
        path, asked = request.url.path, _object(body)
        if path.endswith("/authorizations"):
            return self._authorize(asked)
        account = self._account(request)
        if account is None:
            return self._no(HTTPStatus.UNAUTHORIZED, "TOKEN_EXPIRED")
        if path == _REFUNDS:
            return await self._refunds(account, asked, request)
        return self._cips(account, asked, path)

    async def _refunds(
        self, account: str, asked: dict[str, object], request: httpx.Request
    ) -> httpx.Response:
        if request.method == "POST":
            return await self._create(Order.read(account, asked), request)
        return self._yes(self._named(account, request.url.params["merchant_refund_id"]))

    def _cips(self, account: str, asked: dict[str, object], path: str) -> httpx.Response:
        if path.endswith("/search"):
            return self._yes([self._cip(account, item) for item in _items(asked)])
        return self._new_cip(account, asked)

    def _authorize(self, asked: dict[str, object]) -> httpx.Response:
        keys = self.keys.get(str(asked["accessKey"]))
        if keys is None:
            return self._no(HTTPStatus.UNAUTHORIZED, "INVALID_SIGNATURE")
        expires = self._now() + _TOKEN_LIFE
        token = f"{keys.account}.{int(expires.timestamp())}"
        return self._yes({"token": token, "tokenExpires": lima_text(expires)}, HTTPStatus.CREATED)

    def _account(self, request: httpx.Request) -> str | None:
        token: str = request.headers.get("authorization", "").removeprefix("Bearer ")
        account, _, expires = token.rpartition(".")
        if not expires.isdecimal() or int(expires) <= self._now().timestamp():
            return None
        return account

    def _new_cip(self, account: str, asked: dict[str, object]) -> httpx.Response:
        amount = Money.parse(Decimal(str(asked["amount"])), str(asked["currency"]))
        made = self._rail.wait_for(str(asked["transactionCode"]), account, amount)
        expires = lima_text(self._now() + _CIP_LIFE)
        url = f"https://{HOST}/pagar/{made.cip}"
        shown = {**self._shown(made), "cipUrl": url, "dateExpiry": expires}
        return self._yes(shown, HTTPStatus.CREATED)

    def _cip(self, account: str, item: dict[str, object]) -> dict[str, object]:
        for paid in self._rail.cips.values():
            if paid.account == account and str(item.get("cip")) == paid.cip:
                return self._shown(paid)
        return {"cip": None}

    def _shown(self, paid: PaidCip) -> dict[str, object]:
        at = paid.paid_at
        return {
            "cip": int(paid.cip),
            "transactionCode": paid.code,
            "currency": paid.amount.currency,
            "amount": paid.amount.decimal,
            "status": int(CipState.PAID if at else CipState.GENERATED),
            "datePayment": lima_text(at) if at else "1900-01-01T00:00:00-05:00",
        }

    async def _create(self, order: Order, request: httpx.Request) -> httpx.Response:
        self.on_request(order)
        if self._weather.strikes(Fault.RAIL_GETS_IT_LATER):
            self._rail.late.append(order)
            raise httpx.ReadTimeout("no answer", request=request)
        refused = self._weather.first(tuple(_REFUSALS))
        if refused is not None and order.key not in self._rail.book:
            return self._no(*_REFUSALS[refused])
        booked = self._rail.take(order)
        if self._weather.strikes(Fault.RAIL_GETS_IT_TWICE):
            self._rail.take(order)
        if booked is None:
            return self._no(HTTPStatus.CONFLICT, "DUPLICATE_REFUND_ID")
        if self.on_early is not None and self._weather.strikes(Fault.HOOK_EARLY):
            await self.on_early(order.key)
        return self._yes(self._lied(booked), HTTPStatus.CREATED)

    def _named(self, account: str, key: str) -> list[dict[str, object]]:
        booked = self._rail.book.get(key)
        known = booked is not None and booked.account == account
        return [self._lied(booked)] if booked is not None and known else []

    def _lied(self, booked: Booking) -> dict[str, object]:
        """The record, or one that is subtly not about what was asked."""
        lie, record = self._weather.first(_LIES), booked.record()
        if lie is not None:
            record["refund_id"] = _SOMEBODY_ELSES
        if lie is Fault.RAIL_WRONG_AMOUNT:
            record["refund_amount"] = booked.amount.decimal + _ONE_CENT
        elif lie is Fault.RAIL_WRONG_CURRENCY:
            record["currency"] = "USD"
        elif lie is Fault.RAIL_WRONG_TENANT:
            record["merchant_refund_id"] = f"{booked.key}x"
        return record

    # faults

    def _instead(self, fault: Fault, request: httpx.Request) -> httpx.Response:
        if fault is Fault.RAIL_REFUSES_CONNECTION:
            raise httpx.ConnectError("nobody listens", request=request)
        if fault is Fault.RAIL_LOSES_REQUEST:
            raise httpx.ReadTimeout("no answer", request=request)
        if fault is Fault.RAIL_BUSY:
            return self._no(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED")
        if fault is Fault.RAIL_TOKEN_EXPIRES:
            return self._no(HTTPStatus.UNAUTHORIZED, "TOKEN_EXPIRED")
        return self._no(HTTPStatus.SERVICE_UNAVAILABLE, "166")

    def _spoiled(self, response: httpx.Response, request: httpx.Request) -> httpx.Response:
        fault = self._weather.first(_AFTER)
        if fault is Fault.RAIL_LOSES_ANSWER:
            raise httpx.ReadError("the connection broke", request=request)
        if fault is Fault.RAIL_FAILS_AFTER:
            return self._no(HTTPStatus.BAD_GATEWAY, "166")
        if fault is Fault.RAIL_TRUNCATES:
            return _json(response.content[: len(response.content) // 2], response.status_code)
        if fault is Fault.RAIL_DRIFTS:
            drifted = re.sub(rb'"(status|refund_amount|token)":', rb'"x_\1":', response.content)
            return _json(drifted, response.status_code)
        if fault is Fault.RAIL_TALKS_NONSENSE:
            return httpx.Response(200, html="<!DOCTYPE html><title>Mantenimiento</title>")
        return response

    def _yes(self, data: object, status: int = HTTPStatus.OK) -> httpx.Response:
        return self._enveloped("100", "Solicitud exitosa.", data, status)

    def _no(self, status: int, code: str) -> httpx.Response:
        return self._enveloped(code, "No.", None, status)

    def _enveloped(self, code: str, message: str, data: object, status: int) -> httpx.Response:
        content = {"code": code, "message": message, "response_id": "RSP-1", "data": data}
        content["timestamp"] = lima_text(self._now())
        return _json(exact_json.write(content), status)


def _json(content: bytes, status: int) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"Content-Type": "application/json"})


def _object(body: bytes) -> dict[str, object]:
    read = exact_json.read(body) if body else {}
    return read if isinstance(read, dict) else {}


def _items(asked: dict[str, object]) -> list[dict[str, object]]:
    data = asked.get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
