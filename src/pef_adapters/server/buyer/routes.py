"""`/payout/{token}`: a buyer opens the link, and gives bank details once.

The token is the whole right to do so. It stands in the address, so nothing here logs
an address, and no error leaves for the place where others are logged with theirs.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import (
    BeneficiaryInvalid,
    BodyTooLarge,
    BodyUnreadable,
    LinkRefused,
    PefError,
)
from pef_adapters.engine import beneficiary
from pef_adapters.engine.ports import Ports
from pef_adapters.server.bodies import read_body
from pef_adapters.server.buyer.page import (
    FIELDS,
    choose_language,
    done_page,
    form_page,
    sorry_page,
)

_log = structlog.get_logger(__name__)

_MAX_FORM_BYTES = 10_000
_MOST_FIELDS = 20
_FORM_TYPE = "application/x-www-form-urlencoded"

_Serve = Callable[[Request], Awaitable[Response]]


def _with_apologies(serve: _Serve) -> _Serve:
    """Answer every error of ours by a page for buyers."""

    @wraps(serve)
    async def served(request: Request) -> Response:
        try:
            return await serve(request)
        except PefError as error:
            _log.info("payout link refused", code=error.code, status=error.http_status)
            return sorry_page(_reason(error), error.http_status, _language(request))

    return served


@_with_apologies
async def show(request: Request) -> Response:
    """`GET /payout/{token}`: the form, as often as it is opened."""
    ports: Ports = request.app.state.ports
    invited = await beneficiary.look(ports, request.path_params["token"])
    return form_page(invited, _language(request, invited.language))


@_with_apologies
async def submit(request: Request) -> Response:
    """`POST /payout/{token}`: the thanks, or the form again with what is wrong (400)."""
    fields = await _read_fields(request)
    ports: Ports = request.app.state.ports
    token = request.path_params["token"]
    invited = await beneficiary.look(ports, token)
    language = _language(request, invited.language)
    try:
        masked = await beneficiary.give(ports, token, fields)
    except BeneficiaryInvalid as refused:
        invited = await beneficiary.look(ports, token)
        return form_page(invited, language, typed=fields, problems=refused.problems)
    return done_page(invited, masked, language)


async def _read_fields(request: Request) -> dict[str, str]:
    """The form's own fields; where one came twice, the last counts.

    Raises:
        BodyTooLarge: more than 10 kB came.
        BodyUnreadable: no urlencoded form, or far too many fields.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != _FORM_TYPE:
        raise BodyUnreadable(f"the form must come as {_FORM_TYPE}")
    body = await read_body(request, _MAX_FORM_BYTES)
    try:
        typed = parse_qs(body.decode(errors="replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BodyUnreadable(f"the form has more than {_MOST_FIELDS} fields") from None
    return {name: values[-1] for name, values in typed.items() if name in FIELDS}


def _language(request: Request, preferred: str = "") -> str:
    accepted = request.headers.get("accept-language", "")
    return choose_language(request.query_params.get("lang"), accepted, preferred)


def _reason(error: PefError) -> str:
    match error:
        case LinkRefused():
            return error.text_key
        case BodyTooLarge():
            return "buyer_page.too_large"
        case BodyUnreadable():
            return "buyer_page.unreadable"
        case _:
            return "buyer_page.trouble"


ROUTES = [
    Route("/payout/{token}", show, methods=["GET"]),
    Route("/payout/{token}", submit, methods=["POST"]),
]
