"""Turns a view into an endpoint: who asks, whether the form is ours, and errors as pages.

An address here can hold a link's token, so none is logged.
"""

import traceback
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response

from pef_adapters.core import texts
from pef_adapters.core.errors import NotSignedIn, PefError
from pef_adapters.engine.gate import sign_in
from pef_adapters.server.console import cookies
from pef_adapters.server.console.drawing import HEADERS, Moved, drawn, moved
from pef_adapters.server.console.forms import (
    GUESTS_BYTES,
    Form,
    prove_ours,
    prove_same_site,
    read_form,
)
from pef_adapters.server.console.visits import Asking, Visit, language_of
from pef_adapters.server.origins import origin_of

__all__ = ["Asking", "Visit", "guest_page", "page", "safe_path", "signed_in"]

_log = structlog.get_logger(__name__)

View = Callable[[Asking], Awaitable[Response]]
GuestView = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]
SIGN_IN: Final = "/console/sign-in"
HOME: Final = "/console"
_CLIMBING: Final = ("\\", "..", "%2e", "%5c")


def page(view: View) -> Endpoint:
    """An endpoint for whoever is signed in; everybody else is asked to sign in first."""

    @wraps(view)
    async def answer(request: Request) -> Response:
        visit = _visit(request)
        try:
            visit = asking = await signed_in(request)
            response = await view(await _with_form(asking))
        except Exception as error:  # noqa: BLE001 - each is answered by a page
            response = _refused(visit, error)
        return _finished(request, response)

    return answer


def guest_page(view: GuestView) -> Endpoint:
    """An endpoint for anybody; a form may come from our own pages only."""

    @wraps(view)
    async def answer(request: Request) -> Response:
        visit = _visit(request)
        try:
            if request.method == "POST":
                prove_same_site(request)
                form = await read_form(request, GUESTS_BYTES)
                visit = _visit(request, form)
            response = await view(visit)
        except Exception as error:  # noqa: BLE001 - each is answered by a page
            response = _refused(visit, error)
        return _finished(request, response)

    return answer


async def signed_in(request: Request) -> Asking:
    """Who asks, by the cookie; the form is not read yet.

    Raises:
        NotSignedIn: nobody.
    """
    ports, token = request.app.state.ports, cookies.session_token(request)
    actor, session, user = await sign_in.actor_of(ports, token, origin=origin_of(request))
    return Asking(
        request=request,
        ports=ports,
        language=language_of(request, user),
        actor=actor,
        session=session,
        user=user,
    )


def safe_path(wanted: str) -> str:
    """The page of ours to go on to; the first page where it is anything else."""
    ours = wanted == HOME or wanted.startswith((f"{HOME}/", f"{HOME}?"))
    # What climbs, or hides that it does, would lead out of the console.
    plain = wanted.isprintable() and not any(each in wanted.lower() for each in _CLIMBING)
    return wanted if ours and plain else HOME


def _visit(request: Request, form: Form | None = None) -> Visit:
    return Visit(
        request=request,
        ports=request.app.state.ports,
        language=language_of(request),
        form=form.fields if form else {},
    )


async def _with_form(asking: Asking) -> Asking:
    """The same, with the form that came; proved to be of this session.

    Raises:
        FormStale, BodyTooLarge, BodyUnreadable: then nothing was done.
    """
    if asking.request.method != "POST":
        return asking
    form = await read_form(asking.request)
    prove_ours(asking.request, form, asking.session.csrf)
    return Asking(
        request=asking.request,
        ports=asking.ports,
        language=asking.language,
        form=form.fields,
        actor=asking.actor,
        session=asking.session,
        user=asking.user,
        lists=form.lists,
        files=form.files,
    )


def _refused(visit: Visit, error: Exception) -> Response:
    if type(error) is NotSignedIn:
        return _to_sign_in(visit.request)
    if isinstance(error, PefError):
        _log.info("console refused", code=error.code, status=error.http_status)
        return sorry(visit, error)
    # Whoever logs it elsewhere would log the address, or what was typed.
    places = [
        f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
    ]
    _log.error("console stumbled", fault=type(error).__name__, at=places)
    key, status = "console.trouble", HTTPStatus.INTERNAL_SERVER_ERROR
    return drawn(visit, "sorry.html.jinja", status, key=key, detail="")


def sorry(visit: Visit, error: PefError) -> Response:
    """A page that says what happened and what to do, with the error's status."""
    key = error.text_key if texts.known(error.text_key) else "console.trouble"
    detail = "" if str(error) == error.default_message() else str(error)
    return drawn(visit, "sorry.html.jinja", error.http_status, key=key, detail=detail)


def _to_sign_in(request: Request) -> Response:
    """Ask to sign in, and come back after that; what was sent by a form is gone."""
    wanted = request.url.path if request.method != "POST" else HOME
    if request.url.query and request.method != "POST":
        wanted = f"{wanted}?{request.url.query}"
    return moved(f"{SIGN_IN}?next={quote(safe_path(wanted), safe='/')}")


def _finished(request: Request, response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if isinstance(response, Moved) and response.said:
        cookies.say_once(request, response, response.said)
    if (tag := request.query_params.get("lang", "")) in cookies.LANGUAGES:
        cookies.keep_language(request, response, tag)
    return response
