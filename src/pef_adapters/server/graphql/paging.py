"""Relay's paging: how many, behind which cursor, and a connection of what was found."""

from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from strawberry import relay
from strawberry.relay.utils import from_base64, to_base64

from pef_adapters.core.errors import InvalidInput
from pef_adapters.engine.records import Mark

MOST: Final = 100
"""As many come at once at most."""
USUAL: Final = 20

_R = TypeVar("_R")
_N = TypeVar("_N", bound=relay.Node)
_Cursor = Callable[[_R], str]
_Shown = Callable[[_R], _N]


def checked_first(first: int) -> int:
    """How many are wanted.

    Raises:
        InvalidInput: fewer than one or more than come at once.
    """
    if not 1 <= first <= MOST:
        raise InvalidInput(f"`first` is 1 to {MOST}")
    return first


def connection(
    found: Sequence[_R], first: int, after: str | None, parts: tuple[_Shown[_R, _N], _Cursor[_R]]
) -> relay.Connection[_N]:
    """A page of `first` out of `found`, which holds one more where there is one."""
    shown, cursor = parts
    edges = [relay.Edge(node=shown(each), cursor=cursor(each)) for each in found[:first]]
    return relay.Connection(
        page_info=relay.PageInfo(
            has_next_page=len(found) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        edges=edges,
    )


def mark_cursor(at: datetime, name: str) -> str:
    """The cursor of a record in a list by time and id."""
    return to_base64("mark", f"{at.isoformat()}|{name}")


def read_mark(cursor: str | None) -> Mark | None:
    """Where a list goes on.

    Raises:
        InvalidInput: the cursor was not made here.
    """
    if cursor is None:
        return None
    at, _, name = _inside("mark", cursor).partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise _unreadable() from None
    if moment.tzinfo is None or not name:
        raise _unreadable()
    return Mark(moment, name)


def number_cursor(number: int) -> str:
    """The cursor of a record in a list by number."""
    return to_base64("number", str(number))


def read_number(cursor: str | None) -> int | None:
    """Where a list by number goes on.

    Raises:
        InvalidInput: the cursor was not made here.
    """
    if cursor is None:
        return None
    inside = _inside("number", cursor)
    if not (inside.isascii() and inside.isdigit() and len(inside) <= 18):  # noqa: PLR2004 -- fits 64 bits
        raise _unreadable()
    return int(inside)


def _inside(kind: str, cursor: str) -> str:
    try:
        found, inside = from_base64(cursor)
    except (ValueError, NotBase64):
        raise _unreadable() from None
    if found != kind:
        raise _unreadable()
    return inside


def _unreadable() -> InvalidInput:
    return InvalidInput("this cursor was not made for this list; begin again without it")


def name_in(global_id: relay.GlobalID, wanted: str, missing: Callable[[str], Any]) -> str:
    """Our own name of the record that a global id names.

    Raises:
        NotThere: it is an id of something else; as if it were missing.
    """
    name = global_id.node_id
    if global_id.type_name != wanted or not name.isprintable():
        raise missing(name if name.isprintable() else "")
    return name
