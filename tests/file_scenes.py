"""One scene of settings kept in a file: planned, applied, changed by hand, planned again."""

import dataclasses
from typing import Any

from engine_world import World
from pef_adapters.core.errors import PefError
from pef_adapters.engine.settings_as_code import drift_of, exported
from pef_adapters.engine.upkeep import change_store_settings, join_agency
from stores_file_world import Installed, account_entry, applied, planned, sources

POLICY = {
    "name": "andina",
    "otherwise": "approve",
    "window": {"original_route_days": 20, "payout_days": 60},
}


def _store(address: str, **changes: Any) -> dict[str, Any]:
    return {
        "address": address,
        "platform": "fake",
        "account": "main",
        "settings": {"colour": "red"},
        "keys": {"token": {"env": "CK"}},
        **changes,
    }


def _file(*stores: dict[str, Any], **more: Any) -> dict[str, Any]:
    days = {"documents_until": "2027-03-01", "keys_until": "2027-04-01"}
    account = account_entry(**days, settings={"origin": "ios"})
    agency = {
        "name": "Andina",
        "title": "Andina SAC",
        "policy": POLICY,
        "settings": {"language": "en"},
    }
    return {"version": 1, "accounts": [account], "agencies": [agency], "stores": [*stores], **more}


async def settings_in_a_file() -> World:
    """What each plan would do and each apply did, drift and export, and mistakes all at once."""
    world = World()
    world.ports = ports = dataclasses.replace(world.ports, platforms=Installed(world.platform))
    known = sources()
    own = {"name": "tienda", "otherwise": "hold"}
    one = _store("https://uno.pe", agency="Andina", operators={"7": "Rosa"}, language="es_PE")
    two = _store("https://dos.pe", policy=own)
    first = await applied(ports, _file(one, two), known)
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
    changed_by_hand = sorted(head.id for head in heads)
    await change_store_settings(ports, changed_by_hand[0], {"colour": "green"}, language="zh_Hans")
    await join_agency(ports, changed_by_hand[1], None)
    async with ports.book.begin() as ledger:
        drifts = [await drift_of(ledger, head) for head in await ledger.store_heads()]
    known.variables["CK"] = "another"
    moved = _file(
        {**one, "settings": {"colour": "blue"}, "operators": {"8": "Luis"}},
        {**two, "agency": "Andina", "policy": {**own, "otherwise": "reject"}},
    )
    plan = await planned(ports, moved, known)
    second = await applied(ports, moved, known)
    odd = _file(
        _store("https://tres.pe", account="nobody"),
        _store("https://cuatro.pe", platform="myspace"),
        _store("https://cinco.pe", keys={"token": {"env": "MISSING"}}),
        _store("https://seis.pe", language="fr"),
    )
    try:
        mistakes = repr(await planned(ports, odd, known))
    except PefError as fault:
        mistakes = f"{fault.code}: {fault}"
    outcomes = [*first, *second, *(await planned(ports, moved, known)).items]
    world.said = [plan, *outcomes, drifts, mistakes, await exported(ports)]  # type: ignore[attr-defined]
    return world


FILE_SCENES = {settings_in_a_file.__name__: settings_in_a_file}
