"""What the store's half remembers: orders with their history, notes and hooks. Cents."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

OrderStatus = Literal[
    "payment-pending", "payment-approved", "ready-for-handling", "invoiced", "canceled"
]
InvoiceType = Literal["Output", "Input"]


class Item(BaseModel):
    """One line of an order."""

    id: str
    name: str
    quantity: int
    price: int

    @property
    def total(self) -> int:
        return self.price * self.quantity


class Package(BaseModel):
    """An invoice; `Input` is a return, and `refund` is what it gives back, None if nothing."""

    type: InvoiceType
    invoice_number: str
    value: int
    issued: datetime
    receipt: str
    refund: int | None = None
    items: list[dict[str, str]] = Field(default_factory=list)


class Interaction(BaseModel):
    """A line of the order's history."""

    at: datetime
    source: str
    message: str


class Note(BaseModel):
    """A note of VTEX DO on an order."""

    id: str
    at: datetime
    domain: str
    target_type: str
    target_url: str
    description: str
    key: str


class Order(BaseModel):
    """One order; several share the purchase that `group` names, and its payment."""

    id: str
    group: str
    sequence: str
    currency: str
    email: str
    items: list[Item]
    status: OrderStatus = "payment-pending"
    created: datetime
    changed: datetime
    authorized: datetime | None = None
    invoiced: datetime | None = None
    cancelled: datetime | None = None
    cancel_reason: str = ""
    packages: list[Package] = Field(default_factory=list)
    interactions: list[Interaction] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)

    @property
    def value(self) -> int:
        return sum(item.total for item in self.items)

    @property
    def returned(self) -> int:
        return self._sum_of("Input")

    @property
    def is_wholly_invoiced(self) -> bool:
        return self._sum_of("Output") >= self.value

    @property
    def is_invoiced(self) -> bool:
        """Whether any part was: then it can't be cancelled any more."""
        return self._sum_of("Output") > 0

    def _sum_of(self, kind: InvoiceType) -> int:
        return sum(package.value for package in self.packages if package.type == kind)


class Hook(BaseModel):
    """Where an AppKey's order events go. `headers` may hold a secret and are never shown.

    `told` are the orders that a single-fire hook has spoken about already.
    """

    key: str
    url: str
    headers: dict[str, str] = Field(repr=False)
    filter_type: Literal["FromWorkflow", "FromOrders"]
    statuses: list[str] = Field(default_factory=list)
    expression: str = ""
    single_fire: bool = True
    told: list[str] = Field(default_factory=list)
    last_event: datetime


class HookDelivery(BaseModel):
    """An order event on its way to a hook; `due` is None when it has been taken."""

    id: int
    key: str
    url: str
    body: str
    created: datetime
    due: datetime | None
    tries: int = 0
    status: int | None = None
