"""The store's order API: reading, cancelling, invoicing, returning, the history, the hook."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from pef_adapters.testing.fake_vtex.auth import ApiError
from pef_adapters.testing.fake_vtex.oms import lines_of
from pef_adapters.testing.fake_vtex.rest import Account, Handler, bad_request, body_of
from pef_adapters.testing.fake_vtex.settings import AppKey, Role
from pef_adapters.testing.fake_vtex.store_state import Hook, Order
from pef_adapters.testing.fake_vtex.wire import Wire, receipt
from pef_adapters.testing.fake_vtex.wire_json import Json

_MOST_PAGES, _MOST_PER_PAGE, _PER_PAGE = 30, 100, 15
_RANGE: Final = re.compile(r"(\w+):\[(\S+) TO (\S+)\]\Z")
_DATES: Final[Mapping[str, Callable[[Order], datetime | None]]] = {
    "creationDate": lambda order: order.created,
    "authorizedDate": lambda order: order.authorized,
    "invoicedDate": lambda order: order.invoiced,
}


async def list_orders(account: Account, request: Request, _: AppKey) -> Any:
    """The documented filters only; no filter and no field tells of the last change."""
    fits = [_filter(name, value) for name, value in _filters(request)]
    found = [o for o in account.state.orders.values() if all(fit(o) for fit in fits)]
    found.sort(key=lambda order: order.created, reverse=not _ascending(request))
    page, size = _number(request, "page", 1), _number(request, "per_page", _PER_PAGE)
    if page > _MOST_PAGES or size > _MOST_PER_PAGE:
        raise bad_request("at most 30 pages of at most 100 orders")
    shown = found[(page - 1) * size : page * size]
    paging = {
        "total": len(found),
        "pages": -(-len(found) // size),
        "currentPage": page,
        "perPage": size,
    }
    wire = Wire(account.settings)
    return {"list": [wire.summary(order) for order in shown], "paging": paging}


async def show_order(account: Account, request: Request, _: AppKey) -> Any:
    """One order."""
    return _shown(account, account.order(request))


async def show_group(account: Account, request: Request, _: AppKey) -> Any:
    """All orders of one purchase; an unknown group has none."""
    orders = account.state.orders_of(request.path_params["group"])
    return [_shown(account, order) for order in orders]


async def add_interaction(account: Account, request: Request, _: AppKey) -> Any:
    """A line of the order's history; nothing is answered but 200."""
    order = account.order(request)
    body = await body_of(request)
    source, message = body.get("source"), body.get("message")
    if not (isinstance(source, str) and isinstance(message, str) and source and message):
        raise bad_request("source and message are required")
    note_early_write(account, order)
    account.shop.add_interaction(order, source, message)
    return None


async def cancel(account: Account, request: Request, _: AppKey) -> Any:
    """Cancel the order."""
    order = account.order(request)
    body = await body_of(request) if await request.body() else {}
    await account.oms.cancel(order, str(body.get("reason", "")))
    return receipt(order, None, account.shop.now())


async def invoice(account: Account, request: Request, _: AppKey) -> Any:
    """Invoice (`Output`) or return (`Input`); values are texts of cents."""
    order, body = account.order(request), await body_of(request)
    value = str(body.get("invoiceValue", ""))
    if not value.isdigit():
        raise bad_request("invoiceValue is a text of cents")
    items = lines_of(body.get("items") or [])
    if body.get("type") == "Output":
        package = await account.oms.invoice(order, int(value))
    elif body.get("type") == "Input":
        number = str(body.get("invoiceNumber") or "")
        package = await account.oms.give_back(order, int(value), number=number, items=items)
    else:
        raise bad_request("type is Output or Input")
    return receipt(order, package, account.shop.now())


async def set_hook(account: Account, request: Request, key: AppKey) -> Any:
    """Configure the hook of this AppKey."""
    body = await body_of(request)
    chosen, target = body.get("filter"), body.get("hook")
    if not isinstance(chosen, dict) or not isinstance(target, dict):
        raise bad_request("filter and hook are required")
    await account.hooks.configure(_hook(key, chosen, target, account.shop.now()))
    account.shop.keep()
    return _shown_hook(account.state.hooks[key.key])


async def show_hook(account: Account, _: Request, key: AppKey) -> Any:
    """The hook of this AppKey, with the headers it was given."""
    hook = account.state.hooks.get(key.key)
    if hook is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "1404", "Hook configuration not found")
    return _shown_hook(hook)


async def remove_hook(account: Account, _: Request, key: AppKey) -> Any:
    """Remove the hook of this AppKey."""
    account.state.hooks.pop(key.key, None)
    account.shop.keep()
    return None


def note_early_write(account: Account, order: Order) -> None:
    """Remember who writes to an order while the gateway waits for an answer about it.

    The gateway keeps its state in memory until then (platforms/vtex.md, section 3).
    """
    payment = account.state.payment_of(order.group)
    if account.gateway.caller.in_flight[payment.id]:
        account.state.early_writes.append(order.id)


_ORDER: Final = "/api/oms/pvt/orders/{order}"
_HOOK: Final = "/api/orders/hook/config"
ROUTES: Final[tuple[tuple[str, str, Role | None, Handler], ...]] = (
    ("/api/oms/pvt/orders", "GET", "view_order", list_orders),
    ("/api/oms/pvt/orders/order-group/{group}", "GET", "view_order", show_group),
    (_ORDER, "GET", "view_order", show_order),
    (f"{_ORDER}/interactions", "POST", "orders_full_access", add_interaction),
    (f"{_ORDER}/cancel", "POST", "orders_full_access", cancel),
    (f"{_ORDER}/invoice", "POST", "orders_full_access", invoice),
    (_HOOK, "POST", "hook_admin", set_hook),
    (_HOOK, "GET", "hook_admin", show_hook),
    (_HOOK, "DELETE", "hook_admin", remove_hook),
)


def _shown(account: Account, order: Order) -> Json:
    return Wire(account.settings).order(order, account.state.payment_of(order.group))


def _filters(request: Request) -> Sequence[tuple[str, str]]:
    return [(n, v) for n, v in request.query_params.items() if n.startswith("f_") or n == "q"]


def _filter(name: str, value: str) -> Callable[[Order], bool]:
    """One filter of the list.

    Raises:
        ApiError: it is not documented, or can't be read.
    """
    if name == "q":
        return lambda order: value in {order.id, order.group, order.email}
    if name == "f_status":
        return lambda order: order.status in value.split(",")
    if name == "f_hasInputInvoice":
        return lambda order: (order.returned > 0) == (value == "true")
    match = _RANGE.match(value)
    if match is None or name != f"f_{match[1]}" or match[1] not in _DATES:
        raise bad_request(f"{name}={value} is not a documented filter")
    date, since, until = _DATES[match[1]], _moment(match[2]), _moment(match[3])
    return lambda order: (at := date(order)) is not None and since <= at <= until


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"{text} is no time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ascending(request: Request) -> bool:
    return request.query_params.get("orderBy", "") == "creationDate,asc"


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, str(otherwise))
    if not text.isdigit() or int(text) < 1:
        raise bad_request(f"{name} must be a number above 0")
    return int(text)


def _hook(key: AppKey, chosen: Json, target: Json, at: datetime) -> Hook:
    kind, url, headers = chosen.get("type"), target.get("url"), target.get("headers") or {}
    if kind not in {"FromWorkflow", "FromOrders"} or not isinstance(url, str):
        raise bad_request("a hook has a filter of a known type and a url")
    return Hook(
        key=key.key,
        url=url,
        headers={str(name): str(value) for name, value in headers.items()},
        filter_type=kind,
        statuses=[str(status) for status in chosen.get("status") or []],
        expression=str(chosen.get("expression") or ""),
        single_fire=not chosen.get("disableSingleFire", False),
        last_event=at,
    )


def _shown_hook(hook: Hook) -> Json:
    chosen: Json = {"type": hook.filter_type}
    if hook.filter_type == "FromWorkflow":
        chosen["status"] = hook.statuses
    else:
        chosen |= {"expression": hook.expression, "disableSingleFire": not hook.single_fire}
    return {"filter": chosen, "hook": {"url": hook.url, "headers": hook.headers}}
