"""Times as stores and the rail write them: text with a date in it, within living memory. Pure.

pydantic alone would count a bare number as seconds since 1970, and a year such as 9999 would
overflow in the first zone or window that it is put into.
"""

from datetime import UTC, datetime
from typing import Final

_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_DATE: Final = "-"


def written(value: object) -> object:
    """The value, if it is text that can be a date and time.

    Raises:
        ValueError: it is a number, or text without a date.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or _DATE not in value[1:]:
        raise ValueError("not a time such as 2026-11-23T15:00:27Z")
    return value


def within_reach(moment: datetime) -> datetime:
    """The moment, if every calendar of ours can reckon with it.

    Raises:
        ValueError: it is before 1900 or after 2999.
    """
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("a year that no refund is of")
    return moment


def in_utc(moment: datetime) -> datetime:
    """An aware moment in UTC.

    Raises:
        ValueError: it is out of reach.
    """
    return within_reach(moment).astimezone(UTC)
