"""Tokens for programs: made, shown once, revoked."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.access import PERSONS_ONLY, Permission
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.gate import tokens as gate
from pef_adapters.engine.gate.places import places
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved

MAKES: Final = gate.MAKES
_PATH: Final = "/console/people/tokens"
_MOST_FIGURES: Final = 4


async def facts(asking: Asking) -> dict[str, Any]:
    """What the page about people shows of tokens."""
    return {
        "tokens": await gate.tokens(asking.ports, asking.actor),
        "token_places": await places(asking.ports, asking.actor, MAKES),
        "permissions": [p for p in Permission if p not in PERSONS_ONLY],
        "most_days": gate.MOST_DAYS,
        "now": asking.ports.clock.now(),
    }


@page
async def make(asking: Asking) -> Response:
    """A new token; its letters are shown this once."""
    form = asking.form
    chosen = [p for p in Permission if p in asking.lists.get("permission", ())]
    token, letters = await gate.make_token(
        asking.ports,
        asking.actor,
        form.get("name", "").strip(),
        form.get("place", ""),
        chosen,
        days=_days(form.get("days", "")),
    )
    return drawn(asking, "people/token.html.jinja", token=token, letters=letters)


@page
async def revoke(asking: Asking) -> Response:
    """End a token at once."""
    await gate.revoke_token(asking.ports, asking.actor, asking.request.path_params["token"])
    return moved("/console/people", "console.people_token_revoked")


def _days(typed: str) -> int:
    """How many days, as they were typed.

    Raises:
        SettingInvalid: it is no whole number.
    """
    digits = typed.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_FIGURES:
        raise SettingInvalid(f"give a whole number of days, 1 to {gate.MOST_DAYS}")
    return int(digits)


ROUTES = [
    Route(_PATH, make, methods=["POST"]),
    Route(_PATH + "/{token}/revoke", revoke, methods=["POST"]),
]
