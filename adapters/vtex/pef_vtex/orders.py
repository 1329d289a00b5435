"""VTEX's orders, as far as this adapter reads them: groups, returns, cancellations.

One purchase is an order group; its orders (one a seller) are named after it: "group-01".
The payment belongs to the group. Amounts here are whole cents (platforms/vtex.md, 5, 6).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
)
from pydantic.alias_generators import to_camel

from pef_adapters.core.moments import in_utc, written

_NUMBERED: Final = re.compile(r"(.+)-[0-9]{2}\Z")
CANCELED: Final = "canceled"


def group_of(order_id: str) -> str:
    """The group that an order belongs to; a group's own name stays as it is."""
    found = _NUMBERED.match(order_id)
    return found[1] if found else order_id


def _in_utc(moment: datetime) -> datetime:
    return in_utc(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _listed(value: object) -> object:
    return () if value is None else value


Moment = Annotated[datetime, BeforeValidator(written), AfterValidator(_in_utc)]


class _Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class Returned(_Wire):
    """What a return gives back, in cents."""

    value: int = 0


class Restitutions(_Wire):
    """Written in two ways by VTEX itself."""

    refund: Annotated[Returned | None, Field(validation_alias=AliasChoices("Refund", "refund"))] = (
        None
    )


class Package(_Wire):
    """An invoice: `Output` leaves the store, `Input` comes back."""

    type: str = ""
    restitutions: Restitutions | None = None

    @property
    def given_back(self) -> int:
        refund = self.restitutions.refund if self.restitutions else None
        return refund.value if refund is not None and self.type == "Input" else 0


class Packages(_Wire):
    """All invoices of an order."""

    packages: Annotated[tuple[Package, ...], BeforeValidator(_listed)] = ()


class OrderPayment(_Wire):
    """One payment of an order's transaction, in cents."""

    id: str
    value: int = 0


class Transaction(_Wire):
    """An order's transaction at the gateway."""

    transaction_id: str = ""
    payments: Annotated[tuple[OrderPayment, ...], BeforeValidator(_listed)] = ()


class PaymentData(_Wire):
    """How an order was paid."""

    transactions: Annotated[tuple[Transaction, ...], BeforeValidator(_listed)] = ()


class Order(_Wire):
    """One order of a group, in cents. No buyer's data is read."""

    order_id: str
    status: str = ""
    value: int = 0
    last_change: Moment | None = None
    package_attachment: Packages | None = None
    payment_data: PaymentData | None = None

    @property
    def given_back(self) -> int:
        """What its returns, or its cancellation, say goes back to the buyer."""
        if self.status == CANCELED:
            return self.value
        packages = self.package_attachment.packages if self.package_attachment else ()
        return sum(package.given_back for package in packages)

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return self.payment_data.transactions if self.payment_data else ()


class Listed(_Wire):
    """An order in the list of orders; VTEX does not promise the time of its last change."""

    order_id: str
    last_change: Moment | None = None


class Paging(_Wire):
    """How many pages the list has."""

    pages: int = 1


class OrderList(_Wire):
    """One page of the list of orders."""

    orders: Annotated[
        tuple[Listed, ...], BeforeValidator(_listed), Field(validation_alias="list")
    ] = ()
    paging: Paging = Paging()


class RefundAction(_Wire):
    """One line of a transaction's refunds; `online` is one that the provider confirmed."""

    payment_id: str = ""
    type: str = ""
    value: int = 0


class TransactionRefunds(_Wire):
    """A transaction's refunds, as the gateway recorded them."""

    actions: Annotated[tuple[RefundAction, ...], BeforeValidator(_listed)] = ()


ORDERS: TypeAdapter[tuple[Order, ...]] = TypeAdapter(tuple[Order, ...])
