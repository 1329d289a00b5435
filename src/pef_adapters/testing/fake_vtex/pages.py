"""The account as its people see it: the admin, the end of a checkout, mails, the suite.

Plain forms that work without script; a few lines of it bring news to an open order. What
a page shows of a refund is what VTEX paints, which is less than what is true.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_vtex import catalog
from pef_adapters.testing.fake_vtex.rest import Account
from pef_adapters.testing.fake_vtex.shop import Refused
from pef_adapters.testing.fake_vtex.store_state import Order
from pef_adapters.testing.fake_vtex.suite import Suite, SuiteOrder
from pef_adapters.testing.fake_vtex.wire_json import in_cents, in_text
from pef_adapters.testing.fake_vtex.wording import (
    moment,
    painted,
    payment_name,
    status_name,
    template_name,
)

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters.update(
    money=in_text,
    moment=moment,
    painted=painted,
    payment_name=payment_name,
    status_name=status_name,
    template_name=template_name,
)
_REFUSALS: Final = {
    "an invoiced or partially invoiced order can't be canceled": (
        "Un pedido facturado no se puede cancelar: use la devolución."
    ),
    "the order is canceled already": "El pedido ya estaba cancelado.",
    "a canceled order can't be invoiced": "Un pedido cancelado no se puede facturar.",
    "the payment is not approved": "El pago todavía no está aprobado.",
    "invoiceValue must be greater than 0": "El importe debe ser mayor que cero.",
    "the value is more than what was settled and not refunded yet": (
        "El importe es mayor que lo que queda por devolver."
    ),
    "the cart is empty": "El carrito está vacío.",
}


def page_routes(account: Account) -> list[Route]:
    """The pages of this account."""
    pages = _Pages(account)
    order = "/admin/orders/{order}"
    return [
        Route("/", pages.home),
        Route("/admin", pages.orders),
        Route("/admin/orders", pages.orders),
        Route("/admin/orders", pages.buy, methods=["POST"]),
        Route(order, pages.order),
        Route(f"{order}/cancel", pages.cancel, methods=["POST"]),
        Route(f"{order}/invoice", pages.invoice, methods=["POST"]),
        Route(f"{order}/return", pages.give_back, methods=["POST"]),
        Route("/admin/messages", pages.messages),
        Route("/admin/suite", pages.suite, methods=["GET", "POST"]),
        Route("/checkout/{group}", pages.checkout),
    ]


class _Pages:
    """Handlers that share one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def home(self, _: Request) -> Response:
        return RedirectResponse("/admin", HTTPStatus.SEE_OTHER)

    async def orders(self, request: Request) -> Response:
        wanted = request.query_params.get("q", "")
        return self._orders_page(wanted)

    async def buy(self, request: Request) -> Response:
        """A buyer's checkout; leads to the provider's page, where there is one."""
        form, account = await _form(request), self._account
        cart = {each.id: _quantity(form.get(f"sku-{each.id}", "")) for each in catalog.SKUS}
        try:
            orders = account.shop.place([cart], [], currency="PEN", email=form.get("email", ""))
        except Refused as refusal:
            return self._orders_page("", _told(refusal))
        payment = account.shop.open_payment(orders, account.settings.payment_method)
        await account.gateway.authorize(payment)
        where = payment.payment_url or f"/checkout/{payment.group}"
        return RedirectResponse(where, HTTPStatus.SEE_OTHER)

    async def order(self, request: Request) -> Response:
        order = self._order(request)
        return self._order_page(order) if order else _not_found()

    async def cancel(self, request: Request) -> Response:
        form = await _form(request)
        oms = self._account.oms
        return await self._pressed(request, lambda o: oms.cancel(o, form.get("reason", "")))

    async def invoice(self, request: Request) -> Response:
        return await self._pressed(request, self._account.oms.invoice)

    async def give_back(self, request: Request) -> Response:
        """The button that returns items, by their value."""
        form = await _form(request)
        try:
            value = in_cents(Decimal(form.get("amount", "")))
        except (InvalidOperation, ValueError):
            value = 0
        return await self._pressed(request, lambda o: self._account.oms.give_back(o, value))

    async def messages(self, _: Request) -> Response:
        state = self._account.state
        return self._page("messages.html", mails=state.mails[::-1], tasks=state.tasks[::-1])

    async def suite(self, request: Request) -> Response:
        """The homologation suite: a button, and what it found."""
        report = None
        if request.method == "POST":
            form = await _form(request)
            order = SuiteOrder(credentials=form.get("credentials") == "on")
            report = await Suite(self._account.gateway, self._account.callbacks, order).run()
            self._account.shop.keep()
        return self._page("suite.html", report=report)

    async def checkout(self, request: Request) -> Response:
        """Where the buyer comes back to."""
        orders = self._account.state.orders_of(request.path_params["group"])
        if not orders:
            return _not_found()
        payment = self._account.state.payment_of(orders[0].group)
        return self._page("checkout.html", orders=orders, payment=payment)

    async def _pressed(
        self, request: Request, press: Callable[[Order], Awaitable[object]]
    ) -> Response:
        order = self._order(request)
        if order is None:
            return _not_found()
        try:
            await press(order)
        except Refused as refusal:
            return self._order_page(order, _told(refusal))
        return RedirectResponse(f"/admin/orders/{order.id}", HTTPStatus.SEE_OTHER)

    def _order(self, request: Request) -> Order | None:
        return self._account.state.orders.get(request.path_params["order"])

    def _orders_page(self, wanted: str, fault: str | None = None) -> Response:
        orders = [o for o in self._account.state.orders.values() if wanted in {"", o.group, o.id}]
        status = HTTPStatus.BAD_REQUEST if fault else HTTPStatus.OK
        return self._page(
            "orders.html", status, orders=orders[::-1], skus=catalog.SKUS, fault=fault
        )

    def _order_page(self, order: Order, fault: str | None = None) -> Response:
        state, gateway = self._account.state, self._account.gateway
        payment = state.payment_of(order.group)
        status = HTTPStatus.BAD_REQUEST if fault else HTTPStatus.OK
        return self._page(
            "order.html",
            status,
            order=order,
            payment=payment,
            refunds=state.asks_of(payment, "refunds"),
            left=min(order.value - order.returned, gateway.refunding.left(payment)),
            tasks=[task for task in state.tasks if task.order_id == order.id],
            fault=fault,
        )

    def _page(self, name: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        title = self._account.settings.title
        return HTMLResponse(_TEMPLATES.get_template(name).render(title=title, **values), status)


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode(), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _quantity(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _told(refusal: Refused) -> str:
    """Why VTEX did nothing, with its own words behind it."""
    words = _REFUSALS.get(str(refusal))
    return f"{words} ({refusal})" if words else str(refusal)


def _not_found() -> Response:
    return HTMLResponse("<!DOCTYPE html><title>404</title>No hay tal pedido.", 404)
