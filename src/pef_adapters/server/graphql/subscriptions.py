"""News of refunds, for as long as whoever listens may hear them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from enum import Enum
from typing import Final

import strawberry

from pef_adapters.core.errors import NotSignedIn, NotThere
from pef_adapters.engine.gate import refunds
from pef_adapters.engine.known import no_refund, no_store
from pef_adapters.engine.records import Refund as Record
from pef_adapters.server.graphql.context import Context, Info
from pef_adapters.server.graphql.fields import OneRefund, OneStore, tells
from pef_adapters.server.graphql.paging import name_in
from pef_adapters.server.graphql.refunds import Refund, shown_refund
from pef_adapters.server.live import listening

CHECKED_EVERY: Final = timedelta(minutes=1)


class _Silence(Enum):
    """Nothing came in that time."""

    NOTHING = "nothing"


_SILENCE: Final = _Silence.NOTHING
_Coming = Callable[[float], Awaitable[Record | _Silence | None]]


@strawberry.type(description="What can be listened to, by HTTP multipart.")
class Subscription:
    """See the schema's description."""

    @tells(
        "Each refund that changes, or those of one store, or one alone. Ends when "
        "your token is revoked or expires."
    )
    async def refund_changed(
        self,
        info: Info,
        store_id: OneStore = None,
        refund_id: OneRefund = None,
    ) -> AsyncIterator[Refund]:
        store = name_in(store_id, "Store", no_store) if store_id else None
        refund = name_in(refund_id, "Refund", no_refund) if refund_id else None
        async for changed in _allowed(info.context):
            if store in {None, changed.store_id} and refund in {None, changed.id}:
                yield shown_refund(changed)


async def _allowed(context: Context) -> AsyncIterator[Record]:
    """What changes and may be seen at that moment; ends when nobody is signed in any more.

    Everything is listened to, and each refund passes the gate by itself: who gets a role, or
    loses one, need not begin anew.
    """
    async with listening(context.news, None) as changes, _one_by_one(changes) as coming:
        while True:
            changed = await coming(CHECKED_EVERY.total_seconds())
            try:
                context.actor = await context.again()
            except NotSignedIn:
                return
            if changed is _SILENCE:
                continue
            if changed is None:
                return
            context.read_anew()
            with suppress(NotThere):
                yield await refunds.look(context.ports, context.actor, changed.id)


@asynccontextmanager
async def _one_by_one(changes: AsyncIterator[Record]) -> AsyncIterator[_Coming]:
    """Waits for the next change at most so long, and goes on waiting for it after silence."""
    waiting: set[asyncio.Future[Record | None]] = set()

    async def coming(seconds: float) -> Record | _Silence | None:
        if not waiting:
            waiting.add(asyncio.ensure_future(_next(changes)))
        ready, _ = await asyncio.wait(waiting, timeout=seconds)
        waiting.difference_update(ready)
        return ready.pop().result() if ready else _SILENCE

    try:
        yield coming
    finally:
        # One that is still being waited for would keep the newsroom's list open.
        for future in waiting:
            future.cancel()
            with suppress(asyncio.CancelledError):
                await future


async def _next(changes: AsyncIterator[Record]) -> Record | None:
    return await anext(changes, None)
