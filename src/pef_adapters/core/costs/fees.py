"""What a refund costs by the fees of a contract: facts in, an itemised sum out.

PagoEfectivo publishes no fees, nor whether that of the payment comes back; they are what
an owner's contract says. A fee in percent is rounded half up to the minor unit; a minimum
holds for the fixed part and the percent of its own fee together. Decides nothing about a
refund.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from pef_adapters.core.costs.amounts import (
    KnownCurrency,
    exact,
    refuse_finer,
    refuse_negative,
    rounded,
)
from pef_adapters.core.costs.exchange import Exchange, converted
from pef_adapters.core.errors import InvalidMoney
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import DecimalText, Percent, Plain
from pef_adapters.core.policy.decision import Route
from pef_adapters.core.texts import explain

_NOTHING = Decimal(0)
_WHOLE = Decimal(100)


def _with_its_sign(share: Any) -> Any:
    if isinstance(share, int | Decimal):
        raise ValueError(f"write the share with its sign: {share}%")  # noqa: TRY004 - for pydantic
    return share


def _at_most_all(percent: Decimal) -> Decimal:
    if percent > _WHOLE:
        raise ValueError(f"a fee is at most 100% of the amount, not {percent}%")
    return percent


Share = Annotated[Percent, BeforeValidator(_with_its_sign), AfterValidator(_at_most_all)]


class Fee(Plain):
    """One fee in the schedule's currency; what is not written costs nothing."""

    fixed: DecimalText = _NOTHING
    percent: Share = _NOTHING
    minimum: DecimalText = _NOTHING

    def on(self, amount: Money) -> Money:
        """The fee on `amount`: fixed and percent together, at least the minimum.

        The percent is rounded half up to the minor unit.

        Raises:
            InvalidMoney: a part has more decimals than the currency of `amount` has.
        """
        percent = rounded(exact(amount) * Fraction(self.percent) / 100, amount.currency)
        minimum = Money.parse(self.minimum, amount.currency)
        return max(minimum, Money.parse(self.fixed, amount.currency) + percent)


class FeeSchedule(Plain):
    """What refunds cost in one currency.

    `original` and `payout` are the fees of the two routes, `refund_fee` comes on top of
    every refund, and `express` where it is asked to be quick. `payment` is the fee that the
    payment had cost; where it `keeps_payment_fee`, the refund's share of it is lost.
    """

    currency: KnownCurrency
    original: Fee = Fee()
    payout: Fee = Fee()
    refund_fee: DecimalText = _NOTHING
    express: Fee | None = None
    keeps_payment_fee: bool = False
    payment: Fee = Fee()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for name, amount in self._amounts():
            refuse_finer(amount, self.currency, name)
        if self.keeps_payment_fee and self.payment == Fee():
            raise ValueError("a payment fee that is kept has to be known: add payment")
        return self

    def _amounts(self) -> Iterator[tuple[str, Decimal]]:
        yield "refund_fee", self.refund_fee
        for name in ("original", "payout", "express", "payment"):
            fee: Fee | None = getattr(self, name)
            if fee is not None:
                yield f"{name}.fixed", fee.fixed
                yield f"{name}.minimum", fee.minimum


class CostName(StrEnum):
    """What a part of the cost is for; each is explained under `cost.` in the texts."""

    ORIGINAL_ROUTE = "ORIGINAL_ROUTE"
    PAYOUT_ROUTE = "PAYOUT_ROUTE"
    REFUND_FEE = "REFUND_FEE"
    EXPRESS = "EXPRESS"
    PAYMENT_FEE_KEPT = "PAYMENT_FEE_KEPT"
    EXCHANGE_DIFFERENCE = "EXCHANGE_DIFFERENCE"


_BY_ROUTE = {Route.ORIGINAL: CostName.ORIGINAL_ROUTE, Route.PAYOUT: CostName.PAYOUT_ROUTE}


@dataclass(frozen=True, slots=True)
class CostPart:
    """One part of what a refund costs; below zero only where a rate moved in our favour."""

    name: CostName
    amount: Money

    def explanation(self, language: str) -> str:
        """What this part is, in `language`: es_PE, en or zh_Hans."""
        return explain(f"cost.{self.name}", language, {"amount": str(self.amount)})


@dataclass(frozen=True, slots=True)
class Cost:
    """What a refund costs the merchant, beside the money that the buyer gets back.

    Parts of zero are left out; `total` is the sum of the rest, in one currency.
    """

    total: Money
    parts: tuple[CostPart, ...]

    @classmethod
    def of(cls, currency: str, parts: Iterable[CostPart]) -> Self:
        """The sum of `parts`.

        Raises:
            CurrencyDiffers: a part is in another currency.
        """
        kept = tuple(part for part in parts if part.amount.minor)
        return cls(sum((part.amount for part in kept), start=Money.zero(currency)), kept)

    def and_also(self, part: CostPart) -> Self:
        return self.of(self.total.currency, (*self.parts, part))

    def as_record(self) -> dict[str, object]:
        """Plain data: same cost, same record."""
        return {
            "total": str(self.total.decimal),
            "currency": self.total.currency,
            "parts": [
                {"name": part.name.value, "amount": str(part.amount.decimal)} for part in self.parts
            ],
        }


def expected_cost(
    amount: Money,
    route: Route,
    schedule: FeeSchedule,
    *,
    express: bool = False,
    paid: Money | None = None,
    exchange: Exchange | None = None,
    day: date | None = None,
) -> Cost:
    """What a refund of `amount` by `route` will cost, in the schedule's currency.

    A percent fee is rounded half up to the minor unit; a minimum holds for fixed and percent
    of its fee together. `paid` is what the buyer paid in all: of a payment fee that is kept,
    the refund bears its share, `amount` to `paid`; without `paid`, the amount was all of it.
    In another currency than the schedule's, the fees are on what the amount is worth by the
    rate of `day`, a day in Lima. Without an express fee, quick costs no more.

    Raises:
        RateMissing: another currency, and no rate or no day is given.
        CurrencyDiffers: `amount` and `paid` are in different currencies.
        InvalidMoney: the amount is below zero, or more than what was paid.
    """
    whole = amount if paid is None else paid
    refuse_negative(amount)
    if amount > whole:
        raise InvalidMoney(f"{amount} can't be refunded of {whole}; correct one of the two")
    own, of = (converted(money, schedule.currency, day, exchange) for money in (amount, whole))
    share = Fraction(amount.minor, whole.minor) if whole.minor else Fraction(0)
    parts = [
        CostPart(_BY_ROUTE[route], _route_fee(schedule, route).on(own)),
        CostPart(CostName.REFUND_FEE, Money.parse(schedule.refund_fee, schedule.currency)),
        CostPart(CostName.PAYMENT_FEE_KEPT, _payment_fee_kept(schedule, of, share)),
    ]
    if express and schedule.express is not None:
        parts.append(CostPart(CostName.EXPRESS, schedule.express.on(own)))
    return Cost.of(schedule.currency, parts)


def _route_fee(schedule: FeeSchedule, route: Route) -> Fee:
    return schedule.original if route is Route.ORIGINAL else schedule.payout


def _payment_fee_kept(schedule: FeeSchedule, paid: Money, share: Fraction) -> Money:
    if not schedule.keeps_payment_fee:
        return Money.zero(schedule.currency)
    return rounded(exact(schedule.payment.on(paid)) * share, schedule.currency)
