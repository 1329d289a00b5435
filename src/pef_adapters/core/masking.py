"""Numbers that people type where they don't belong: a bank account in a reason, say. Pure."""

import re

MASK = "***"
# Eight digits and more, however they are grouped; the last four stay.
_LONG_NUMBER = re.compile(r"\d(?:[ .-]?\d){3,}(?=(?:[ .-]?\d){4})")


def without_long_numbers(text: str) -> str:
    """The text with every long number masked but for its last four digits."""
    return _LONG_NUMBER.sub(MASK, text)
