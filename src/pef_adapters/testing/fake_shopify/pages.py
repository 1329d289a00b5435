"""The shop's admin as its merchant sees it in a browser: orders, refunds, apps, the checkout.

Plain forms that work without script; a few lines of it bring news to an open order.
"""

import json
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_shopify.control import merchant_webhook
from pef_adapters.testing.fake_shopify.oauth import opening_query
from pef_adapters.testing.fake_shopify.payments import NewPayment, NoPaymentsApp
from pef_adapters.testing.fake_shopify.rendering import (
    form_of,
    message,
    money_moved,
    page,
    told_of,
)
from pef_adapters.testing.fake_shopify.settings import Subscription
from pef_adapters.testing.fake_shopify.shop import RefundForm, RefundRefused
from pef_adapters.testing.fake_shopify.site import Site
from pef_adapters.testing.fake_shopify.state import Order


def page_routes(site: Site) -> list[Route]:
    """The pages of this shop."""
    pages = _Pages(site)
    order = "/admin/orders/{order:int}"
    return [
        Route("/", pages.home),
        Route("/admin", pages.orders),
        Route(order, pages.order),
        Route(f"{order}/refund", pages.refund, methods=["POST"]),
        Route(f"{order}/cancel", pages.cancel, methods=["POST"]),
        Route("/admin/sessions/{session}/send", pages.send_again, methods=["POST"]),
        Route("/admin/apps", pages.apps),
        Route("/admin/apps/{client}", pages.open_app),
        Route("/admin/apps/{client}/uninstall", pages.uninstall, methods=["POST"]),
        Route("/admin/webhooks", pages.add_webhook, methods=["POST"]),
        Route("/admin/checkout", pages.checkout, methods=["POST"]),
        Route("/checkouts/{session}", pages.cancelled),
        Route("/checkouts/{session}/return", pages.returned),
    ]


class _Pages:
    """Handlers that share one shop."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def home(self, _: Request) -> Response:
        return RedirectResponse("/admin", HTTPStatus.SEE_OTHER)

    async def orders(self, _: Request) -> Response:
        orders = sorted(self._site.state.orders.values(), key=lambda o: -o.number)
        return page(self._site, "orders.html", orders=orders)

    async def order(self, request: Request) -> Response:
        order = self._order(request)
        return self._order_page(order) if order else self._not_found()

    async def refund(self, request: Request) -> Response:
        """The button "Reembolsar"."""
        order, form = self._order(request), await form_of(request)
        if order is None:
            return self._not_found()
        try:
            amounts = (Decimal(form["amount"]),)
            wanted = RefundForm(amounts=amounts, note=form.get("note", ""))
            self._site.shop.press_refund(order, wanted)
        except (KeyError, InvalidOperation):
            return self._order_page(order, "El importe no es válido.")
        except RefundRefused as refusal:
            return self._order_page(order, f"No se puede reembolsar tanto. ({refusal})")
        return self._back(order)

    async def cancel(self, request: Request) -> Response:
        order = self._order(request)
        if order is None:
            return self._not_found()
        self._site.shop.cancel(order)
        return self._back(order)

    async def send_again(self, request: Request) -> Response:
        """The merchant tries once more what could not be sent to the payments app."""
        session = self._site.state.refund_sessions.get(request.path_params["session"])
        order = self._site.state.orders.get(session.order_id) if session else None
        if session is None or order is None:
            return self._not_found()
        await self._site.payments.send_refund(session)
        self._site.shop.keep()
        return self._back(order)

    async def apps(self, _: Request) -> Response:
        state, settings = self._site.state, self._site.settings
        hooks = [hook for hook in state.webhooks.values() if hook.client_id is None]
        return page(self._site, "apps.html", state=state, hooks=hooks, settings=settings)

    async def open_app(self, request: Request) -> Response:
        """Lead to the app's own page, signed and with a session token."""
        app = self._site.state.apps.get(request.path_params["client"])
        if app is None or not app.app_url:
            return self._not_found()
        joint = "&" if "?" in app.app_url else "?"
        url = f"{app.app_url}{joint}{opening_query(self._site, app)}"
        return RedirectResponse(url, HTTPStatus.SEE_OTHER)

    async def uninstall(self, request: Request) -> Response:
        app = self._site.state.apps.get(request.path_params["client"])
        if app is None:
            return self._not_found()
        self._site.uninstall(app)
        return RedirectResponse("/admin/apps", HTTPStatus.SEE_OTHER)

    async def add_webhook(self, request: Request) -> Response:
        """Settings, Notifications, Webhooks."""
        form = await form_of(request)
        wanted = Subscription(topic=form.get("topic", ""), uri=form.get("uri", ""))
        merchant_webhook(self._site, wanted)
        return RedirectResponse("/admin/apps", HTTPStatus.SEE_OTHER)

    async def checkout(self, request: Request) -> Response:
        """A buyer pays by the payments app: it is asked, and the browser goes where it says."""
        form = await form_of(request)
        try:
            wanted = NewPayment(amount=Decimal(form["amount"]))
            session = await self._site.payments.start_payment(wanted)
        except (KeyError, InvalidOperation):
            return message(self._site, "El importe no es válido.")
        except NoPaymentsApp:
            return message(self._site, "Ninguna app de pagos está instalada y lista.")
        if session.redirect_url is None:
            return message(self._site, "La app de pagos no respondió como debe.")
        return RedirectResponse(session.redirect_url, HTTPStatus.SEE_OTHER)

    async def cancelled(self, request: Request) -> Response:
        return self._checkout(request, "El comprador volvió sin pagar.")

    async def returned(self, request: Request) -> Response:
        return self._checkout(request, "El comprador volvió a la tienda. Gracias por su compra.")

    def _checkout(self, request: Request, text: str) -> Response:
        session = self._site.state.payments.get(request.path_params["session"])
        if session is None:
            return self._not_found()
        return page(self._site, "checkout.html", session=session, text=text)

    def _order(self, request: Request) -> Order | None:
        return self._site.state.orders.get(int(request.path_params["order"]))

    def _order_page(self, order: Order, fault: str | None = None) -> Response:
        sessions = self._site.state.refund_sessions
        status = HTTPStatus.BAD_REQUEST if fault else HTTPStatus.OK
        return page(
            self._site,
            "order.html",
            status,
            order=order,
            told_of=told_of(order),
            moved={refund.id: money_moved(order, refund) for refund in order.refunds},
            sessions={t.id: sessions.get(t.session_id or "") for t in order.transactions},
            pretty={m.id: _pretty(m.value) for m in order.metafields},
            fault=fault,
        )

    def _back(self, order: Order) -> Response:
        return RedirectResponse(f"/admin/orders/{order.id}", HTTPStatus.SEE_OTHER)

    def _not_found(self) -> Response:
        return message(self._site, "No hay tal cosa en esta tienda.", HTTPStatus.NOT_FOUND)


def _pretty(value: str) -> str:
    try:
        return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    except ValueError:
        return value
