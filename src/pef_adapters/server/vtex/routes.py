"""`/provider/vtex/authorization/…`: VTEX's admin fetches a store's keys by way of its owner.

They stand before the general routes of gateways, because an owner's browser comes here,
which proves itself by a one-time code and by nothing else. No code is logged.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.core.errors import (
    BodyUnreadable,
    LinkRefused,
    NotThere,
    PefError,
    SourceMismatch,
)
from pef_adapters.engine import link_ups
from pef_adapters.engine.link_ups import LinkUp
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.server.bodies import read_body
from pef_adapters.server.buyer.page import choose_language
from pef_adapters.server.vtex.page import code_page, sorry_page
from pef_vtex import link_up

_log = structlog.get_logger(__name__)

PLATFORM = "vtex"
_JSON = "application/json"
_SEE_OTHER = 303
_NOT_KEPT = {"Cache-Control": "no-store"}
_BAD_REQUEST = 400


async def token(request: Request) -> Response:
    """`POST …/token`: VTEX begins; anybody may, so nothing is kept."""
    return await _answered(_begin, request)


async def credentials(request: Request) -> Response:
    """`GET …/credentials`: the pair, once, for the code that the browser brought back."""
    return await _answered(_hand_over, request)


async def _answered(step: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """What VTEX itself asks is answered in JSON, an error too."""
    try:
        return await step(request)
    except PefError as error:
        _log.info("link_up_refused", code=error.code)
        said = {"code": error.code, "message": str(error)}
        return JSONResponse(said, error.http_status, headers=_NOT_KEPT)


async def _begin(request: Request) -> Response:
    ports: Ports = request.app.state.ports
    asked = link_up.read_token_request(await read_body(request, link_up.MAX_BODY_BYTES))
    made = link_ups.begin(ports, PLATFORM, asked.application_id, asked.return_url)
    return Response(link_up.token_answer(asked.application_id, made), media_type=_JSON)


async def _hand_over(request: Request) -> Response:
    ports: Ports = request.app.state.ports
    code = request.query_params.get("authorizationCode", "")
    store = await link_ups.collect(ports, PLATFORM, code)
    application = request.query_params.get("applicationId", "")[:100]
    body = link_up.credentials_answer(application, connection(ports, store))
    _log.info("link_up_done", store=store.id)
    return Response(body, media_type=_JSON, headers=_NOT_KEPT)


async def redirect(request: Request) -> Response:
    """`GET …/redirect` shows the page, `POST` takes the code and sends the browser back."""
    language = _language(request)
    try:
        return await (_take(request) if request.method == "POST" else _show(request))
    except PefError as error:
        _log.info("link_up_refused", code=error.code)
        known = isinstance(error, LinkRefused | BodyUnreadable)
        key = "vtex_page.begin_again" if known else "vtex_page.trouble"
        return sorry_page(key, error.http_status, language)


async def _show(request: Request) -> Response:
    begun = link_ups.begun(request.app.state.ports, PLATFORM, request.query_params.get("token", ""))
    return code_page(_origin(begun), _language(request))


async def _take(request: Request) -> Response:
    """The way back with a code, or the page again with what is wrong."""
    ports: Ports = request.app.state.ports
    begun = link_ups.begun(ports, PLATFORM, request.query_params.get("token", ""))
    typed = await _typed(request)

    def is_home(store: Store) -> bool:
        return link_up.leads_home(begun.return_url, connection(ports, store))

    try:
        code = await link_ups.authorize(ports, PLATFORM, typed, is_home)
    except NotThere:
        return _again("vtex_page.code_refused", begun, request)
    except SourceMismatch:
        return _again("vtex_page.not_yours", begun, request)
    # VTEX's address ends where the code belongs (specification, /authorization/redirect).
    back = RedirectResponse(begun.return_url + quote(code), _SEE_OTHER)
    back.headers["Referrer-Policy"] = "no-referrer"
    return back


def _again(key: str, begun: LinkUp, request: Request) -> Response:
    return code_page(_origin(begun), _language(request), problem=key, status=_BAD_REQUEST)


async def _typed(request: Request) -> str:
    body = await read_body(request, link_up.MAX_BODY_BYTES)
    try:
        fields = parse_qs(body.decode(), max_num_fields=5)
    except ValueError:
        raise BodyUnreadable("this is no form") from None
    return fields.get("code", [""])[-1]


def _origin(begun: LinkUp) -> str:
    """Where a browser may be sent after the form."""
    url = urlsplit(begun.return_url)
    return f"{url.scheme}://{url.netloc}"


def _language(request: Request) -> str:
    accepted = request.headers.get("accept-language", "")
    return choose_language(request.query_params.get("lang"), accepted)


ROUTES = [
    Route("/provider/vtex/authorization/token", token, methods=["POST"]),
    Route("/provider/vtex/authorization/redirect", redirect, methods=["GET", "POST"]),
    Route("/provider/vtex/authorization/credentials", credentials, methods=["GET"]),
]
