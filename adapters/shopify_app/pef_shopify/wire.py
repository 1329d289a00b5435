"""Shopify's JSON, as far as this adapter reads it: GraphQL answers and webhooks. Shapes only.

Amounts are Decimal and never a float: Shopify writes "20", "10.00" and "10.0" for one kind
of thing (platforms/shopify.md, section 2).
"""

import json
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from pef_adapters.core.moments import in_utc, written
from pef_shopify.identity import Id

_Model = TypeVar("_Model", bound=BaseModel)


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("an amount that went through a float")  # noqa: TRY004 - for pydantic
    return value


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return in_utc(moment)


def _as_text(value: object) -> object:
    return "" if value is None else value


Amount = Annotated[Decimal, BeforeValidator(_exact)]
Time = Annotated[datetime, BeforeValidator(written), AfterValidator(_in_utc)]
Text = Annotated[str, BeforeValidator(_as_text)]


def read_json(body: bytes) -> Any:
    """JSON whose numbers stay exact: whole ones are int, others Decimal.

    Raises:
        ValueError: not JSON, with NaN or Infinity, or nested too deeply.
    """
    try:
        # Left to itself, json takes UTF-16 and UTF-32 as well; a mark of UTF-8 does no harm.
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def read_body(model: type[_Model], body: bytes) -> _Model | None:
    """A webhook's body, or None where it is not what the model describes."""
    try:
        return model.model_validate(read_json(body))
    except (ValueError, ArithmeticError, ValidationError):
        return None


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Graph(_Wire):
    """GraphQL's names are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


# --- orders and refunds ---------------------------------------------------------


class Kind(StrEnum):
    """What a transaction does, as far as it matters here (OrderTransactionKind)."""

    SALE = "SALE"
    CAPTURE = "CAPTURE"
    REFUND = "REFUND"


class Status(StrEnum):
    """Where a transaction stands, as far as it matters here (OrderTransactionStatus)."""

    SUCCESS = "SUCCESS"
    PENDING = "PENDING"


class Money(Graph):
    """MoneyV2."""

    amount: Amount
    currency_code: str


class MoneyBag(Graph):
    """One amount in the buyer's currency and in the shop's."""

    presentment_money: Money
    shop_money: Money


class PageInfo(Graph):
    """Where a list goes on."""

    has_next_page: bool
    end_cursor: str | None = None


class Parent(Graph):
    """The payment that a refund's transaction gives back."""

    gateway: Text = ""
    payment_id: str | None = None


class Transaction(Graph):
    """A movement of money on an order; `manual_payment_gateway` says that Shopify moves none."""

    kind: str
    status: str
    gateway: Text = ""
    manual_payment_gateway: bool
    test: bool
    payment_id: str | None = None
    processed_at: Time | None = None
    amount_set: MoneyBag
    parent_transaction: Parent | None = None


class Transactions(Graph):
    """One page of a refund's transactions."""

    nodes: tuple[Transaction, ...]
    page_info: PageInfo


class Node(Graph):
    """Anything that is only named."""

    id: Id


class Refund(Graph):
    """A refund; of the money in it only `transactions` tells (section 2)."""

    id: Id
    created_at: Time | None = None
    processed_at: Time
    note: Text = ""
    order: Node
    transactions: Transactions


class Attribute(Graph):
    """One of an order's custom attributes."""

    key: str
    value: str | None = None


class Value(Graph):
    """The value of a metafield."""

    value: str


class Order(Graph):
    """An order, with the refunds that it lists where they were asked for."""

    id: Id
    name: str
    number: int
    test: bool
    payment_gateway_names: tuple[str, ...]
    total_price_set: MoneyBag | None = None
    custom_attributes: tuple[Attribute, ...] = ()
    reference: Value | None = None
    transactions: tuple[Transaction, ...]
    refunds: tuple[Node, ...] = ()


class RefundAnswer(Graph):
    """The answer to refund.graphql."""

    refund: Refund | None


class OrderAnswer(Graph):
    """The answer to order.graphql."""

    order: Order | None


class ChangedOrder(Graph):
    """As much of an order as tells that it changed and which refunds it has now."""

    id: Id
    updated_at: Time
    payment_gateway_names: tuple[str, ...]
    refunds: tuple[Node, ...]


class ChangedOrders(Graph):
    """One page of orders that changed, oldest change first."""

    nodes: tuple[ChangedOrder, ...]
    page_info: PageInfo


class ChangedOrdersAnswer(Graph):
    """The answer to changed_orders.graphql."""

    orders: ChangedOrders


class RecentOrders(Graph):
    """Some orders."""

    nodes: tuple[Order, ...]


class RecentOrdersAnswer(Graph):
    """The answer to recent_orders.graphql."""

    orders: RecentOrders


# --- what stands on an order, and what is written there ----------------------------


class Record(Graph):
    """The app's own metafield on an order, and what proves that nobody wrote it meanwhile."""

    value: str
    compare_digest: str


class Standing(Graph):
    """What an order carries of ours."""

    id: Id
    tags: tuple[str, ...]
    record: Record | None = None


class StandingAnswer(Graph):
    """The answer to order_record.graphql."""

    order: Standing | None


class UserError(Graph):
    """Why Shopify did not do what a mutation asked."""

    message: str
    code: str | None = None
    field: tuple[str, ...] | None = None

    def __str__(self) -> str:
        place = f"{'.'.join(self.field)}: " if self.field else ""
        return f"{place}{self.message}"


class Payload(Graph):
    """What every mutation answers."""

    user_errors: tuple[UserError, ...]


class WrittenAnswer(Graph):
    """The answer to a mutation, which each document names `written`."""

    written: Payload
