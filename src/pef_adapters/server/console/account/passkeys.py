"""`/console/account/passkeys`: make a passkey in this browser, name it, and remove it again.

Only who knows the password gets to the page on which the browser makes one.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import SettingInvalid, SignInRefused, TooManyTries
from pef_adapters.engine.gate import passkeys
from pef_adapters.server.console.account.routes import PATH, account
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved

_PATH: Final = f"{PATH}/passkeys"


@page
async def start(asking: Asking) -> Response:
    """The page on which the browser makes it."""
    try:
        options = await passkeys.offer_registration(
            asking.ports, asking.actor, asking.form.get("password", "")
        )
    except (SettingInvalid, SignInRefused, TooManyTries) as refused:
        return await account(asking, refused)
    name = asking.form.get("name", "")
    return drawn(asking, "account/passkey.html.jinja", options=options, name=name)


@page
async def keep(asking: Asking) -> Response:
    """Keep what the browser made."""
    answer, name = asking.form.get("answer", ""), asking.form.get("name", "")
    try:
        await passkeys.keep_passkey(asking.ports, asking.actor, answer, name)
    except (SettingInvalid, SignInRefused) as refused:
        return await account(asking, refused)
    return moved(PATH, "console.passkey_kept")


@page
async def drop(asking: Asking) -> Response:
    """Remove one."""
    form = asking.form
    try:
        await passkeys.drop_passkey(
            asking.ports, asking.actor, form.get("passkey", ""), form.get("password", "")
        )
    except (SignInRefused, TooManyTries) as refused:
        return await account(asking, refused)
    return moved(PATH, "console.passkey_dropped")


ROUTES = [
    Route(_PATH, start, methods=["POST"]),
    Route(f"{_PATH}/keep", keep, methods=["POST"]),
    Route(f"{_PATH}/drop", drop, methods=["POST"]),
]
