"""Agencies, as far as an actor may see and change them: their stores inherit it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pef_adapters.core.access import Actor, Permission
from pef_adapters.engine.agencies import known_agency, set_agency_settings
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import demand_in_agency, demand_in_house
from pef_adapters.engine.gate.stores import demand_for_keys
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Agency, StoreHead


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency and its stores by id."""

    agency: Agency
    stores: tuple[StoreHead, ...]


async def list_agencies(ports: Ports, actor: Actor) -> list[AgencyView]:
    """Every agency that he may see as a whole, by name."""
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
        agencies = await ledger.agencies()
    return [
        AgencyView(each, tuple(head for head in heads if head.agency == each.name))
        for each in agencies
        if actor.may_in_agency(Permission.SEE_STORES, each.name)
    ]


async def see(ports: Ports, actor: Actor, name: str) -> AgencyView:
    """One agency.

    Raises:
        NotThere: no such agency, or none that he may see as a whole.
    """
    demand_in_agency(actor, Permission.SEE_STORES, name)
    async with ports.book.begin() as ledger:
        agency = await known_agency(ledger, name)
        heads = await ledger.store_heads()
    return AgencyView(agency, tuple(head for head in heads if head.agency == name))


async def change(
    ports: Ports, actor: Actor, name: str, title: str, settings: Mapping[str, Any]
) -> Agency:
    """Change an agency's settings, and with them its stores' (`agencies.set_agency_settings`).

    Raises:
        NotThere: no such agency, or none that he may see as a whole.
        NotAllowed: he may not change it, or would say where keys go without the house.
        SettingInvalid: a setting can't be used.
    """
    before = (await see(ports, actor, name)).agency
    deed = Deed(what="change_agency", subject=f"agency/{name}", agency=name)
    async with audited_refusals(ports, actor, deed):
        demand_in_agency(actor, Permission.EDIT_AGENCY, name)
    async with audited(ports, actor, deed):
        _demand_for_keys(actor, before.settings, settings)
        changed = await set_agency_settings(ports, name, title, settings, actor.name)
        deed.detail.update(before=dict(before.settings), after=dict(changed.settings))
        return changed


async def make(ports: Ports, actor: Actor, name: str, title: str) -> Agency:
    """Make an agency without settings; one that is there is left as it is.

    Raises:
        NotAllowed: it takes who may change every agency.
        InvalidInput: the name can't be used.
    """
    deed = Deed(what="make_agency", subject=f"agency/{name}")
    async with audited(ports, actor, deed):
        demand_in_house(actor, Permission.EDIT_AGENCY)
        deed.agency = name.strip()
        async with ports.book.begin() as ledger:
            known = await ledger.agency(name.strip())
        return known or await set_agency_settings(ports, name, title, {}, actor.name)


def _demand_for_keys(actor: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    parts, wanted = before.get("platform") or {}, after.get("platform") or {}
    if not isinstance(wanted, Mapping):
        return  # no settings at all, which is refused by whoever reads them
    for platform in {*parts, *wanted}:
        part = wanted.get(platform, {})
        if isinstance(part, Mapping):
            demand_for_keys(actor, parts.get(platform, {}), part)
