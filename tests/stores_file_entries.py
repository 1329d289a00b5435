"""Entries of a `stores.yaml` for tests, and a store platform that answers as it is told."""

from dataclasses import replace
from typing import Any

from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_adapters.testing.fake_platform import FakePlatform
from stores_file_world import (
    Installed,
    account_entry,
    empty_ports,
)


class Talked(FakePlatform):
    """The fake platform, which answers with these checks and knows how often it was asked."""

    def __init__(self, ports: Ports, *checks: Check) -> None:
        super().__init__(ports.clock.now)
        self.checks, self.asked = checks, list[StoreConnection]()

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        self.asked.append(store)
        if self.trouble:
            raise self.trouble
        return self.checks


def store(address: str = "https://tienda.pe", **changes: Any) -> dict[str, Any]:
    """A store of the fake platform, whose one key is in the variable CK."""
    keys = {"token": {"env": "CK"}}
    entry = {"address": address, "platform": "fake", "account": "main", "keys": keys}
    return {**entry, **changes}


def file_of(*stores: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file with one account and these stores."""
    return {"version": 1, "accounts": [account_entry()], "stores": list(stores), **more}


def talking(*checks: Check) -> tuple[Ports, Talked]:
    """An empty ledger, and a platform that answers so."""
    ports = empty_ports()
    platform = Talked(ports, *checks)
    return replace(ports, platforms=Installed(platform)), platform


async def kept_store(ports: Ports, name: str = "tienda-pe") -> Store:
    """The store as it is kept."""
    async with ports.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found
