"""What the engine keeps about one store, handed to its adapter. Scoped: no other store's.

Secrets that expire are renewed here, by one process at a time. The lock is the store's
own and no refund's: whoever waits for it waits for one answer of the platform (ADR 0015).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from pef_adapters.core.money import Money
from pef_adapters.engine.agencies import in_force
from pef_adapters.engine.known import known_store
from pef_adapters.engine.policies import owner_of_store
from pef_adapters.engine.ports import LedgerBook, Ports
from pef_adapters.engine.records import Checkout, KeptRefund, Store
from pef_adapters.platforms.by_hand import BY_HAND, is_own_id
from pef_adapters.platforms.stores import Secrets, StoreConnection


@dataclass(frozen=True, slots=True)
class LedgerRecords:
    """Implements `platforms.stores.StoreRecords` for one store."""

    book: LedgerBook
    store_id: str
    by_hand: bool = False

    async def refund(self, refund_id: str) -> KeptRefund | None:
        async with self.book.begin() as ledger:
            found = await ledger.asked_refund(self.store_id, refund_id)
        return next(iter(self._own([found] if found else [])), None)

    async def refunds_of_order(self, order_id: str) -> tuple[KeptRefund, ...]:
        async with self.book.begin() as ledger:
            return self._own(await ledger.asked_refunds_of_order(self.store_id, order_id))

    async def refunds_since(self, since: datetime) -> tuple[KeptRefund, ...]:
        async with self.book.begin() as ledger:
            return self._own(await ledger.asked_refunds_since(self.store_id, since))

    def _own(self, found: list[KeptRefund]) -> tuple[KeptRefund, ...]:
        """A gateway never asked for what was pressed here: its adapter must not read it."""
        return tuple(each for each in found if is_own_id(each.refund_id) == self.by_hand)

    async def checkout(self, payment_id: str) -> Checkout | None:
        async with self.book.begin() as ledger:
            return await ledger.find_checkout(self.store_id, payment_id)

    async def paid_back(self, payment_id: str) -> Money | None:
        async with self.book.begin() as ledger:
            checkout = await ledger.find_checkout(self.store_id, payment_id)
            if checkout is None or checkout.transaction_id is None:
                return None
            payment = await ledger.payment(checkout.account_id, checkout.transaction_id)
        return payment.refunded if payment else Money.zero(checkout.amount.currency)

    async def renew_secrets(
        self, still_good: Callable[[Secrets], bool], renew: Callable[[Secrets], Awaitable[Secrets]]
    ) -> Secrets:
        async with self.book.begin() as ledger:
            await ledger.lock_settings(f"secrets/{self.store_id}")
            store = await known_store(ledger, self.store_id)
            if still_good(store.secrets):
                return store.secrets
            renewed = {**store.secrets, **await renew(store.secrets)}
            # Whatever else of the store changed meanwhile is not ours to put back.
            await ledger.lock_settings(owner_of_store(self.store_id))
            store = await known_store(ledger, self.store_id)
            await ledger.add_store(replace(store, secrets={**store.secrets, **renewed}))
            return renewed


def connection(ports: Ports, store: Store) -> StoreConnection:
    """The store as its adapter sees it."""
    return StoreConnection(
        store_id=store.id,
        platform=store.platform,
        address=store.identity,
        mode=store.mode,
        language=store.language,
        callback_url=store.callback_url,
        settings=in_force(store),
        secrets=store.secrets,
        records=LedgerRecords(ports.book, store.id, by_hand=store.platform == BY_HAND),
    )
