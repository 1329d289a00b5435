"""`/console/audit`: what was done or refused in one's stores, newest first, page by page."""

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.access import Permission
from pef_adapters.core.errors import NotAllowed, SettingInvalid
from pef_adapters.engine.gate.audits import audits
from pef_adapters.engine.records import AuditSearch
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn

PATH: Final = "/console/audit"
_PAGE: Final = 100
_MOST_FIGURES: Final = 18


@page
async def show(asking: Asking) -> Response:
    """One page of entries."""
    if not asking.actor.places(Permission.SEE_AUDIT):
        raise NotAllowed
    asked = asking.request.query_params
    wanted = {name: asked.get(name, "").strip() for name in ("actor", "subject")}
    search = AuditSearch(
        actor=wanted["actor"],
        subject=wanted["subject"],
        before=_before(asked.get("before", "")),
        limit=_PAGE + 1,
    )
    found = await audits(asking.ports, asking.actor, search)
    shown = found[:_PAGE]
    older = f"{PATH}?{urlencode({**wanted, 'before': shown[-1].id})}" if found[_PAGE:] else ""
    return drawn(asking, "audit/list.html.jinja", entries=shown, older=older, wanted=wanted)


def _before(typed: str) -> int | None:
    """The entry behind which to go on.

    Raises:
        SettingInvalid: it is no entry's number.
    """
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > _MOST_FIGURES:
        raise SettingInvalid("older entries are reached by the link at the end of the list")
    return int(typed)


ROUTES = [Route(PATH, show)]
