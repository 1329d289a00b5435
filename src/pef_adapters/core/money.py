"""Money: integer minor units and an ISO 4217 currency, never a float.

Owns parsing, formatting and the arithmetic that refunds need. It never rounds:
an amount with more decimals than its currency has is refused, because a rounded
refund is a wrong refund.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, total_ordering
from typing import Self

from babel.numbers import format_currency, get_currency_precision, list_currencies

from pef_adapters.core.errors import CurrencyDiffers, InvalidMoney, UnknownCurrency

_DECIMAL_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,6})?\Z")
_MOST_DIGITS = 40
_CURRENCIES = frozenset(list_currencies())
# The sol's own sign in every language: outside Peru's Spanish, babel writes "PEN59.90".
_PATTERNS = {"PEN": "S/\xa0#,##0.00"}


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's minor unit (céntimos for PEN).

    Raises:
        UnknownCurrency: `currency` is no ISO 4217 code.
        InvalidMoney: `minor` is not an integer.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _CURRENCIES:
            raise UnknownCurrency(f"{self.currency!r} is not an ISO 4217 currency code")
        if type(self.minor) is not int:
            raise InvalidMoney(f"minor units must be an integer, not {type(self.minor).__name__}")

    @classmethod
    def parse(cls, amount: str | Decimal | int, currency: str) -> Self:
        """Read a decimal amount such as "59.90", exactly.

        Raises:
            InvalidMoney: not a plain decimal, or more decimals than the currency has.
            UnknownCurrency: `currency` is no ISO 4217 code.
        """
        if isinstance(amount, float):
            raise InvalidMoney("a float can't hold money; give text or Decimal")
        if isinstance(amount, Decimal) and abs(amount.adjusted()) > _MOST_DIGITS:
            # "1E+999999999" is short to send, and a gigabyte written out.
            raise InvalidMoney("an amount has at most 16 digits and 6 decimals")
        text = format(amount, "f") if isinstance(amount, Decimal) else str(amount)
        if not _DECIMAL_NUMBER.match(text):
            raise InvalidMoney(f"{text[:_MOST_DIGITS]!r} is not an amount such as 59.90")
        scaled = Decimal(text).scaleb(_exponent(currency))
        if scaled != scaled.to_integral_value():
            raise InvalidMoney(f"{text} has more decimals than {currency} has")
        return cls(int(scaled), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with all the currency's decimals."""
        exponent = _exponent(self.currency)
        return Decimal(self.minor).scaleb(-exponent).quantize(Decimal(1).scaleb(-exponent))

    def __add__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.minor - other.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    def shown(self, language: str) -> str:
        """As a reader of `language` (es_PE, en, zh_Hans) writes it: "S/ 59.90"."""
        pattern = _PATTERNS.get(self.currency)
        return format_currency(self.decimal, self.currency, pattern, locale=language)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyDiffers(f"{self.currency} and {other.currency} can't be compared")


@lru_cache(maxsize=256)
def _exponent(currency: str) -> int:
    if currency not in _CURRENCIES:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code")
    return get_currency_precision(currency)
