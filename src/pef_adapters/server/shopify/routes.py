"""The routes of Shopify's two apps, and the place where their errors become answers.

A page's error is a page that says what to do; a data call's is JSON with its code. An
address here can hold a session token or a code, so none is logged.
"""

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.core.errors import (
    NotThere,
    PefError,
    PlatformError,
    SettingInvalid,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.server.shopify import connect, data, home
from pef_adapters.server.shopify.callers import shop_in
from pef_adapters.server.shopify.page import choose_language, script, sorry_page
from pef_shopify.install import APP, PAYMENTS

_log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]

# App Bridge asks once more, with a new session token, where it sees this.
_ASK_AGAIN = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
# An extension runs at Shopify's origin; it carries a session token and never a cookie.
_FROM_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Expose-Headers": ", ".join(_ASK_AGAIN),
    "Access-Control-Max-Age": "7200",
}


def _page(handler: Handler, *, not_there: str) -> Handler:
    """A page whose errors are pages; `not_there` says what a missing store means to it."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except PefError as error:
            _log.info("shopify page refused", code=error.code, detail=str(error))
            key = _reason(error, not_there)
            language = choose_language(
                request.query_params.get("locale", ""), request.headers.get("accept-language", "")
            )
            return sorry_page(key, error.http_status, language, _framed_by(request))

    return answer


def _data(handler: Handler) -> Handler:
    """A data call: errors are JSON, and none is kept by anybody on the way."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            response = await handler(request)
        except PefError as error:
            _log.info("shopify call refused", code=error.code, status=error.http_status)
            body = {"code": error.code, "message": str(error), "help": error.help_page}
            headers = _ASK_AGAIN if isinstance(error, _UNPROVED) else None
            response = JSONResponse(body, error.http_status, headers)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def _for_extensions(handler: Handler) -> Handler:
    """A data call that an extension may make from Shopify's own origin."""
    serve = _data(handler)

    @wraps(handler)
    async def answer(request: Request) -> Response:
        response = (
            Response(status_code=204) if request.method == "OPTIONS" else await serve(request)
        )
        response.headers.update(_FROM_ANYWHERE)
        return response

    return answer


async def _script(_: Request) -> Response:
    return script()


_UNPROVED = (SignatureMissing, SignatureInvalid)


def _reason(error: PefError, not_there: str) -> str:
    match error:
        case SignatureMissing() | SignatureInvalid() | SourceMismatch():
            return "shopify_page.not_proved"
        case NotThere():
            return not_there
        case PlatformError():
            return "shopify_page.no_access"
        case SettingInvalid():
            return "shopify_page.no_shop"
        case _:
            return "shopify_page.trouble"


def _framed_by(request: Request) -> str | None:
    """The shop whose admin may frame an error of our page; an installation is never framed."""
    if not request.url.path.startswith(home.PATH):
        return None
    try:
        return shop_in(request)
    except SettingInvalid:
        return None


_UNPREPARED, _OVER = "shopify_page.unprepared", "shopify_page.installation_over"

ROUTES = [
    *(
        Route(f"/connect/{platform}/{step}", _page(handler, not_there=not_there))
        for platform in (APP, PAYMENTS)
        for step, handler, not_there in (
            ("install", connect.install, _UNPREPARED),
            ("callback", connect.callback, _OVER),
        )
    ),
    Route(home.PATH, _page(home.show, not_there=_UNPREPARED)),
    Route(home.OPENING, _page(home.open_session, not_there=_UNPREPARED)),
    Route(f"{home.PATH}/page.js", _script),
    Route(f"{home.PATH}/refunds", _data(data.refunds)),
    Route(f"{home.PATH}/orders/{{order}}", _for_extensions(data.order), methods=["GET", "OPTIONS"]),
    Route(f"{home.PATH}/console", _data(data.console), methods=["POST"]),
    Route(f"{home.PATH}/settings", _data(data.settings), methods=["GET", "PUT"]),
]
