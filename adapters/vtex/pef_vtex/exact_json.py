"""JSON whose numbers stay exact, for VTEX's amounts in major units: 20.0 is a decimal.

No float ever holds an amount here; none is read and none is written.
"""

import json
from decimal import Decimal
from typing import Any, Final

_MOST_DIGITS: Final = 40


def read(body: bytes) -> Any:
    """Read JSON; a number with a point is a Decimal.

    Raises:
        ValueError: not JSON in UTF-8, nested too deeply, or with a number that is none.
    """
    try:
        # Left to itself, json takes UTF-16 and UTF-32 as well; a mark of UTF-8 does no harm.
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_float=_decimal, parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write(value: object) -> bytes:
    """Write plain data as JSON; Decimal("59.90") stands there as 59.90.

    Raises:
        TypeError: a float, or something else that JSON can't say exactly.
    """
    return _text(value).encode()


def _text(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            return (
                "{" + ",".join(f"{json.dumps(str(k))}:{_text(v)}" for k, v in value.items()) + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
        case None | bool() | int() | str():
            return json.dumps(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _decimal(digits: str) -> Decimal:
    """A bounded number: an exponent of nine digits is short to send and long to write out."""
    try:
        number = Decimal(digits)
    except ArithmeticError:
        raise ValueError("a number out of bounds") from None
    if len(digits) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number out of bounds")
    return number


def _refused(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
