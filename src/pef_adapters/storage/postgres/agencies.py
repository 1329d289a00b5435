"""Agencies, and the settings that their stores inherit."""

from pef_adapters.engine.records import Agency
from pef_adapters.storage.postgres.table import Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = "name, title, settings, created_at"
_PUT = f"""
    INSERT INTO agencies ({_COLUMNS})
    VALUES (%(name)s, %(title)s, %(settings)s, %(created_at)s)
    ON CONFLICT (name) DO UPDATE SET title = excluded.title, settings = excluded.settings
"""
_ONE = f"SELECT {_COLUMNS} FROM agencies WHERE name = %(name)s"
_ALL = f'SELECT {_COLUMNS} FROM agencies ORDER BY name COLLATE "C"'


class Agencies(Table):
    """The table `agencies`."""

    async def add_agency(self, agency: Agency) -> None:
        await self._run(_PUT, **columns(storable(agency)))

    async def agency(self, name: str) -> Agency | None:
        row = await self._one(_ONE, name=name)
        return None if row is None else Agency(**row)

    async def agencies(self) -> list[Agency]:
        return [Agency(**row) for row in await self._all(_ALL)]
