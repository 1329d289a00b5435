"""Stores and merchant accounts; their secrets are sealed on this side of the wire."""

from datetime import datetime

from pef_adapters.core.policy import Mode
from pef_adapters.engine.records import Account, Store
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.secrets import SecretBox
from pef_adapters.storage.storable import storable, utc

_STORE_COLUMNS = """
    id, platform, identity, account_id, mode, language, callback_url, settings, secrets,
    poll_cursor, created_at
"""
_PUT_STORE = f"""
    INSERT INTO stores ({_STORE_COLUMNS})
    VALUES (%(id)s, %(platform)s, %(identity)s, %(account_id)s, %(mode)s, %(language)s,
            %(callback_url)s, %(settings)s, %(secrets)s, %(poll_cursor)s, %(created_at)s)
    ON CONFLICT (id) DO UPDATE SET
        platform = excluded.platform, identity = excluded.identity,
        account_id = excluded.account_id, mode = excluded.mode, language = excluded.language,
        callback_url = excluded.callback_url, settings = excluded.settings,
        secrets = excluded.secrets
"""
_STORE = f"SELECT {_STORE_COLUMNS} FROM stores WHERE id = %(id)s"
_STORES = f'SELECT {_STORE_COLUMNS} FROM stores ORDER BY created_at, id COLLATE "C"'
_STORE_IDS = 'SELECT id FROM stores ORDER BY created_at, id COLLATE "C"'
_CURSOR = "UPDATE stores SET poll_cursor = %(cursor)s WHERE id = %(id)s"

_ACCOUNT_COLUMNS = "id, mode, base_url, service_id, settings, secrets, created_at"
_PUT_ACCOUNT = f"""
    INSERT INTO accounts ({_ACCOUNT_COLUMNS})
    VALUES (%(id)s, %(mode)s, %(base_url)s, %(service_id)s, %(settings)s, %(secrets)s,
            %(created_at)s)
    ON CONFLICT (id) DO UPDATE SET
        mode = excluded.mode, base_url = excluded.base_url, service_id = excluded.service_id,
        settings = excluded.settings, secrets = excluded.secrets
"""
_ACCOUNT = f"SELECT {_ACCOUNT_COLUMNS} FROM accounts WHERE id = %(id)s"
_ACCOUNTS = f'SELECT {_ACCOUNT_COLUMNS} FROM accounts ORDER BY created_at, id COLLATE "C"'


class Stores(Table):
    """The tables `stores` and `accounts`."""

    async def add_store(self, store: Store) -> None:
        kept = storable(store)
        await self._run(_PUT_STORE, **columns(kept) | {"secrets": self._box.seal(kept.secrets)})

    async def store(self, store_id: str) -> Store | None:
        row = await self._one(_STORE, id=store_id)
        return None if row is None else Store(**_opened(row, self._box))

    async def stores(self) -> list[Store]:
        return [Store(**_opened(row, self._box)) for row in await self._all(_STORES)]

    async def store_ids(self) -> list[str]:
        return [str(row["id"]) for row in await self._all(_STORE_IDS)]

    async def save_cursor(self, store_id: str, cursor: datetime) -> None:
        await self._run(_CURSOR, id=store_id, cursor=utc(cursor))

    async def add_account(self, account: Account) -> None:
        kept = storable(account)
        await self._run(_PUT_ACCOUNT, **columns(kept) | {"secrets": self._box.seal(kept.secrets)})

    async def account(self, account_id: str) -> Account | None:
        row = await self._one(_ACCOUNT, id=account_id)
        return None if row is None else Account(**_opened(row, self._box))

    async def accounts(self) -> list[Account]:
        return [Account(**_opened(row, self._box)) for row in await self._all(_ACCOUNTS)]


def _opened(row: Row, box: SecretBox) -> Row:
    return row | {"mode": Mode(row["mode"]), "secrets": box.open(row["secrets"])}
