"""`/console/people`: who has which role where; invite, change, disable."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.access import Grant, Permission, Place, Role
from pef_adapters.core.errors import NotAllowed, SettingInvalid
from pef_adapters.engine.gate import links, users
from pef_adapters.engine.gate.places import places
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.people import tokens

PATH: Final = "/console/people"


@page
async def show(asking: Asking) -> Response:
    """People and tokens, as far as the actor changes them."""
    ports, actor = asking.ports, asking.actor
    if not actor.places(Permission.EDIT_PEOPLE) | actor.places(tokens.MAKES):
        raise NotAllowed
    return drawn(
        asking,
        "people/list.html.jinja",
        people=await users.users(ports, actor),
        places=await places(ports, actor, Permission.EDIT_PEOPLE),
        roles=list(Role),
        **await tokens.facts(asking),
    )


@page
async def show_one(asking: Asking) -> Response:
    """One person."""
    person = await users.look(asking.ports, asking.actor, _email(asking))
    where = await places(asking.ports, asking.actor, Permission.EDIT_PEOPLE)
    return drawn(asking, "people/one.html.jinja", person=person, places=where, roles=list(Role))


@page
async def invite(asking: Asking) -> Response:
    """A link by which somebody gets a role; it is shown this once."""
    form = asking.form
    grant = _grant(form.get("role", ""), form.get("place", ""))
    email, language = form.get("email", ""), form.get("language", "")
    link = await links.invite(asking.ports, asking.actor, email, [grant], language)
    return drawn(asking, "people/link.html.jinja", link=link, email=email)


@page
async def change_grants(asking: Asking) -> Response:
    """The roles that stay, and perhaps one more."""
    kept = [_read(each) for each in asking.lists.get("grant", ())]
    more = asking.form.get("role", "")
    added = [_grant(more, asking.form.get("place", ""))] if more else []
    await users.change_grants(asking.ports, asking.actor, _email(asking), [*kept, *added])
    return moved(_path(_email(asking)), "console.saved")


@page
async def disable(asking: Asking) -> Response:
    """Let somebody in no more; the tokens this person made are shown."""
    left = await users.disable(asking.ports, asking.actor, _email(asking))
    if left:
        return drawn(asking, "people/left.html.jinja", tokens=left, email=_email(asking))
    return moved(_path(_email(asking)), "console.people_disabled")


@page
async def enable(asking: Asking) -> Response:
    """Let somebody in again."""
    await users.enable(asking.ports, asking.actor, _email(asking))
    return moved(_path(_email(asking)), "console.saved")


@page
async def reset(asking: Asking) -> Response:
    """A link to choose a new password; it is shown this once."""
    email, drops = _email(asking), "drops_codes" in asking.form
    link = await links.reset_link(asking.ports, asking.actor, email, drops_codes=drops)
    return drawn(asking, "people/link.html.jinja", link=link, email=email)


def _email(asking: Asking) -> str:
    email: str = asking.request.path_params["email"]
    return email


def _path(email: str) -> str:
    return f"{PATH}/{quote(email, safe='@')}"


def _read(written: str) -> Grant:
    role, _, place = written.partition("@")
    return _grant(role, place)


def _grant(role: str, place: Place) -> Grant:
    """The role in the place.

    Raises:
        SettingInvalid: there is no such role.
    """
    known: Iterable[str] = list(Role)
    if role not in known:
        raise SettingInvalid(f"choose one of the roles {', '.join(known)}")
    return Grant(Role(role), place)


ROUTES = [
    Route(PATH, show),
    *tokens.ROUTES,
    Route(f"{PATH}/invite", invite, methods=["POST"]),
    Route(f"{PATH}/{{email}}", show_one),
    Route(f"{PATH}/{{email}}/grants", change_grants, methods=["POST"]),
    Route(f"{PATH}/{{email}}/disable", disable, methods=["POST"]),
    Route(f"{PATH}/{{email}}/enable", enable, methods=["POST"]),
    Route(f"{PATH}/{{email}}/reset", reset, methods=["POST"]),
]
