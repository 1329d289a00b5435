"""WooCommerce's JSON, as far as this adapter reads it. Shapes only, no meaning.

Amounts are decimal text and are read as Decimal, never as float (section 4).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
)

from pef_adapters.core.moments import in_utc, written


def _in_utc(moment: datetime) -> datetime:
    """The `*_gmt` fields carry no offset; they are UTC by their name."""
    return in_utc(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _as_record(value: object) -> object:
    """PHP writes an empty record as an empty list."""
    return {} if value in ([], None) else value


def _exact(value: object) -> object:
    """WooCommerce writes amounts as text; a number with a point would be read through a float."""
    if isinstance(value, float):
        raise ValueError("an amount that went through a float")  # noqa: TRY004 - for pydantic
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact)]
GmtTime = Annotated[datetime, BeforeValidator(written), AfterValidator(_in_utc)]
Id = Annotated[int, Field(gt=0)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Meta(_Wire):
    """One entry of an order's `meta_data`."""

    key: str
    value: JsonValue = None


class Billing(_Wire):
    """Who pays an order; personal data, so it is never shown."""

    email: Annotated[str | None, Field(repr=False)] = None


class LineItem(_Wire):
    """One article of an order or refund; without a product where somebody typed it in."""

    product_id: int | None = None


class Term(_Wire):
    """A category or tag. Names come with HTML's entities, slugs percent-encoded."""

    name: str = ""
    slug: str = ""


class Product(_Wire):
    """As much of a product as tells what it is filed under."""

    id: Id
    categories: tuple[Term, ...] = ()
    tags: tuple[Term, ...] = ()


class RefundSummary(_Wire):
    """A refund as an order lists it; its total is rounded for display, so it is not read."""

    id: Id


class OrderChange(_Wire):
    """As much of an order as tells that it changed and which refunds it has now."""

    id: Id
    refunds: tuple[RefundSummary, ...] | None = None
    date_modified_gmt: GmtTime | None = None


class Order(OrderChange):
    """An order, asked for with `dp=2`."""

    number: str
    currency: str
    total: Amount
    payment_method: str = ""
    transaction_id: str = ""
    date_paid_gmt: GmtTime | None = None
    customer_id: int = 0
    billing: Annotated[Billing, BeforeValidator(_as_record)] = Billing()
    line_items: tuple[LineItem, ...] = ()
    meta_data: tuple[Meta, ...] = ()

    def meta(self, key: str) -> JsonValue:
        return next((meta.value for meta in self.meta_data if meta.key == key), None)


class Refund(_Wire):
    """A refund, asked for with `dp=2`. `parent_id` stands only in the list of all refunds."""

    id: Id
    parent_id: Id | None = None
    date_created_gmt: GmtTime
    amount: Annotated[Amount, Field(ge=0)]
    reason: str = ""
    refunded_by: int = 0
    refunded_payment: bool = False
    line_items: tuple[LineItem, ...] = ()


class ActionBody(_Wire):
    """The body of an `action.*` webhook."""

    arg: Id


class Trouble(_Wire):
    """An error of WordPress' REST API, which signed webhooks can carry too."""

    code: str
    message: str = ""


class Note(_Wire):
    """An order note."""

    note: str


class Webhook(_Wire):
    """A webhook as REST lists it; its secret is never shown."""

    id: Id
    name: str = ""
    status: str
    topic: str
    delivery_url: str


class Gateway(_Wire):
    """A payment method of the store."""

    id: str


class Site(_Wire):
    """The index at `/wp-json/`."""

    home: str = ""
    namespaces: tuple[str, ...] = ()


class SystemStatus(_Wire):
    """The part of `system_status` that names WooCommerce's version."""

    environment: Mapping[str, JsonValue] = {}


REFUNDS: TypeAdapter[tuple[Refund, ...]] = TypeAdapter(tuple[Refund, ...])
ORDERS: TypeAdapter[tuple[Order, ...]] = TypeAdapter(tuple[Order, ...])
ORDER_CHANGES: TypeAdapter[tuple[OrderChange, ...]] = TypeAdapter(tuple[OrderChange, ...])
PRODUCTS: TypeAdapter[tuple[Product, ...]] = TypeAdapter(tuple[Product, ...])
NOTES: TypeAdapter[tuple[Note, ...]] = TypeAdapter(tuple[Note, ...])
WEBHOOKS: TypeAdapter[tuple[Webhook, ...]] = TypeAdapter(tuple[Webhook, ...])
GATEWAYS: TypeAdapter[tuple[Gateway, ...]] = TypeAdapter(tuple[Gateway, ...])
