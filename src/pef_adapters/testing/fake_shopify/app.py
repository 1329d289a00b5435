"""The fake Shopify as a server: the real wire, pages for people, a remote control."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from pef_adapters.testing.fake_shopify import (
    admin_mutations,
    admin_queries,
    catalog,
    session_mutations,
)
from pef_adapters.testing.fake_shopify.app_records import TokenPair
from pef_adapters.testing.fake_shopify.auth import Doorman
from pef_adapters.testing.fake_shopify.control import control_routes, merchant_webhook
from pef_adapters.testing.fake_shopify.control_apps import app_routes
from pef_adapters.testing.fake_shopify.costs import Buckets
from pef_adapters.testing.fake_shopify.graphql_api import Api, api_route
from pef_adapters.testing.fake_shopify.hooks import Hooks
from pef_adapters.testing.fake_shopify.oauth import oauth_routes
from pef_adapters.testing.fake_shopify.pages import page_routes
from pef_adapters.testing.fake_shopify.payments import PaymentsPlatform
from pef_adapters.testing.fake_shopify.settings import ShopSettings
from pef_adapters.testing.fake_shopify.shop import NewOrder, Shop
from pef_adapters.testing.fake_shopify.site import Site
from pef_adapters.testing.fake_shopify.state import ShopState, load, save

_BROKEN_ON_PURPOSE: Final = "ASGI callable returned without completing response."
_PAYMENTS_SCOPE: Final = "write_payment_sessions"


def system_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def create_app(settings: ShopSettings, now: Callable[[], datetime] = system_now) -> Starlette:
    """A shop with its own state; two apps share nothing but a `state_file`."""
    site = open_site(settings, now)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if settings.demo_orders and not site.state.orders:
            _place_demo_orders(site.shop)
        couriers = (site.hooks.courier.run(), site.payments.courier.run())
        tasks = [asyncio.create_task(running) for running in couriers]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return Starlette(
        routes=[
            *api_routes(site),
            *oauth_routes(site),
            *control_routes(site),
            *app_routes(site),
            *page_routes(site),
        ],
        lifespan=lifespan,
    )


def run(settings: ShopSettings) -> None:
    """Serve until interrupted."""
    _server(settings).run()


@contextlib.contextmanager
def running(settings: ShopSettings) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the address to reach the shop at.

    Raises:
        RuntimeError: the server did not start, for instance because the port is taken.
    """
    server = _server(settings)
    thread = threading.Thread(target=server.run, name="fake-shopify", daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            raise RuntimeError(f"the fake shop could not listen on port {settings.port}")
    try:
        yield settings.home
    finally:
        server.should_exit = True
        thread.join()


def _server(settings: ShopSettings) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
    )
    logging.getLogger("uvicorn.error").addFilter(_not_on_purpose)
    return uvicorn.Server(config)


def _not_on_purpose(record: logging.LogRecord) -> bool:
    """Whether a message is worth reading: connections that a mood breaks are not."""
    return record.getMessage() != _BROKEN_ON_PURPOSE


def api_routes(site: Site) -> list[Route]:
    """The shop's two GraphQL APIs alone."""
    return [api_route(site, api) for api in _apis(site.settings)]


def _apis(settings: ShopSettings) -> tuple[Api, Api]:
    admin = Api(
        name="admin",
        path="/admin",
        limits=settings.admin_limits,
        scope=None,
        queries=admin_queries.QUERIES,
        mutations=admin_mutations.MUTATIONS,
    )
    payments = Api(
        name="payments_apps",
        path="/payments_apps",
        limits=settings.payments_limits,
        scope=_PAYMENTS_SCOPE,
        queries=session_mutations.QUERIES,
        mutations=session_mutations.MUTATIONS,
    )
    return admin, payments


def open_site(settings: ShopSettings, now: Callable[[], datetime]) -> Site:
    """One shop with all that works for it."""
    state = load(settings.state_file) or ShopState(sequence=settings.first_id, opened=now())
    is_new = not state.apps

    def whole_seconds() -> datetime:
        return now().replace(microsecond=0)

    def keep() -> None:
        save(state, settings.state_file)

    hooks = Hooks(settings, state, now, keep)
    payments = PaymentsPlatform(settings, state, now)
    shop = Shop(settings, state, whole_seconds, hooks.announce, payments.ask_refund)
    payments.shop = shop
    doorman = Doorman(settings, state, now)
    site = Site(settings, shop, hooks, payments, doorman, Buckets())
    if is_new:
        _open(site)
    return site


def _open(site: Site) -> None:
    """What the settings start a new shop with: apps, their first tokens, merchant's webhooks."""
    for app in site.settings.apps:
        site.state.apps[app.client_id] = app
        if app.access_token:
            site.doorman.install(app)
            site.state.installs[app.client_id].ready = True
            pair = TokenPair(client_id=app.client_id, access_token=app.access_token)
            site.state.tokens.append(pair)
    for wanted in site.settings.merchant_webhooks:
        merchant_webhook(site, wanted)


def _place_demo_orders(shop: Shop) -> None:
    for items, cip in catalog.DEMO_ORDERS:
        attributes = {catalog.CIP_ATTRIBUTE: cip}
        shop.place_order(NewOrder(items=items, payment_id=cip, attributes=attributes))
