"""Cells of a CSV file that a spreadsheet leaves alone: not calculated, shortened or split.

An apostrophe in front makes a spreadsheet keep a cell as text. Owns that one sign, put
on and taken off; knows no column's meaning.
"""

import re

# The wide signs count as formulas where a spreadsheet runs in Chinese or Japanese.
_FORMULA = re.compile("\\s*[=+@'\\-\uff1d\uff0b\uff0d\uff20]|[\t\r]")


def sealed(cell: str) -> str:
    """The cell, kept as text where it would be a formula; `opened` gives it back exactly."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def opened(cell: str) -> str:
    """What stood in a cell before it was sealed."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def words(text: str) -> str:
    """What somebody typed, sealed; semicolons become commas."""
    return sealed(_unsplit(text))


def number(text: str) -> str:
    """A number that is a name (an id, an account): always kept as text, zeros and all."""
    return f"'{_unsplit(text)}" if text else ""


def _unsplit(text: str) -> str:
    # Excel in Peru may split a line of a comma file at a semicolon, quotes or not, and
    # what comes after it could be a formula of its own.
    return text.replace(";", ",")
