"""Is the process alive, and can it work? For load balancers and people."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pef_adapters import __version__
from pef_adapters.engine.ports import Ports


async def live(_: Request) -> Response:
    """`GET /health/live`: the process answers."""
    return JSONResponse({"status": "alive", "version": __version__})


async def ready(request: Request) -> Response:
    """`GET /health/ready`: the ledger answers too; 503 otherwise."""
    ports: Ports = request.app.state.ports
    try:
        async with ports.book.begin() as ledger:
            stores = len(await ledger.store_ids())
    except Exception:  # noqa: BLE001 - whatever is wrong with the ledger, we are not ready
        return JSONResponse({"status": "no database"}, status_code=503)
    return JSONResponse({"status": "ready", "stores": stores})
