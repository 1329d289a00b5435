"""`/console/account`: password, codes of an app, language, and the own sessions."""

from collections.abc import Mapping
from typing import Any, Final

import segno
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import PefError, SettingInvalid, SignInRefused, TooManyTries
from pef_adapters.engine.gate import own_account, passkeys, passwords, sign_in, sign_in_codes
from pef_adapters.server.console import cookies
from pef_adapters.server.console.asking import SIGN_IN, Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.forms import demand_same

PATH: Final = "/console/account"
_QR_SCALE: Final = 5


@page
async def show(asking: Asking) -> Response:
    """The account."""
    return await account(asking)


@page
async def change_password(asking: Asking) -> Response:
    """Choose another password; other browsers are signed out."""
    form = asking.form
    new = form.get("new", "")
    try:
        demand_same(new, form.get("new_again", ""))
        await sign_in.change_password(
            asking.ports,
            asking.actor,
            form.get("old", ""),
            new,
            keep_token_sha256=asking.session.token_sha256,
        )
    except (SettingInvalid, SignInRefused, TooManyTries) as refused:
        weak = passwords.weakness(new, asking.actor.name)
        problem = weak if weak and isinstance(refused, SettingInvalid) else ""
        return await account(asking, refused, problem)
    return moved(PATH, "console.account_password_changed")


@page
async def choose_language(asking: Asking) -> Response:
    """The language in which the console speaks."""
    language = asking.form.get("language", "")
    await own_account.choose_language(asking.ports, asking.actor, language)
    response = moved(PATH, "console.saved")
    tags = {spoken: tag for tag, spoken in cookies.LANGUAGES.items()}
    cookies.keep_language(asking.request, response, tags[language])
    return response


@page
async def start_codes(asking: Asking) -> Response:
    """A new secret for an app, as letters and as a picture; a code confirms it."""
    started = await sign_in.start_totp(asking.ports, asking.actor)
    return _codes(asking, started.secret)


@page
async def confirm_codes(asking: Asking) -> Response:
    """From now on ask for codes."""
    secret, code = asking.form.get("secret", ""), asking.form.get("code", "")
    try:
        await sign_in.confirm_totp(asking.ports, asking.actor, secret, code)
    except (SignInRefused, TooManyTries) as refused:
        return _codes(asking, secret, refused)
    return moved(PATH, "console.account_codes_on")


@page
async def drop_codes(asking: Asking) -> Response:
    """Ask for no codes any more."""
    try:
        await sign_in.drop_totp(asking.ports, asking.actor, asking.form.get("password", ""))
    except (SignInRefused, TooManyTries) as refused:
        return await account(asking, refused)
    return moved(PATH, "console.account_codes_off")


@page
async def end_session(asking: Asking) -> Response:
    """Sign one browser out."""
    await own_account.end_own_session(asking.ports, asking.actor, asking.form.get("session", ""))
    return moved(PATH, "console.account_session_ended")


@page
async def end_all(asking: Asking) -> Response:
    """Sign every browser out, this one too."""
    await sign_in.sign_out_everywhere(asking.ports, asking.actor)
    response = moved(SIGN_IN, "console.signed_out")
    cookies.drop_session(asking.request, response)
    return response


async def account(asking: Asking, refused: PefError | None = None, problem: str = "") -> Response:
    """The page, with what was refused on it; `problem` is a text that says it better."""
    sessions = await own_account.own_sessions(asking.ports, asking.actor)
    facts: Mapping[str, Any] = {
        "user": asking.user,
        "sessions": [(own_account.session_id(each), each) for each in sessions],
        "own": own_account.session_id(asking.session),
        "passkeys": passkeys.passkeys_of(asking.user) if asking.user else [],
        "problem": problem or (refused.text_key if refused else ""),
        "detail": _detail(refused) if not problem else "",
    }
    return drawn(
        asking, "account/account.html.jinja", refused.http_status if refused else 200, **facts
    )


def _codes(asking: Asking, secret: str, refused: PefError | None = None) -> Response:
    uri = sign_in_codes.address_of(secret, asking.actor.name)
    picture = segno.make(uri, micro=False).svg_data_uri(scale=_QR_SCALE, border=4)
    return drawn(
        asking,
        "account/codes.html.jinja",
        refused.http_status if refused else 200,
        secret=secret,
        picture=picture,
        problem=refused.text_key if refused else "",
    )


def _detail(refused: PefError | None) -> str:
    return str(refused) if refused and str(refused) != refused.default_message() else ""


ROUTES = [
    Route(PATH, show),
    Route(f"{PATH}/password", change_password, methods=["POST"]),
    Route(f"{PATH}/language", choose_language, methods=["POST"]),
    Route(f"{PATH}/codes", start_codes, methods=["POST"]),
    Route(f"{PATH}/codes/confirm", confirm_codes, methods=["POST"]),
    Route(f"{PATH}/codes/drop", drop_codes, methods=["POST"]),
    Route(f"{PATH}/sessions/end", end_session, methods=["POST"]),
    Route(f"{PATH}/sessions/end-all", end_all, methods=["POST"]),
]
