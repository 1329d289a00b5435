"""What the fake store remembers: orders, refunds, notes, webhooks, keys, deliveries.

Kept in memory; written to one JSON file after each change where a file is given.
Ids of orders and refunds come from one sequence, as WordPress' posts do.
"""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field, JsonValue

from pef_adapters.testing.fake_woocommerce.settings import ApiKey


class Item(BaseModel):
    """One line of an order."""

    id: int
    name: str
    product_id: int
    quantity: int
    price: Decimal
    sku: str

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


class Meta(BaseModel):
    """One hidden or visible field of an order or refund."""

    id: int
    key: str
    value: JsonValue


class RefundedItem(BaseModel):
    """How many of an order's line a refund gives back; `id` is the refund's own line."""

    id: int
    item: Item
    quantity: int

    @property
    def total(self) -> Decimal:
        return self.item.price * self.quantity


class Refund(BaseModel):
    """A recorded refund; WooCommerce subtracts it at once, whether money moved or not.

    `items` is empty where only an amount was typed in.
    """

    id: int
    amount: Decimal
    reason: str = ""
    refunded_by: int = 1
    refunded_payment: bool = False
    items: list[RefundedItem] = Field(default_factory=list)
    created: datetime
    meta: list[Meta] = Field(default_factory=list)


class Note(BaseModel):
    """An order note; internal unless it went to the customer."""

    id: int
    text: str
    created: datetime
    customer: bool = False
    author: str = "WooCommerce"


class Order(BaseModel):
    """An order with its refunds and notes; `mails` is what the store sent its buyer."""

    id: int
    status: str = "processing"
    email: str = "cliente@example.test"
    customer_id: int = 0
    currency: str = "PEN"
    items: list[Item]
    payment_method: str
    payment_method_title: str
    transaction_id: str = ""
    created: datetime
    modified: datetime
    paid: datetime | None = None
    meta: list[Meta] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)
    mails: list[str] = Field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((item.total for item in self.items), Decimal("0.00"))

    @property
    def refunded(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds), Decimal("0.00"))

    @property
    def rest(self) -> Decimal:
        return self.total - self.refunded

    def refund(self, refund_id: int) -> Refund | None:
        return next((refund for refund in self.refunds if refund.id == refund_id), None)


class Webhook(BaseModel):
    """A webhook; its secret is never shown by REST."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str = Field(repr=False)
    status: str = "active"
    failures: int = 0
    created: datetime
    modified: datetime


class DeliveryRecord(BaseModel):
    """A webhook request exactly as it went out, and what came back."""

    webhook_id: int
    topic: str
    url: str
    headers: dict[str, str]
    body: str
    status: int | None


class Moods(BaseModel):
    """How the store misbehaves; changed by `/_store/moods`."""

    down: bool = False
    slow_seconds: float = 0.0
    drop_webhooks: bool = False
    decimals: int = 2
    refunds_route: bool = True
    plain_permalinks: bool = False
    webhook_owner_may_read: bool = True
    strip_authorization: bool = False
    lose_answers: int = 0
    products_may_be_read: bool = True
    erased_products: list[int] = Field(default_factory=list)


class StoreState(BaseModel):
    """Everything, as it is written to the file."""

    sequence: int = 13
    small_sequence: int = 0
    orders: dict[int, Order] = Field(default_factory=dict)
    webhooks: dict[int, Webhook] = Field(default_factory=dict)
    keys: list[ApiKey] = Field(default_factory=list)
    deliveries: list[DeliveryRecord] = Field(default_factory=list)
    moods: Moods = Field(default_factory=Moods)

    def next_post_id(self) -> int:
        self.sequence += 1
        return self.sequence

    def next_id(self) -> int:
        self.small_sequence += 1
        return self.small_sequence


def load(path: Path | None) -> StoreState | None:
    """The state in the file, or None where there is none."""
    if path is None or not path.exists():
        return None
    return StoreState.model_validate_json(path.read_bytes())


def save(state: StoreState, path: Path | None) -> None:
    """Write the state beside the file first, so that a crash leaves the old one whole."""
    if path is None:
        return
    beside = path.with_suffix(".new")
    beside.write_text(state.model_dump_json())
    beside.replace(path)
