"""`/console/stores`: how stores stand, their settings, and the codes that connect them."""

from typing import Final
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.gate import agencies, stores
from pef_adapters.engine.gate.stores import StoreFilter
from pef_adapters.platforms import registry
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.stores.fields import PREFIX, fields_of, settings_in

PATH: Final = "/console/stores"
ONE: Final = PATH + "/{store_id}"
_FOLLOW: Final = "agency"
_MOST_DIGITS: Final = 6


@page
async def _list(asking: Asking) -> Response:
    """One page of the stores that fit."""
    asked = asking.request.query_params
    names = ("text", "platform", "mode", "agency", "standing")
    given = {name: asked.get(name, "").strip() for name in names}
    found = await stores.list_stores(
        asking.ports,
        asking.actor,
        StoreFilter(**given),
        _number(asked.get("page", "")),
    )
    kept = urlencode({name: value for name, value in given.items() if value})
    return drawn(
        asking,
        "stores/list.html.jinja",
        found=found,
        asked=given,
        query=f"{kept}&" if kept else "",
        platforms=registry.names(),
        agencies=[each.agency for each in await agencies.list_agencies(asking.ports, asking.actor)],
    )


@page
async def _show(asking: Asking) -> Response:
    """One store."""
    view = await stores.see(asking.ports, asking.actor, _id(asking))
    adapter = asking.ports.platforms.named(view.standing.head.platform)
    return drawn(
        asking,
        "stores/show.html.jinja",
        view=view,
        head=view.standing.head,
        fields=fields_of(asking.ports, view),
        prefix=PREFIX,
        spoken=LANGUAGES,
        has_plugin=adapter.one_click is not None,
        links_up=stores.links_up(view.standing.head),
    )


@page
async def _check(asking: Asking) -> Response:
    """Check it now."""
    await stores.check(asking.ports, asking.actor, _id(asking))
    return moved(_path(_id(asking)), "console.stores_checked")


@page
async def _change(asking: Asking) -> Response:
    """Change what it says itself."""
    view = await stores.see(asking.ports, asking.actor, _id(asking))
    fields = fields_of(asking.ports, view)
    language = asking.form.get("language", "")
    await stores.change(
        asking.ports,
        asking.actor,
        _id(asking),
        settings_in(fields, asking.form) if fields else None,
        language=language if language not in {"", _FOLLOW} else None,
        follow_agency=language == _FOLLOW,
    )
    return moved(_path(_id(asking)), "console.saved")


@page
async def _move(asking: Asking) -> Response:
    """Put it under another agency, or under none."""
    agency = asking.form.get("agency", "").strip() or None
    await stores.move(asking.ports, asking.actor, _id(asking), agency)
    return moved(_path(_id(asking)), "console.saved")


@page
async def _plugin_code(asking: Asking) -> Response:
    """The code for its plugin, shown once."""
    code = await stores.plugin_code(asking.ports, asking.actor, _id(asking))
    return drawn(asking, "stores/code.html.jinja", code=code, store_id=_id(asking))


@page
async def _link_up_code(asking: Asking) -> Response:
    """The code for its platform's admin, shown once."""
    code = await stores.link_up_code(asking.ports, asking.actor, _id(asking))
    return drawn(asking, "stores/code.html.jinja", code=code, store_id=_id(asking))


def _number(text: str) -> int:
    """A page's number as an address has it; the first where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 1


def _id(asking: Asking) -> str:
    store_id: str = asking.request.path_params["store_id"]
    return store_id


def _path(store_id: str) -> str:
    return f"{PATH}/{quote(store_id, safe='')}"


ROUTES = [
    Route(PATH, _list, methods=["GET"]),
    Route(ONE, _show, methods=["GET"]),
    Route(f"{ONE}/check", _check, methods=["POST"]),
    Route(f"{ONE}/settings", _change, methods=["POST"]),
    Route(f"{ONE}/agency", _move, methods=["POST"]),
    Route(f"{ONE}/plugin-code", _plugin_code, methods=["POST"]),
    Route(f"{ONE}/link-up-code", _link_up_code, methods=["POST"]),
]
