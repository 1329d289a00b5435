"""The sandbox as an ASGI application."""

from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from pef_adapters.pagoefectivo.sandbox import cip_page, control, page, wire_routes
from pef_adapters.pagoefectivo.sandbox.connections import Connections
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.sandbox.workings import Workings


def create_app(settings: SandboxSettings, connections: Connections | None = None) -> Starlette:
    """Build the sandbox over the book named in the settings.

    Faults that drop a connection need the server of `make_server`, which gives its
    `connections`; under any other server they answer 500.
    """
    workings = Workings.open(settings)

    def lifespan(_app: Starlette) -> AbstractAsyncContextManager[None]:
        return workings.running()

    routes = [*wire_routes.ROUTES, *control.ROUTES, *page.ROUTES, *cip_page.ROUTES]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.workings = workings
    app.state.connections = connections or Connections()
    return app
