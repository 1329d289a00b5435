"""`/console/sign-in`, `/console/link/…` and `/console/enter/…`: how somebody gets in, and out.

A link's token stands in its address; nothing here logs an address.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import (
    NotSignedIn,
    PefError,
    SettingInvalid,
    SignInLinkRefused,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.engine.gate import links, links_accepted, passwords, sessions_platform, sign_in
from pef_adapters.engine.gate.links import LinkFor
from pef_adapters.engine.gate.sessions import SignedIn
from pef_adapters.server.console import cookies
from pef_adapters.server.console.asking import (
    HOME,
    SIGN_IN,
    Asking,
    Visit,
    guest_page,
    page,
    safe_path,
    signed_in,
)
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.forms import demand_same

TEMPLATE: Final = "sign_in/sign_in.html.jinja"
"""The page on which one signs in, by whatever."""


@guest_page
async def ask(visit: Visit) -> Response:
    """The form; who is signed in goes on at once."""
    wanted = safe_path(visit.request.query_params.get("next", ""))
    try:
        await signed_in(visit.request)
    except NotSignedIn:
        return drawn(visit, TEMPLATE, wanted=wanted, email="", problem="")
    return moved(wanted)


@guest_page
async def take(visit: Visit) -> Response:
    """Sign in, or say why not; what was typed stays, but for the secrets."""
    form = visit.form
    email, wanted = form.get("email", ""), safe_path(form.get("next", ""))
    try:
        begun = await sign_in.sign_in(
            visit.ports,
            email,
            form.get("password", ""),
            form.get("code", ""),
            origin=visit.origin,
            device=visit.device,
        )
    except (SignInRefused, TooManyTries) as refused:
        facts = {"wanted": wanted, "email": email, "problem": refused.text_key}
        return drawn(visit, TEMPLATE, refused.http_status, **facts)
    return await seated(visit, begun, wanted)


@page
async def leave(asking: Asking) -> Response:
    """Sign out."""
    await sign_in.sign_out(asking.ports, cookies.session_token(asking.request))
    response = moved(SIGN_IN, "console.signed_out")
    cookies.drop_session(asking.request, response)
    return response


@guest_page
async def show_link(visit: Visit) -> Response:
    """What a one-time link is for, with the form that uses it."""
    link = await links.open_link(visit.ports, visit.request.path_params["token"])
    return _link_form(visit, link, {"language": link.language})


@guest_page
async def use_link(visit: Visit) -> Response:
    """Use a one-time link; after that its holder signs in."""
    token = visit.request.path_params["token"]
    link = await links.open_link(visit.ports, token)
    try:
        await _accept(visit, token)
    except SignInLinkRefused:
        raise
    except (SettingInvalid, SignInRefused, TooManyTries) as refused:
        return _link_form(visit, link, visit.form, refused)
    return moved(SIGN_IN, "console.link_used")


@guest_page
async def enter(visit: Visit) -> Response:
    """Come in by a store's platform, which has just proved who it is.

    Whoever sits here already is asked first: an address could be somebody else's.
    """
    if visit.request.method == "GET" and await _is_taken(visit):
        return drawn(visit, "sign_in/enter.html.jinja")
    begun = await sessions_platform.enter(
        visit.ports,
        visit.request.path_params["token"],
        origin=visit.origin,
        device=visit.device,
    )
    return await seated(visit, begun, HOME)


async def seated(visit: Visit, begun: SignedIn, wanted: str) -> Response:
    """Go on in the new session; the one that this browser had ends."""
    await sign_in.sign_out(visit.ports, cookies.session_token(visit.request))
    response = moved(wanted)
    cookies.keep_session(visit.request, response, begun.token)
    return response


async def _is_taken(visit: Visit) -> bool:
    try:
        await signed_in(visit.request)
    except NotSignedIn:
        return False
    return True


async def _accept(visit: Visit, token: str) -> None:
    form = visit.form
    demand_same(form.get("password", ""), form.get("password_again", ""))
    await links_accepted.accept_link(
        visit.ports,
        token,
        email=form.get("email", ""),
        name=form.get("name", ""),
        password=form.get("password", ""),
        language=form.get("language", ""),
        origin=visit.origin,
    )


def _link_form(
    visit: Visit, link: LinkFor, typed: Mapping[str, str], refused: PefError | None = None
) -> Response:
    status = refused.http_status if refused else HTTPStatus.OK
    facts = {"link": link, "typed": typed, "least": passwords.LEAST_LETTERS}
    why = _why(visit, link, refused)
    return drawn(visit, "sign_in/link.html.jinja", status, **facts, **why)


def _why(visit: Visit, link: LinkFor, refused: PefError | None) -> dict[str, str]:
    """The text that says what is wrong, and what it says to the letter."""
    if refused is None:
        return {"problem": "", "detail": ""}
    email = link.email or visit.form.get("email", "")
    weak = passwords.weakness(visit.form.get("password", ""), email)
    if isinstance(refused, SettingInvalid) and weak:
        return {"problem": weak, "detail": ""}
    detail = "" if str(refused) == refused.default_message() else str(refused)
    return {"problem": refused.text_key, "detail": detail}


ROUTES = [
    Route(SIGN_IN, ask),
    Route(SIGN_IN, take, methods=["POST"]),
    Route("/console/sign-out", leave, methods=["POST"]),
    Route(links.PATH + "{token}", show_link),
    Route(links.PATH + "{token}", use_link, methods=["POST"]),
    Route(sessions_platform.PATH + "{token}", enter, methods=["GET", "POST"]),
]
