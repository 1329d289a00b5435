"""A payment provider for VTEX's gateway that keeps the protocol, or breaks it on demand."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_vtex.wire_json import read, write
from vtex_bench import PARTNER_KEY, PARTNER_TOKEN
from woocommerce_bench import serving

_AT_ONCE = {"4444333322221111": "approved", "4444333322221112": "denied"}
_LATER = {"4222222222222224": "approved", "4222222222222225": "denied"}
_NOTHING: dict[str, Any] = {"refundId": None, "value": 0}


@dataclasses.dataclass(slots=True)
class TinyProvider:
    """What it was asked, and how it answers.

    Refunds are answered by `refund_answers`, one after the other: "open" (500) or
    "by-hand" (501), then with 200. `changes` overwrites fields of an operation's answers.
    `meanwhile` is done after a request was taken and before it is answered.
    """

    url: str = ""
    status: str = "approved"
    delay_to_cancel: int = 172_800
    refund_answers: list[str] = dataclasses.field(default_factory=list)
    changes: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    requests: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    raw: list[bytes] = dataclasses.field(default_factory=list)
    meanwhile: Callable[[], object] | None = None
    headers: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator["TinyProvider"]:
        """Serve in a thread while the context lasts."""
        place = "/payments/{payment}"
        posts = {
            "/payments": self._pay,
            f"{place}/settlements": self._settle,
            f"{place}/cancellations": self._cancel,
            f"{place}/refunds": self._refund,
            f"{place}/inbound/{{action}}": self._inbound,
            f"{place}/inbound-request/{{action}}": self._inbound,
        }
        routes = [Route(path, handler, methods=["POST"]) for path, handler in posts.items()]
        gets = [Route("/manifest", self._manifest), Route("/pay", self._page)]
        with serving(Starlette(routes=[*routes, *gets])) as address:
            self.url = address
            yield self

    def asked(self, field: str) -> list[dict[str, Any]]:
        """The bodies that have this field, oldest first."""
        return [body for body in self.requests if field in body]

    def said(self, payment_id: str, status: str) -> dict[str, Any]:
        """What is said of a payment, in an answer or a callback."""
        return {
            "paymentId": payment_id,
            "status": status,
            "authorizationId": f"A{payment_id}" if status == "approved" else None,
            "tid": f"T{payment_id}",
            "nsu": None,
            "acquirer": None,
            "code": None,
            "message": None,
            "paymentUrl": f"{self.url}/pay" if status == "undefined" else None,
            "delayToAutoSettle": 120,
            "delayToAutoSettleAfterAntifraud": 120,
            "delayToCancel": self.delay_to_cancel,
        }

    async def _manifest(self, _: Request) -> Response:
        method = {"name": "Promissories", "allowsSplit": "disabled"}
        return self._answer("manifest", {"paymentMethods": [method]})

    async def _page(self, _: Request) -> Response:
        return HTMLResponse("<title>CIP</title>")

    async def _pay(self, request: Request) -> Response:
        asked = await self._kept(request)
        number = asked.get("card", {}).get("number", "")
        later = number in _LATER or asked["paymentMethod"] == "BankInvoice"
        status = "undefined" if later else _AT_ONCE.get(number, self.status)
        answer = self._answer("payments", self.said(asked["paymentId"], status))
        if number in _LATER:
            answer.background = BackgroundTask(self._call_back, asked, _LATER[number])
        return answer

    async def _call_back(self, asked: dict[str, Any], status: str) -> None:
        keys = {"X-VTEX-API-AppKey": PARTNER_KEY, "X-VTEX-API-AppToken": PARTNER_TOKEN}
        async with httpx.AsyncClient() as client:
            # One round trip first: the gateway must have read our answer by then.
            await client.get(httpx.URL(asked["callbackUrl"]).join("/admin/messages"))
            said = write(self.said(asked["paymentId"], status))
            await client.post(asked["callbackUrl"], content=said, headers=keys)

    async def _settle(self, request: Request) -> Response:
        asked = await self._kept(request)
        told = {"settleId": f"S{asked['requestId']}", "value": asked["value"], "code": None}
        return self._answer("settlements", _echo(asked) | told)

    async def _cancel(self, request: Request) -> Response:
        asked = await self._kept(request)
        told = {"cancellationId": f"C{asked['requestId']}", "code": None}
        return self._answer("cancellations", _echo(asked) | told)

    async def _refund(self, request: Request) -> Response:
        asked = await self._kept(request)
        answer = self.refund_answers.pop(0) if self.refund_answers else "done"
        if answer == "open":
            told = _NOTHING | {"code": "refund-in-progress"}
            return self._answer("refunds", _echo(asked) | told, 500)
        if answer == "by-hand":
            told = _NOTHING | {"code": "refund-manually"}
            return self._answer("refunds", _echo(asked) | told, 501)
        name = f"R{asked['requestId']}"
        told = {"refundId": name, "value": asked["value"], "code": None}
        return self._answer("refunds", _echo(asked) | told)

    async def _inbound(self, request: Request) -> Response:
        asked = await self._kept(request)
        data = {"statusCode": 200, "contentType": "text/plain", "content": "taken"}
        told = {"paymentId": asked["paymentId"], "requestId": asked["requestId"]}
        return self._answer("inbound", told | {"responseData": data})

    async def _kept(self, request: Request) -> dict[str, Any]:
        raw = await request.body()
        body: dict[str, Any] = read(raw)
        self.raw.append(raw)
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.meanwhile is not None:
            await run_in_threadpool(self.meanwhile)
        return body

    def _answer(self, operation: str, body: dict[str, Any], status: int = 200) -> Response:
        told = body | self.changes.get(operation, {})
        return Response(write(told), status, media_type="application/json")


def _echo(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "paymentId": asked["paymentId"],
        "requestId": asked["requestId"],
        "message": "made up for tests",
    }
