"""The twin's payments and refunds that gateways asked for."""

from dataclasses import replace
from datetime import datetime

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.records import Checkout, KeptRefund
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.memory.tables import Wake
from pef_adapters.storage.storable import storable, text, utc


class Gateways(Connections):
    """Works on one transaction's copy of the tables."""

    # payments

    async def add_checkout(self, checkout: Checkout) -> bool:
        kept = storable(checkout)
        if kept.id in self._tables.checkouts or await self.find_checkout(*_identity(kept)):
            return False
        self._must_refer(kept)
        self._tables.checkouts[kept.id] = kept
        return True

    async def checkout(self, checkout_id: str) -> Checkout | None:
        return self._tables.checkouts.get(text(checkout_id))

    async def lock_checkout(self, checkout_id: str) -> Checkout | None:
        return await self.checkout(checkout_id)

    async def find_checkout(self, store_id: str, payment_id: str) -> Checkout | None:
        wanted = (text(store_id), text(payment_id))
        return next((c for c in self._tables.checkouts.values() if _identity(c) == wanted), None)

    async def checkouts_of_transaction(
        self, account_id: str, transaction_id: str
    ) -> list[Checkout]:
        wanted = (text(account_id), text(transaction_id))
        kept = self._tables.checkouts.values()
        found = [each for each in kept if (each.account_id, each.transaction_id) == wanted]
        return sorted(found, key=lambda each: each.created_at)

    async def save_checkout(self, checkout: Checkout) -> None:
        new = storable(checkout)
        old = self._tables.checkouts.get(new.id)
        if old is None or _identity(old) != _identity(new):
            raise NotThere(f"there is no checkout {new.id} of this identity")
        self._must_refer(new)
        self._tables.checkouts[new.id] = replace(new, created_at=old.created_at)

    async def list_checkouts(
        self, *, store_id: str | None = None, limit: int = 100
    ) -> list[Checkout]:
        oldest_first = sorted(self._tables.checkouts.values(), key=lambda each: each.created_at)
        wanted = [each for each in oldest_first if store_id in (None, each.store_id)]
        return wanted[::-1][:limit]

    async def due_checkouts(self, now: datetime, limit: int) -> list[str]:
        present = utc(now)
        waiting = [(_due_at(each), each.id) for each in self._tables.checkouts.values()]
        due = [(at, checkout_id) for at, checkout_id in waiting if at is not None and at <= present]
        return [checkout_id for _, checkout_id in sorted(due, key=lambda pair: pair[0])][:limit]

    async def wake_checkout(self, checkout_id: str, at: datetime | None = None) -> None:
        self._wake(Wake("mind", checkout_id, at))

    def _must_refer(self, checkout: Checkout) -> None:
        self._must_hold(self._tables.stores, checkout.store_id)
        self._must_hold(self._tables.accounts, checkout.account_id)

    # refunds

    async def add_asked_refund(self, asked: KeptRefund) -> bool:
        kept = storable(asked)
        key = (kept.store_id, kept.refund_id)
        if key in self._tables.asked_refunds:
            return False
        self._must_hold(self._tables.stores, kept.store_id)
        self._tables.asked_refunds[key] = kept
        return True

    async def asked_refund(self, store_id: str, refund_id: str) -> KeptRefund | None:
        return self._tables.asked_refunds.get((text(store_id), text(refund_id)))

    async def asked_refunds_of_order(self, store_id: str, order_id: str) -> list[KeptRefund]:
        return [each for each in self._asked_of(store_id) if each.order_id == text(order_id)]

    async def asked_refunds_since(self, store_id: str, since: datetime) -> list[KeptRefund]:
        start = utc(since)
        found = [each for each in self._asked_of(store_id) if each.asked_at >= start]
        return sorted(found, key=lambda each: each.asked_at)

    def _asked_of(self, store_id: str) -> list[KeptRefund]:
        """As they were written."""
        kept = self._tables.asked_refunds.values()
        return [each for each in kept if each.store_id == text(store_id)]


def _identity(checkout: Checkout) -> tuple[str, str]:
    return checkout.store_id, checkout.payment_id


def _due_at(checkout: Checkout) -> datetime | None:
    return min(filter(None, (checkout.tell_at, checkout.look_at)), default=None)
