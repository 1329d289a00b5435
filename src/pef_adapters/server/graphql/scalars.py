"""Scalars: what a number, a moment or a currency looks like on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money

Minor = NewType("Minor", int)
"""An amount in a currency's minor unit."""
Currency = NewType("Currency", str)
"""An ISO 4217 code."""

_MOST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps."""


def read_moment(value: Any) -> datetime:
    """An aware moment.

    Raises:
        InvalidInput: it is no moment in ISO 8601, or names no offset.
    """
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidInput("a moment is written as 2026-11-24T09:00:00-05:00") from None
    if moment.tzinfo is None:
        raise InvalidInput("a moment needs its offset, as in 2026-11-24T09:00:00-05:00")
    return moment


def read_minor(value: Any) -> int:
    """A whole number of minor units.

    Raises:
        InvalidInput: it is no whole number, or larger than every reader can keep.
    """
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST:
        raise InvalidInput("an amount is a whole number of minor units, such as 5990")
    return value


def read_currency(value: Any) -> str:
    """A currency that is known.

    Raises:
        UnknownCurrency: it is no ISO 4217 code.
        InvalidInput: it is no text.
    """
    if not isinstance(value, str):
        raise InvalidInput("a currency is a code such as PEN")
    return Money.zero(value).currency


SCALARS: Mapping[object, ScalarDefinition] = {
    Minor: strawberry.scalar(
        name="Minor",
        description="A whole number of a currency's minor units (5990 is S/ 59.90). A JSON "
        "number that can be larger than 32 bits.",
        serialize=int,
        parse_value=read_minor,
    ),
    Currency: strawberry.scalar(
        name="Currency",
        description="A currency by its ISO 4217 code, such as PEN.",
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=str,
        parse_value=read_currency,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with its offset; one without is refused.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=datetime.isoformat,
        parse_value=read_moment,
    ),
}
