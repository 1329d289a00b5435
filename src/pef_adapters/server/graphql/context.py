"""What every resolver is handed: who asks, in which language, and the loaders of one call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import strawberry
from strawberry.dataloader import DataLoader

from pef_adapters.core.access import Actor
from pef_adapters.engine.approvals import Waiting
from pef_adapters.engine.gate import approvals, beside
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Payment, Refund, StoreHead, TimelineEntry
from pef_adapters.server.live import Newsroom

_MOST_WAITING: Final = 1000


@dataclass(slots=True)
class Context:
    """One call. `again` finds out anew who asks, and `news` where to hear of changes.

    Both are for answers that go on for long.
    """

    ports: Ports
    actor: Actor
    language: str
    again: Callable[[], Awaitable[Actor]]
    news: Newsroom
    heads: DataLoader[str, StoreHead | None] = field(init=False)
    payments: DataLoader[Refund, Payment | None] = field(init=False)
    timelines: DataLoader[Refund, list[TimelineEntry]] = field(init=False)
    waiting: DataLoader[str, Waiting | None] = field(init=False)

    def __post_init__(self) -> None:
        self.read_anew()

    def read_anew(self) -> None:
        """Forget what was read: an answer that goes on for long reads each time."""
        self.heads = DataLoader(self._heads)
        self.payments = DataLoader(self._payments, cache_key_fn=_refund_id)
        self.timelines = DataLoader(self._timelines, cache_key_fn=_refund_id)
        self.waiting = DataLoader(self._waiting)

    async def _heads(self, ids: list[str]) -> list[StoreHead | None]:
        found = await beside.heads(self.ports, self.actor, ids)
        return [found.get(store_id) for store_id in ids]

    async def _payments(self, refunds: list[Refund]) -> list[Payment | None]:
        found = await beside.payments(self.ports, self.actor, refunds)
        return [found.get(refund.id) for refund in refunds]

    async def _timelines(self, refunds: list[Refund]) -> list[list[TimelineEntry]]:
        found = await beside.timelines(self.ports, self.actor, refunds)
        return [found.get(refund.id, []) for refund in refunds]

    async def _waiting(self, ids: list[str]) -> list[Waiting | None]:
        queue = await approvals.queue(self.ports, self.actor, _MOST_WAITING)
        found = {each.refund.id: each for each in queue}
        return [found.get(refund_id) for refund_id in ids]


Info = strawberry.Info[Context, None]


def _refund_id(refund: Refund) -> str:
    return refund.id
