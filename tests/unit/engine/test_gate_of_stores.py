"""The gate of stores, agencies and accounts: who passes, who does not, and what is kept of it."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from engine_world import World
from pef_adapters.core.access import Actor, ActorKind, Grant, Role, powers_of
from pef_adapters.core.errors import NotAllowed, NotThere, PefError, SettingInvalid
from pef_adapters.core.texts import known
from pef_adapters.engine.gate import accounts, agencies, stores
from pef_adapters.engine.gate.stores import PAGE, StoreFilter
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import AuditEntry, AuditSearch
from stores_file_world import Installed

METHODS = {"payment_methods": ["pagoefectivo"]}


def actor(role: Role, place: str) -> Actor:
    """Somebody with one role."""
    return Actor("ana@example.pe", ActorKind.PERSON, powers_of((Grant(role, place),)))


HOUSE = actor(Role.AGENCY_ADMINISTRATOR, "house")
AGENCY = actor(Role.AGENCY_ADMINISTRATOR, "agency/Andina")
OWNER = actor(Role.OWNER, "store/tienda-pe")
AGENT = actor(Role.AGENT, "store/tienda-pe")
STRANGER = actor(Role.OWNER, "store/otra")


async def opened() -> Ports:
    """One store under the agency Andina, one under nobody, on one account each."""
    world = World()
    own = {"platform": "woocommerce", "settings": {"platform": METHODS, "agency": "Andina"}}
    await world.open(**own)
    ports = dataclasses.replace(world.ports, platforms=Installed(world.platform))
    async with ports.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        account = await ledger.account("main")
        assert store is not None
        assert account is not None
        await ledger.add_account(dataclasses.replace(account, id="second"))
        alone = {"id": "otra", "identity": "https://otra.pe", "account_id": "second"}
        await ledger.add_store(dataclasses.replace(store, settings={"platform": METHODS}, **alone))
    await agencies.make(ports, HOUSE, "Andina", "Andina SAC")
    return ports


async def audits(ports: Ports) -> list[AuditEntry]:
    """What was kept, newest first, but for the agency that `opened` makes."""
    async with ports.book.begin() as ledger:
        return [e for e in await ledger.audits(AuditSearch()) if e.what != "make_agency"]


Deed = Callable[[Ports, Actor], Awaitable[Any]]
DEEDS: dict[str, Deed] = {
    "see": lambda ports, who: stores.see(ports, who, "tienda-pe"),
    "change": lambda ports, who: stores.change(ports, who, "tienda-pe", METHODS, language="en"),
    "code": lambda ports, who: stores.plugin_code(ports, who, "tienda-pe"),
    "leave": lambda ports, who: stores.move(ports, who, "tienda-pe", None),
    "see account": lambda ports, who: accounts.see(ports, who, "main"),
    "renew": lambda ports, who: accounts.renew(
        ports, who, "main", documents_until=None, keys_until=date(2027, 6, 30)
    ),
    "see agency": lambda ports, who: agencies.see(ports, who, "Andina"),
    "change agency": lambda ports, who: agencies.change(ports, who, "Andina", "A", {}),
    "make agency": lambda ports, who: agencies.make(ports, who, "Nueva", ""),
}
ALL = set(DEEDS)
PASSES = {
    "house": (HOUSE, ALL, set[str]()),
    "agency": (AGENCY, ALL - {"make agency"}, {"make agency"}),
    "owner": (
        OWNER,
        {"see", "change", "code", "see account", "renew"},
        {"make agency"},
    ),
    "agent": (AGENT, {"see", "see account"}, {"change", "code", "leave", "renew", "make agency"}),
    "stranger": (STRANGER, set[str](), {"make agency"}),
}


@pytest.mark.parametrize("who", PASSES)
@pytest.mark.parametrize("deed", DEEDS)
async def test_who_may_do_what(who: str, deed: str) -> None:
    """Each role does what the table says; what it may not see is not there for it."""
    ports = await opened()
    asks, may, may_not = PASSES[who]
    if deed in may:
        await DEEDS[deed](ports, asks)
        return
    refusal = NotAllowed if deed in may_not else NotThere
    with pytest.raises(refusal):
        await DEEDS[deed](ports, asks)


async def test_a_stores_owner_can_not_leave_his_agency() -> None:
    """Whoever left would leave what his agency locks, so the agency has to agree."""
    ports = await opened()
    with pytest.raises((NotAllowed, NotThere)):
        await stores.move(ports, OWNER, "tienda-pe", None)
    with pytest.raises((NotAllowed, NotThere)):
        await stores.move(ports, STRANGER, "otra", "Andina")
    (joined, left) = await audits(ports)
    assert (joined.subject, left.subject) == ("store/otra", "store/tienda-pe")
    assert "done" not in {joined.outcome, left.outcome}


@pytest.mark.parametrize("name", ["allow_http"])
async def test_where_keys_go_is_the_houses_to_say(name: str) -> None:
    """Neither a store's owner nor its agency sends keys elsewhere; who runs the house may."""
    ports = await opened()
    for who in (OWNER, AGENCY):
        with pytest.raises(NotAllowed):
            await stores.change(ports, who, "tienda-pe", {**METHODS, name: True})
    part = {"platform": {"woocommerce": {name: True}}}
    with pytest.raises(NotAllowed):
        await agencies.change(ports, AGENCY, "Andina", "", part)
    changed = await stores.change(ports, HOUSE, "tienda-pe", {**METHODS, name: True})
    assert changed.settings["platform"][name] is True


async def test_a_change_is_kept_with_what_was_before() -> None:
    """The audit says who changed what from what to what, and holds no secret."""
    ports = await opened()
    await stores.change(ports, OWNER, "tienda-pe", {**METHODS, "auth": "query"})
    (entry,) = await audits(ports)
    assert (entry.actor, entry.what, entry.outcome) == (OWNER.name, "change_store", "done")
    assert entry.detail["before"]["settings"] == METHODS
    assert entry.detail["after"]["settings"]["auth"] == "query"
    assert "hush" not in repr(entry)


async def test_a_refused_change_is_kept_too() -> None:
    """Whoever sees a store and may not change it leaves an entry."""
    ports = await opened()
    with pytest.raises(NotAllowed):
        await stores.change(ports, AGENT, "tienda-pe", METHODS)
    with pytest.raises(SettingInvalid):
        await stores.change(ports, OWNER, "tienda-pe", {"auth": "loud"})
    assert [entry.outcome for entry in await audits(ports)] == ["SETTING_INVALID", "NOT_ALLOWED"]


async def test_foreign_and_missing_stores_answer_alike() -> None:
    """Nobody learns from an answer whether another's store is there."""
    ports = await opened()
    said = []
    for name in ("tienda-pe", "nowhere"):
        with pytest.raises(NotThere) as refused:
            await stores.see(ports, STRANGER, name)
        said.append(str(refused.value).replace(name, "X"))
    assert said[0] == said[1]


async def test_stores_are_found_by_what_is_asked_a_page_at_a_time() -> None:
    """Two thousand stores come in pages; filters narrow, and nobody sees another's."""
    ports = await opened()
    async with ports.book.begin() as ledger:
        first = await ledger.store("otra")
        assert first is not None
        for number in range(120):
            name = f"t{number:04}"
            address = f"https://{name}.pe"
            await ledger.add_store(dataclasses.replace(first, id=name, identity=address))
    whole = await stores.list_stores(ports, HOUSE, StoreFilter(), 3)
    assert (whole.number, whole.pages, whole.total) == (3, 3, 122)
    assert len(whole.standings) == 122 - 2 * PAGE
    assert (await stores.list_stores(ports, HOUSE, StoreFilter(), 99)).number == 3
    found = await stores.list_stores(ports, HOUSE, StoreFilter(text="T0007"))
    assert [each.head.id for each in found.standings] == ["t0007"]
    assert (await stores.list_stores(ports, OWNER, StoreFilter())).total == 1
    unchecked = StoreFilter(standing="unchecked", agency="Andina")
    assert (await stores.list_stores(ports, HOUSE, unchecked)).total == 1
    assert (await stores.list_stores(ports, HOUSE, StoreFilter(standing="well"))).total == 0


async def test_an_account_is_shown_without_its_keys() -> None:
    """What leaves the gate has no field that could hold a key."""
    ports = await opened()
    view = await accounts.see(ports, OWNER, "main")
    assert "SBX" not in repr(view)
    assert [each.id for each in await accounts.list_accounts(ports, STRANGER)] == ["second"]
    renewed = await accounts.renew(
        ports, OWNER, "main", documents_until=None, keys_until=date(2027, 6, 30)
    )
    assert renewed.keys_until == date(2027, 6, 30)


async def test_each_deed_has_its_words() -> None:
    """Whatever is kept of stores, agencies and accounts can be read by a person."""
    for what in (
        *("check_store", "change_store", "move_store", "plugin_code", "link_up_code"),
        *("change_agency", "make_agency", "renew_account"),
    ):
        assert known(f"audit.{what}")


async def test_a_code_is_made_only_where_a_platform_takes_it() -> None:
    """A store without such a way in is told so."""
    ports = await opened()
    assert len(await stores.plugin_code(ports, OWNER, "tienda-pe")) == 14
    with pytest.raises(PefError):
        await stores.link_up_code(ports, OWNER, "tienda-pe")
