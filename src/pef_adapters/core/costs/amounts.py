"""What a file of costs is written with, and the one place where money is rounded.

A fee in percent and an exchange rate rarely end on a whole céntimo, and somebody has to
say where they end: half up, here. Everything before is exact and everything after is an
integer. A refund's own amount never comes through here to be changed.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from pef_adapters.core.errors import InvalidMoney, UnknownCurrency
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Currency

_HALF = Fraction(1, 2)


def rounded(amount: Fraction, currency: str) -> Money:
    """`amount` in major units, to the currency's minor unit; a half goes away from zero.

    Raises:
        UnknownCurrency: `currency` is no ISO 4217 code.
    """
    minor = abs(amount) / Fraction(Money(1, currency).decimal)
    whole = floor(minor + _HALF)
    return Money(whole if amount >= 0 else -whole, currency)


def exact(amount: Money) -> Fraction:
    """The amount in major units, for figures that are rounded only at their end."""
    return Fraction(amount.decimal)


def refuse_negative(amount: Money) -> None:
    """Let pass what a buyer can have paid or got back.

    Raises:
        InvalidMoney: the amount is below zero.
    """
    if amount.minor < 0:
        raise InvalidMoney(f"{amount} is below zero; give the amount without its sign")


def refuse_finer(amount: Decimal, currency: str, name: str) -> None:
    """Let pass an amount which the currency can hold; for the models of a file.

    Raises:
        ValueError: it has more decimals than the currency has; the message names it.
    """
    try:
        Money.parse(amount, currency)
    except InvalidMoney as error:
        raise ValueError(f"{name}: {error}") from None


def _known(currency: str) -> str:
    try:
        Money.zero(currency)
    except UnknownCurrency as error:
        raise ValueError(f"{error}; write PEN or USD, for example") from None
    return currency


def _day(value: Any) -> Any:
    # A bare number would be taken for seconds since 1970.
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{str(value)!r} is not a day such as 2026-11-23") from None


KnownCurrency = Annotated[Currency, AfterValidator(_known)]
Day = Annotated[date, BeforeValidator(_day)]
