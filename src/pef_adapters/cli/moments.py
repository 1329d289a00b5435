"""Days and times on the command line: typed as ISO 8601, shown as Lima's clocks show them."""

from datetime import date, datetime, time

from pef_adapters.core.calendar import LIMA, lima_time
from pef_adapters.core.errors import InvalidInput


def day(text: str) -> date:
    """The day that is written as 2026-11-30.

    Raises:
        InvalidInput: it is no such day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a day such as 2026-11-30") from None


def start_of(text: str) -> datetime:
    """The midnight in Lima with which the day begins.

    Raises:
        InvalidInput: it is no day such as 2026-11-30.
    """
    return datetime.combine(day(text), time.min, LIMA)


def moment(text: str) -> datetime:
    """The time that is written with its zone, such as 2026-11-30T18:00-05:00.

    Raises:
        InvalidInput: it is no such time, or has no zone.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is not a time such as 2026-11-30T18:00-05:00") from None
    if read.tzinfo is None:
        raise InvalidInput(f"{text} has no zone; write {text}-05:00 if you mean Lima")
    return read


def shown(at: datetime | None) -> str:
    """Day and time in Lima, such as "2026-11-30 18:00"; empty where there is none."""
    return f"{lima_time(at):%Y-%m-%d %H:%M}" if at else ""


def record(at: datetime | None) -> str | None:
    """The same for machines: ISO 8601 with its zone."""
    return at.isoformat() if at else None
