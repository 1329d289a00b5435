"""What each fault does to a request: before it is worked on, and to its answer.

Owns the effects; `faults.py` decides which fault strikes. Says of each whether the
refund is booked: whatever happens here after the work finds it booked.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox.answers import Refused, refusal
from pef_adapters.pagoefectivo.sandbox.connections import NoAnswer
from pef_adapters.pagoefectivo.sandbox.faults import REFUSING, Fault, Strike, Target
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import lima_text

_NONSENSE = "<html><body><h1>Bienvenido</h1></body></html>"
_UNAVAILABLE = "<html><body><h1>503 Service Unavailable</h1></body></html>"
_MORE = Decimal(1)
_OTHER_CURRENCY = {"PEN": "USD", "USD": "PEN"}


def instead(strike: Strike | None, request: Request) -> Response | None:
    """The answer in place of any work; nothing is booked."""
    match strike.fault if strike else None:
        case Fault.RAIL_DOWN | Fault.LOST_REQUEST:
            return NoAnswer(request.app.state.connections)
        case Fault.RAIL_UNAVAILABLE:
            return HTMLResponse(_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
        case Fault() as fault if fault in REFUSING:
            return refusal(Refused(REFUSING[fault]), _now(request))
    return None


def announce_oddly(strike: Strike | None, target: Target, workings: Workings) -> None:
    """Arrange how the refund's next event is told."""
    match strike.fault if strike else None:
        case Fault.DUPLICATE_CALLBACKS:
            workings.events.oddly(target.merchant_refund_id or "", copies=2)
        case Fault.INDENTED_CALLBACK:
            workings.events.oddly(target.merchant_refund_id or "", indented=True)


async def afterwards(
    response: Response, strike: Strike | None, target: Target, request: Request
) -> Response:
    """Spoil the answer, or the world, once the work is done and booked."""
    if strike is None:
        return response
    await _disturb(strike, target, Workings.of(request))
    return _spoiled(response, strike.fault, request)


async def _disturb(strike: Strike, target: Target, workings: Workings) -> None:
    match strike.fault:
        case Fault.DELAY:
            await asyncio.sleep(strike.seconds)
        case Fault.EARLY_CALLBACK:
            await workings.callbacks.deliver_now()
        case Fault.BANK_RETURN if workings.refunds.named(target.merchant_refund_id or ""):
            workings.refunds.force(target.merchant_refund_id or "", "RETURNED")
        case Fault.EXTORNO:
            with suppress(Refused):  # nothing paid, nothing to take back
                cip = workings.cips.transaction(target.transaction_id or "")
                workings.cips.take_back(str(cip["cip"]))


def _spoiled(response: Response, fault: Fault, request: Request) -> Response:
    match fault:
        case Fault.ANSWER_LOST:
            response = NoAnswer(request.app.state.connections)
        case Fault.SERVER_ERROR_AFTER:
            response = refusal(Refused("166"), _now(request))
        case Fault.NONSENSE:
            response = HTMLResponse(_NONSENSE, response.status_code)
        case Fault.REDIRECT:
            response = RedirectResponse("/", HTTPStatus.FOUND)
        case Fault.TRUNCATED:
            response = _with_body(response, response.body[: len(response.body) // 2])
        case Fault.WRONG_AMOUNT | Fault.WRONG_CURRENCY:
            changed = _falsified(exact_json.read(bytes(response.body)), fault)
            response = _with_body(response, exact_json.write(changed))
    return response


def _falsified(value: object, fault: Fault) -> object:
    """Every amount a sol too high, or every currency the other one."""
    if isinstance(value, list):
        return [_falsified(item, fault) for item in value]
    if isinstance(value, Mapping):
        return {name: _false_field(str(name), item, fault) for name, item in value.items()}
    return value


def _false_field(name: str, value: object, fault: Fault) -> object:
    if fault is Fault.WRONG_AMOUNT and name in {"refund_amount", "amount"}:
        return Decimal(str(value)) + _MORE
    if fault is Fault.WRONG_CURRENCY and name == "currency":
        return _OTHER_CURRENCY.get(str(value), "PEN")
    return _falsified(value, fault)


def _with_body(response: Response, body: bytes | memoryview) -> Response:
    return Response(bytes(body), response.status_code, media_type="application/json")


def _now(request: Request) -> str:
    return lima_text(Workings.of(request).clock.now())
