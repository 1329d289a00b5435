"""The gateway's API of transactions: what its own books say, and the callback address.

`refunding-request` asks for one more refund. Whoever calls it is counted, so that a test
can prove that nobody did (platforms/vtex.md, section 6).
"""

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.testing.fake_vtex.auth import ApiError, key_pair
from pef_adapters.testing.fake_vtex.rest import Account, Handler, bad_request, body_of
from pef_adapters.testing.fake_vtex.settings import AppKey, Role
from pef_adapters.testing.fake_vtex.wire import Wire


async def show_transaction(account: Account, request: Request, _: AppKey) -> Any:
    """The transaction with links to its resources."""
    return Wire(account.settings).transaction(account.transaction(request))


async def show_refunds(account: Account, request: Request, _: AppKey) -> Any:
    """The refunds as VTEX's books have them."""
    payment = account.transaction(request)
    actions = [a for a in account.state.actions if a.payment_id == payment.id]
    asks = account.state.asks_of(payment, "refunds")
    return Wire(account.settings).books(payment, asks, actions)


async def show_settlements(account: Account, request: Request, _: AppKey) -> Any:
    """The settlements as VTEX's books have them."""
    payment = account.transaction(request)
    asks = account.state.asks_of(payment, "settlements")
    return Wire(account.settings).settlements(payment, asks)


async def show_payment(account: Account, request: Request, _: AppKey) -> Any:
    """The payment, with the provider's last answers among its fields."""
    payment = account.transaction(request)
    if payment.id != request.path_params["payment"]:
        raise ApiError(HTTPStatus.NOT_FOUND, "1404", "Payment was not found")
    return Wire(account.settings).payment(payment, account.state.asks_of(payment, "refunds"))


async def request_refund(account: Account, request: Request, key: AppKey) -> Any:
    """One more refund, in cents; counted even where the key may not."""
    account.state.refunding_requests += 1
    account.shop.keep()
    if "process_payments" not in key.roles:
        raise ApiError(HTTPStatus.FORBIDDEN, "1", "Access denied")
    payment, value = account.transaction(request), (await body_of(request)).get("value")
    if not isinstance(value, int) or value <= 0:
        raise bad_request("value is in cents")
    await account.gateway.refund(payment, value, payment.group)
    return {"id": None, "status": 11, "statusDetail": "Refunding", "refundedValue": value}


def callback_route(account: Account) -> Route:
    """Where a provider tells how a payment ended."""

    async def endpoint(request: Request) -> Response:
        payment = account.state.payments.get(request.path_params["payment"])
        if payment is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        path = request.scope["raw_path"].decode("ascii")
        url = f"{account.settings.home}{path}?{request.scope['query_string'].decode('ascii')}"
        body = await request.body()
        status = account.callbacks.arrive(payment, url, key_pair(request), body)
        return Response(status_code=status)

    place = "/api/pvt/payment-provider/transactions/{transaction}/payments/{payment}/{kind}"
    return Route(place, endpoint, methods=["POST"])


_TRANSACTION: Final = "/api/pvt/transactions/{transaction}"
ROUTES: Final[tuple[tuple[str, str, Role | None, Handler], ...]] = (
    (_TRANSACTION, "GET", "view_payments", show_transaction),
    (f"{_TRANSACTION}/refunds", "GET", "view_payments", show_refunds),
    (f"{_TRANSACTION}/settlements", "GET", "view_payments", show_settlements),
    (f"{_TRANSACTION}/payments/{{payment}}", "GET", "view_payments", show_payment),
    (f"{_TRANSACTION}/refunding-request", "POST", None, request_refund),
)
