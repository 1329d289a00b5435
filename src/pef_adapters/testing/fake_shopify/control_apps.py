"""The remote control's other half: apps, tokens, privacy requests and payment sessions."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.routing import Route

from pef_adapters.testing.fake_shopify import wire
from pef_adapters.testing.fake_shopify.app_records import PaymentSession, RefundSession
from pef_adapters.testing.fake_shopify.control import control_route
from pef_adapters.testing.fake_shopify.payments import NewPayment
from pef_adapters.testing.fake_shopify.settings import ShopifyApp
from pef_adapters.testing.fake_shopify.site import NotThere, Site
from pef_adapters.testing.fake_shopify.state import Order


class Installation(BaseModel):
    """Install an app as the owner would, without the walk through OAuth."""

    scopes: tuple[str, ...] = ()
    expiring: bool = True
    ready: bool = True


class Expiry(BaseModel):
    """Whose tokens expire now: of one app or of all, with or without their refresh tokens."""

    client_id: str | None = None
    refresh: bool = False


class Scopes(BaseModel):
    """What an app may do from now on."""

    scopes: tuple[str, ...]


class Privacy(BaseModel):
    """A buyer asks what is kept of him, or to be forgotten."""

    topic: Literal["customers/data_request", "customers/redact"]
    order: int


class Payment(BaseModel):
    """A buyer at the checkout who chooses the payments app."""

    amount: Decimal
    currency: str = "PEN"
    email: str = "cliente@example.test"
    test: bool = False
    locale: str = "es-PE"


async def deploy(site: Site, request: Request) -> Any:
    """The developer deploys his app, new or changed."""
    app = ShopifyApp.model_validate_json(await request.body())
    site.state.apps[app.client_id] = app
    site.shop.keep()
    return {"client_id": app.client_id}


async def install(site: Site, request: Request) -> Any:
    """Install an app; answers its tokens."""
    app = site.app(request)
    wanted = Installation.model_validate_json(await request.body() or b"{}")
    site.doorman.install(app, wanted.scopes)
    site.state.installs[app.client_id].ready = wanted.ready
    pair = site.doorman.issue(app, expiring=wanted.expiring)
    site.shop.keep()
    return {"access_token": pair.access_token, "refresh_token": pair.refresh_token}


async def uninstall(site: Site, request: Request) -> Any:
    """The merchant removes the app."""
    site.uninstall(site.app(request))
    return {}


async def redact_shop(site: Site, request: Request) -> Any:
    """48 hours after the removal: shop/redact, unless the app was installed again."""
    app = site.app(request)
    gone = app.client_id not in site.state.installs
    if gone:
        site.hooks.announce("shop/redact", _shop_named(site), only=app.client_id)
    return {"sent": gone}


async def change_scopes(site: Site, request: Request) -> Any:
    """The app's rights change: app/scopes_update."""
    app, wanted = site.app(request), Scopes.model_validate_json(await request.body())
    known = site.state.installs.get(app.client_id)
    if known is None:
        raise NotThere("The app is not installed.")
    previous, known.scopes = known.scopes, list(wanted.scopes)
    body = {"id": wire.SHOP_ID, "previous": previous, "current": known.scopes}
    body["updated_at"] = wire.local(site.shop.now())
    site.hooks.announce("app/scopes_update", body, only=app.client_id)
    site.shop.keep()
    return {}


async def session_token(site: Site, request: Request) -> Any:
    """A session token, as App Bridge hands it to the app's page."""
    return {"session_token": site.doorman.session_token(site.app(request))}


async def expire_tokens(site: Site, request: Request) -> Any:
    """Let offline tokens expire now."""
    wanted = Expiry.model_validate_json(await request.body() or b"{}")
    site.doorman.expire(wanted.client_id, refresh=wanted.refresh)
    site.shop.keep()
    return {}


async def privacy(site: Site, request: Request) -> Any:
    """Send a buyer's privacy request to every installed app that declared the topic."""
    wanted = Privacy.model_validate_json(await request.body())
    order = site.state.orders.get(wanted.order)
    if order is None:
        raise NotThere("There is no such order.")
    asks = wanted.topic == "customers/data_request"
    more = _data_request(site, order) if asks else {"orders_to_redact": [order.id]}
    body = _shop_named(site) | {"customer": wire.customer(order)} | more
    site.hooks.announce(wanted.topic, body)
    return {}


async def list_sessions(site: Site, _: Request) -> Any:
    """Every session, by its id."""
    return {
        "payments": {key: _payment(s) for key, s in site.state.payments.items()},
        "refunds": {key: _refund(s) for key, s in site.state.refund_sessions.items()},
    }


async def start_payment(site: Site, request: Request) -> Any:
    """Start a payment session; answers it, with where the app sends the buyer."""
    wanted = Payment.model_validate_json(await request.body())
    return _payment(await site.payments.start_payment(NewPayment(**dict(wanted))))


async def send_payment(site: Site, request: Request) -> Any:
    """Send a payment session once more, with the same id."""
    session = site.state.payments.get(request.path_params["session"])
    if session is None:
        raise NotThere("There is no such payment session.")
    return {"status": await site.payments.send_payment(session)}


async def send_refund(site: Site, request: Request) -> Any:
    """Send a refund session once more, as the merchant does by hand after a failure."""
    session = site.state.refund_sessions.get(request.path_params["session"])
    if session is None:
        raise NotThere("There is no such refund session.")
    status = await site.payments.send_refund(session)
    site.shop.keep()
    return {"status": status, "sent": session.sent}


def app_routes(site: Site) -> list[Route]:
    """All of them, for this shop."""
    app = "/apps/{client}"
    return [
        control_route(site, "/apps", "POST", deploy),
        control_route(site, f"{app}/install", "POST", install),
        control_route(site, f"{app}/uninstall", "POST", uninstall),
        control_route(site, f"{app}/redact", "POST", redact_shop),
        control_route(site, f"{app}/scopes", "POST", change_scopes),
        control_route(site, f"{app}/session-token", "GET", session_token),
        control_route(site, "/tokens/expire", "POST", expire_tokens),
        control_route(site, "/privacy", "POST", privacy),
        control_route(site, "/sessions", "GET", list_sessions),
        control_route(site, "/sessions/payments", "POST", start_payment),
        control_route(site, "/sessions/payments/{session}/send", "POST", send_payment),
        control_route(site, "/sessions/refunds/{session}/send", "POST", send_refund),
    ]


def _shop_named(site: Site) -> wire.Json:
    return {"shop_id": wire.SHOP_ID, "shop_domain": site.settings.domain}


def _data_request(site: Site, order: Order) -> wire.Json:
    return {"orders_requested": [order.id], "data_request": {"id": site.state.next_id()}}


def _payment(session: PaymentSession) -> dict[str, Any]:
    return session.model_dump(mode="json") | {"gid": wire.gid("PaymentSession", session.id)}


def _refund(session: RefundSession) -> dict[str, Any]:
    return session.model_dump(mode="json") | {"gid": wire.gid("RefundSession", session.id)}
