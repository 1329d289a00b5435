"""The store as its owner sees it in a browser: orders, the refund button, one-click keys.

Plain forms that work without script; a few lines of it bring news to an open order.
The refund form carries what had been refunded when the page was loaded; the store
compares it without a lock, as WooCommerce does (section 1.9).
"""

import secrets
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_woocommerce.mailing import mailed
from pef_adapters.testing.fake_woocommerce.php_json import php_json
from pef_adapters.testing.fake_woocommerce.rest import Site
from pef_adapters.testing.fake_woocommerce.settings import ApiKey
from pef_adapters.testing.fake_woocommerce.shop import RefundRefused, record_of
from pef_adapters.testing.fake_woocommerce.state import Order
from pef_adapters.testing.fake_woocommerce.wording import refusal_text, status_name, told

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters.update(status_name=status_name, mailed=mailed)
_KEY_TIMEOUT: Final = 15.0


def page_routes(site: Site) -> list[Route]:
    """The pages of this store."""
    pages = _Pages(site)
    order = "/orders/{order:int}"
    return [
        Route("/", pages.orders),
        Route(order, pages.order),
        Route(f"{order}/refund", pages.refund, methods=["POST"]),
        Route(f"{order}/refunds/{{refund:int}}/delete", pages.delete_refund, methods=["POST"]),
        Route("/wc-auth/v1/authorize", pages.authorize),
        Route("/wc-auth/v1/authorize", pages.approve, methods=["POST"]),
    ]


class _Pages:
    """Handlers that share one store."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def orders(self, _: Request) -> Response:
        orders = sorted(self._site.shop.state.orders.values(), key=lambda o: -o.id)
        return self._page("orders.html", orders=orders)

    async def order(self, request: Request) -> Response:
        order = self._order(request)
        return self._order_page(order) if order else _not_found()

    async def refund(self, request: Request) -> Response:
        """The button "Refund manually"."""
        order, form = self._order(request), await _form(request)
        if order is None:
            return _not_found()
        try:
            self._site.shop.press_refund(
                order,
                Decimal(form["amount"]),
                form.get("reason", ""),
                refunded_before=Decimal(form["refunded"]),
            )
        except (KeyError, InvalidOperation):
            return self._order_page(order, refusal_text("Invalid refund amount"))
        except RefundRefused as refusal:
            return self._order_page(order, refusal_text(str(refusal)))
        return self._back(order)

    async def delete_refund(self, request: Request) -> Response:
        order = self._order(request)
        refund = order.refund(int(request.path_params["refund"])) if order else None
        if order is None or refund is None:
            return _not_found()
        self._site.shop.delete_refund(order, refund, silently=False)
        return self._back(order)

    async def authorize(self, request: Request) -> Response:
        """What the app asks for, and where its keys will go."""
        asked = dict(request.query_params)
        fault = self._fault(asked)
        if fault:
            return self._page("message.html", HTTPStatus.UNAUTHORIZED, text=fault)
        host = urlsplit(asked["callback_url"]).hostname
        return self._page("authorize.html", asked=asked, host=host)

    async def approve(self, request: Request) -> Response:
        """Make keys, post them unsigned to the callback; unless it says 200, forget them."""
        asked = await _form(request)
        fault = self._fault(asked)
        if fault:
            return self._page("message.html", HTTPStatus.UNAUTHORIZED, text=fault)
        if asked.get("answer") != "approve":
            return _returned(asked, success=0)
        key = self._new_key()
        if not await self._hand_over(key, asked):
            self._site.shop.state.keys.remove(key)
            text = "Error: an error occurred in the request and at the time were unable to send"
            return self._page("message.html", HTTPStatus.UNAUTHORIZED, text=f"{text} the keys.")
        self._site.shop.keep()
        return _returned(asked, success=1)

    def _fault(self, asked: dict[str, str]) -> str | None:
        for name in ("app_name", "user_id", "return_url", "callback_url", "scope"):
            if not asked.get(name):
                return f"Error: Missing parameter {name}"
        secure = asked["callback_url"].startswith("https://")
        if not secure and not self._site.settings.allow_http_callback:
            return "Error: The callback_url needs to be over SSL"
        return None

    def _new_key(self) -> ApiKey:
        key = ApiKey(
            key_id=self._site.shop.state.next_id(),
            consumer_key=f"ck_{secrets.token_hex(20)}",
            consumer_secret=f"cs_{secrets.token_hex(20)}",
        )
        self._site.shop.state.keys.append(key)
        return key

    async def _hand_over(self, key: ApiKey, asked: dict[str, str]) -> bool:
        body = {
            "key_id": key.key_id,
            "user_id": asked["user_id"],
            "consumer_key": key.consumer_key,
            "consumer_secret": key.consumer_secret,
            "key_permissions": key.permissions,
        }
        settings = self._site.settings
        headers = {
            "User-Agent": f"WordPress/{settings.wordpress_version}; {settings.home}",
            "Content-Type": "application/json;charset=UTF-8",
        }
        async with httpx.AsyncClient(timeout=_KEY_TIMEOUT) as client:
            try:
                url, content = asked["callback_url"], php_json(body)
                answer = await client.post(url, content=content, headers=headers)
            except httpx.HTTPError:
                return False
        return answer.status_code == HTTPStatus.OK

    def _order(self, request: Request) -> Order | None:
        return self._site.shop.state.orders.get(int(request.path_params["order"]))

    def _order_page(self, order: Order, fault: str | None = None) -> Response:
        record = record_of(order)
        entries = record if isinstance(record, dict) else {}
        told_of = {refund.id: told(entries.get(str(refund.id))) for refund in order.refunds}
        status = HTTPStatus.BAD_REQUEST if fault else HTTPStatus.OK
        return self._page("order.html", status, order=order, told_of=told_of, fault=fault)

    def _page(self, name: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        title = self._site.settings.title
        return HTMLResponse(_TEMPLATES.get_template(name).render(title=title, **values), status)

    def _back(self, order: Order) -> Response:
        return RedirectResponse(f"/orders/{order.id}", HTTPStatus.SEE_OTHER)


def _returned(asked: dict[str, str], success: int) -> Response:
    query = urlencode({"success": success, "user_id": asked["user_id"]})
    joint = "&" if "?" in asked["return_url"] else "?"
    return RedirectResponse(f"{asked['return_url']}{joint}{query}", HTTPStatus.SEE_OTHER)


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode(), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _not_found() -> Response:
    return HTMLResponse("<!DOCTYPE html><title>404</title>No hay tal pedido.", 404)
