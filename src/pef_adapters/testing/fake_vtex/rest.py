"""How a route of the store's APIs is asked: keys, roles, errors, moods.

The routes themselves stand in `rest_orders`, `rest_notes` and `rest_transactions`; they
return data or raise `ApiError`, and never see a response.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_vtex.auth import ApiError, admit
from pef_adapters.testing.fake_vtex.callbacks import Callbacks
from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.hook import Hooks
from pef_adapters.testing.fake_vtex.oms import Oms
from pef_adapters.testing.fake_vtex.settings import AppKey, Role, VtexSettings
from pef_adapters.testing.fake_vtex.shop import Refused, Shop
from pef_adapters.testing.fake_vtex.state import Payment, VtexState
from pef_adapters.testing.fake_vtex.store_state import Order
from pef_adapters.testing.fake_vtex.timetable import Timetable
from pef_adapters.testing.fake_vtex.wire_json import Json


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a route may need."""

    settings: VtexSettings
    state: VtexState
    shop: Shop
    gateway: Gateway
    oms: Oms
    callbacks: Callbacks
    hooks: Hooks
    timetable: Timetable

    def order(self, request: Request) -> Order:
        """The order in the path.

        Raises:
            ApiError: there is none.
        """
        order = self.state.orders.get(request.path_params["order"])
        if order is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "OMS007", "Order Not Found")
        return order

    def transaction(self, request: Request) -> Payment:
        """The payment of the transaction in the path.

        Raises:
            ApiError: there is none.
        """
        wanted = request.path_params["transaction"]
        for payment in self.state.payments.values():
            if payment.transaction_id == wanted:
                return payment
        raise ApiError(HTTPStatus.NOT_FOUND, "1404", "Transaction was not found")


Handler = Callable[[Account, Request, AppKey], Awaitable[Any]]


def route(account: Account, path: str, method: str, role: Role | None, handler: Handler) -> Route:
    """A route behind the store's keys."""

    async def endpoint(request: Request) -> Response:
        stopped = await _moods(account)
        if stopped is not None:
            return stopped
        try:
            key = admit(request, account.settings.keys, role)
            data = await handler(account, request, key)
        except ApiError as error:
            return JSONResponse(error.body, error.status)
        except Refused as refusal:
            return JSONResponse(_refused(refusal), HTTPStatus.BAD_REQUEST)
        return _lost(account, request) or _answer(data)

    return Route(path, endpoint, methods=[method])


async def body_of(request: Request) -> Json:
    """The request's JSON object.

    Raises:
        ApiError: it is none.
    """
    try:
        body = json.loads(await request.body(), parse_float=str)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("the body is not a JSON object")
    return body


def bad_request(message: str) -> ApiError:
    """The answer to what can't be used."""
    return ApiError(HTTPStatus.BAD_REQUEST, "1400", message)


def _answer(data: Any) -> Response:
    return Response(status_code=HTTPStatus.OK) if data is None else JSONResponse(data)


def _refused(refusal: Refused) -> Json:
    return ApiError(HTTPStatus.BAD_REQUEST, "1400", str(refusal)).body


async def _moods(account: Account) -> Response | None:
    moods = account.state.moods
    if moods.slow_seconds:
        await asyncio.sleep(moods.slow_seconds)
    if moods.down:
        return PlainTextResponse("Service Unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
    return None


def _lost(account: Account, request: Request) -> Response | None:
    """A write that took effect and whose answer never comes."""
    moods = account.state.moods
    if request.method == "GET" or moods.lose_writes <= 0:
        return None
    moods.lose_writes -= 1
    return PlainTextResponse("Gateway Time-out", HTTPStatus.GATEWAY_TIMEOUT)
