"""`/console/accounts`: merchant accounts, until when they are good, and their stores."""

from datetime import date
from typing import Final
from urllib.parse import quote

import yaml
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.costs import CostSettings, read_costs
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.gate import accounts, costs
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved

PATH: Final = "/console/accounts"
ONE: Final = PATH + "/{account_id}"


@page
async def _list(asking: Asking) -> Response:
    """The accounts that he may see."""
    found = await accounts.list_accounts(asking.ports, asking.actor)
    return drawn(asking, "accounts/list.html.jinja", found=found)


@page
async def _show(asking: Asking) -> Response:
    """One account."""
    view = await accounts.see(asking.ports, asking.actor, _id(asking))
    known = await costs.settings_of(asking.ports, asking.actor, view.id)
    return drawn(asking, "accounts/show.html.jinja", account=view, costs=_written(known))


@page
async def _renew(asking: Asking) -> Response:
    """Record until when documents and keys are good."""
    await accounts.renew(
        asking.ports,
        asking.actor,
        _id(asking),
        documents_until=_day(asking.form.get("documents_until", "")),
        keys_until=_day(asking.form.get("keys_until", "")),
    )
    return moved(f"{PATH}/{quote(_id(asking), safe='')}", "console.saved")


@page
async def _costs(asking: Asking) -> Response:
    """Write down the fees and exchange rates."""
    wanted = read_costs(asking.form.get("costs", "").strip() or "{}")
    await costs.set_costs(asking.ports, asking.actor, _id(asking), wanted)
    return moved(f"{PATH}/{quote(_id(asking), safe='')}", "console.saved")


def _written(known: CostSettings) -> str:
    """What is known of costs, as its owner would write it; empty where nothing is."""
    body = known.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True) if body else ""


def _day(text: str) -> date | None:
    """A day as browsers send it; None where none was chosen."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise SettingInvalid("write a day like 2027-06-30") from None


def _id(asking: Asking) -> str:
    account_id: str = asking.request.path_params["account_id"]
    return account_id


ROUTES = [
    Route(PATH, _list, methods=["GET"]),
    Route(ONE, _show, methods=["GET"]),
    Route(f"{ONE}/renew", _renew, methods=["POST"]),
    Route(f"{ONE}/costs", _costs, methods=["POST"]),
]
