"""Reading the ledger as people and programs do: lists, sums, what has changed."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from pef_adapters.engine.records import (
    DayTally,
    Reach,
    Refund,
    RefundSearch,
    StateTally,
    StoreHead,
    StoreHealth,
)


class SearchLedger(Protocol):
    """Lists and sums. Every question names its reach, and nothing outside it is answered."""

    async def search_refunds(self, search: RefundSearch) -> list[Refund]:
        """Newest first, by (`created_at`, `id`)."""
        ...

    async def changed_refunds(self, since: datetime, limit: int) -> list[Refund]:
        """Those with `updated_at` at `since` or later; oldest change first."""
        ...

    async def in_flight(self, reach: Reach) -> list[StateTally]:
        """Unfinished refunds by state and currency; the order is that of `State`."""
        ...

    async def asked_by_day(self, reach: Reach, since: datetime) -> list[DayTally]:
        """Refunds asked for since, by day in Lima and currency; oldest day first."""
        ...

    async def times_to_truth(self, reach: Reach, limit: int) -> list[timedelta]:
        """How long the newest `limit` finished refunds took from being asked to their end."""
        ...

    async def store_heads(self) -> list[StoreHead]:
        """Every store, by id; opens no secret."""
        ...

    async def store_head(self, store_id: str) -> StoreHead | None: ...

    async def last_deliveries(self, store_ids: Collection[str]) -> Mapping[str, datetime]:
        """When each store was last heard of, by a webhook; missing: not lately."""
        ...

    async def save_health(self, health: StoreHealth) -> None:
        """Keep the newest check of a store."""
        ...

    async def healths(self, store_ids: Collection[str]) -> list[StoreHealth]:
        """The newest check of each store that was ever checked."""
        ...
