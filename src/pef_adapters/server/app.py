"""The ASGI application: routes, and one place where errors become answers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.core.errors import PefError
from pef_adapters.engine.ports import Ports
from pef_adapters.server import connect, gateway, health, webhooks
from pef_adapters.server.buyer import routes as buyer
from pef_adapters.server.console import routes as console
from pef_adapters.server.graphql import routes as graphql
from pef_adapters.server.live import Newsroom
from pef_adapters.server.origins import LOOPBACK, Networks
from pef_adapters.server.plugin import routes as plugin
from pef_adapters.server.safe_answers import SafeApplication
from pef_adapters.server.shopify import routes as shopify
from pef_adapters.server.vtex import routes as vtex

_log = structlog.get_logger(__name__)

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(
    ports: Ports,
    public_url: str,
    lifespan: Lifespan | None = None,
    trusted_proxies: Networks = LOOPBACK,
) -> Starlette:
    """The service's web half; `public_url` is where stores reach it."""
    app = SafeApplication(
        routes=[
            Route("/webhooks/pagoefectivo/{account}", webhooks.rail_webhook, methods=["POST"]),
            Route("/webhooks/{platform}", webhooks.shared_webhook, methods=["POST"]),
            Route("/webhooks/{platform}/{store}", webhooks.store_webhook, methods=["POST"]),
            Route("/connect/{platform}/keys", connect.keys, methods=["POST"]),
            Route("/connect/{platform}/done", connect.done, methods=["GET"]),
            *plugin.ROUTES,
            *shopify.ROUTES,
            *vtex.ROUTES,
            *gateway.routes(by_certificate=False),
            *buyer.ROUTES,
            *console.ROUTES,
            *graphql.ROUTES,
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
        ],
        exception_handlers={PefError: _answer_error},
        lifespan=lifespan,
    )
    app.public_url = public_url
    app.state.ports = ports
    app.state.newsroom = Newsroom(ports)
    app.state.public_url = public_url
    app.state.trusted_proxies = trusted_proxies
    return app


def create_certificate_app(ports: Ports) -> Starlette:
    """The listener for gateways that prove themselves by certificate; nothing else is there."""
    app = SafeApplication(
        routes=gateway.routes(by_certificate=True), exception_handlers={PefError: _answer_error}
    )
    app.public_url = ports.public_url
    app.state.ports = ports
    return app


async def _answer_error(request: Request, error: Exception) -> Response:
    """The stable code and a sentence; never a trace, a secret or a body."""
    if not isinstance(error, PefError):
        raise error
    _log.info("refused", path=request.url.path, code=error.code, status=error.http_status)
    return JSONResponse(
        {"code": error.code, "message": str(error), "help": error.help_page},
        status_code=error.http_status,
    )
