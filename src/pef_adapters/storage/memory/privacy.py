"""The twin's privacy cases, and the same forgetting as the database's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.records import Checkout, KeptRefund, PrivacyCase, Refund
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.storable import storable, text

Key = TypeVar("Key", str, tuple[str, str])
OfOrder = TypeVar("OfOrder", Checkout, KeptRefund, Refund)


class Privacy(Connections):
    """Works on one transaction's copy of the tables."""

    async def add_privacy_case(self, case: PrivacyCase) -> bool:
        kept = storable(case)
        key = (kept.store_id, kept.id)
        if key in self._tables.privacy_cases:
            return False
        self._must_hold(self._tables.stores, kept.store_id)
        self._tables.privacy_cases[key] = kept
        return True

    async def end_privacy_case(self, case: PrivacyCase) -> None:
        new = storable(case)
        key = (new.store_id, new.id)
        old = self._tables.privacy_cases.get(key)
        if old is None:
            raise NotThere(f"there is no privacy case {case.id} of store {case.store_id}")
        ended = replace(old, done_at=new.done_at, erased=new.erased, kept=new.kept)
        self._tables.privacy_cases[key] = ended

    async def privacy_cases(self, store_id: str | None = None) -> list[PrivacyCase]:
        wanted = None if store_id is None else text(store_id)
        kept = self._tables.privacy_cases.values()
        found = [each for each in kept if wanted in (None, each.store_id)]
        return sorted(found, key=lambda each: each.received_at)

    async def erase_buyer(
        self, store_id: str, buyers: Sequence[str], order_ids: Sequence[str]
    ) -> dict[str, int]:
        shop, wanted = text(store_id), set(map(text, buyers))
        refunds = [r for r in self._tables.refunds.values() if r.store_id == shop]
        theirs = {refund.order_id for refund in refunds if refund.buyer in wanted}
        return self._forget(shop, theirs | set(map(text, order_ids)))

    async def erase_store(self, store_id: str) -> dict[str, int]:
        shop = text(store_id)
        erased = self._forget(shop, None)
        store = self._tables.stores.get(shop)
        if store is None or not store.secrets:
            return erased | {"stores": 0}
        self._tables.stores[shop] = replace(store, secrets={})
        return erased | {"stores": 1}

    def _forget(self, store_id: str, orders: set[str] | None) -> dict[str, int]:
        """Forget of these orders, or of all where `orders` is None."""

        def meant(each: Checkout | KeptRefund | Refund) -> bool:
            return each.store_id == store_id and (orders is None or each.order_id in orders)

        return {
            "checkouts": _change(self._tables.checkouts, meant, _checkout),
            "asked_refunds": _change(self._tables.asked_refunds, meant, _asked_refund),
            "refunds": _change(self._tables.refunds, meant, _refund),
        }


def _change(
    table: dict[Key, OfOrder],
    meant: Callable[[OfOrder], bool],
    forget: Callable[[OfOrder], OfOrder],
) -> int:
    """Forget of the records that are meant; answers how many were changed by it."""
    changed = {key: forget(each) for key, each in table.items() if meant(each)}
    news = {key: each for key, each in changed.items() if each != table[key]}
    table.update(news)
    return len(news)


def _checkout(checkout: Checkout) -> Checkout:
    return replace(checkout, private={})


def _asked_refund(asked: KeptRefund) -> KeptRefund:
    return replace(asked, reason="", private={}, requested_by=None)


def _refund(refund: Refund) -> Refund:
    return replace(refund, buyer=None, reason="")
