"""A CIP's own page, where a store sends its buyer: what to pay, by when, and a button that pays.

The real page shows agents and banks; this one pays by one press, because it moves no money.
Whoever has its address can pay, and can do nothing else.
"""

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.core.calendar import lima_time
from pef_adapters.pagoefectivo.sandbox.answers import Refused
from pef_adapters.pagoefectivo.sandbox.cips import money
from pef_adapters.pagoefectivo.sandbox.rendering import page
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import CipState

_PATH = "/pagar"


def below(request: Request) -> str:
    """The address below which every CIP's page is, for whoever asks the sandbox now."""
    public = Workings.of(request).settings.public_url
    return (public or str(request.base_url).rstrip("/")) + _PATH


async def show(request: Request) -> Response:
    """`GET /pagar/{token}`."""
    row = Workings.of(request).cips.page(request.path_params["token"])
    if row is None:
        return page("no_cip.html.jinja", HTTPStatus.NOT_FOUND)
    return page(
        "cip.html.jinja",
        cip=row["cip"],
        amount=money(row).shown("es_PE"),
        concept=row["concept"],
        state=CipState(row["status"]).name,
        expires_at=_lima(row["expires_at"]),
        paid_at=_lima(row["paid_at"]),
        token=row["page_token"],
    )


async def pay(request: Request) -> Response:
    """`POST /pagar/{token}`: the buyer pays; pressed twice or too late, the page says so."""
    workings, token = Workings.of(request), request.path_params["token"]
    row = workings.cips.page(token)
    if row is None:
        return page("no_cip.html.jinja", HTTPStatus.NOT_FOUND)
    with suppress(Refused):  # paid or over already, as the page will show
        workings.cips.pay(str(row["cip"]))
    return RedirectResponse(f"{_PATH}/{row['page_token']}", HTTPStatus.SEE_OTHER)


def _lima(text: str | None) -> datetime | None:
    return lima_time(datetime.fromisoformat(text)) if text else None


ROUTES = [
    Route(f"{_PATH}/{{token}}", show),
    Route(f"{_PATH}/{{token}}", pay, methods=["POST"]),
]
