"""What tests of `stores.yaml` share: ports with the installed adapters, secrets, many stores."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from engine_world import World
from pef_adapters.core.errors import NotThere
from pef_adapters.core.writing import stores_as_written
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account
from pef_adapters.engine.settings_as_code import (
    Outcome,
    Plan,
    Reference,
    apply_plan,
    make_plan,
    read_stores,
)
from pef_adapters.pagoefectivo.keys import keep_apart
from pef_adapters.pagoefectivo.settings import AccountSettings, Credentials
from pef_adapters.platforms import registry
from pef_adapters.platforms.contract import Platform
from pef_adapters.testing.fake_woocommerce import StoreSettings
from pef_adapters.testing.fake_woocommerce.app import create_app
from woocommerce_bench import KEY, KEYS, SECRET, serving

PUBLIC_URL = "https://refunds.example"


class Installed:
    """The adapters that are installed, and the fake one of `World`."""

    def __init__(self, fake: Any) -> None:
        self._fake = fake

    def named(self, platform: str) -> Platform:
        if platform == "fake":
            found: Platform = self._fake
            return found
        return registry.load(platform)


@dataclass
class GivenSources:
    """Secrets and files by name, as a test made them up."""

    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def secret(self, reference: Reference) -> str:
        found = self.variables.get(reference.env or "") or self.files.get(reference.file or "")
        if not found:
            raise NotThere(f"{reference.place} is not there or empty")
        return found

    def text(self, path: str) -> str:
        if path not in self.files:
            raise NotThere(f"{path} can't be read")
        return self.files[path]

    def check_account(self, account: Account) -> None:
        AccountSettings.of(account)
        Credentials.of(account)
        keep_apart(account.mode, account.base_url, account.secrets["access_key"])


def sources() -> GivenSources:
    """The keys of the account and of every fake store."""
    keys = {"ACCESS": "SBXMADEUP", "SECRET": "madeUpRailSecret", "CK": KEY, "CS": SECRET}
    return GivenSources(keys | {"WRONG": "cs_not_the_right_one"})


def empty_ports() -> Ports:
    """A ledger with nothing in it, and the adapters that are installed."""
    world = World()
    return dataclasses.replace(world.ports, platforms=Installed(world.platform))


async def planned(ports: Ports, file: Mapping[str, Any], given: GivenSources) -> Plan:
    """The plan for a file that is written here as plain data."""
    return await make_plan(ports, read_stores(stores_as_written(file)), given)


async def applied(
    ports: Ports, file: Mapping[str, Any], given: GivenSources, **more: Any
) -> list[Outcome]:
    """Apply a file that is written here as plain data."""
    plan = await planned(ports, file, given)
    return await apply_plan(ports, plan, "Rosa", PUBLIC_URL, **more)


def account_entry(**changes: Any) -> dict[str, Any]:
    """A sandbox account whose keys are in the variables of `sources`."""
    return {
        "id": "main",
        "mode": "sandbox",
        "base_url": "http://127.0.0.1:8082",
        "service_id": 9999,
        "access_key": {"env": "ACCESS"},
        "secret_key": {"env": "SECRET"},
        **changes,
    }


def store_entry(address: str, **changes: Any) -> dict[str, Any]:
    """A WooCommerce store with working keys."""
    return {
        "address": address,
        "platform": "woocommerce",
        "account": "main",
        "settings": {"payment_methods": ["pagoefectivo"], "allow_http": True},
        "keys": {"consumer_key": {"env": "CK"}, "consumer_secret": {"env": "CS"}},
        **changes,
    }


@contextmanager
def many_stores(count: int) -> Iterator[list[str]]:
    """One server with this many fake stores, each at a path of its own; gives their addresses."""
    mounts: list[Mount] = []
    app = Starlette(routes=mounts)
    with serving(app) as address:
        names = [f"tienda{number:03}" for number in range(count)]
        homes = [f"{address}/{name}" for name in names]
        app.router.routes.extend(Mount(f"/{name}", _store(address)) for name in names)
        yield homes


def _store(home: str) -> Starlette:
    # Its doorman puts the path, which has the store's name in it, behind the home.
    return create_app(StoreSettings(home=home, keys=KEYS, demo_orders=False))
