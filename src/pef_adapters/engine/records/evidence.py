"""Seals over the evidence: what they are, and what can be wrong with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EvidenceBook(StrEnum):
    """The tables that are only ever added to, and are sealed."""

    EXCHANGES = "exchanges"
    TIMELINE = "timeline"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Covers the rows of a book after the seal before it, up to `last_seq`.

    `digest` is of those rows and of the digest before; `mark` proves that this house made it.
    """

    book: EvidenceBook
    number: int
    first_seq: int
    last_seq: int
    rows: int
    digest: str
    mark: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """A seal as somebody keeps it elsewhere."""

    book: EvidenceBook
    number: int
    digest: str


class Wrong(StrEnum):
    """What is wrong with a seal."""

    SEAL_MISSING = "seal missing"
    MARK = "seal not made by this house"
    ROWS_MISSING = "rows missing"
    ROWS_ADDED = "rows added"
    CHANGED = "rows changed"
    HEAD = "known head missing"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first seal of a book that does not verify, and the rows that it covers."""

    number: int
    first_seq: int
    last_seq: int
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class BookVerified:
    """How a book stands: what is sealed, what is not yet, and what is broken first."""

    book: EvidenceBook
    seals: int
    rows: int
    unsealed: int
    broken: Broken | None
