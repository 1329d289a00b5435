"""The ledger of what gateways asked of us, and of privacy requests. See `ports`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pef_adapters.engine.records import Checkout, KeptRefund, PrivacyCase


class ProviderLedger(Protocol):
    """Payments and refunds that a store's gateway asked for."""

    # payments
    async def add_checkout(self, checkout: Checkout) -> bool:
        """Insert; False where the store's payment id is known already."""
        ...

    async def checkout(self, checkout_id: str) -> Checkout | None: ...

    async def lock_checkout(self, checkout_id: str) -> Checkout | None:
        """Read for update: nobody else changes it until this transaction ends."""
        ...

    async def find_checkout(self, store_id: str, payment_id: str) -> Checkout | None: ...

    async def checkouts_of_transaction(
        self, account_id: str, transaction_id: str
    ) -> list[Checkout]:
        """Oldest first; one, unless a store asked twice for one order."""
        ...

    async def list_checkouts(
        self, *, store_id: str | None = None, limit: int = 100
    ) -> list[Checkout]:
        """Newest first."""
        ...

    async def save_checkout(self, checkout: Checkout) -> None:
        """Write every field.

        Raises:
            NotThere: there is no such checkout.
        """
        ...

    async def due_checkouts(self, now: datetime, limit: int) -> list[str]:
        """Checkouts whose gateway is to be told, or whose CIP is to be looked at, by `now`."""
        ...

    async def wake_checkout(self, checkout_id: str, at: datetime | None = None) -> None:
        """Defer `mind_checkout(checkout_id)` in this transaction, at `at` or at once."""
        ...

    # refunds, never changed once they were written
    async def add_asked_refund(self, asked: KeptRefund) -> bool:
        """Insert; False where the store asked under this id before."""
        ...

    async def asked_refund(self, store_id: str, refund_id: str) -> KeptRefund | None: ...

    async def asked_refunds_of_order(self, store_id: str, order_id: str) -> list[KeptRefund]:
        """Oldest first."""
        ...

    async def asked_refunds_since(self, store_id: str, since: datetime) -> list[KeptRefund]:
        """Asked at `since` or later; oldest first."""
        ...

    # privacy
    async def add_privacy_case(self, case: PrivacyCase) -> bool:
        """Insert; False where the store asked under this id before."""
        ...

    async def end_privacy_case(self, case: PrivacyCase) -> None:
        """Keep `done_at`, `erased` and `kept` of a case that has ended."""
        ...

    async def privacy_cases(self, store_id: str | None = None) -> list[PrivacyCase]:
        """Oldest first."""
        ...

    async def erase_buyer(
        self, store_id: str, buyers: Sequence[str], order_ids: Sequence[str]
    ) -> dict[str, int]:
        """Forget who these buyers are; answers how many rows of each table were changed.

        Gone are their hashes on the store's refunds (of `buyers`, or of `order_ids`), and
        the reasons and private parts of these orders' refunds and checkouts. Amounts,
        states, bank details and evidence of payments stay.
        """
        ...

    async def erase_store(self, store_id: str) -> dict[str, int]:
        """As `erase_buyer` for all orders of a store, and its secrets; what was paid stays."""
        ...
