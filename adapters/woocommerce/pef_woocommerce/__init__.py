"""The WooCommerce adapter: a store's refunds in, their state back onto the order.

Owns the translation between WooCommerce's REST API and webhooks and the canonical
records of `pef_adapters.platforms.contract`. It must never decide about money and
keeps nothing between two calls. Facts: `platforms/woocommerce.md`, sections 3, 4, 10.
"""

from datetime import datetime
from typing import Final

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
from pef_woocommerce import health, inbound, outbound, reading, webhooks
from pef_woocommerce.keys import WooCommerceKeys
from pef_woocommerce.messages import WooCommerceMessages
from pef_woocommerce.settings import Settings

CAPABILITIES: Final = Capabilities(
    platform="woocommerce",
    partial_refunds=True,
    several_refunds=True,
    signed_webhooks=True,
    redelivers=False,
    announces_deletion=False,
    refund_can_be_deleted=True,
    answer_seconds=60,
    max_body_bytes=inbound.MAX_BODY_BYTES,
    tells_buyer=True,
    tells_products=True,
)


class WooCommerce:
    """The six methods of `platforms.contract.Platform`, which documents them."""

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def settings_model(self) -> type[Settings]:
        """What a store is told (`platforms.settings_model`)."""
        return Settings

    @property
    def one_click(self) -> OneClick:
        return WooCommerceKeys()

    @property
    def buyer_messages(self) -> BuyerMessages:
        return WooCommerceMessages()

    @property
    def provider(self) -> Provider | None:
        return None

    @property
    def inbox(self) -> SharedInbox | None:
        return None

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        return inbound.receive(delivery, store)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        return await reading.read(hint, store)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        return await reading.find_changes(since, store)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        await outbound.write_back(report, store)

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        return await webhooks.connect(store)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        return await health.check(store)


def platform() -> WooCommerce:
    """Make the adapter; the entry point `pef_adapters.platforms` names this function."""
    return WooCommerce()
