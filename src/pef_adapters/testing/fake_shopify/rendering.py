"""How the fake shop's pages are made: templates, forms, and the words on them.

What a refund's true state is, only our app's metafield knows; Shopify's own records say
what its transactions say.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import jinja2
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pef_adapters.core.states import State
from pef_adapters.testing.fake_shopify.shop import financial_status
from pef_adapters.testing.fake_shopify.site import Site
from pef_adapters.testing.fake_shopify.state import ZERO, Order, Refund
from pef_adapters.testing.fake_woocommerce.wording import Told, told

_STATES: Final = frozenset(State)
_STATUSES: Final = {
    "PENDING": "Pago pendiente",
    "PAID": "Pagado",
    "PARTIALLY_REFUNDED": "Parcialmente reembolsado",
    "REFUNDED": "Reembolsado",
    "VOIDED": "Anulado",
}
_TRANSACTIONS: Final = {
    "success": "correcta",
    "pending": "pendiente",
    "failure": "fallida",
    "error": "con error",
}


def status_name(order: Order) -> str:
    """An order's financial status as the admin shows it."""
    return "Cancelado" if order.cancelled else _STATUSES[financial_status(order)]


def money_moved(order: Order, refund: Refund) -> str:
    """What Shopify's own records say about a refund's money."""
    money = order.of_refund(refund.id)
    if not money:
        return "Solo repuso artículos: ningún dinero."
    settled = sum((t.amount for t in money if t.status == "success"), ZERO)
    if all(t.manual for t in money) and settled:
        return f"Shopify anotó {settled} como reembolsado, pero no movió dinero: método manual."
    return f"Shopify da por reembolsado {settled} de {sum((t.amount for t in money), ZERO)}."


def entries_of(order: Order) -> Mapping[str, JsonValue]:
    """Every refund's entry in the JSON metafields of the order, by the refund's number."""
    found: dict[str, JsonValue] = {}
    for metafield in order.metafields:
        if metafield.type == "json":
            found.update(_entries(json.loads(metafield.value)))
    return found


def told_of(order: Order) -> dict[int, Told]:
    """What our app says of each refund, in words."""
    entries = entries_of(order)
    return {refund.id: told(entries.get(str(refund.id))) for refund in order.refunds}


def page(site: Site, name: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A page of this shop."""
    html = _TEMPLATES.get_template(name).render(title=site.settings.title, **values)
    return HTMLResponse(html, status)


def message(site: Site, text: str, status: int = HTTPStatus.BAD_REQUEST) -> Response:
    """A page with one sentence."""
    return page(site, "message.html", status, text=text)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; of several with one name the first."""
    fields = parse_qs((await request.body()).decode(), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _entries(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Everything with a state of ours, wherever it stands, under the number that names it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, Mapping) and inner.get("state") in _STATES:
                yield key.rpartition("/")[2], inner
            else:
                yield from _entries(inner)


def _transaction_name(status: str) -> str:
    return _TRANSACTIONS[status]


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}"


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters.update(status_name=status_name, transaction_name=_transaction_name, plain=_plain)
