"""The audit: who signed in and who changed what, where; it is only ever added to."""

from typing import LiteralString

from pef_adapters.engine.records import AuditEntry, AuditSearch
from pef_adapters.storage.postgres.table import Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = "at, actor, what, subject, store_id, agency, outcome, origin, detail"
_INSERT = f"""
    INSERT INTO audit ({_COLUMNS})
    VALUES (%(at)s, %(actor)s, %(what)s, %(subject)s, %(store_id)s, %(agency)s, %(outcome)s,
            %(origin)s, %(detail)s)
    RETURNING id
"""
_NEWEST: LiteralString = "ORDER BY id DESC LIMIT %(limit)s"
_EARLIER: LiteralString = "id < %(before)s::bigint"
_END = 2**63 - 1  # no entry comes after it
# An index holds the beginning of a text; `CASE`, because the planner would guess that hardly
# any row passes what is asked twice, and read all to sort them.
_OF_STORE: LiteralString = """
    left(store_id, 100) = left(owner.name, 100) AND CASE WHEN store_id = owner.name THEN true END
"""
_OF_AGENCY: LiteralString = """
    left(agency, 100) = left(owner.name, 100) AND CASE WHEN agency = owner.name THEN true END
"""
_OF_ACTOR: LiteralString = """
    left(actor, 100) = left(%(actor)s::text, 100) AND CASE WHEN actor = %(actor)s THEN true END
"""
_OF_SUBJECT: LiteralString = """
    left(subject, 100) = left(%(subject)s::text, 100)
    AND CASE WHEN subject = %(subject)s THEN true END
"""
_IN_REACH: LiteralString = """
    CASE WHEN store_id = ANY(%(stores)s) OR agency = ANY(%(agencies)s) THEN true END
"""
# Many stores, of which most say nothing new: the newest entries of all are among those of
# the stores whose own newest entries are the newest.
_OF_OWNERS: LiteralString = f"""
    WITH owner AS MATERIALIZED (
        SELECT owner.name FROM unnest(%(stores)s::text[]) AS owner (name)
        CROSS JOIN LATERAL (
            SELECT id FROM audit WHERE {_OF_STORE} AND {_EARLIER} ORDER BY id DESC LIMIT 1
        ) AS head {_NEWEST}
    ), found AS (
        SELECT entry.id FROM owner
        CROSS JOIN LATERAL (
            SELECT id FROM audit WHERE {_OF_STORE} AND {_EARLIER} {_NEWEST}
        ) AS entry
        UNION
        SELECT entry.id FROM unnest(%(agencies)s::text[]) AS owner (name)
        CROSS JOIN LATERAL (
            SELECT id FROM audit WHERE {_OF_AGENCY} AND {_EARLIER} {_NEWEST}
        ) AS entry
    )
    SELECT entry.* FROM (SELECT id FROM found {_NEWEST}) AS found
    CROSS JOIN LATERAL (
        SELECT id, {_COLUMNS} FROM audit WHERE audit.id = found.id OFFSET 0
    ) AS entry
    ORDER BY id DESC
"""


class Audits(Table):
    """The table `audit`."""

    async def add_audit(self, entry: AuditEntry) -> int:
        row = await self._one(_INSERT, **columns(storable(entry)))
        assert row is not None  # noqa: S101 -- RETURNING of one inserted row
        return int(row["id"])

    async def audits(self, search: AuditSearch) -> list[AuditEntry]:
        values = {
            "stores": sorted(search.reach or ()),
            "agencies": sorted(search.agencies),
            "actor": search.actor,
            "subject": search.subject,
            "before": _END if search.before is None else min(search.before, _END),
            "limit": search.limit,
        }
        return [AuditEntry(**row) for row in await self._all(_asked(search), **values)]


def _asked(search: AuditSearch) -> LiteralString:
    named = [
        *([_OF_SUBJECT] if search.subject else ()),
        *([_OF_ACTOR] if search.actor else ()),
    ]
    if not named and search.reach is not None:
        return _OF_OWNERS
    conditions = [*named, *(() if search.reach is None else [_IN_REACH]), _EARLIER]
    return f"SELECT id, {_COLUMNS} FROM audit WHERE {' AND '.join(conditions)} {_NEWEST}"
