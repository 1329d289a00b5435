"""Finds on the running stack the places of the engine's code that wait for what runs now."""

import dis
import sys
from functools import lru_cache
from types import CodeType, FrameType

from crash_places import ENGINE, Places, Position

_ENGINE = str(ENGINE)
# Where a coroutine that waits for another stands, in each release of the interpreter.
_WAITING = frozenset({"SEND", "YIELD_FROM"})


@lru_cache(maxsize=1)
def places() -> Places:
    """The places of the engine as it is installed; read once."""
    return Places()


def standing_at() -> tuple[str, ...]:
    """The ids of the places that wait on the stack, the innermost first."""
    found: list[str] = []
    known = _KNOWN
    frame: FrameType | None = sys._getframe(1)
    below: CodeType | None = None
    while frame is not None:
        code = frame.f_code
        key = (id(code), frame.f_lasti, id(below))
        if key not in known:
            engines = code.co_filename.startswith(_ENGINE)
            # The code is kept beside its place: its id must not become another's.
            known[key] = (_place(code, frame.f_lasti, below) if engines else None, code, below)
        place = known[key][0]
        if place is not None:
            found.append(place)
        below, frame = code, frame.f_back
    return tuple(found)


_KNOWN: dict[tuple[int, int, int], tuple[str | None, CodeType, CodeType | None]] = {}


def _place(code: CodeType, at: int, below: CodeType | None) -> str | None:
    position = _position(code, at)
    known = places().awaits.get(position)
    if known is not None:
        return known
    parts = places().withs.get(position)
    if parts is None:
        return None
    rank = _waits(code, position).index(at)
    if rank < len(parts):
        return parts[rank][0]
    commits = below is not None and below.co_qualname.startswith("CrashTransaction")
    leaving = [part[1] for part in parts if part[2] == commits]
    return leaving[0] if leaving else None


def _position(code: CodeType, at: int) -> Position:
    where = list(code.co_positions())[at // 2]
    line, end, left, right = (each or 0 for each in where)
    return (code.co_filename, line, end, left, right)


def _waits(code: CodeType, position: Position) -> list[int]:
    """The offsets at which code waits on behalf of one statement: on its way in at first."""
    return [
        each.offset
        for each in dis.get_instructions(code)
        if each.opname in _WAITING and _position(code, each.offset) == position
    ]
