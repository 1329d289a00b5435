"""A refund by hand in two steps: find the payment, then refund of what is shown to remain."""

import secrets
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import NotAllowed, PefError, RestChanged
from pef_adapters.core.money import Money
from pef_adapters.engine.by_hand import LONGEST_REASON, Found, Press
from pef_adapters.engine.gate import by_hand
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved

_TEMPLATE: Final = "by_hand/press.html.jinja"
_KEY_BYTES: Final = 18


@page
async def _find(asking: Asking) -> Response:
    """Which payment? Once that is known, what remains of it, and the form to refund it."""
    query = asking.request.query_params
    return await _drawn(asking, query.get("store", ""), query.get("transaction", ""))


@page
async def _press(asking: Asking) -> Response:
    """Press the refund, and go to its page; a refusal shows what remains now."""
    form = asking.form
    store, transaction = form.get("store", ""), form.get("transaction", "")
    try:
        currency = form.get("currency", "")
        pressed = Press(
            transaction_id=transaction,
            order_number=form.get("order", ""),
            amount=Money.parse(form.get("amount", "").strip(), currency),
            expected_rest=Money.parse(form.get("rest", ""), currency),
            reason=form.get("reason", ""),
            person=asking.actor.name,
            key=form.get("key", ""),
        )
        refund = await by_hand.press(asking.ports, asking.actor, store, pressed)
    except NotAllowed:
        raise
    except PefError as refused:
        return await _drawn(asking, store, transaction, refused)
    return moved(f"/console/refunds/{refund.id}", "console.by_hand_pressed")


async def _drawn(
    asking: Asking, store: str, transaction: str, problem: PefError | None = None
) -> Response:
    stores = await by_hand.stores(asking.ports, asking.actor)
    if not stores:
        raise NotAllowed
    found: Found | None = None
    if store and transaction.strip():
        try:
            found = await by_hand.find(asking.ports, asking.actor, store, transaction)
        except PefError as fault:
            problem = problem or fault
    return drawn(
        asking,
        _TEMPLATE,
        HTTPStatus.OK if problem is None else problem.http_status,
        stores=stores,
        store=store,
        transaction=transaction,
        found=found,
        problem=problem,
        typed=asking.form,
        key=_key(asking, problem),
        longest=LONGEST_REASON,
    )


def _key(asking: Asking, problem: PefError | None) -> str:
    """The form's own key: a double click is one refund. A form that is shown anew gets another.

    After a fault outside the refund may be pressed all the same, so then the key stays.
    """
    kept = asking.form.get("key", "")
    if kept and problem is not None and problem.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return kept
    if kept and isinstance(problem, RestChanged):
        return kept  # nothing was done under it
    return secrets.token_urlsafe(_KEY_BYTES)


ROUTES = [
    Route("/console/by-hand", _find),
    Route("/console/refunds/new", _find),
    Route("/console/by-hand", _press, methods=["POST"]),
    Route("/console/refunds/new", _press, methods=["POST"]),
]
