"""The sandbox's page: the clock, its transactions, what it was asked, and its levers."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import parse_qs

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.pagoefectivo.sandbox.bodies import bounded_body
from pef_adapters.pagoefectivo.sandbox.cips import STATE_NAMES, money
from pef_adapters.pagoefectivo.sandbox.control import ClockOrder, FaultOrder, move_clock, set_fault
from pef_adapters.pagoefectivo.sandbox.faults import MAGIC_CENTS, Fault
from pef_adapters.pagoefectivo.sandbox.rendering import TEMPLATES, page
from pef_adapters.pagoefectivo.sandbox.status_events import shown_id
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import CipState

CIP_MEANINGS = {
    CipState.GENERATED: "waiting for the buyer's payment",
    CipState.PAID: "paid (in this API “Cancelado” means PAID)",
    CipState.EXPIRED: "not paid in time",
    CipState.DELETED: "withdrawn by the store",
}
REFUND_MEANINGS = {
    "RECEIVED": "taken in, nothing decided yet",
    "AWAITING_BENEFICIARY": "waiting for the buyer's bank data, five days at most",
    "PENDING_APPROVAL": "waiting for a person at the rail",
    "MANUAL_REQUIRED": "31 to 90 days old: paid out by hand",
    "PROCESSING": "the bank transfer is on its way",
    "REFUNDED": "the buyer has the money",
    "REJECTED": "refused; the amount is free again",
    "RETURNED": "the buyer's bank sent the money back",
    "EXPIRED": "nobody gave bank data in time; the amount is free again",
    "CANCELLED": "withdrawn before it was processed",
}

Lever = Callable[[Workings, dict[str, str]], None]


async def show(request: Request) -> Response:
    """`GET /`."""
    workings = Workings.of(request)
    workings.refunds.settle_due()
    return page(
        "page.html.jinja",
        now=workings.clock.now(),
        cips=workings.cips.listed(),
        refunds=workings.refunds.listed(),
        requests=workings.requests.newest(50),
        faults=workings.faults.listed(),
        every_fault=list(Fault),
        magic=MAGIC_CENTS if workings.settings.magic_amounts else {},
        callback_url=workings.callbacks.url,
        cip_names=STATE_NAMES,
        cip_meanings=CIP_MEANINGS,
        refund_meanings=REFUND_MEANINGS,
        money=money,
        refund_id=shown_id,
    )


async def style(_request: Request) -> Response:
    """`GET /sandbox.css`."""
    css = (TEMPLATES / "sandbox.css").read_text(encoding="utf-8")
    return PlainTextResponse(css, media_type="text/css")


def _lever(pull: Lever) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        fields = parse_qs((await bounded_body(request)).decode(errors="replace"))
        try:
            pull(Workings.of(request), {name: values[-1] for name, values in fields.items()})
        except ValidationError:
            return PlainTextResponse("This can't be used.", HTTPStatus.UNPROCESSABLE_ENTITY)
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    return serve


def _settle(workings: Workings, _fields: dict[str, str]) -> None:
    workings.refunds.settle_all()


def _next_day(workings: Workings, _fields: dict[str, str]) -> None:
    move_clock(workings, ClockOrder(advance_business_days=1))


def _set_fault(workings: Workings, fields: dict[str, str]) -> None:
    set_fault(workings, FaultOrder.model_validate(fields))


def _clear_faults(workings: Workings, _fields: dict[str, str]) -> None:
    workings.faults.clear()


ROUTES = [
    Route("/", show),
    Route("/sandbox.css", style),
    Route("/levers/settle", _lever(_settle), methods=["POST"]),
    Route("/levers/next-day", _lever(_next_day), methods=["POST"]),
    Route("/levers/fault", _lever(_set_fault), methods=["POST"]),
    Route("/levers/clear-faults", _lever(_clear_faults), methods=["POST"]),
]
