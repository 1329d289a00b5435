"""Shopify's payments extension, way A: Shopify asks us for payments and refunds.

Owns the translation between sessions, mutations and the canonical records of
`pef_adapters.platforms`. It must never decide about money and keeps nothing between two
calls: what was asked is read back from the store's records. Facts: `platforms/shopify.md`,
sections 0, 1 and 3.
"""

from datetime import datetime
from typing import Final

import anyio

from pef_adapters.core.errors import PlatformRefused, SettingInvalid
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
from pef_adapters.platforms.kept import changes_kept, read_kept, records_of
from pef_shopify.client import Sleep
from pef_shopify.inbound import MAX_BODY_BYTES
from pef_shopify.inbox import ShopifyInbox
from pef_shopify.payments import health, sessions, webhooks
from pef_shopify.payments.provider import ShopifyProvider
from pef_shopify.payments.settings import PaymentsSettings, payout_barred

_HOUR: Final = 60 * 60
CAPABILITIES: Final = Capabilities(
    platform="shopify_payments",
    partial_refunds=True,
    several_refunds=True,
    signed_webhooks=True,
    redelivers=True,
    announces_deletion=False,
    refund_can_be_deleted=False,
    answer_seconds=5,
    max_body_bytes=MAX_BODY_BYTES,
    outcome_is_final=True,
    # Shopify's rhythm for partners, about a day in all (section 1). Its first try is at once.
    tell_again_after=(
        *(5, 10, 30, 45, 60, 2 * 60, 5 * 60, 12 * 60, 38 * 60),
        *(_HOUR, 2 * _HOUR, 4 * _HOUR, 4 * _HOUR, 4 * _HOUR, 4 * _HOUR, 4 * _HOUR),
    ),
)


class ShopifyPayments:
    """The six methods of `platforms.contract.Platform`, which documents them.

    `sleep` waits where Shopify asks us to slow down.
    """

    def __init__(self, sleep: Sleep = anyio.sleep) -> None:
        self._sleep = sleep

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def settings_model(self) -> type[PaymentsSettings]:
        """What a store is told (`platforms.settings_model`)."""
        return PaymentsSettings

    def payout_bar(self, store: StoreConnection) -> str | None:
        """What is refunded by hand is bound as well (`platforms.payout_bars`)."""
        return payout_barred(store)

    @property
    def one_click(self) -> OneClick | None:
        """None: the installation ends at the app's own page, with a code to exchange."""
        return None

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        return None

    @property
    def provider(self) -> Provider:
        return ShopifyProvider(self._sleep)

    @property
    def inbox(self) -> SharedInbox:
        return ShopifyInbox()

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        return webhooks.receive(delivery, store)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        try:
            barred = payout_barred(store)
        except SettingInvalid as error:
            raise PlatformRefused(str(error)) from None
        return await read_kept(hint, store, payout_barred=barred)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        """What was kept since; the newest of it stands for the present moment."""
        asked = [kept.asked_at for kept in await records_of(store).refunds_since(since)]
        return await changes_kept(since, max(asked, default=since), store)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        await sessions.write_back(report, store, self._sleep)

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        return await health.connect(store, self._sleep)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        return await health.check(store, self._sleep)


def platform() -> ShopifyPayments:
    """Make the adapter; the entry point `pef_adapters.platforms` names this function."""
    return ShopifyPayments()
