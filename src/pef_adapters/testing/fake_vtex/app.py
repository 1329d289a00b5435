"""The fake VTEX as a server: the store's APIs, the callback address, pages, a remote control."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from pef_adapters.testing.fake_vtex import catalog, rest_notes, rest_orders, rest_transactions
from pef_adapters.testing.fake_vtex.bodies import Bodies
from pef_adapters.testing.fake_vtex.callbacks import Callbacks
from pef_adapters.testing.fake_vtex.calling import Caller
from pef_adapters.testing.fake_vtex.control import control_routes
from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.hook import Hooks
from pef_adapters.testing.fake_vtex.oms import Oms
from pef_adapters.testing.fake_vtex.pages import page_routes
from pef_adapters.testing.fake_vtex.refunding import Refunding
from pef_adapters.testing.fake_vtex.rest import Account, route
from pef_adapters.testing.fake_vtex.rest_transactions import callback_route
from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.shop import Shop
from pef_adapters.testing.fake_vtex.state import VtexState, load
from pef_adapters.testing.fake_vtex.timetable import Timetable


def system_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def create_app(settings: VtexSettings, now: Callable[[], datetime] = system_now) -> Starlette:
    """An account with its own state; two apps share nothing but a `state_file`."""
    account = open_account(settings, now)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if settings.demo_orders and not account.state.orders:
            _place_demo_orders(account)
        working = asyncio.create_task(account.timetable.run())
        yield
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    own = [*control_routes(account), *page_routes(account)]
    return Starlette(routes=[*api_routes(account), *own], lifespan=lifespan)


def api_routes(account: Account) -> list[Route]:
    """The account's own APIs and the callback address alone."""
    known = (*rest_orders.ROUTES, *rest_notes.ROUTES, *rest_transactions.ROUTES)
    return [*(route(account, *each) for each in known), callback_route(account)]


def run(settings: VtexSettings) -> None:
    """Serve until interrupted."""
    _server(settings).run()


@contextlib.contextmanager
def running(settings: VtexSettings) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the account's address.

    Raises:
        RuntimeError: the server did not start, for instance because the port is taken.
    """
    server = _server(settings)
    thread = threading.Thread(target=server.run, name="fake-vtex", daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            raise RuntimeError(f"the fake VTEX could not listen on port {settings.port}")
    try:
        yield settings.home
    finally:
        server.should_exit = True
        thread.join()


def open_account(settings: VtexSettings, clock: Callable[[], datetime]) -> Account:
    """One account with all that works for it; its clock can be moved on."""
    state = load(settings.state_file) or VtexState()

    def now() -> datetime:
        return clock() + state.ahead

    hooks = Hooks(settings, state, now)
    shop = Shop(state, now, hooks.announce, settings.merchant_email, settings.state_file)
    caller = Caller(settings, state, now)
    refunding = Refunding(state, now, shop)
    gateway = Gateway(settings, state, now, shop, caller, Bodies(settings), refunding)
    timetable = Timetable(state, now, gateway, hooks)
    hooks.wake = timetable.wake
    return Account(
        settings=settings,
        state=state,
        shop=shop,
        gateway=gateway,
        oms=Oms(shop, gateway),
        callbacks=Callbacks(settings, state, now, gateway, timetable.wake),
        hooks=hooks,
        timetable=timetable,
    )


def _server(settings: VtexSettings) -> uvicorn.Server:
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


def _place_demo_orders(account: Account) -> None:
    """The provider is asked for their payments as soon as the account is served."""
    for cart in catalog.DEMO_CARTS:
        orders = account.shop.place([cart], [], currency="PEN", email="cliente@example.test")
        payment = account.shop.open_payment(orders, account.settings.payment_method)
        account.gateway.queue_authorization(payment)
