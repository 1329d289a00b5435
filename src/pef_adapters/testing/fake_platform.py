"""A store platform in memory, for tests of the engine without any wire.

It behaves like a store that misbehaves on request: it can be unreachable, refuse
keys, lose a refund silently, and it remembers every note it was given.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pef_adapters.core.errors import PlatformError, PlatformRefused, SignatureInvalid
from pef_adapters.core.money import Money
from pef_adapters.platforms.contract import (
    BuyerMessages,
    Capabilities,
    Changes,
    Check,
    Delivery,
    Hint,
    HintKind,
    OneClick,
    OrderReport,
    Provider,
    RefundLine,
    SharedInbox,
    StoreConnection,
    StoreRefund,
)

CAPABILITIES = Capabilities(
    platform="fake",
    partial_refunds=True,
    several_refunds=True,
    signed_webhooks=True,
    redelivers=False,
    announces_deletion=False,
    refund_can_be_deleted=True,
    answer_seconds=5,
    max_body_bytes=10_000,
    tells_buyer=True,
    tells_products=True,
)

_OVERLAP = timedelta(minutes=10)


@dataclass
class FakeOrder:
    """What the store knows of one order: what we told it, and its buyer by marker."""

    lines: dict[str, RefundLine] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)


class FakePlatform:
    """Implements `platforms.contract.Platform` and, as its own finder, `ports.Platforms`.

    It passes messages to buyers unless `mails_buyers` is switched off.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock
        self.refunds: dict[str, StoreRefund] = {}
        self.orders: dict[str, FakeOrder] = {}
        self.trouble: PlatformError | None = None
        self.mails_buyers = True
        self.reads = 0
        self.write_backs = 0

    # what a person does at the store

    def press(
        self,
        refund_id: str,
        amount: Money,
        *,
        at: datetime,
        order_id: str = "14",
        transaction_id: str | None = "11546901",
        **changes: Any,
    ) -> StoreRefund:
        """Press the refund button: the store now has this refund."""
        refund = StoreRefund(
            refund_id=refund_id,
            order_id=order_id,
            order_number=order_id,
            amount=amount,
            reason="Producto agotado",
            requested_at=at,
            requested_by="1",
            paid_by_gateway=False,
            order_currency=amount.currency,
            order_total=Money(12980, amount.currency),
            order_paid_at=at,
            payment_method="pagoefectivo",
            transaction_id=transaction_id,
            ours=True,
        )
        self.refunds[refund_id] = replace(refund, **changes)
        self.orders.setdefault(order_id, FakeOrder())
        return self.refunds[refund_id]

    def delete(self, refund_id: str) -> None:
        """Delete a refund without telling anybody."""
        del self.refunds[refund_id]

    def order(self, order_id: str = "14") -> FakeOrder:
        return self.orders[order_id]

    # Platforms

    def named(self, platform: str) -> "FakePlatform":
        if platform != CAPABILITIES.platform:
            raise KeyError(platform)
        return self

    # Platform

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def one_click(self) -> OneClick | None:
        return None

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        return self if self.mails_buyers else None

    @property
    def provider(self) -> Provider | None:
        return None

    @property
    def inbox(self) -> SharedInbox | None:
        return None

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        if delivery.headers.get("x-secret") != store.secrets["webhook_secret"]:
            raise SignatureInvalid
        told = json.loads(delivery.body)
        return (Hint(kind=HintKind.REFUND_CREATED, refund_id=told["refund"]),)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        self._reach()
        self.reads += 1
        wanted = [
            refund
            for refund in self.refunds.values()
            if hint.refund_id in (None, refund.refund_id)
            and hint.order_id in (None, refund.order_id)
        ]
        return tuple(wanted)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        self._reach()
        recent = [r for r in self.refunds.values() if r.requested_at >= since]
        hints = [Hint(kind=HintKind.REFUND_CREATED, refund_id=r.refund_id) for r in recent]
        return Changes(tuple(hints), max(since, self._now() - _OVERLAP))

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        self._reach()
        self.write_backs += 1
        order = self.orders[report.order_id]
        for line in report.lines:
            order.lines[line.refund_id] = line
            if line.note is not None:
                order.notes.setdefault(line.marker, line.note)

    async def tell_buyer(
        self, order_id: str, text: str, marker: str, store: StoreConnection
    ) -> None:
        self._reach()
        if order_id not in self.orders:
            raise PlatformRefused(f"the store has no order {order_id}")
        self.orders[order_id].messages.setdefault(marker, text)

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        self._reach()
        return (Check("webhooks", passed=True, detail="alive"),)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        return (Check("reachable", passed=self.trouble is None, detail=""),)

    def _reach(self) -> None:
        if self.trouble is not None:
            raise self.trouble
