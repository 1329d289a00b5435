"""The control API, `/sandbox/…` in JSON: what only a test bench can do.

GET    /sandbox/clock                     {"now"}
POST   /sandbox/clock                     {"advance_days" | "advance_business_days" |
                                           "advance_seconds": n}
POST   /sandbox/settle                    settle everything under way; {"settled": n}
GET    /sandbox/cips
POST   /sandbox/cips                      {"amount", "currency", "cip"?, "paid_at"?, "paid"?,
                                           "transaction_code"?}: seed, paid unless told otherwise
POST   /sandbox/cips/{cip}/pay            {"paid_at"?}
POST   /sandbox/cips/{cip}/extorno        the bank takes the payment back
GET    /sandbox/refunds                   {"refunds": [...], "payments": {merchant_refund_id: n}}
POST   /sandbox/refunds/{id}/return       the buyer's bank sends the money back
POST   /sandbox/refunds/{id}/status       {"status"}: any state of the contract
GET    /sandbox/requests                  what was asked, newest first, masked
GET    /sandbox/callbacks                 what was told, newest first
POST   /sandbox/callback-url              {"url"}
GET    /sandbox/faults
POST   /sandbox/faults                    {"fault", "times"?, "seconds"?, "match"?:
                                           {"merchant_refund_id"?, "transaction"?, "operation"?}}
DELETE /sandbox/faults                    clear them all
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox.answers import Refused
from pef_adapters.pagoefectivo.sandbox.bodies import bounded_body
from pef_adapters.pagoefectivo.sandbox.cips import SeedCip, record
from pef_adapters.pagoefectivo.sandbox.faults import DEFAULT_DELAY_SECONDS, Fault, Operation
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import lima_text

Endpoint = Callable[[Request], Awaitable[Response]]
Work = Callable[[Workings, Request, bytes], object]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockOrder(_Order):
    """How far to move the clock; the parts add up."""

    advance_days: Annotated[int, Field(ge=0)] = 0
    advance_business_days: Annotated[int, Field(ge=0)] = 0
    advance_seconds: Annotated[int, Field(ge=0)] = 0


class SeedOrder(_Order):
    """A CIP to write down; `amount` as text or number in major units."""

    amount: Decimal
    currency: str = "PEN"
    cip: Annotated[int, Field(gt=0, lt=10**14)] | None = None
    transaction_code: str | None = None
    paid: bool = True
    paid_at: AwareDatetime | None = None


class PayOrder(_Order):
    """When the buyer paid; now unless told otherwise."""

    paid_at: AwareDatetime | None = None


class StatusOrder(_Order):
    """A state of the contract (fact sheet 7.3)."""

    status: Literal[
        "RECEIVED",
        "AWAITING_BENEFICIARY",
        "PENDING_APPROVAL",
        "MANUAL_REQUIRED",
        "PROCESSING",
        "REFUNDED",
        "REJECTED",
        "RETURNED",
        "EXPIRED",
        "CANCELLED",
    ]


class UrlOrder(_Order):
    """Where callbacks go from now on."""

    url: Annotated[str, Field(pattern=r"^https?://")]


class FaultMatch(_Order):
    """Which requests a fault may strike; what is left out matches all."""

    merchant_refund_id: str | None = None
    transaction: str | None = None
    operation: Operation | None = None


class FaultOrder(_Order):
    """A fault for the next `times` matching requests; null means until cleared."""

    fault: Fault
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: Annotated[float, Field(ge=0)] = DEFAULT_DELAY_SECONDS
    match: FaultMatch = FaultMatch()


_AnyOrder = TypeVar("_AnyOrder", bound=_Order)


def set_fault(workings: Workings, order: FaultOrder) -> None:
    """Set one fault; the page and the control call share this."""
    workings.faults.set(
        order.fault,
        times=order.times,
        seconds=order.seconds,
        operation=order.match.operation,
        merchant_refund_id=order.match.merchant_refund_id,
        transaction_id=order.match.transaction,
    )


def move_clock(workings: Workings, order: ClockOrder) -> None:
    """Fast-forward and settle what became due."""
    workings.clock.advance_business_days(order.advance_business_days)
    by = timedelta(days=order.advance_days, seconds=order.advance_seconds)
    workings.clock.advance(by)
    workings.refunds.settle_due()


def _endpoint(work: Work) -> Endpoint:
    async def serve(request: Request) -> Response:
        body = await bounded_body(request)
        try:
            return _json(work(Workings.of(request), request, body))
        except Refused as refused:
            return _json({"error": str(refused)}, refused.status)
        except (ValidationError, ValueError, InvalidInput) as error:
            return _json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)

    return serve


def _show_clock(workings: Workings, _request: Request, _body: bytes) -> object:
    return {"now": lima_text(workings.clock.now())}


def _move_clock(workings: Workings, request: Request, body: bytes) -> object:
    move_clock(workings, _read(ClockOrder, body))
    return _show_clock(workings, request, body)


def _settle(workings: Workings, _request: Request, _body: bytes) -> object:
    return {"settled": workings.refunds.settle_all()}


def _cips(workings: Workings, _request: Request, _body: bytes) -> object:
    return {"cips": [record(row) for row in workings.cips.listed()]}


def _seed(workings: Workings, _request: Request, body: bytes) -> object:
    order = _read(SeedOrder, body)
    paid_at = order.paid_at or (workings.clock.now() if order.paid else None)
    wish = SeedCip(
        amount=Money.parse(order.amount, order.currency),
        cip=order.cip,
        transaction_code=order.transaction_code,
        paid_at=paid_at,
    )
    return record(workings.cips.seed(wish))


def _pay(workings: Workings, request: Request, body: bytes) -> object:
    order = _read(PayOrder, body)
    return record(workings.cips.pay(request.path_params["cip"], order.paid_at))


def _extorno(workings: Workings, request: Request, _body: bytes) -> object:
    return record(workings.cips.take_back(request.path_params["cip"]))


def _refunds(workings: Workings, _request: Request, _body: bytes) -> object:
    workings.refunds.settle_due()
    return {
        "refunds": [workings.refunds.record(row) for row in workings.refunds.listed()],
        "payments": dict(workings.refunds.payments()),
    }


def _return(workings: Workings, request: Request, _body: bytes) -> object:
    return workings.refunds.force(request.path_params["reference"], "RETURNED")


def _force(workings: Workings, request: Request, body: bytes) -> object:
    status = _read(StatusOrder, body).status
    return workings.refunds.force(request.path_params["reference"], status)


def _requests(workings: Workings, _request: Request, _body: bytes) -> object:
    return {"requests": [dict(row) for row in workings.requests.newest()]}


def _callbacks(workings: Workings, _request: Request, _body: bytes) -> object:
    shown = ("number", "url", "tries", "outcome")
    return {
        "callbacks": [
            {**{name: row[name] for name in shown}, "body": exact_json.read(row["body"])}
            for row in workings.callbacks.listed()
        ]
    }


def _callback_url(workings: Workings, _request: Request, body: bytes) -> object:
    url = _read(UrlOrder, body).url
    workings.callbacks.send_to(url)
    return {"url": url}


def _faults(workings: Workings, _request: Request, _body: bytes) -> object:
    hidden = {"seconds"}
    rows = workings.faults.listed()
    return {"faults": [{k: row[k] for k in row.keys() if k not in hidden} for row in rows]}  # noqa: SIM118 - a Row iterates over values


def _set_fault(workings: Workings, request: Request, body: bytes) -> object:
    set_fault(workings, _read(FaultOrder, body))
    return _faults(workings, request, body)


def _clear_faults(workings: Workings, request: Request, body: bytes) -> object:
    workings.faults.clear()
    return _faults(workings, request, body)


_TABLE: tuple[tuple[str, str, Work], ...] = (
    ("GET", "/sandbox/clock", _show_clock),
    ("POST", "/sandbox/clock", _move_clock),
    ("POST", "/sandbox/settle", _settle),
    ("GET", "/sandbox/cips", _cips),
    ("POST", "/sandbox/cips", _seed),
    ("POST", "/sandbox/cips/{cip}/pay", _pay),
    ("POST", "/sandbox/cips/{cip}/extorno", _extorno),
    ("GET", "/sandbox/refunds", _refunds),
    ("POST", "/sandbox/refunds/{reference}/return", _return),
    ("POST", "/sandbox/refunds/{reference}/status", _force),
    ("GET", "/sandbox/requests", _requests),
    ("GET", "/sandbox/callbacks", _callbacks),
    ("POST", "/sandbox/callback-url", _callback_url),
    ("GET", "/sandbox/faults", _faults),
    ("POST", "/sandbox/faults", _set_fault),
    ("DELETE", "/sandbox/faults", _clear_faults),
)
ROUTES = [Route(path, _endpoint(work), methods=[method]) for method, path, work in _TABLE]


def _read(order: type[_AnyOrder], body: bytes) -> _AnyOrder:
    return order.model_validate(exact_json.read(body) if body else {})


def _json(content: object, status: int = HTTPStatus.OK) -> Response:
    return Response(exact_json.write(content), status, media_type="application/json")
