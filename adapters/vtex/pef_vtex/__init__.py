"""The VTEX adapter: our side of the payment provider protocol, and the order's own words.

Owns the translation between VTEX's protocol and APIs and the canonical records of
`pef_adapters.platforms`. It must never decide about money and keeps nothing between two
calls. Facts: `platforms/vtex.md`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
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
from pef_vtex import health, hook, inbound, outbound, reading
from pef_vtex.provider import VtexProvider
from pef_vtex.settings import Settings

CAPABILITIES: Final = Capabilities(
    platform="vtex",
    partial_refunds=True,
    several_refunds=True,
    signed_webhooks=False,
    redelivers=True,
    announces_deletion=False,
    refund_can_be_deleted=False,
    answer_seconds=5,
    max_body_bytes=inbound.MAX_BODY_BYTES,
    outcome_is_final=False,
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Vtex:
    """The six methods of `platforms.contract.Platform`, which documents them.

    `now` is the clock by which polls end, and by which nothing is told to VTEX while it may
    still be waiting for an answer.
    """

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._now = now

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def settings_model(self) -> type[Settings]:
        """What a store is told (`platforms.settings_model`)."""
        return Settings

    @property
    def one_click(self) -> OneClick | None:
        return None

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        return None

    @property
    def provider(self) -> Provider:
        return VtexProvider(self._now)

    @property
    def inbox(self) -> SharedInbox | None:
        return None

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        return inbound.receive(delivery, store)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        return await reading.read(hint, store)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        return await reading.find_changes(since, store, self._now)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        await outbound.write_back(report, store, self._now())

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        return await hook.connect(store)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        return await health.check(store)


def platform() -> Vtex:
    """Make the adapter; the entry point `pef_adapters.platforms` names this function."""
    return Vtex()
