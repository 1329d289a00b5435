"""A connection to a fake shop through its app, and what the engine keeps for it, in memory."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from pef_adapters.core.money import Money
from pef_adapters.platforms import http
from pef_adapters.platforms.asked import Checkout, KeptRefund
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.stores import Secrets
from shopify_bench import CLIENT_ID, CLIENT_SECRET, TOKEN, RemoteShop
from shopify_samples import connection

API_URL = "PEF_SHOPIFY_API_URL"
KEYS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "access_token": TOKEN}


@contextmanager
def reached(remote: RemoteShop) -> Iterator[pytest.MonkeyPatch]:
    """Shopify's API is this shop's, on this machine, while the context lasts."""
    http.allow_private_stores(True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(API_URL, remote.home)
        yield patch
    http.allow_private_stores(False)


def connected(**changes: Any) -> StoreConnection:
    """The store, with the keys of its app; see `shopify_samples.connection`."""
    return connection(**changes | {"secrets": KEYS | changes.get("secrets", {})})


@dataclass(slots=True)
class Records:
    """What the engine keeps of one store; here in memory, and one caller at a time."""

    secrets: dict[str, str] = field(default_factory=dict)
    refunds: list[KeptRefund] = field(default_factory=list)
    renewals: int = 0

    async def refund(self, refund_id: str) -> KeptRefund | None:
        return next((each for each in self.refunds if each.refund_id == refund_id), None)

    async def refunds_of_order(self, order_id: str) -> tuple[KeptRefund, ...]:
        return tuple(each for each in self.refunds if each.order_id == order_id)

    async def refunds_since(self, since: datetime) -> tuple[KeptRefund, ...]:
        return tuple(each for each in self.refunds if each.asked_at >= since)

    async def checkout(self, payment_id: str) -> Checkout | None:
        raise AssertionError(f"nobody asked to take a payment such as {payment_id}")

    async def paid_back(self, payment_id: str) -> Money | None:
        raise AssertionError(f"nobody asked to take a payment such as {payment_id}")

    async def renew_secrets(
        self, still_good: Callable[[Secrets], bool], renew: Callable[[Secrets], Awaitable[Secrets]]
    ) -> Secrets:
        if not still_good(self.secrets):
            self.renewals += 1
            self.secrets |= await renew(self.secrets)
        return dict(self.secrets)
