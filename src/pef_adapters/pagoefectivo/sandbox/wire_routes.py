"""The merchant's side of the sandbox: the same paths and answers as the rail.

Owns the way of a request: read, admit, strike with a fault, work, spoil the answer.
The rules themselves are the desks'.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox import cip_page, spoil, tokens
from pef_adapters.pagoefectivo.sandbox.answers import Refused, answer, invalid_fields, refusal
from pef_adapters.pagoefectivo.sandbox.authorize import authorize
from pef_adapters.pagoefectivo.sandbox.bodies import bounded_body
from pef_adapters.pagoefectivo.sandbox.connections import NoAnswer
from pef_adapters.pagoefectivo.sandbox.faults import Operation, Target
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import RefundOrder, lima_text

_ORIGINS = frozenset({"web", "android", "ios"})
_NEEDS_ORIGIN = frozenset({Operation.CIP_CREATE, Operation.REFUND_CREATE})
_CENTS = 100

Work = Callable[[Workings, Request, object], tuple[object, int]]
Endpoint = Callable[[Request], Awaitable[Response]]
_Op = Operation


def endpoint(operation: Operation, work: Work) -> Endpoint:
    """Wrap one piece of work into the way that every request goes."""

    async def serve(request: Request) -> Response:
        workings, body = Workings.of(request), await bounded_body(request)
        number = workings.requests.asked(request.method, _path(request), operation, body)
        target = _target(operation, request, body)
        response, fault = await _outcome(target, work, request, body)
        status = None if isinstance(response, NoAnswer) else response.status_code
        workings.requests.answered(number, status, fault)
        return response

    return serve


async def _outcome(
    target: Target, work: Work, request: Request, body: bytes
) -> tuple[Response, str | None]:
    """The answer, and the fault that struck on the way to it."""
    workings = Workings.of(request)
    outage = workings.faults.outage(target.operation)
    if (silence := spoil.instead(outage, request)) is not None:
        return silence, outage.fault if outage else None
    if (refused := _not_admitted(target.operation, request)) is not None:
        return refused, None
    strike = workings.faults.strike(target)
    fault = strike.fault if strike else None
    if (replacement := spoil.instead(strike, request)) is not None:
        return replacement, fault
    spoil.announce_oddly(strike, target, workings)
    response = _worked(work, request, body)
    return await spoil.afterwards(response, strike, target, request), fault


def _worked(work: Work, request: Request, body: bytes) -> Response:
    workings = Workings.of(request)
    now = lima_text(workings.clock.now())
    try:
        workings.refunds.settle_due()
        data, status = work(workings, request, _json(body))
    except Refused as refused:
        return refusal(refused, now)
    return answer(data, now, status)


def _not_admitted(operation: Operation, request: Request) -> Response | None:
    workings = Workings.of(request)
    now = workings.clock.now()
    try:
        if operation is not _Op.AUTHORIZE:
            tokens.check(request.headers.get("authorization", ""), workings.settings, now)
        if operation in _NEEDS_ORIGIN and request.headers.get("origin") not in _ORIGINS:
            raise invalid_fields([("Origin", "112")])
    except Refused as refused:
        return refusal(refused, lima_text(now))
    return None


def _authorize(workings: Workings, _request: Request, body: object) -> tuple[object, int]:
    return authorize(workings.settings, body, workings.clock.now()), HTTPStatus.CREATED


def _create_cip(workings: Workings, request: Request, body: object) -> tuple[object, int]:
    return workings.cips.create(body, cip_page.below(request)), HTTPStatus.CREATED


def _search_cips(workings: Workings, _request: Request, body: object) -> tuple[object, int]:
    return workings.cips.search(body), HTTPStatus.OK


def _patch_cip(workings: Workings, request: Request, body: object) -> tuple[object, int]:
    return workings.cips.patch(request.path_params["cip"], body), HTTPStatus.OK


def _delete_cip(workings: Workings, request: Request, _body: object) -> tuple[object, int]:
    return workings.cips.delete(request.path_params["cip"]), HTTPStatus.OK


def _create_refund(workings: Workings, request: Request, body: object) -> tuple[object, int]:
    named = body.get("merchant_refund_id") if isinstance(body, dict) else None
    if request.headers.get("x-idempotency-key", named) != named:
        raise invalid_fields([("X-Idempotency-Key", "113")])
    data, is_new = workings.refunds.create(body)
    return data, HTTPStatus.CREATED if is_new else HTTPStatus.OK


def _find_refunds(workings: Workings, request: Request, _body: object) -> tuple[object, int]:
    named = request.query_params.get("merchant_refund_id")
    if not named:
        raise invalid_fields([("merchant_refund_id", "112")])
    return workings.refunds.named(named), HTTPStatus.OK


def _get_refund(workings: Workings, request: Request, _body: object) -> tuple[object, int]:
    return workings.refunds.get(request.path_params["refund_id"]), HTTPStatus.OK


def _cancel_refund(workings: Workings, request: Request, _body: object) -> tuple[object, int]:
    return workings.refunds.cancel(request.path_params["refund_id"]), HTTPStatus.OK


def _give_beneficiary(workings: Workings, request: Request, body: object) -> tuple[object, int]:
    refund_id = request.path_params["refund_id"]
    return workings.refunds.give_beneficiary(refund_id, body), HTTPStatus.OK


def _list_refunds(workings: Workings, request: Request, _body: object) -> tuple[object, int]:
    return workings.refunds.of_transaction(request.path_params["reference"]), HTTPStatus.OK


_TABLE: tuple[tuple[str, str, Operation, Work], ...] = (
    ("POST", "/v1/authorizations", _Op.AUTHORIZE, _authorize),
    ("POST", "/v1/cips", _Op.CIP_CREATE, _create_cip),
    ("POST", "/v1/cips/search", _Op.CIP_SEARCH, _search_cips),
    ("PATCH", "/v1/cips/{cip}", _Op.CIP_PATCH, _patch_cip),
    ("DELETE", "/v1/cips/{cip}", _Op.CIP_DELETE, _delete_cip),
    ("POST", "/api/v1/refunds", _Op.REFUND_CREATE, _create_refund),
    ("GET", "/api/v1/refunds", _Op.REFUND_READ, _find_refunds),
    ("GET", "/api/v1/refunds/{refund_id}", _Op.REFUND_READ, _get_refund),
    ("DELETE", "/api/v1/refunds/{refund_id}", _Op.REFUND_CANCEL, _cancel_refund),
    ("PUT", "/api/v1/refunds/{refund_id}/beneficiary", _Op.BENEFICIARY, _give_beneficiary),
    ("GET", "/api/v1/transactions/{reference}/refunds", _Op.REFUND_READ, _list_refunds),
)
ROUTES = [Route(path, endpoint(op, work), methods=[method]) for method, path, op, work in _TABLE]


def _target(operation: Operation, request: Request, body: bytes) -> Target:
    """Who a fault may be aimed at; an unreadable body is nobody's."""
    if operation is not _Op.REFUND_CREATE:
        return Target(operation, request.query_params.get("merchant_refund_id"))
    try:
        order = RefundOrder.model_validate(exact_json.read(body))
        amount = Money.parse(order.refund_amount, order.currency)
    except (ValueError, ValidationError, InvalidInput):
        return Target(operation)
    return Target(
        operation, order.merchant_refund_id, order.original_transaction_id, amount.minor % _CENTS
    )


def _json(body: bytes) -> object:
    try:
        return exact_json.read(body) if body else None
    except ValueError:
        raise Refused("111") from None


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
