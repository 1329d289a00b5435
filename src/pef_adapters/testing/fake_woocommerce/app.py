"""The fake store as a server: the real wire, pages for people, a remote control."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from pef_adapters.testing.fake_woocommerce import catalog, rest_orders, rest_products, rest_site
from pef_adapters.testing.fake_woocommerce.auth import Doorman
from pef_adapters.testing.fake_woocommerce.control import control_routes
from pef_adapters.testing.fake_woocommerce.hookshot import Hookshot
from pef_adapters.testing.fake_woocommerce.pages import page_routes
from pef_adapters.testing.fake_woocommerce.rest import Site, route
from pef_adapters.testing.fake_woocommerce.settings import StoreSettings
from pef_adapters.testing.fake_woocommerce.shop import Shop
from pef_adapters.testing.fake_woocommerce.state import Moods, StoreState, load
from pef_adapters.testing.fake_woocommerce.wire import Wire

_LIST_OF_REFUNDS_SINCE = 9


def system_now() -> datetime:
    """The real clock, in whole seconds as WooCommerce keeps them."""
    return datetime.now(UTC).replace(microsecond=0)


def create_app(settings: StoreSettings, now: Callable[[], datetime] = system_now) -> Starlette:
    """A store with its own state; two apps share nothing but a `state_file`."""
    site = _site(settings, now)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if settings.demo_orders and not site.shop.state.orders:
            _place_demo_orders(site.shop)
        deliveries = asyncio.create_task(site.hookshot.run())
        yield
        deliveries.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await deliveries

    routes = [*rest_routes(site), *control_routes(site), *page_routes(site)]
    return Starlette(routes=routes, lifespan=lifespan)


def rest_routes(site: Site) -> list[Route]:
    """The store's REST API alone."""
    known = (*rest_orders.ROUTES, *rest_products.ROUTES, *rest_site.ROUTES)
    index = route(site, "/", "GET", rest_site.index, public=True)
    unknown = [
        route(site, "/{path:path}", method, rest_site.unknown, public=True)
        for method in ("GET", "POST", "PUT", "DELETE")
    ]
    return [index, *(route(site, *each) for each in known), *unknown]


def run(settings: StoreSettings) -> None:
    """Serve until interrupted."""
    _server(settings).run()


@contextlib.contextmanager
def running(settings: StoreSettings) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the store's address.

    Raises:
        RuntimeError: the server did not start, for instance because the port is taken.
    """
    server = _server(settings)
    thread = threading.Thread(target=server.run, name="fake-woocommerce", daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            raise RuntimeError(f"the fake store could not listen on port {settings.port}")
    try:
        yield settings.home
    finally:
        server.should_exit = True
        thread.join()


def _server(settings: StoreSettings) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            server_header=False,
            ssl_certfile=settings.certificate_file,
            ssl_keyfile=settings.private_key_file,
        )
    )


def _site(settings: StoreSettings, now: Callable[[], datetime]) -> Site:
    state = load(settings.state_file) or _new_state(settings)
    wire = Wire(settings.home, settings.woocommerce_version)
    hookshot = Hookshot(settings, state, wire, now)
    shop = Shop(state, now, hookshot.announce, settings.state_file)
    return Site(settings, shop, hookshot, wire, Doorman(state.keys, settings.home))


def _new_state(settings: StoreSettings) -> StoreState:
    major = int(settings.woocommerce_version.split(".")[0])
    moods = Moods(refunds_route=major >= _LIST_OF_REFUNDS_SINCE)
    return StoreState(keys=list(settings.keys), moods=moods)


def _place_demo_orders(shop: Shop) -> None:
    for quantities, cip in catalog.DEMO_ORDERS:
        shop.place_order(quantities, transaction_id=cip, meta={"_pagoefectivo_cip": cip})
