"""JSON as the gateway writes and reads it: amounts are numbers, and stay exact.

An amount is written as VTEX writes it: 20.0 and 59.9, never 59.90. No float ever holds
one; a float that is given is refused.
"""

import json
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


def write(value: object) -> str:
    """`value` as JSON without blanks.

    Raises:
        TypeError: the value holds a float, or something else that JSON can't say exactly.
    """
    match value:
        case Decimal():
            return _number(value)
        case dict():
            pairs = (f"{json.dumps(str(name))}:{write(item)}" for name, item in value.items())
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(map(write, value)) + "]"
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def read(body: bytes | str) -> Any:
    """Read JSON; numbers with a point come back as Decimal.

    Raises:
        ValueError: it is not JSON.
    """
    return json.loads(body, parse_float=Decimal, parse_constant=_refused)


def in_units(cents: int) -> Decimal:
    """Cents as the provider protocol counts: 5990 is 59.90."""
    return Decimal(cents).scaleb(-2)


def in_cents(amount: Decimal) -> int:
    """An amount as the store's own APIs count: 59.90 is 5990.

    Raises:
        ValueError: it has more than two decimals.
    """
    cents = amount.scaleb(2)
    if cents != cents.to_integral_value():
        raise ValueError(f"{amount} has more than two decimals")
    return int(cents)


def in_text(cents: int) -> str:
    """An amount of cents with two decimals: 5990 is "59.90"."""
    return format(Decimal(cents).scaleb(-2), ".2f")


def cents_said(value: Any) -> int:
    """The cents of an amount that somebody else wrote; 0 where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return 0
    return int(Decimal(value).scaleb(2))


def _number(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return text if "." in text else f"{text}.0"


def _refused(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
