"""`/console` shows how refunds stand; `/console/live` tells open pages that one changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pef_adapters.core.access import Permission
from pef_adapters.core.errors import NotSignedIn
from pef_adapters.engine.gate import today as gate
from pef_adapters.engine.gate.passing import reach
from pef_adapters.engine.records import Refund
from pef_adapters.server.console.asking import Asking, page, signed_in
from pef_adapters.server.console.drawing import HEADERS, drawn
from pef_adapters.server.console.today.chart import chart_of
from pef_adapters.server.live import Newsroom, listening

BEAT_SECONDS: Final = 10.0
# Then the browser connects again, and its stores are looked up anew.
LASTS: Final = timedelta(minutes=5)


@page
async def show(asking: Asking) -> Response:
    """How things stand."""
    seen = await gate.today(asking.ports, asking.actor)
    chart = chart_of(seen.days, asking.ports.clock.now())
    return drawn(asking, "today/today.html.jinja", today=seen, chart=chart, most=gate.MOST)


async def live(request: Request) -> Response:
    """A stream of events (`text/event-stream`), each with the id of a refund that changed."""
    try:
        asking = await signed_in(request)
    except NotSignedIn:
        return Response("", 401, headers=dict(HEADERS))
    return StreamingResponse(
        _events(asking, request.app.state.newsroom),
        media_type="text/event-stream",
        headers={**HEADERS, "X-Accel-Buffering": "no"},
    )


async def _events(asking: Asking, newsroom: Newsroom) -> AsyncIterator[str]:
    yield ": listening\n\n"
    async with asking.ports.book.begin() as ledger:
        seen = await reach(ledger, asking.actor, Permission.SEE_REFUNDS)
    async with listening(newsroom, seen) as changes:
        async for refund in _with_beats(changes):
            if refund is None:
                yield ": still here\n\n"
            elif await _is_still_signed_in(asking):
                yield f"event: refund-changed\ndata: {refund.id}\n\n"
            else:
                return


async def _with_beats(changes: AsyncIterator[Refund]) -> AsyncIterator[Refund | None]:
    """The changes, and None wherever there was none for a while; ends in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LASTS.total_seconds()
    coming: asyncio.Future[Refund] = asyncio.ensure_future(anext(changes))
    try:
        while loop.time() < end:
            await asyncio.wait({coming}, timeout=BEAT_SECONDS)
            if not coming.done():
                yield None
                continue
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
            coming = asyncio.ensure_future(anext(changes))
    finally:
        coming.cancel()
        await asyncio.wait({coming})


async def _is_still_signed_in(asking: Asking) -> bool:
    try:
        await signed_in(asking.request)
    except NotSignedIn:
        return False
    return True


ROUTES = [Route("/console", show), Route("/console/live", live)]
