"""Deliveries: stored before anything is done about them."""

from datetime import datetime

from pef_adapters.engine.records import Received, Source
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable, utc

# In one statement, so that none is lost between looking and writing: a delivery that was
# there is written over with its own name, and whoever wrote it so stands in its `xmax`.
_INSERT = """
    INSERT INTO received (source, owner_id, topic, body_sha256, hints, received_at, due_at,
                          outcome, tries, delivery_id)
    VALUES (%(source)s, %(owner_id)s, %(topic)s, %(body_sha256)s, %(hints)s, %(received_at)s,
            %(received_at)s, %(outcome)s, %(tries)s, %(delivery_id)s)
    ON CONFLICT (source, owner_id, delivery_id) WHERE delivery_id <> ''
        DO UPDATE SET delivery_id = excluded.delivery_id
    RETURNING id, xmax = 0 AS is_new
"""
_SELECT = """
    SELECT id, source, owner_id, topic, body_sha256, hints, received_at, outcome, tries,
           delivery_id
    FROM received WHERE id = %(id)s
"""
_CLOSE = "UPDATE received SET outcome = %(outcome)s, closed_at = %(at)s WHERE id = %(id)s"
_POSTPONE = "UPDATE received SET tries = tries + 1, due_at = %(until)s WHERE id = %(id)s"
_FORGET = "DELETE FROM received WHERE closed_at < %(before)s"
_OPEN = """
    SELECT id FROM received
    WHERE outcome IS NULL AND received_at < %(before)s AND due_at <= %(before)s
    ORDER BY due_at, id LIMIT %(limit)s
"""


class Deliveries(Table):
    """The table `received`."""

    async def add_received(self, received: Received) -> int:
        row = await self._one(_INSERT, **columns(storable(received)))
        assert row is not None  # noqa: S101 -- RETURNING of one written row
        received_id = int(row["id"])
        if row["is_new"]:
            await self.wake_received(received_id)
        return received_id

    async def received(self, received_id: int) -> Received | None:
        row = await self._one(_SELECT, id=received_id)
        return None if row is None else _received(row)

    async def close_received(self, received_id: int, outcome: str, at: datetime) -> None:
        await self._run(_CLOSE, id=received_id, outcome=outcome, at=utc(at))

    async def postpone_received(self, received_id: int, until: datetime) -> None:
        await self._run(_POSTPONE, id=received_id, until=utc(until))
        await self._wakes.wake_received(self._conn, received_id, until)

    async def wake_received(self, received_id: int) -> None:
        await self._wakes.wake_received(self._conn, received_id, None)

    async def forget_received(self, before: datetime) -> None:
        await self._run(_FORGET, before=utc(before))

    async def open_received(self, before: datetime, limit: int) -> list[int]:
        rows = await self._all(_OPEN, before=utc(before), limit=limit)
        return [int(row["id"]) for row in rows]


def _received(row: Row) -> Received:
    return Received(**row | {"source": Source(row["source"]), "hints": tuple(row["hints"])})
