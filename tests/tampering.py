"""Random changes to the twin's evidence and to its seals, one at a time."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pef_adapters.core.states import State
from pef_adapters.engine.records import EvidenceBook, Seal
from pef_adapters.storage.house_key import KeyedHash
from pef_adapters.storage.memory.tables import Tables

Rows = dict[int, Any]
_FORGER = KeyedHash("a key that is not this house's")


def _rows(tables: Tables, dice: Random) -> Rows:
    books: list[Rows] = [tables.exchanges, tables.timeline, tables.audits]
    return dice.choice(books)


def field_changed(tables: Tables, dice: Random) -> None:
    """One letter, bit or moment of one field of one row."""
    rows = _rows(tables, dice)
    key = dice.choice([*rows])
    names = [each.name for each in fields(rows[key]) if each.name != "id"]
    name = dice.choice(names)
    rows[key] = replace(rows[key], **{name: _other(getattr(rows[key], name), dice)})


def row_deleted(tables: Tables, dice: Random) -> None:
    """One row is gone."""
    rows = _rows(tables, dice)
    del rows[dice.choice([*rows])]


def rows_exchanged(tables: Tables, dice: Random) -> None:
    """Two rows change places."""
    rows = _rows(tables, dice)
    one, two = dice.sample([*rows], 2)
    rows[one], rows[two] = rows[two], rows[one]


def row_inserted(tables: Tables, dice: Random) -> None:
    """A row comes in before the first one, where no number was ever handed out."""
    rows = _rows(tables, dice)
    rows[-dice.randrange(2, 1000)] = rows[dice.choice([*rows])]


def tail_cut(tables: Tables, dice: Random) -> None:
    """The newest seals of a book are gone, with their rows or without."""
    book = dice.choice([*EvidenceBook])
    numbers = [number for name, number in tables.seals if name == book]
    first = dice.choice(numbers)
    start = tables.seals[book, first].first_seq
    for number in numbers:
        if number >= first:
            del tables.seals[book, number]
    if dice.random() < 0.5:
        rows, shift = _book(tables, book)
        for key in [key for key in rows if key + shift >= start]:
            del rows[key]


def seal_changed(tables: Tables, dice: Random) -> None:
    """One field of a seal says something else."""
    key = dice.choice([*tables.seals])
    kept = tables.seals[key]
    names = ("first_seq", "last_seq", "rows", "digest", "mark", "sealed_at")
    name = dice.choice(names)
    tables.seals[key] = replace(kept, **{name: _other(getattr(kept, name), dice)})


def seals_made_anew(tables: Tables, dice: Random) -> None:
    """A row is changed, and its seals get digests that fit, marked by another key."""
    field_changed(tables, dice)
    book = dice.choice([*EvidenceBook])
    for key, kept in [*tables.seals.items()]:
        if key[0] == book:
            tables.seals[key] = _forged(kept, dice)


def _forged(kept: Seal, dice: Random) -> Seal:
    digest = f"{dice.getrandbits(256):064x}"
    return replace(kept, digest=digest, mark=_FORGER(f"seal/{kept.book}/{kept.number}/{digest}"))


def _book(tables: Tables, book: EvidenceBook) -> tuple[Rows, int]:
    """The rows of a book, and what makes a `seq` of a key."""
    named: dict[EvidenceBook, tuple[Rows, int]] = {
        EvidenceBook.EXCHANGES: (tables.exchanges, 1),
        EvidenceBook.TIMELINE: (tables.timeline, 1),
        EvidenceBook.AUDIT: (tables.audits, 0),
    }
    return named[book]


def _other(value: Any, dice: Random) -> Any:
    """Another value of the same kind, as near as can be."""
    if isinstance(value, State):
        return dice.choice([state for state in State if state is not value])
    if isinstance(value, datetime):
        return value + timedelta(microseconds=dice.choice((-1, 1)))
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(16))
    if isinstance(value, str) and value:
        place = dice.randrange(len(value))
        return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    if isinstance(value, dict):
        return {**value, "more": dice.random()}
    return "" if value is None else "x"


TAMPERINGS: tuple[Callable[[Tables, Random], None], ...] = (
    *(field_changed, row_deleted, rows_exchanged, row_inserted),
    *(tail_cut, seal_changed, seals_made_anew),
)
