"""`/provider/{platform}/…`: gateways call us as their payment provider.

Thin: reads the call, hands it to `engine.gateway`, gives the adapter's answer. A refund
is decided within moments, so its call is let wait that long: then the first answer says
more than "not yet".
"""

from collections.abc import Collection

import anyio
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import NotThere, PefError
from pef_adapters.core.states import State
from pef_adapters.engine import gateway
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund
from pef_adapters.platforms.provider import Answer, Call, Provider, RefundStanding
from pef_adapters.server.bodies import read_body
from pef_adapters.server.headers import headers_of

_log = structlog.get_logger(__name__)

# Well inside the shortest time that a gateway waits (VTEX's test suite: five seconds).
_PATIENCE_SECONDS = 2.0
_FIRST_WAIT_SECONDS, _LONGER_EACH_TIME = 0.1, 1.5
_PASSING = frozenset({None, State.RECEIVED, State.READY, State.SENDING})
# Where the store pays by hand, the engine is about to leave these to it.
_LEFT_TO_STORE = frozenset({State.AWAITING_BENEFICIARY, State.PAYOUT_DUE})


def routes(*, by_certificate: bool) -> list[Route]:
    """The routes of one listener: for callers by certificate only, or only for the others."""

    async def serve(request: Request) -> Response:
        return await _serve(request, by_certificate=by_certificate)

    return [Route("/provider/{platform}/{path:path}", serve, methods=["GET", "POST"])]


async def _serve(request: Request, *, by_certificate: bool) -> Response:
    ports: Ports = request.app.state.ports
    platform: str = request.path_params["platform"]
    provider = gateway.provider_of(ports, platform)
    if provider.by_certificate is not by_certificate:
        raise NotThere
    call = await _call(ports, request, provider)
    try:
        answer = await _answer(ports, platform, provider, call)
    except PefError as fault:
        _log.info("provider_refused", platform=platform, code=fault.code)
        answer = provider.refused(call, fault)
    headers = {"Content-Type": "application/json", **answer.headers} if answer.body else {}
    return Response(answer.body, answer.status, headers={**headers, **answer.headers})


async def _call(ports: Ports, request: Request, provider: Provider) -> Call:
    return Call(
        method=request.method,
        path=f"/{request.path_params['path']}",
        headers=headers_of(request),
        query=dict(request.query_params),
        body=await read_body(request, provider.max_body_bytes),
        at=ports.clock.now(),
    )


async def _answer(ports: Ports, platform: str, provider: Provider, call: Call) -> Answer:
    patience_ends = anyio.current_time() + _PATIENCE_SECONDS
    greeting = provider.greet(call)
    if greeting is not None:
        return greeting
    store = await gateway.caller(ports, platform, call)
    asked, answer = await gateway.serve(ports, store, call)
    if answer is not None:
        return answer
    assert isinstance(asked, AskedRefund)  # noqa: S101 -- only a refund is let wait
    here = connection(ports, store)
    passing = _PASSING | (_LEFT_TO_STORE if provider.leaves_payouts_to_store(here) else set())
    standing = await _decided(ports, store, asked, passing, patience_ends)
    return provider.answer(asked, standing, here)


async def _decided(
    ports: Ports,
    store: Store,
    asked: AskedRefund,
    passing: Collection[State | None],
    patience_ends: float,
) -> RefundStanding:
    """How the refund stands once it was decided, or when patience ends, on the loop's clock."""
    standing, wait = await gateway.refund_standing(ports, store, asked), _FIRST_WAIT_SECONDS
    while standing.state in passing and anyio.current_time() + wait < patience_ends:
        await anyio.sleep(wait)
        standing = await gateway.refund_standing(ports, store, asked)
        # Many calls in one moment must not keep each other, and the decision, waiting.
        wait *= _LONGER_EACH_TIME
    return standing
