"""JSON whose numbers stay exact: a decimal point never becomes a float.

Owns reading and writing for the wire of PagoEfectivo. It must never let a float
in or out, because an amount that went through one is another amount.
"""

import json
from decimal import Decimal

_MOST_DIGITS = 40


def read(body: bytes | str) -> object:
    """Read JSON; numbers with a point come back as Decimal.

    Raises:
        ValueError: not JSON, not UTF-8, nested too deeply, with NaN or Infinity,
            with a number too long to be one, or with a field given twice.
    """
    try:
        # Left to itself, json takes UTF-16 and UTF-32 as well; a mark of UTF-8 does no harm.
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return json.loads(
            text,
            parse_float=_exact,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write(value: object) -> bytes:
    """Write JSON without blanks; a Decimal keeps its digits: Decimal("22.50") is 22.50.

    Raises:
        TypeError: the value holds a float or something else that JSON can't say exactly.
    """
    return _written(value).encode()


def _written(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            pairs = (f"{_quoted(str(key))}:{_written(item)}" for key, item in value.items())
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_written, value)) + "]"
        case str():
            return _quoted(value)
        case None | bool() | int():
            return json.dumps(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _exact(digits: str) -> Decimal:
    """Bounded: "1e999999999" is short to send and endless to write out again."""
    try:
        number = Decimal(digits)
    except ArithmeticError:
        raise ValueError("a number out of bounds") from None
    if len(digits) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number out of bounds")
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two readers may choose differently between equal names, so there are none."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("an object gives one field twice")
    return fields


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
