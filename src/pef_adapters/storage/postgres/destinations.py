"""Buyers' links, and the bank details they gave; the details are sealed on this side."""

from psycopg.errors import UniqueViolation

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.engine.records import Destination, Link, LinkEnd
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import storable

_LINK = """
    id, refund_id, made_by, made_at, expires_at, tries_left, told_at, ended_at, ended_as
"""
_ADD_LINK = f"""
    INSERT INTO links ({_LINK})
    VALUES (%(id)s, %(refund_id)s, %(made_by)s, %(made_at)s, %(expires_at)s, %(tries_left)s,
            %(told_at)s, %(ended_at)s, %(ended_as)s)
"""
_ONE_LINK = f"SELECT {_LINK} FROM links WHERE id = %(id)s"
_OPEN_LINK = f"SELECT {_LINK} FROM links WHERE refund_id = %(refund_id)s AND ended_at IS NULL"
# A link only ever wears out: whoever saves an older copy of it opens nothing again.
_SAVE_LINK = """
    UPDATE links SET
        tries_left = LEAST(tries_left, %(tries_left)s), told_at = COALESCE(told_at, %(told_at)s),
        ended_at = COALESCE(ended_at, %(ended_at)s), ended_as = COALESCE(ended_as, %(ended_as)s)
    WHERE id = %(id)s
"""
_COLUMNS = "refund_id, account, bound, masked, details, given_by, given_at, good_from"
_INSERT = f"""
    INSERT INTO destinations ({_COLUMNS})
    VALUES (%(refund_id)s, %(account)s, %(bound)s, %(masked)s, %(details)s, %(given_by)s,
            %(given_at)s, %(good_from)s)
    RETURNING id
"""
_ONE = f"SELECT id, {_COLUMNS} FROM destinations WHERE id = %(id)s"
_NEWEST = f"""
    SELECT id, {_COLUMNS} FROM destinations WHERE refund_id = %(refund_id)s
    ORDER BY id DESC LIMIT 1
"""
_REFUNDS_TO = """
    SELECT refund_id FROM destinations WHERE account = %(account)s
    GROUP BY refund_id ORDER BY min(id)
"""


class Destinations(Table):
    """The tables `links` and `destinations`; the latter is only ever added to."""

    async def add_link(self, link: Link) -> None:
        try:
            await self._run(_ADD_LINK, **columns(storable(link)))
        except UniqueViolation as error:
            raise TransitionRefused(f"{link.refund_id} has an open link already") from error

    async def link(self, link_id: str) -> Link | None:
        return _link(await self._one(_ONE_LINK, id=link_id))

    async def open_link(self, refund_id: str) -> Link | None:
        return _link(await self._one(_OPEN_LINK, refund_id=refund_id))

    async def save_link(self, link: Link) -> None:
        if not await self._run(_SAVE_LINK, **columns(storable(link))):
            raise NotThere(f"there is no link of refund {link.refund_id} by this id")

    async def add_destination(self, destination: Destination) -> int:
        kept = storable(destination)
        sealed = self._box.seal(kept.details)
        row = await self._one(_INSERT, **columns(kept) | {"details": sealed})
        assert row is not None  # noqa: S101 -- RETURNING of one inserted row
        return int(row["id"])

    async def destination(self, destination_id: int) -> Destination | None:
        return _destination(await self._one(_ONE, id=destination_id), self._box)

    async def newest_destination(self, refund_id: str) -> Destination | None:
        return _destination(await self._one(_NEWEST, refund_id=refund_id), self._box)

    async def refunds_to(self, account: str) -> list[str]:
        return [str(row["refund_id"]) for row in await self._all(_REFUNDS_TO, account=account)]


def _link(row: Row | None) -> Link | None:
    if row is None:
        return None
    return Link(**row | {"ended_as": row["ended_as"] and LinkEnd(row["ended_as"])})


def _destination(row: Row | None, box: SecretBox) -> Destination | None:
    return None if row is None else Destination(**row | {"details": box.open(row["details"])})
