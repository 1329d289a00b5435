"""Cells that a spreadsheet leaves alone: neither calculated, nor shortened, nor split.

An apostrophe in front makes a spreadsheet keep a cell as text. Owns that one sign, put
on and taken off; knows no column's meaning.
"""

# The wide ones count as formulas where a spreadsheet runs in Chinese or Japanese.
_FORMULA_STARTS = ("=", "+", "-", "@", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def number(text: str) -> str:
    """A number that is a name (an id, an account): always kept as text, zeros and all."""
    return f"'{_unsplit(text)}" if text else ""


def words(text: str) -> str:
    """What somebody typed; kept as text where it would be a formula."""
    return f"'{_unsplit(text)}" if text.lstrip().startswith(_FORMULA_STARTS) else _unsplit(text)


def opened(cell: str) -> str:
    """What stands in a cell that came back: without the apostrophe, with single spaces."""
    return " ".join(cell.strip().removeprefix("'").split())


def _unsplit(text: str) -> str:
    # Excel in Peru may split a line of a comma file at a semicolon, quotes or not, and
    # what comes after it could be a formula of its own.
    return text.replace(";", ",")
