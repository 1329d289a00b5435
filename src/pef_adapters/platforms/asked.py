"""What a store's gateway asks of us as its payment provider, and what is kept of it.

Some platforms don't announce a refund, they ask for it: VTEX and Shopify's payments
platform call their provider and can't be asked back. There the call itself, once it is
proved, is the platform's word; the engine keeps it, and an adapter reads it from there
as others read a store's API. Shapes only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pef_adapters.core.money import Money

# --- a payment that a store asks us to take ------------------------------------


class CheckoutState(StrEnum):
    """Where a payment that we were asked to take stands.

    `asked`: kept, without a CIP so far. `waiting`: the buyer has a CIP to pay.
    """

    ASKED = "asked"
    WAITING = "waiting"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPayment:
    """A gateway asks us to take a payment.

    `payment_id` is the platform's own and the idempotency key: the same id asks for the
    same payment. `expires_at` is how long the gateway waits, None where it says nothing.
    `email` goes to PagoEfectivo, which sends the CIP there. `private` is what the adapter
    needs later to answer this very call (addresses, signatures); sealed at rest.
    """

    payment_id: str
    order_id: str
    order_number: str
    amount: Money
    test: bool
    return_url: str
    expires_at: datetime | None = None
    email: str = field(default="", repr=False)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A payment that a store asked us to take, as it is kept.

    `id` is ours and PagoEfectivo's `transactionCode`. `transaction_id` is the CIP and
    `pay_url` its page, both None while there is no CIP. `settled_at` is when the gateway
    asked to settle. `told` is the last state that the gateway was told and acknowledged;
    `tell_at` when to tell it next, `look_at` when to ask the rail next.
    """

    id: str
    store_id: str
    account_id: str
    payment_id: str
    order_id: str
    order_number: str
    amount: Money
    test: bool
    state: CheckoutState
    return_url: str
    private: Mapping[str, str] = field(repr=False)
    created_at: datetime
    updated_at: datetime
    transaction_id: str | None = None
    pay_url: str | None = None
    expires_at: datetime | None = None
    paid_at: datetime | None = None
    settled_at: datetime | None = None
    told: CheckoutState | None = None
    tell_at: datetime | None = None
    tell_tries: int = 0
    look_at: datetime | None = None
    look_tries: int = 0


# --- a refund that a store asks us to make -------------------------------------


class Operation(StrEnum):
    """Why money shall go back: a refund, or a cancellation of what was paid already."""

    REFUND = "refund"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    """A gateway asks for a refund, or a proved webhook is the only word about one.

    `refund_id` is the platform's identity of it, whole: the same id is the same refund.
    `payment_id` names the checkout; None where the payment was not taken through us,
    and then `order_id` and `payment_reference` say which it was. `amount` is in major
    units; None means all that is left. `currency` None means the payment's.
    """

    refund_id: str
    operation: Operation
    payment_id: str | None
    amount: Decimal | None
    currency: str | None
    test: bool = False
    reason: str = ""
    requested_by: str | None = None
    order_id: str = ""
    order_number: str = ""
    payment_method: str = ""
    payment_reference: str | None = None
    asked_at: datetime | None = None
    private: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRefund:
    """A refund that was asked for, as it is kept. Never changed after it was written.

    `transaction_id` is the CIP, or whatever the rail finds the payment by. `paid` is the
    payment's amount and `paid_at` its time, both None where nobody told us.
    """

    store_id: str
    refund_id: str
    operation: Operation
    payment_id: str | None
    order_id: str
    order_number: str
    amount: Money
    reason: str
    requested_by: str | None
    payment_method: str
    transaction_id: str | None
    paid: Money | None
    paid_at: datetime | None
    asked_at: datetime
    private: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSettlement:
    """A gateway asks to settle a payment: it wants its money. `amount` in major units."""

    payment_id: str
    request_id: str
    amount: Decimal
