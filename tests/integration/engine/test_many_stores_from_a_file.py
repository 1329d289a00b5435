"""A hundred stores connected from one file, over real HTTP; some of them are broken."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pef_adapters.engine.onboarding import store_id
from pef_adapters.engine.settings_as_code import Action, OutcomeKind
from pef_adapters.platforms import http
from stores_file_world import (
    account_entry,
    applied,
    empty_ports,
    many_stores,
    planned,
    sources,
    store_entry,
)
from woocommerce_bench import free_port

COUNT = 100
BROKEN = {3: "wrong keys", 40: "unreachable", 77: "plain http"}


@pytest.fixture(autouse=True)
def _private_addresses() -> Iterator[None]:
    """The fake stores are on this machine."""
    http.allow_private_stores(allowed=True)
    yield
    http.allow_private_stores(allowed=False)


def _entry(number: int, home: str) -> dict[str, Any]:
    entry = store_entry(home, agency="Andina")
    match BROKEN.get(number):
        case "wrong keys":
            entry["keys"] = {**entry["keys"], "consumer_secret": {"env": "WRONG"}}
        case "unreachable":
            entry["address"] = f"http://127.0.0.1:{free_port()}"
        case "plain http":
            entry["settings"] = {**entry["settings"], "allow_http": False}
    return entry


@pytest.mark.timeout(110)
async def test_a_hundred_stores_are_connected_and_the_broken_ones_are_named() -> None:
    """Each store is connected or named with its mend, and applying again changes nothing."""
    ports, given = empty_ports(), sources()
    with many_stores(COUNT) as homes:
        entries = [_entry(number, home) for number, home in enumerate(homes)]
        file = {
            "version": 1,
            "agencies": [{"name": "Andina", "settings": {"language": "en"}}],
            "accounts": [account_entry()],
            "stores": entries,
        }
        outcomes = {each.item.name: each for each in await applied(ports, file, given)}
        again = await planned(ports, file, given)
    broken = {store_id(entries[number]["address"]) for number in BROKEN}
    failed = {name for name, each in outcomes.items() if each.kind is OutcomeKind.FAILED}
    assert failed == broken
    assert all(outcomes[name].mends and all(outcomes[name].mends) for name in broken)
    done = [each for each in outcomes.values() if each.kind is OutcomeKind.DONE]
    assert len(done) == COUNT - len(BROKEN) + 2
    assert not again.has_changes
    assert {item.action for item in again.items} == {Action.NOTHING}


async def test_only_so_many_stores_are_called_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many stores a file names, no more than the bound are connected at a time."""
    ports, given = empty_ports(), sources()
    at_once, most = 0, 0
    platform = ports.platforms.named("woocommerce")
    real = type(platform).connect

    async def counted(self: Any, store: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        try:
            return await real(self, store)
        finally:
            at_once -= 1

    monkeypatch.setattr(type(platform), "connect", counted)
    with many_stores(9) as homes:
        stores = [store_entry(home) for home in homes]
        file = {"version": 1, "accounts": [account_entry()], "stores": stores}
        await applied(ports, file, given, at_once=3)
    assert most == 3
