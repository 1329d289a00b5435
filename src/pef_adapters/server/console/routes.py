"""Every address of the console, room by room; what is none of them is a page that says so."""

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import NotThere
from pef_adapters.server.console import static_files
from pef_adapters.server.console.account import passkeys as account_passkeys
from pef_adapters.server.console.account import routes as account
from pef_adapters.server.console.accounts import routes as accounts
from pef_adapters.server.console.agencies import routes as agencies
from pef_adapters.server.console.approvals import routes as approvals
from pef_adapters.server.console.asking import HOME, Asking, page
from pef_adapters.server.console.audit import routes as audit
from pef_adapters.server.console.by_hand import routes as by_hand
from pef_adapters.server.console.drawing import moved
from pef_adapters.server.console.payouts import routes as payouts
from pef_adapters.server.console.people import routes as people
from pef_adapters.server.console.policies import routes as policies
from pef_adapters.server.console.refunds import routes as refunds
from pef_adapters.server.console.sign_in import passkeys as sign_in_passkeys
from pef_adapters.server.console.sign_in import routes as sign_in
from pef_adapters.server.console.stores import routes as stores
from pef_adapters.server.console.today import routes as today


@page
async def _nowhere(asking: Asking) -> Response:
    """The page for an address under which there is nothing."""
    if not asking.request.path_params["rest"]:
        return moved(HOME)
    raise NotThere("there is no such page; use the menu")


ROUTES = [
    *static_files.ROUTES,
    *approvals.ROUTES,
    *payouts.ROUTES,
    *policies.ROUTES,
    *by_hand.ROUTES,
    *refunds.ROUTES,
    *sign_in.ROUTES,
    *sign_in_passkeys.ROUTES,
    *today.ROUTES,
    *people.ROUTES,
    *stores.ROUTES,
    *agencies.ROUTES,
    *accounts.ROUTES,
    *audit.ROUTES,
    *account.ROUTES,
    *account_passkeys.ROUTES,
    Route("/console/{rest:path}", _nowhere, methods=["GET", "POST"]),
]
