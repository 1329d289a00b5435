"""VTEX DO: notes on an order, thirty at most. Any key of the account may write them.

What a list of notes looks like is not documented; `items` is what clients in the field
read, `paging` is ours.
"""

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from pef_adapters.testing.fake_vtex.auth import ApiError
from pef_adapters.testing.fake_vtex.rest import Account, Handler, bad_request, body_of
from pef_adapters.testing.fake_vtex.rest_orders import note_early_write
from pef_adapters.testing.fake_vtex.settings import AppKey, Role
from pef_adapters.testing.fake_vtex.shop import new_id
from pef_adapters.testing.fake_vtex.store_state import Note, Order
from pef_adapters.testing.fake_vtex.wire import Wire

_PER_PAGE, _MOST_PER_PAGE = 15, 30


async def add_note(account: Account, request: Request, key: AppKey) -> Any:
    """A note on an order; other targets are not kept here."""
    body = await body_of(request)
    target, description = body.get("target"), body.get("description")
    if not isinstance(target, dict) or not isinstance(description, str) or not body.get("domain"):
        raise bad_request("target, domain and description are required")
    order = _order(account, str(target.get("id", "")))
    note = Note(
        id=new_id(),
        at=account.shop.now(),
        domain=str(body["domain"]),
        target_type=str(target.get("type", "")),
        target_url=str(target.get("url", "")),
        description=description,
        key=key.key,
    )
    note_early_write(account, order)
    account.shop.add_note(order, note)
    return Wire(account.settings).note(note, order)


async def list_notes(account: Account, request: Request, _: AppKey) -> Any:
    """The notes of the order `target.id`, newest first."""
    order = _order(account, request.query_params.get("target.id", ""))
    size = min(int(request.query_params.get("perPage", _PER_PAGE)), _MOST_PER_PAGE)
    page = int(request.query_params.get("page", 1))
    notes = order.notes[::-1][(page - 1) * size : page * size]
    pages = -(-len(order.notes) // size)
    paging = {"total": len(order.notes), "pages": pages, "currentPage": page, "perPage": size}
    wire = Wire(account.settings)
    return {"items": [wire.note(note, order) for note in notes], "paging": paging}


ROUTES: Final[tuple[tuple[str, str, Role | None, Handler], ...]] = (
    ("/api/do/notes", "POST", None, add_note),
    ("/api/do/notes", "GET", None, list_notes),
)


def _order(account: Account, order_id: str) -> Order:
    order = account.state.orders.get(order_id)
    if order is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "1404", "Target not found")
    return order
