"""`/payout/{token}`: a buyer opens the link, and gives bank details once.

The token is the whole right to do so. It stands in the address, so nothing here logs
an address, and no error leaves for the place where others are logged with theirs.
"""

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.beneficiary import read_details
from pef_adapters.core.errors import (
    BeneficiaryInvalid,
    BodyTooLarge,
    BodyUnreadable,
    LinkRefused,
    PefError,
    Problem,
)
from pef_adapters.engine import beneficiary
from pef_adapters.engine.beneficiary import Invited
from pef_adapters.engine.ports import Ports
from pef_adapters.server.bodies import read_body
from pef_adapters.server.buyer.page import (
    CHOSEN,
    FIELDS,
    REFUSED,
    choose_language,
    done_page,
    form_page,
    sorry_page,
)

_log = structlog.get_logger(__name__)

_MAX_FORM_BYTES = 10_000
_MOST_FIELDS = 20
_FORM_TYPE = "application/x-www-form-urlencoded"


async def payout(request: Request) -> Response:
    """`GET` shows the form, `POST` takes it; every error is answered by a page for buyers."""
    try:
        return await (_take(request) if request.method == "POST" else _show(request))
    except PefError as error:
        _log.info("payout page refused", code=error.code, status=error.http_status)
        return sorry_page(_reason(error), error.http_status, _language(request))
    except Exception as error:  # noqa: BLE001 - see the next line
        # Whoever logs it elsewhere would log the address, or what was typed.
        _log.error("payout page stumbled", fault=type(error).__name__, at=_places(error))
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return sorry_page("buyer_page.trouble", status, _language(request))


async def _show(request: Request) -> Response:
    """The form, as often as it is opened."""
    ports: Ports = request.app.state.ports
    invited = await beneficiary.look(ports, request.path_params["token"])
    return form_page(invited, _language(request, invited.language))


async def _take(request: Request) -> Response:
    """The thanks, the form again with what is wrong (400), or the form in another language."""
    fields = await _read_fields(request)
    ports: Ports = request.app.state.ports
    token = request.path_params["token"]
    invited = await beneficiary.look(ports, token)
    if CHOSEN in fields:
        return _translated(invited, fields)
    language = _language(request, invited.language)
    try:
        masked = await beneficiary.give(ports, token, fields)
    except BeneficiaryInvalid as refused:
        invited = await beneficiary.look(ports, token)
        return form_page(invited, language, typed=fields, problems=refused.problems)
    return done_page(invited, masked, language)


def _translated(invited: Invited, fields: Mapping[str, str]) -> Response:
    """The same form in the chosen language: nothing is lost, and no try is used up."""
    language = choose_language(fields[CHOSEN], "", invited.language)
    problems = _problems(invited, fields) if REFUSED in fields else ()
    return form_page(invited, language, typed=fields, problems=problems)


def _problems(invited: Invited, fields: Mapping[str, str]) -> tuple[Problem, ...]:
    try:
        read_details(fields, check_digits=invited.check_digits)
    except BeneficiaryInvalid as refused:
        return refused.problems
    return ()


async def _read_fields(request: Request) -> dict[str, str]:
    """The form's own fields; where one came twice, the last counts.

    Raises:
        BodyTooLarge: more than 10 kB came.
        BodyUnreadable: no urlencoded form, far too many fields, or it broke off.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != _FORM_TYPE:
        raise BodyUnreadable(f"the form must come as {_FORM_TYPE}")
    try:
        body = await read_body(request, _MAX_FORM_BYTES)
        typed = parse_qs(body.decode(errors="replace"), max_num_fields=_MOST_FIELDS)
    except ClientDisconnect:
        raise BodyUnreadable("the form broke off") from None
    except ValueError:
        raise BodyUnreadable(f"the form has more than {_MOST_FIELDS} fields") from None
    known = {*FIELDS, CHOSEN, REFUSED}
    return {name: values[-1] for name, values in typed.items() if name in known}


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


def _places(error: Exception) -> list[str]:
    """Where it happened: files and lines, never the values or the message."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


# `path`: an address that was cut or lengthened is answered by a sentence too.
ROUTES = [Route("/payout/{token:path}", payout, methods=["GET", "POST"])]
