"""The Shopify adapter, ways B and C: a store's refunds in, their state back onto the order.

Owns the translation between Shopify's webhooks and Admin GraphQL and the canonical records
of `pef_adapters.platforms.contract`. It must never decide about money and keeps nothing
between two calls. Way A, the payments extension, is `pef_shopify.payments`. Facts:
`platforms/shopify.md`, sections 0, 2 and 3.
"""

from datetime import datetime
from typing import Final

import anyio

from pef_adapters.platforms.contract import (
    BuyerMessages,
    Capabilities,
    Changes,
    Check,
    Delivery,
    Hint,
    OneClick,
    OrderReport,
    Provider,
    SharedInbox,
    StoreConnection,
    StoreRefund,
)
from pef_shopify import health, inbound, mapping, outbound, reading, webhooks
from pef_shopify.client import Sleep
from pef_shopify.inbox import ShopifyInbox
from pef_shopify.settings import Settings, settings_of

CAPABILITIES: Final = Capabilities(
    platform="shopify",
    partial_refunds=True,
    several_refunds=True,
    signed_webhooks=True,
    redelivers=True,
    announces_deletion=False,
    refund_can_be_deleted=False,
    answer_seconds=5,
    max_body_bytes=inbound.MAX_BODY_BYTES,
)


class Shopify:
    """The six methods of `platforms.contract.Platform`, which documents them.

    `sleep` waits where Shopify asks us to slow down.
    """

    def __init__(self, sleep: Sleep = anyio.sleep) -> None:
        self._sleep = sleep

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def settings_model(self) -> type[Settings]:
        """What a store is told (`platforms.settings_model`)."""
        return Settings

    def payout_bar(self, store: StoreConnection) -> str | None:
        """What is refunded by hand is bound as well (`platforms.payout_bars`)."""
        return mapping.payout_barred(store, settings_of(store))

    @property
    def one_click(self) -> OneClick | None:
        """None: Shopify's installation ends at the app's own page, with a code to exchange."""
        return None

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        return None

    @property
    def provider(self) -> Provider | None:
        return None

    @property
    def inbox(self) -> SharedInbox:
        return ShopifyInbox()

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        return inbound.receive(delivery, store)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        return await reading.read(hint, store, self._sleep)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        return await reading.find_changes(since, store, self._sleep)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        await outbound.write_back(report, store, self._sleep)

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        return await webhooks.connect(store, self._sleep)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        return await health.check(store, self._sleep)


def platform() -> Shopify:
    """Make the adapter; the entry point `pef_adapters.platforms` names this function."""
    return Shopify()
