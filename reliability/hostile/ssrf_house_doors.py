"""The doors of the house itself: commands, console, GraphQL, files, the rail's own address."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

import vtex_samples
from engine_world import World
from gate_world import ADMINISTRATOR, House
from pagoefectivo_bench import SystemClock, Witness, sandbox_account
from pef_adapters.core.policy import Mode
from pef_adapters.engine.gate import stores as gate_stores
from pef_adapters.engine.onboarding import StoreRequest, add_store
from pef_adapters.engine.settings_as_code import OutcomeKind
from pef_adapters.pagoefectivo import PagoEfectivoRails
from pef_adapters.platforms.contract import Check
from stores_file_world import (
    Installed,
    account_entry,
    applied,
    empty_ports,
    sources,
    store_entry,
)
from woocommerce_bench import KEY, SECRET

PUBLIC_URL: Final = "https://refunds.example"
Enter = Callable[[str], Awaitable[bool]]


def all_passed(checks: Iterable[Check]) -> bool:
    """Whether the product says that all is well there."""
    return all(check.passed for check in checks)


def house_doors() -> dict[str, Enter]:
    """What is behind commands, console, GraphQL and files."""
    return {
        "add_store": _add_store,
        "settings as code": _settings_as_code,
        "a setting changed, then checked": _changed_setting,
    }


async def _add_store(address: str) -> bool:
    """`pef store add`; a one-click invitation ends in the same place."""
    ports = empty_ports()
    async with ports.book.begin() as ledger:
        await ledger.add_account(sandbox_account("http://127.0.0.1:8082", id="main"))
    settings = {"payment_methods": ["pagoefectivo"], "allow_http": True}
    request = StoreRequest(
        platform="woocommerce", address=address, account_id="main", settings=settings
    )
    keys = {"consumer_key": KEY, "consumer_secret": SECRET}
    _, checks = await add_store(ports, request, keys, PUBLIC_URL)
    return all_passed(checks)


async def _settings_as_code(address: str) -> bool:
    """`pef apply`."""
    file = {"version": 1, "accounts": [account_entry()], "stores": [store_entry(address)]}
    outcomes = await applied(empty_ports(), file, sources())
    return all(each.kind is OutcomeKind.DONE for each in outcomes)


async def _changed_setting(address: str) -> bool:
    """The console and GraphQL: where a VTEX store's orders are is changed, then it is checked."""
    house = House(await World().open())
    ports = replace(house.ports, platforms=Installed(house.world.platform))
    async with ports.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        if store is None:
            return False
        keys = {"app_token": "t", "webhook_secret": "hush", **vtex_samples.STORE_KEYS}
        told = {"platform": {"account": "tiendamisti"}}
        await ledger.add_store(replace(store, platform="vtex", settings=told, secrets=keys))
    actor = await house.person("ana@tienda.pe", ADMINISTRATOR)
    settings = {"account": "tiendamisti", "api_address": address}
    await gate_stores.change(ports, actor, "tienda-pe", settings)
    found = await gate_stores.check(ports, actor, "tienda-pe")
    return all(check["passed"] for check in found.checks)


async def rail(address: str) -> bool:
    """A live account's base URL. Not a stranger's: it is typed on this machine alone."""
    keys = {"access_key": "live-key", "secret_key": "s"}
    # A live rail is called by https alone; the other scheme would hide what the host does.
    safe = address.replace("http://", "https://", 1).rstrip("/")
    account = sandbox_account(safe, mode=Mode.LIVE, secrets=keys)
    rails = PagoEfectivoRails(SystemClock(), Witness())
    try:
        await rails.of(account).find_payment("11546901")
    finally:
        await rails.aclose()
    return True
