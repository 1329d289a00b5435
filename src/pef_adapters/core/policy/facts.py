"""What a decision is made from; everything a guard or a rule may look at stands here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pef_adapters.core.money import Money

DEFAULT_RAIL = "pagoefectivo"


class Mode(StrEnum):
    """Which world a key or a store belongs to; the two never meet."""

    LIVE = "live"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Used:
    """What refunds before this one have used of one counter: how many, and their money."""

    count: int = 0
    money: tuple[Money, ...] = ()

    def of(self, currency: str) -> Money:
        """The money in one currency."""
        found = (each for each in self.money if each.currency == currency)
        return next(found, Money.zero(currency))


@dataclass(frozen=True, slots=True)
class Sibling:
    """A refund of the same order or payment, earlier or let through, that has not ended unpaid."""

    refund: str
    amount: Money
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's yes: to which amount and destination (by digest), and to which holds."""

    by: str
    digest: str
    covers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """One refund as the store asks for it, beside the payment as it stands.

    `paid_at` is None while nobody has paid. `payment` is what the buyer paid in
    all, `rest` what is left after refunds done and reserved; both are None when
    no transaction is known. `paid_through_us` says that the order's payment method is
    one of those that the store named as PagoEfectivo. `now` is aware; ages are
    counted in Lima days.

    From `payment_method` on, None means that nobody told us: a condition on such a
    fact does not hold. `kyc_until` and `keys_until` are the last days of the merchant's
    documents and keys. `buyer`, `destination` and `beneficiary` are keyed hashes: of who
    bought, of the account that a payout goes to, and of all the bank details together,
    to which approvals are bound. `paid_out` is what a payout would give the buyer,
    exchanged where it is to be. `payout_chosen`: the manual lane was chosen.
    `payout_barred` is the code that says why this refund may go back by the original route
    only; None: a person may also pay it out. `asked_at` is when the store's button was
    pressed. `editors` pressed it or changed the refund, and can't approve it. `used` holds,
    for each counter that a limit asks for (`limits.counter`), what came before.
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
    keys_until: date | None = None
    asked_at: datetime | None = None
    store: str | None = None
    account: str | None = None
    buyer: str | None = None
    destination: str | None = None
    beneficiary: str | None = None
    paid_out: Money | None = None
    payout_chosen: bool = False
    editors: frozenset[str] = frozenset()
    siblings: tuple[Sibling, ...] = ()
    votes: tuple[Vote, ...] = ()
    used: Mapping[str, Used] = field(default_factory=dict)
    payout_barred: str | None = None
