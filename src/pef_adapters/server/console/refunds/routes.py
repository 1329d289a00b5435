"""Refunds: search, follow, try again, settle, pay out by hand, withdraw, take a bundle along."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.errors import InvalidInput, NotThere
from pef_adapters.core.states import CARE, State
from pef_adapters.core.texts import known
from pef_adapters.engine.by_hand import LONGEST_REASON
from pef_adapters.engine.gate import refunds
from pef_adapters.engine.records import Refund
from pef_adapters.engine.refund_search import MOST_ROWS
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.refunds.sought import PAGE, fields_of, query_of, read

_CURRENCIES: Final = ("PEN", "USD")
_ORDER_TOLD: Final = "order told: "
# Lines of a story that are no event of the state table.
_SAID_OTHERWISE: Final = {
    "deadline set": "deadline",
    "attention no longer needed": "attention_over",
    "order can't be told": "order_stuck",
    "buyer asked for bank details": "buyer_asked",
    "link for the buyer made": "link",
}


@page
async def _list(asking: Asking) -> Response:
    """The search form, and a page of what was found, newest first."""
    query = asking.request.query_params
    fields, problem, found = fields_of(query), None, list[Refund]()
    try:
        sought = read(fields, query.get("after", ""))
        found = await refunds.search(asking.ports, asking.actor, sought.wanted, sought.buyer)
    except InvalidInput as refused:
        problem = refused
    shown = found[:PAGE]
    return drawn(
        asking,
        "refunds/list.html.jinja",
        HTTPStatus.OK if problem is None else problem.http_status,
        fields=fields,
        problem=problem,
        found=shown,
        older=query_of(fields, shown[-1]) if len(found) > PAGE else "",
        export=query_of(fields),
        stores=await refunds.stores(asking.ports, asking.actor),
        states=tuple(State),
        currencies=_CURRENCIES,
        care=CARE,
        most=MOST_ROWS,
    )


@page
async def _export(asking: Asking) -> Response:
    """The whole search as a CSV file; what can't be searched is refused before it begins."""
    sought = read(fields_of(asking.request.query_params))
    pieces = refunds.export(asking.ports, asking.actor, sought.wanted, sought.buyer)
    first = await anext(pieces)
    return StreamingResponse(
        _joined(first, pieces),
        media_type="text/csv; charset=utf-8",
        headers=_as_file("refunds.csv"),
    )


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


@page
async def _show(asking: Asking) -> Response:
    """One refund: where it stands, why, what happened, and what this person can do."""
    refund_id = asking.request.path_params["refund"]
    found = await refunds.lay_out(asking.ports, asking.actor, refund_id, asking.language)
    refund = found.story.refund
    return drawn(
        asking,
        "refunds/refund.html.jinja",
        found=found,
        story=found.story,
        refund=refund,
        seen=_seen(refund),
        did=_did,
        deadline=refund.deadline_at.astimezone(LIMA) if refund.deadline_at else None,
        longest=LONGEST_REASON,
    )


@page
async def _act(asking: Asking) -> Response:
    """Do what a button says, unless the refund has moved on since the button was shown."""
    refund_id, what = (asking.request.path_params[name] for name in ("refund", "what"))
    here = f"/console/refunds/{refund_id}"
    if what not in _ACTS:
        raise NotThere("there is no such button")
    stands = await refunds.look(asking.ports, asking.actor, refund_id)
    if asking.form.get("seen") != _seen(stands):
        return moved(here, "console.refunds_moved_on")
    await _ACTS[what](asking, refund_id)
    return moved(here, f"console.refunds_done_{what}")


@page
async def _bundle(asking: Asking) -> Response:
    """Everything about one refund as a ZIP file."""
    refund_id = asking.request.path_params["refund"]
    body = await refunds.bundle(asking.ports, asking.actor, refund_id, asking.language)
    return Response(body, media_type="application/zip", headers=_as_file(f"{refund_id}.zip"))


async def _retry(asking: Asking, refund_id: str) -> None:
    await refunds.retry(asking.ports, asking.actor, refund_id)


async def _payout(asking: Asking, refund_id: str) -> None:
    await refunds.choose_payout(asking.ports, asking.actor, refund_id)


async def _paid(asking: Asking, refund_id: str) -> None:
    _require_confirmed(asking)
    await refunds.settle(asking.ports, asking.actor, refund_id, paid=True)


async def _unpaid(asking: Asking, refund_id: str) -> None:
    _require_confirmed(asking)
    await refunds.settle(asking.ports, asking.actor, refund_id, paid=False)


async def _deadline(asking: Asking, refund_id: str) -> None:
    at = _lima_moment(asking.form.get("at", "").strip())
    await refunds.set_deadline(asking.ports, asking.actor, refund_id, at)


async def _withdraw(asking: Asking, refund_id: str) -> None:
    await refunds.withdraw(asking.ports, asking.actor, refund_id, asking.form.get("why", ""))


_ACTS: Final[Mapping[str, Callable[[Asking, str], Awaitable[None]]]] = {
    "retry": _retry,
    "payout": _payout,
    "paid": _paid,
    "unpaid": _unpaid,
    "deadline": _deadline,
    "withdraw": _withdraw,
}


def _require_confirmed(asking: Asking) -> None:
    if asking.form.get("confirmed") != "yes":
        raise InvalidInput("say that you have seen it yourself: tick the box, then press again")


def _lima_moment(text: str) -> datetime | None:
    """What a browser's field for day and hour says, on Lima's clocks."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=LIMA)
    except ValueError:
        raise InvalidInput("write a time such as 2026-11-30T18:00") from None


def _seen(refund: Refund) -> str:
    """What a form was shown; whatever people could mind changes it."""
    return f"{refund.revision}/{refund.state}/{refund.updated_at.isoformat()}"


def _did(what: str) -> str | None:
    """The text key of what a line of the story says; None: it is shown as it is."""
    name = "order" if what.startswith(_ORDER_TOLD) else _SAID_OTHERWISE.get(what, what)
    key = f"console.refunds_did_{name}"
    return key if known(key) else None


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


ROUTES = [
    Route("/console/refunds", _list),
    Route("/console/refunds/export.csv", _export),
    Route("/console/refunds/{refund}", _show),
    Route("/console/refunds/{refund}/bundle.zip", _bundle),
    Route("/console/refunds/{refund}/{what}", _act, methods=["POST"]),
]
