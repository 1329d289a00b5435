"""Held refunds that wait for people, and what these said; the latter is only added to."""

from psycopg.errors import UniqueViolation

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.records import Act, Review, ReviewAct, ReviewEnd
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = """
    refund_id, store_id, digest, needed, covers, opened_at, remind_at, expires_at, ended_at,
    ended_as
"""
_INSERT = f"""
    INSERT INTO reviews ({_COLUMNS})
    VALUES (%(refund_id)s, %(store_id)s, %(digest)s, %(needed)s, %(covers)s, %(opened_at)s,
            %(remind_at)s, %(expires_at)s, %(ended_at)s, %(ended_as)s)
    RETURNING id
"""
_SAVE = """
    UPDATE reviews SET remind_at = %(remind_at)s, ended_at = %(ended_at)s, ended_as = %(ended_as)s
    WHERE id = %(id)s
"""
_OF_REFUND = f"SELECT id, {_COLUMNS} FROM reviews WHERE refund_id = %(refund_id)s ORDER BY id"
_OPEN_ONE = f"""
    SELECT id, {_COLUMNS} FROM reviews WHERE refund_id = %(refund_id)s AND ended_at IS NULL
"""
_OPEN = f"""
    SELECT id, {_COLUMNS} FROM reviews WHERE ended_at IS NULL
    ORDER BY expires_at, id LIMIT %(limit)s
"""
_ACT = "review_id, refund_id, at, person, act, comment, digest, covers"
_ADD_ACT = f"""
    INSERT INTO review_acts ({_ACT})
    VALUES (%(review_id)s, %(refund_id)s, %(at)s, %(person)s, %(act)s, %(comment)s, %(digest)s,
            %(covers)s)
"""
_ACTS = f"SELECT {_ACT} FROM review_acts WHERE refund_id = %(refund_id)s ORDER BY seq"


class Reviews(Table):
    """The tables `reviews` and `review_acts`."""

    async def add_review(self, review: Review) -> int:
        try:
            row = await self._one(_INSERT, **columns(storable(review)))
        except UniqueViolation as error:
            raise TransitionRefused(f"{review.refund_id} is under review already") from error
        assert row is not None  # noqa: S101 -- RETURNING of one inserted row
        return int(row["id"])

    async def open_review(self, refund_id: str) -> Review | None:
        row = await self._one(_OPEN_ONE, refund_id=refund_id)
        return None if row is None else _review(row)

    async def reviews(self, refund_id: str) -> list[Review]:
        return [_review(row) for row in await self._all(_OF_REFUND, refund_id=refund_id)]

    async def open_reviews(self, limit: int) -> list[Review]:
        return [_review(row) for row in await self._all(_OPEN, limit=limit)]

    async def save_review(self, review: Review) -> None:
        try:
            touched = await self._run(_SAVE, **columns(storable(review)))
        except UniqueViolation as error:
            raise TransitionRefused(f"{review.refund_id} is under review already") from error
        if not touched:
            raise NotThere(f"there is no review {review.id}")

    async def add_act(self, act: ReviewAct) -> None:
        await self._run(_ADD_ACT, **columns(storable(act)))

    async def acts(self, refund_id: str) -> list[ReviewAct]:
        rows = await self._all(_ACTS, refund_id=refund_id)
        return [ReviewAct(**_tupled(row) | {"act": Act(row["act"])}) for row in rows]


def _review(row: Row) -> Review:
    ended = row["ended_as"] and ReviewEnd(row["ended_as"])
    return Review(**_tupled(row) | {"ended_as": ended})


def _tupled(row: Row) -> Row:
    return row | {"covers": tuple(row["covers"])}
