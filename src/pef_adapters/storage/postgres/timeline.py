"""The timeline: what happened to a refund, in the order it was written."""

from pef_adapters.core.states import State
from pef_adapters.engine.records import TimelineEntry
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_INSERT = """
    INSERT INTO timeline (refund_id, at, what, from_state, to_state, actor, detail)
    VALUES (%(refund_id)s, %(at)s, %(what)s, %(from_state)s, %(to_state)s, %(actor)s, %(detail)s)
"""
_SELECT = """
    SELECT refund_id, at, what, from_state, to_state, actor, detail
    FROM timeline WHERE refund_id = %(id)s ORDER BY seq
"""


class Timeline(Table):
    """The table `timeline`; it is only ever added to."""

    async def add_entry(self, entry: TimelineEntry) -> None:
        await self._run(_INSERT, **columns(storable(entry)))

    async def timeline(self, refund_id: str) -> list[TimelineEntry]:
        return [_entry(row) for row in await self._all(_SELECT, id=refund_id)]


def _entry(row: Row) -> TimelineEntry:
    states = {name: _state(row[name]) for name in ("from_state", "to_state")}
    return TimelineEntry(**row | states)


def _state(word: str | None) -> State | None:
    return None if word is None else State(word)
