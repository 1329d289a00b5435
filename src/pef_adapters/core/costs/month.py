"""A calendar month in Lima, by which costs and refunds are added up."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pef_adapters.core.calendar import LIMA, lima_date
from pef_adapters.core.errors import InvalidInput

_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})\Z")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_MONTHS = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month, such as November 2026.

    Raises:
        InvalidInput: there is no such month, or not between the years 2000 and 2999.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (_FIRST_YEAR <= self.year <= _LAST_YEAR and 1 <= self.month <= _MONTHS):
            raise InvalidInput(f"{self} is not a month such as 2026-11")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The month that is written as 2026-11.

        Raises:
            InvalidInput: it is written otherwise.
        """
        found = _WRITTEN.match(text)
        if found is None:
            raise InvalidInput(f"{text!r} is not a month such as 2026-11")
        return cls(int(found[1]), int(found[2]))

    @property
    def starts_at(self) -> datetime:
        """Midnight in Lima with which the month begins."""
        return datetime(self.year, self.month, 1, tzinfo=LIMA)

    @property
    def ends_at(self) -> datetime:
        """Midnight in Lima with which the next month begins; no part of this one."""
        years, month = divmod(self.month, _MONTHS)
        return datetime(self.year + years, month + 1, 1, tzinfo=LIMA)

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` is a time of this month in Lima.

        Raises:
            InvalidInput: `moment` has no time zone.
        """
        day = lima_date(moment)
        return (day.year, day.month) == (self.year, self.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
