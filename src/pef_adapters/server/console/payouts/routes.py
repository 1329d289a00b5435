"""The payout desk: what is due for each account, the bank files, and the buyer's link.

Bank details are shown masked. Whole ones leave in the file alone, which a form asks for.
"""

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.bank_files import registry
from pef_adapters.core.access import Permission
from pef_adapters.core.errors import PefError
from pef_adapters.core.states import State
from pef_adapters.engine.gate import payouts, refunds
from pef_adapters.engine.records import RefundSearch
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn
from pef_adapters.server.console.payouts import batches
from pef_adapters.server.console.refusals import Refused, refused

_DESK = "/console/payouts"
_MOST_BATCHES, _MOST_WAITING = 50, 100
_AWAITED = frozenset({State.AWAITING_BENEFICIARY})


@page
async def _desk(asking: Asking) -> Response:
    return await _drawn_desk(asking, None)


@page
async def _export(asking: Asking) -> Response:
    account_id = asking.request.path_params["account_id"]
    wanted = asking.form.get("format", "csv")
    try:
        made = await payouts.export(asking.ports, asking.actor, account_id, wanted)
    except PefError as error:
        if account_id not in await payouts.accounts(asking.ports, asking.actor):
            raise
        return await _drawn_desk(asking, refused(error))
    return await batches.drawn_batch(asking, made.batch_id, new=made)


@page
async def _ask(asking: Asking) -> Response:
    refund_id = asking.form.get("refund", "").strip()
    try:
        link = await payouts.ask_buyer(asking.ports, asking.actor, refund_id)
    except PefError as error:
        return await _drawn_desk(asking, refused(error))
    return drawn(asking, "payouts/link.html.jinja", link=link, refund_id=refund_id)


async def _drawn_desk(asking: Asking, refusal: Refused | None) -> Response:
    ports, actor = asking.ports, asking.actor
    names = await payouts.accounts(ports, actor)
    search = RefundSearch(states=_AWAITED, limit=_MOST_WAITING)
    return drawn(
        asking,
        "payouts/desk.html.jinja",
        refusal.status if refusal else 200,
        refusal=refusal,
        accounts={name: await payouts.due(ports, actor, name) for name in names},
        payable=await payouts.accounts(ports, actor, Permission.PAY_OUT),
        formats=registry.names(),
        chosen=asking.form.get("format", "csv"),
        typed=asking.form.get("refund", ""),
        batches=await payouts.batches(ports, actor, _MOST_BATCHES),
        awaited=await refunds.search(ports, actor, search),
    )


ROUTES = [
    Route(_DESK, _desk, methods=["GET"]),
    Route(_DESK + "/ask", _ask, methods=["POST"]),
    Route(_DESK + "/accounts/{account_id}/export", _export, methods=["POST"]),
    *batches.ROUTES,
]
