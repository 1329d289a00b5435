"""One store, as its adapter sees it: where it is, its settings and secrets, what is kept of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import Checkout, KeptRefund

Secrets = Mapping[str, str]


class StoreRecords(Protocol):
    """What the engine keeps about one store, for adapters whose platform keeps it nowhere."""

    async def refund(self, refund_id: str) -> KeptRefund | None:
        """The refund that was asked for under this id."""
        ...

    async def refunds_of_order(self, order_id: str) -> tuple[KeptRefund, ...]:
        """All refunds that were asked for this order; oldest first."""
        ...

    async def refunds_since(self, since: datetime) -> tuple[KeptRefund, ...]:
        """All refunds that were asked for since `since`; oldest first."""
        ...

    async def checkout(self, payment_id: str) -> Checkout | None:
        """The payment that was asked for under this id."""
        ...

    async def paid_back(self, payment_id: str) -> Money | None:
        """How much of a payment has surely gone back to its buyer; None: no such payment."""
        ...

    async def renew_secrets(
        self, still_good: Callable[[Secrets], bool], renew: Callable[[Secrets], Awaitable[Secrets]]
    ) -> Secrets:
        """The store's secrets, renewed by one process at a time where they are not good any more.

        `renew` is given the secrets as they are kept now and answers those that change; they
        are kept, all or none, before anybody gets them. Where it raises, nothing changes.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnection:
    """One connected store. `secrets` is open here and encrypted in storage.

    `settings` and `secrets` hold the adapter's own settings record (see its
    `settings.py`); `callback_url` is where the platform reaches this store's
    webhook endpoint. `records` is None only in tests of adapters that need none.
    """

    store_id: str
    platform: str
    address: str
    mode: Mode
    language: str
    callback_url: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    records: StoreRecords | None = field(default=None, repr=False, compare=False)
