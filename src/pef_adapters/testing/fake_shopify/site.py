"""All parts of one fake shop, and how its moods get between a request and its answer."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from pef_adapters.testing.fake_shopify.auth import Doorman
from pef_adapters.testing.fake_shopify.costs import Buckets
from pef_adapters.testing.fake_shopify.hooks import Hooks
from pef_adapters.testing.fake_shopify.payments import PaymentsPlatform
from pef_adapters.testing.fake_shopify.settings import ShopifyApp, ShopSettings
from pef_adapters.testing.fake_shopify.shop import Shop
from pef_adapters.testing.fake_shopify.state import Order, ShopState
from pef_adapters.testing.fake_shopify.wire import shop as shop_body


class NotThere(Exception):
    """What the path names is not there; the text says what."""


class BrokenConnection(Response):
    """An answer whose connection breaks before its body came."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"512")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a route may need."""

    settings: ShopSettings
    shop: Shop
    hooks: Hooks
    payments: PaymentsPlatform
    doorman: Doorman
    buckets: Buckets

    @property
    def state(self) -> ShopState:
        return self.shop.state

    def order(self, request: Request) -> Order:
        """The order in the path.

        Raises:
            NotThere: there is none.
        """
        order = self.state.orders.get(int(request.path_params["order"]))
        if order is None:
            raise NotThere("There is no such order.")
        return order

    def app(self, request: Request) -> ShopifyApp:
        """The app in the path.

        Raises:
            NotThere: there is none.
        """
        app = self.state.apps.get(request.path_params["client"])
        if app is None:
            raise NotThere("There is no such app.")
        return app

    async def stopped(self) -> Response | None:
        """What answers instead of the shop when it is down; waits first when it is slow."""
        moods = self.state.moods
        if moods.slow_seconds:
            await asyncio.sleep(moods.slow_seconds)
        if moods.down:
            return HTMLResponse("<h1>Something went wrong</h1>", 503)
        return None

    def lost(self, operations: Iterable[str], *, writes: bool) -> Response | None:
        """The broken answer of work that was done, where a mood asks for one."""
        moods = self.state.moods
        wanted = moods.lose_operation
        if moods.lose_answers <= 0 or not (wanted in set(operations) if wanted else writes):
            return None
        moods.lose_answers -= 1
        return BrokenConnection()

    def uninstall(self, app: ShopifyApp) -> None:
        """The merchant removes the app: its tokens and webhooks go, and it is told."""
        settings = self.settings
        self.doorman.revoke(app.client_id)
        body = shop_body(settings.domain, settings.title, settings.currency)
        self.hooks.announce("app/uninstalled", body, only=app.client_id)
        mine = [h.id for h in self.state.webhooks.values() if h.client_id == app.client_id]
        for hook in mine:
            del self.state.webhooks[hook]
        self.shop.keep()
