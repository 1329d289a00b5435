"""The conditions of a rule: what can be asked about a refund, and how it is compared.

Every bound is included, unless its own docstring says otherwise. Contradictions such
as min above max are allowed here and named by `lint`: such a condition never holds.
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from pef_adapters.core.money import Money

_AMOUNT = re.compile(r"[0-9]{1,16}(\.[0-9]{1,6})?\Z")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%\Z")


class Plain(BaseModel):
    """Immutable data in which a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(tuple[str, ...]):
    """Words that are shown as people list them."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(self)


def _amount(value: Any) -> Decimal:
    if isinstance(value, (float, bool)):
        raise ValueError("write the amount as text, such as 59.90")  # noqa: TRY004 - for pydantic
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not _AMOUNT.match(text):
        raise ValueError(f"{text!r} is not an amount such as 59.90")
    return Decimal(text)


def _percent(value: Any) -> Decimal:
    found = _PERCENT.match(str(value))
    if found is None:
        raise ValueError(f"{value!r} is not a share such as 50%")
    return Decimal(found[1])


DecimalText = Annotated[Decimal, BeforeValidator(_amount)]
Percent = Annotated[Decimal, BeforeValidator(_percent), PlainSerializer(lambda p: f"{p}%")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Whole = Annotated[int, Field(ge=0, le=3650)]
Names = tuple[Annotated[str, Field(min_length=1)], ...]


class AmountRange(Plain):
    """The refund's amount; in another currency it never holds."""

    min: DecimalText | None = None
    max: DecimalText | None = None
    currency: Currency

    def holds(self, amount: Money) -> bool:
        return amount.currency == self.currency and _between(amount.decimal, self.min, self.max)

    def __str__(self) -> str:
        return f"{_span(self.min, self.max)} {self.currency}"


class ShareRange(Plain):
    """The refund's share of what the buyer paid in all, exact."""

    min: Percent | None = None
    max: Percent | None = None

    def holds(self, share: Fraction) -> bool:
        lowest = None if self.min is None else Fraction(self.min)
        return _between(share, lowest, None if self.max is None else Fraction(self.max))

    def __str__(self) -> str:
        return f"{_span(self.min, self.max)} %"


class WholeRange(Plain):
    """A count of days, business days or refunds."""

    min: Whole | None = None
    max: Whole | None = None

    def holds(self, number: int) -> bool:
        return _between(number, self.min, self.max)

    def __str__(self) -> str:
        return _span(self.min, self.max)


class Hours(Plain):
    """Hours in Lima, from `from` until just before `to`; 22 to 6 passes over midnight."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )
    start: Annotated[int, Field(ge=0, le=23, alias="from")]
    end: Annotated[int, Field(ge=0, le=24, alias="to")]

    def holds(self, hour: int) -> bool:
        if self.start <= self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end

    def __str__(self) -> str:
        return f"{self.start:02}:00–{self.end:02}:00"


class TextTest(Plain):
    """The reason that the store gave; one fitting word is enough."""

    contains: Names = ()
    equals: Names = ()

    def holds(self, text: str) -> bool:
        said = fold(text)
        return said in map(fold, self.equals) or any(fold(word) in said for word in self.contains)

    def __str__(self) -> str:
        return ", ".join((*(f"…{word}…" for word in self.contains), *self.equals))


class Conditions(Plain):
    """Every condition that is given has to hold; without any, a rule matches always."""

    amount: AmountRange | None = None
    share_of_payment: ShareRange | None = None
    age_days: WholeRange | None = None
    age_business_days: WholeRange | None = None
    currencies: tuple[Currency, ...] | None = None
    payment_methods: Names | None = None
    platforms: Names | None = None
    reason: TextTest | None = None
    categories: Names | None = None
    tags: Names | None = None
    buyer_past_refunds: WholeRange | None = None
    pressed_by: Names | None = None
    hours: Hours | None = None

    @cached_property
    def given(self) -> tuple[tuple[str, Any], ...]:
        """Each condition that is given, by its name, in the order of blame."""
        asked = ((name, getattr(self, name)) for name in Conditions.model_fields)
        return tuple((name, wanted) for name, wanted in asked if wanted is not None)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Text without accents, case and doubled spaces, for comparing what people type."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def share_one(wanted: Iterable[str], given: Iterable[str]) -> bool:
    """Whether any given word is one of the wanted."""
    return not {fold(word) for word in wanted}.isdisjoint(fold(word) for word in given)


def _between(value: Any, lowest: Any, highest: Any) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)


def _span(lowest: object, highest: object) -> str:
    if lowest is None:
        return "…" if highest is None else f"≤ {highest}"
    return f"≥ {lowest}" if highest is None else f"{lowest}–{highest}"
