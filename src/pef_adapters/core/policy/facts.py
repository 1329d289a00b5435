"""What a decision is made from; everything a guard or a rule may look at stands here."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pef_adapters.core.money import Money

DEFAULT_RAIL = "pagoefectivo"


class Mode(StrEnum):
    """Which world a key or a store belongs to; the two never meet."""

    LIVE = "live"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Facts:
    """One refund as the store asks for it, beside the payment as it stands.

    `paid_at` is None while nobody has paid. `payment` is what the buyer paid in
    all, `rest` what is left after refunds done and reserved; both are None when
    no transaction is known. `paid_through_us` says that the order's payment method is
    one of those that the store named as PagoEfectivo. `now` is aware; ages are
    counted in Lima days.

    From `payment_method` on, None means that nobody told us: a condition on such a
    fact does not hold. `kyc_until` is the last day of the merchant's documents.
    """

    amount: Money
    order_currency: str
    transaction_id: str | None
    payment: Money | None
    rest: Money | None
    paid_at: datetime | None
    reversed_by_bank: bool
    paid_by_gateway: bool
    paid_through_us: bool
    store_mode: Mode
    account_mode: Mode
    now: datetime
    rail: str = DEFAULT_RAIL
    payment_method: str | None = None
    platform: str | None = None
    reason: str | None = None
    categories: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    buyer_past_refunds: int | None = None
    pressed_by: str | None = None
    kyc_until: date | None = None
