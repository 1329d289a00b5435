"""The bodies of Shopify's webhooks, as far as this adapter reads them. Shapes only.

Shopify's own description of them is stricter than what really comes: a currency, a gateway
or a parent can be missing (platforms/shopify.md, sections 2 and 4).
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pef_shopify.identity import Id
from pef_shopify.wire import Amount, Text, Time


def _as_list(value: object) -> object:
    return () if value is None else value


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Payment(_Body):
    """A transaction as a webhook tells it, in lower case."""

    kind: str
    status: str
    gateway: Text = ""
    amount: Amount
    currency: str | None = None
    message: Text = ""
    test: bool = False
    payment_id: str | None = None
    manual_payment_gateway: bool | None = None


class RefundBody(_Body):
    """The body of refunds/create. `gid` is exact even where a copy rounded `id`."""

    id: Id
    gid: Annotated[Id | None, Field(alias="admin_graphql_api_id")] = None
    order_id: Id
    note: Text = ""
    user_id: Id | None = None
    created_at: Time | None = None
    transactions: Annotated[tuple[Payment, ...], BeforeValidator(_as_list)] = ()

    @property
    def refund_id(self) -> str:
        return self.gid or self.id


class TransactionBody(_Body):
    """The body of order_transactions/create."""

    order_id: Id
    kind: Text = ""


class OrderedRefund(_Body):
    """A refund as an order's webhook lists it; without money it only restocks."""

    id: Id
    transactions: tuple[object, ...] | None = None


class OrderBody(_Body):
    """The body of the topics about orders; its refunds are listed in some of them."""

    id: Id
    refunds: tuple[OrderedRefund, ...] | None = None


class ShopBody(_Body):
    """The body of app/uninstalled."""

    myshopify_domain: str


class ScopesBody(_Body):
    """The body of app/scopes_update."""

    current: tuple[str, ...]


class Customer(_Body):
    """Whom a privacy request is about; personal data, so it is never shown."""

    id: Id | None = None
    email: Annotated[str | None, Field(repr=False)] = None


class DataRequest(_Body):
    """Shopify's own name of a request."""

    id: Id


class PrivacyBody(_Body):
    """The bodies of the three privacy topics."""

    shop_domain: str
    customer: Customer | None = None
    orders_requested: Annotated[tuple[Id, ...], BeforeValidator(_as_list)] = ()
    orders_to_redact: Annotated[tuple[Id, ...], BeforeValidator(_as_list)] = ()
    data_request: DataRequest | None = None
