"""The twin's lists and sums: the same answers as the database's, without its indexes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import TypeVar

from pef_adapters.core.calendar import lima_date
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.records import (
    DayTally,
    Reach,
    Received,
    Refund,
    RefundSearch,
    Source,
    StateTally,
    Store,
    StoreHead,
    StoreHealth,
)
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.storable import storable, text, utc
from pef_adapters.storage.store_heads import head_of

Group = TypeVar("Group", State, date)

_FINAL = frozenset(state for state in State if CARE[state].final)


class Search(Connections):
    """Works on one transaction's copy of the tables."""

    async def search_refunds(self, search: RefundSearch) -> list[Refund]:
        asked = storable(search)
        found = [each for each in self._within(asked.reach) if _is_wanted(each, asked)]
        return sorted(found, key=_mark, reverse=True)[: asked.limit]

    async def changed_refunds(self, since: datetime, limit: int) -> list[Refund]:
        start = utc(since)
        changed = [each for each in self._within(None) if each.updated_at >= start]
        return sorted(changed, key=lambda each: (each.updated_at, each.id))[:limit]

    async def in_flight(self, reach: Reach) -> list[StateTally]:
        unfinished = [each for each in self._within(reach) if each.state not in _FINAL]
        totals = _totals((each.state, each.amount) for each in unfinished)
        ranks = {state: rank for rank, state in enumerate(State)}
        tallies = [StateTally(state, *total) for (state, _), total in totals.items()]
        return sorted(tallies, key=lambda each: (ranks[each.state], each.total.currency))

    async def asked_by_day(self, reach: Reach, since: datetime) -> list[DayTally]:
        start = utc(since)
        asked = [each for each in self._within(reach) if each.requested_at >= start]
        totals = _totals((lima_date(each.requested_at), each.amount) for each in asked)
        tallies = [DayTally(day, *total) for (day, _), total in totals.items()]
        return sorted(tallies, key=lambda each: (each.day, each.total.currency))

    async def times_to_truth(self, reach: Reach, limit: int) -> list[timedelta]:
        search = RefundSearch(reach=reach, states=_FINAL, limit=limit)
        finished = await self.search_refunds(search)
        ends = [(each, self._ended_at(each.id)) for each in finished]
        return [end - each.requested_at for each, end in ends if end is not None]

    def _ended_at(self, refund_id: str) -> datetime | None:
        own = (each for each in self._tables.timeline.values() if each.refund_id == refund_id)
        return next((each.at for each in own if each.to_state in _FINAL), None)

    async def store_heads(self) -> list[StoreHead]:
        return [_head(store) for _, store in sorted(self._tables.stores.items())]

    async def store_head(self, store_id: str) -> StoreHead | None:
        store = self._tables.stores.get(text(store_id))
        return None if store is None else _head(store)

    async def last_deliveries(self, store_ids: Collection[str]) -> Mapping[str, datetime]:
        heard = [each for each in self._tables.received.values() if _is_of(each, store_ids)]
        heard.sort(key=lambda each: each.received_at)
        return {each.owner_id: each.received_at for each in heard}

    async def save_health(self, health: StoreHealth) -> None:
        kept = storable(health)
        self._must_hold(self._tables.stores, kept.store_id)
        old = self._tables.healths.get(kept.store_id)
        if old is None or old.at <= kept.at:
            self._tables.healths[kept.store_id] = kept

    async def healths(self, store_ids: Collection[str]) -> list[StoreHealth]:
        kept = sorted(self._tables.healths.items())
        return [health for store_id, health in kept if store_id in store_ids]

    def _within(self, reach: Reach) -> list[Refund]:
        kept = self._tables.refunds.values()
        return [each for each in kept if reach is None or each.store_id in reach]


def _is_wanted(refund: Refund, search: RefundSearch) -> bool:
    return (
        search.store_id in (None, refund.store_id)
        and (not search.states or refund.state in search.states)
        and search.order in ("", refund.order_number, refund.order_id)
        and search.transaction_id in ("", refund.transaction_id)
        and search.buyer in ("", refund.buyer)
        and search.amount in (None, refund.amount)
        and not (search.attention and refund.attention is None)
        and _is_in_time(refund, search)
    )


def _is_in_time(refund: Refund, search: RefundSearch) -> bool:
    return (
        (search.asked_from is None or refund.requested_at >= search.asked_from)
        and (search.asked_before is None or refund.requested_at < search.asked_before)
        and (search.after is None or _mark(refund) < (search.after.at, search.after.id))
    )


def _mark(refund: Refund) -> tuple[datetime, str]:
    """PostgreSQL's "C" collation and Python sort text alike, by code points."""
    return refund.created_at, refund.id


def _totals(
    amounts: Iterable[tuple[Group, Money]],
) -> dict[tuple[Group, str], tuple[int, Money]]:
    """How many amounts, and their sum, by group and currency."""
    totals: dict[tuple[Group, str], tuple[int, Money]] = {}
    for group, amount in amounts:
        count, total = totals.get((group, amount.currency), (0, Money.zero(amount.currency)))
        totals[group, amount.currency] = (count + 1, total + amount)
    return totals


def _head(store: Store) -> StoreHead:
    return head_of({each.name: getattr(store, each.name) for each in fields(store)})


def _is_of(delivery: Received, store_ids: Collection[str]) -> bool:
    return delivery.source is Source.STORE and delivery.owner_id in store_ids
