"""What the fake shop remembers: orders, tokens, webhooks, sessions, deliveries, moods.

Kept in memory; written to one JSON file after each change where a file is given.
"""

import hashlib
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field

from pef_adapters.testing.fake_shopify.app_records import (
    Grant,
    Install,
    PaymentSession,
    RefundSession,
    TokenPair,
)
from pef_adapters.testing.fake_shopify.settings import ShopifyApp

ZERO: Final = Decimal("0.00")
Status = Literal["success", "pending", "failure", "error"]
_COUNTED: Final = ("success", "pending")


class Item(BaseModel):
    """One line of an order."""

    id: int
    title: str
    sku: str
    quantity: int
    price: Decimal


class Transaction(BaseModel):
    """A movement of money as Shopify keeps it; whether money moved, `status` says.

    `refund_id` is the refund it belongs to, `session_id` the refund session that decides it.
    """

    id: int
    kind: Literal["sale", "refund", "void"]
    status: Status
    gateway: str
    amount: Decimal
    currency: str
    created: datetime
    manual: bool
    parent_id: int | None = None
    refund_id: int | None = None
    payment_id: str | None = None
    session_id: str | None = None
    message: str = ""
    test: bool = False


class RefundedLine(BaseModel):
    """How many of an order's line a refund takes back."""

    id: int
    item: Item
    quantity: int


class Adjustment(BaseModel):
    """What balances a refund's lines against its money; says nothing about the money."""

    id: int
    amount: Decimal
    reason: str


class Refund(BaseModel):
    """A recorded refund. Its money is what its transactions say, nothing else."""

    id: int
    note: str
    created: datetime
    lines: list[RefundedLine] = Field(default_factory=list)
    adjustments: list[Adjustment] = Field(default_factory=list)


class Metafield(BaseModel):
    """One metafield of an order."""

    id: int
    namespace: str
    key: str
    type: str
    value: str
    created: datetime
    updated: datetime

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.value.encode()).hexdigest()


class Order(BaseModel):
    """An order with its transactions and refunds; `session_id` names the payment session."""

    id: int
    number: int
    email: str
    customer_id: int
    currency: str
    gateway: str
    manual: bool
    session_id: str | None = None
    test: bool = False
    note: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    items: list[Item]
    transactions: list[Transaction] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    metafields: list[Metafield] = Field(default_factory=list)
    created: datetime
    updated: datetime
    cancelled: datetime | None = None
    cancel_reason: str | None = None

    @property
    def total(self) -> Decimal:
        return sum((item.price * item.quantity for item in self.items), ZERO)

    @property
    def received(self) -> Decimal:
        return self._sum("sale", "success")

    @property
    def refunded(self) -> Decimal:
        """What Shopify says was refunded; a pending refund counts nothing."""
        return self._sum("refund", "success")

    @property
    def rest(self) -> Decimal:
        """What the refund form still offers; a pending refund has taken its part."""
        return self.received - self._sum("refund", *_COUNTED)

    def of_refund(self, refund_id: int) -> list[Transaction]:
        return [t for t in self.transactions if t.refund_id == refund_id]

    def refund(self, refund_id: int) -> Refund | None:
        return next((refund for refund in self.refunds if refund.id == refund_id), None)

    def transaction(self, transaction_id: int | None) -> Transaction | None:
        return next((t for t in self.transactions if t.id == transaction_id), None)

    def _sum(self, kind: str, *statuses: str) -> Decimal:
        found = (t.amount for t in self.transactions if t.kind == kind and t.status in statuses)
        return sum(found, ZERO)


class Webhook(BaseModel):
    """A webhook made by an app through the API, or, without an app, by the merchant."""

    id: int
    client_id: str | None
    topic: str
    uri: str
    name: str | None = None
    created: datetime
    updated: datetime
    failures: int = 0


class DeliveryRecord(BaseModel):
    """A webhook as it goes out, and what came back at each try; None is no answer."""

    topic: str
    uri: str
    client_id: str | None
    webhook: int | None
    headers: dict[str, str]
    body: str
    due: datetime
    tries: list[int | None] = Field(default_factory=list)
    done: bool = False


class Moods(BaseModel):
    """How the shop misbehaves; changed by `/_shop/moods`.

    `lose_answers` answers are lost after their work was done: those of the operation
    `lose_operation` (a root field, or `access_token` for OAuth), else of any mutation.
    `throttle_answers` calls are refused as throttled, whatever the bucket holds.
    `vague_webhooks` leaves out what recordings leave out: currency, parent, gateway's name.
    """

    down: bool = False
    slow_seconds: float = 0.0
    drop_webhooks: bool = False
    lose_answers: int = 0
    lose_operation: str | None = None
    throttle_answers: int = 0
    vague_webhooks: bool = False


class ShopState(BaseModel):
    """Everything, as it is written to the file."""

    sequence: int
    number: int = 1000
    opened: datetime
    apps: dict[str, ShopifyApp] = Field(default_factory=dict)
    installs: dict[str, Install] = Field(default_factory=dict)
    tokens: list[TokenPair] = Field(default_factory=list)
    grants: list[Grant] = Field(default_factory=list)
    orders: dict[int, Order] = Field(default_factory=dict)
    webhooks: dict[int, Webhook] = Field(default_factory=dict)
    deliveries: list[DeliveryRecord] = Field(default_factory=list)
    payments: dict[str, PaymentSession] = Field(default_factory=dict)
    refund_sessions: dict[str, RefundSession] = Field(default_factory=dict)
    idempotent: dict[str, int] = Field(default_factory=dict)
    moods: Moods = Field(default_factory=Moods)

    def next_id(self) -> int:
        self.sequence += 1
        return self.sequence

    def next_number(self) -> int:
        self.number += 1
        return self.number


def load(path: Path | None) -> ShopState | None:
    """The state in the file, or None where there is none."""
    if path is None or not path.exists():
        return None
    return ShopState.model_validate_json(path.read_bytes())


def save(state: ShopState, path: Path | None) -> None:
    """Write the state beside the file first, so that a crash leaves the old one whole."""
    if path is None:
        return
    beside = path.with_suffix(".new")
    beside.write_text(state.model_dump_json(), encoding="utf-8")
    beside.replace(path)
