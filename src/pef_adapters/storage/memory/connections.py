"""The twin's stores, accounts and invitations, and what every table stands on."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.records import Account, Store
from pef_adapters.storage.memory.tables import Invitation, Tables, Wake
from pef_adapters.storage.storable import storable, utc

Key = TypeVar("Key", str, int)


class Connections:
    """Works on one transaction's copy of the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add_store(self, store: Store) -> None:
        self._must_hold(self._tables.accounts, store.account_id)
        kept = storable(store)
        if old := self._tables.stores.get(store.id):
            kept = replace(kept, poll_cursor=old.poll_cursor, created_at=old.created_at)
        self._tables.stores[store.id] = kept

    async def store(self, store_id: str) -> Store | None:
        return self._tables.stores.get(store_id)

    async def stores(self) -> list[Store]:
        return sorted(self._tables.stores.values(), key=lambda each: (each.created_at, each.id))

    async def store_ids(self) -> list[str]:
        return [store.id for store in await self.stores()]

    async def save_cursor(self, store_id: str, cursor: datetime) -> None:
        if kept := self._tables.stores.get(store_id):
            self._tables.stores[store_id] = replace(kept, poll_cursor=utc(cursor))

    async def add_account(self, account: Account) -> None:
        kept = storable(account)
        if old := self._tables.accounts.get(account.id):
            kept = replace(kept, created_at=old.created_at)
        self._tables.accounts[account.id] = kept

    async def account(self, account_id: str) -> Account | None:
        return self._tables.accounts.get(account_id)

    async def accounts(self) -> list[Account]:
        return sorted(self._tables.accounts.values(), key=lambda each: (each.created_at, each.id))

    async def add_invitation(self, token_sha256: str, payload: str, expires_at: datetime) -> None:
        self._tables.invitations[token_sha256] = Invitation(payload, utc(expires_at))

    async def take_invitation(self, token_sha256: str, now: datetime) -> str | None:
        found = self._tables.invitations.pop(token_sha256, None)
        return found.payload if found and found.expires_at > now else None

    async def forget_invitations(self, now: datetime) -> None:
        kept = self._tables.invitations
        for token in [token for token, each in kept.items() if each.expires_at <= utc(now)]:
            del kept[token]

    def _must_hold(self, table: Collection[Key], key: Key) -> None:
        """What a foreign key is to the database."""
        if key not in table:
            raise NotThere(f"there is no record {key!r} to refer to")

    def _wake(self, wake: Wake) -> None:
        self._tables.wakes[len(self._tables.wakes)] = wake
