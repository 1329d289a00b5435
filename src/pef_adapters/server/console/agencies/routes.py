"""`/console/agencies`: what an agency's stores inherit."""

from typing import Any, Final
from urllib.parse import quote

import yaml
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.gate import agencies
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved

PATH: Final = "/console/agencies"
ONE: Final = PATH + "/{name}"
_MOST_CHARACTERS: Final = 20_000


@page
async def _list(asking: Asking) -> Response:
    """The agencies that he may see."""
    found = await agencies.list_agencies(asking.ports, asking.actor)
    return drawn(asking, "agencies/list.html.jinja", found=found)


@page
async def _make(asking: Asking) -> Response:
    """Make one."""
    name, title = asking.form.get("name", ""), asking.form.get("title", "")
    made = await agencies.make(asking.ports, asking.actor, name, title)
    return moved(_path(made.name), "console.saved")


@page
async def _show(asking: Asking) -> Response:
    """One agency."""
    view = await agencies.see(asking.ports, asking.actor, _name(asking))
    text = yaml.safe_dump(dict(view.agency.settings), allow_unicode=True, sort_keys=False)
    shown = text if view.agency.settings else ""
    return drawn(asking, "agencies/show.html.jinja", view=view, settings=shown)


@page
async def _change(asking: Asking) -> Response:
    """Change its title and settings."""
    name, title = _name(asking), asking.form.get("title", "")
    settings = _read(asking.form.get("settings", ""))
    await agencies.change(asking.ports, asking.actor, name, title, settings)
    return moved(_path(name), "console.saved")


def _read(text: str) -> dict[str, Any]:
    """Settings that somebody typed.

    Raises:
        SettingInvalid: they are no YAML, or no names with values.
    """
    if len(text) > _MOST_CHARACTERS or "&" in text or "*" in text:
        raise SettingInvalid("write the settings out: nothing long, and no & or * in them")
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise SettingInvalid(f"{place}this is not YAML") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingInvalid("settings are names with values, such as language: es_PE")
    return {str(name): value for name, value in found.items()}


def _name(asking: Asking) -> str:
    name: str = asking.request.path_params["name"]
    return name


def _path(name: str) -> str:
    return f"{PATH}/{quote(name, safe='')}"


ROUTES = [
    Route(PATH, _list, methods=["GET"]),
    Route(PATH, _make, methods=["POST"]),
    Route(ONE, _show, methods=["GET"]),
    Route(ONE, _change, methods=["POST"]),
]
