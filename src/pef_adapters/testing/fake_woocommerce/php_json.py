"""JSON as PHP writes it: compact, non-ASCII escaped, slashes escaped, prices as numbers.

Prices stay Decimal until their text is written; no float ever holds one.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

_NUMBER: Final = re.compile(r'"\\u0000number ([0-9.]+)\\u0000"')


def php_json(value: Any) -> bytes:
    """`value` as PHP's json_encode would write it."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=_decimal)
    return _NUMBER.sub(r"\1", text.replace("/", "\\/")).encode("ascii")


def _decimal(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    number = format(value.normalize(), "f")
    return f"\0number {number}\0"
