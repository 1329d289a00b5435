"""Exchange rates that the user gives, and what a refund in another currency pays out.

Nobody is asked for a rate: an owner writes down those of the bank or of the contract,
and who bears it when the rate has moved between the payment and the refund. A rate
counts one way only, since buying and selling differ.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from pef_adapters.core.costs.amounts import Day, KnownCurrency, exact, refuse_negative, rounded
from pef_adapters.core.errors import RateMissing
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import DecimalText, Plain, Words

_ONE = Decimal(1)


class Bearer(StrEnum):
    """Who bears it that the rate has moved since the payment."""

    MERCHANT = "merchant"
    BUYER = "buyer"


class Rate(Plain):
    """How much of `to` one unit of `from` is worth on a day in Lima, exactly."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )
    from_currency: Annotated[KnownCurrency, Field(alias="from")]
    to_currency: Annotated[KnownCurrency, Field(alias="to")]
    day: Day
    rate: Annotated[DecimalText, Field(gt=0)]

    @model_validator(mode="after")
    def _is_between_two(self) -> Self:
        if self.from_currency == self.to_currency:
            raise ValueError("a rate stands between two different currencies")
        return self


class Exchange(Plain):
    """The known rates, who bears their moving, and for how many days a rate serves."""

    borne_by: Bearer
    oldest_days: Annotated[int, Field(ge=0, le=366)] = 5
    rates: tuple[Rate, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = Counter(f"{r.from_currency} to {r.to_currency} on {r.day}" for r in self.rates)
        if twice := sorted(name for name, count in named.items() if count > 1):
            raise ValueError(f"each rate stands once; twice there is {Words(twice)}")
        return self

    def rate_on(self, from_currency: str, to_currency: str, day: date) -> Rate:
        """The newest rate of this pair that is not after `day`, nor too old for it.

        Raises:
            RateMissing: there is none; the message names pair and day.
        """
        pair, first = (from_currency, to_currency), day - timedelta(days=self.oldest_days)
        fitting = [
            rate
            for rate in self.rates
            if (rate.from_currency, rate.to_currency) == pair and first <= rate.day <= day
        ]
        if not fitting:
            raise _missing(from_currency, to_currency, day, self.oldest_days)
        return max(fitting, key=lambda rate: rate.day)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a buyer is paid for a refund, and what the moving of the rate amounts to.

    `difference` is in the currency of `paid_out`: the refund by the rate of its own day
    less the refund by that of the payment's day. `borne_by` is None where both are in one
    currency. Borne by the merchant, a difference above zero costs the merchant that much;
    borne by the buyer, the buyer gets that much less than the refund's day is worth.
    """

    asked: Money
    paid_out: Money
    rate: Decimal
    rate_day: date
    difference: Money
    borne_by: Bearer | None


def payout_amount(
    amount: Money, to: str, paid_on: date, refund_on: date, exchange: Exchange | None
) -> Conversion:
    """A refund of `amount` as it is paid out in `to`, by days in Lima.

    Where the merchant bears the difference, the rate of the refund's day counts; where the
    buyer does, that of the payment's. Each product is rounded half up to the minor unit;
    the difference is that of the two rounded amounts. In one currency nothing is converted.

    Raises:
        RateMissing: no rate is known for one of the two days.
        InvalidMoney: the amount is below zero.
        UnknownCurrency: `to` is no ISO 4217 code.
    """
    refuse_negative(amount)
    nothing = Money.zero(to)
    if amount.currency == to:
        return Conversion(amount, amount, _ONE, refund_on, nothing, None)
    exchange = _given(exchange, amount.currency, to, refund_on)
    then, now = (exchange.rate_on(amount.currency, to, day) for day in (paid_on, refund_on))
    counts = now if exchange.borne_by is Bearer.MERCHANT else then
    difference = _by(now, amount) - _by(then, amount)
    paid_out = _by(counts, amount)
    return Conversion(amount, paid_out, counts.rate, counts.day, difference, exchange.borne_by)


def converted(amount: Money, to: str, day: date | None, exchange: Exchange | None) -> Money:
    """What `amount` is worth in `to` on a day in Lima, rounded half up.

    Raises:
        RateMissing: the currencies differ, and no rate is known, or no day.
    """
    if amount.currency == to:
        return amount
    exchange = _given(exchange, amount.currency, to, day)
    if day is None:
        raise RateMissing(f"a rate from {amount.currency} to {to} is of a day; say which")
    return _by(exchange.rate_on(amount.currency, to, day), amount)


def _by(rate: Rate, amount: Money) -> Money:
    return rounded(exact(amount) * Fraction(rate.rate), rate.to_currency)


def _given(
    exchange: Exchange | None, from_currency: str, to_currency: str, day: date | None
) -> Exchange:
    if exchange is None:
        raise _missing(from_currency, to_currency, day, 0)
    return exchange


def _missing(from_currency: str, to_currency: str, day: date | None, oldest: int) -> RateMissing:
    when = f" for {day}" if day else ""
    before = f" or the {oldest} days before it" if oldest else ""
    return RateMissing(
        f"no exchange rate from {from_currency} to {to_currency} is known{when}{before}; add one "
        f"under exchange: rates: {{from: {from_currency}, to: {to_currency}, "
        f"day: {day or '…'}, rate: …}}"
    )
