"""Stores and accounts as the gate shows them: lists by filter and page, and whole views."""

from dataclasses import replace
from datetime import date

import pytest

from gate_told import ANDES, COSTA, admin, agency_of, head_of, installed, last, set_store
from gate_world import (
    FOREIGN,
    MINE,
    ORIGIN,
    SISTER,
    House,
    at_agency,
    at_store,
)
from pef_adapters.core.access import HOUSE, Grant, Role
from pef_adapters.core.errors import NotAllowed, NotThere
from pef_adapters.core.policy import Mode
from pef_adapters.engine import upkeep
from pef_adapters.engine.gate import accounts, agencies, beside, stores
from pef_adapters.engine.gate.accounts import AccountView
from pef_adapters.engine.gate.stores import StoreFilter, StorePage
from pef_adapters.engine.health import Standing, Trouble
from pef_adapters.engine.records import StoreHealth
from pef_adapters.engine.settings_as_code import Difference

# lists


async def test_a_list_is_narrowed_by_each_filter(house: House) -> None:
    """Part of id or address in any case, and platform, mode, agency and standing exactly."""
    boss = await admin(house)
    await set_store(house, platform="vtex", mode=Mode.LIVE)
    await set_store(house, SISTER, settings={})
    await set_store(house, FOREIGN, identity="https://lejos.pe")
    now = house.world.clock.now()
    passed = {"name": "keys", "passed": True, "detail": "", "mend": ""}
    failed = {**passed, "passed": False}
    async with house.world.book.begin() as ledger:
        for name, checks in ((MINE, (passed,)), (SISTER, (passed, failed))):
            await ledger.save_health(StoreHealth(store_id=name, at=now, checks=checks))
    for wanted, found in (
        (StoreFilter(), [FOREIGN, SISTER, MINE]),
        (StoreFilter(text=" TIENDA "), [MINE]),
        (StoreFilter(text="Lejos"), [FOREIGN]),
        (StoreFilter(text="ajena"), [FOREIGN]),
        (StoreFilter(text="nothing"), []),
        (StoreFilter(platform="vtex"), [MINE]),
        (StoreFilter(platform="vte"), []),
        (StoreFilter(mode="live"), [MINE]),
        (StoreFilter(mode="sandbox"), [FOREIGN, SISTER]),
        (StoreFilter(agency="costa"), [FOREIGN]),
        (StoreFilter(agency="costa", platform="vtex"), []),
        (StoreFilter(standing="well"), [MINE]),
        (StoreFilter(standing="trouble"), [SISTER]),
        (StoreFilter(standing="unchecked"), [FOREIGN]),
    ):
        page = await stores.list_stores(installed(house), boss, wanted)
        assert [each.head.id for each in page.standings] == found, wanted
        assert (page.number, page.pages, page.total) == (1, 1, len(found))


async def test_a_page_has_fifty_stores(house: House) -> None:
    """The fiftieth is on the first page and the next on the second; no page is below one."""
    boss = await admin(house)
    kept = await set_store(house)
    async with house.world.book.begin() as ledger:
        for number in range(48):
            name = f"t{number:02}"
            await ledger.add_store(replace(kept, id=name, identity=f"https://{name}.pe"))

    async def page(number: int) -> StorePage:
        return await stores.list_stores(house.ports, boss, StoreFilter(), number)

    first, second = await page(1), await page(2)
    assert (first.number, first.pages, first.total, len(first.standings)) == (1, 2, 51, 50)
    assert [each.head.id for each in second.standings] == [MINE]
    assert (await page(0)).number == 1
    assert (await page(3)).number == 2
    await set_store(house, settings={})
    fifty = StoreFilter(agency="andes")
    assert (await stores.list_stores(house.ports, boss, fifty)).pages == 1


async def test_a_store_is_seen_whole(house: House) -> None:
    """Standing, settings with who says each, what drifted, its agency, and its own words."""
    boss, now = await admin(house), house.world.clock.now()
    applied = {"facts": {"settings": {"colour": "blue"}}, "digest": "", "by": "Rosa", "at": ""}
    await agencies.make(house.ports, boss, "andes", "Andes")
    await set_store(
        house, settings={"agency": "andes", "platform": {"colour": "red"}, "applied": applied}
    )
    view = await stores.see(house.ports, boss, MINE)
    head = await head_of(house, MINE)
    assert view.standing == Standing(
        head=head,
        health=None,
        last_webhook=None,
        alarms=(),
        troubles=(Trouble("health.never_checked", {"store": MINE}), *view.standing.troubles[1:]),
    )
    assert [(each.name, each.value, each.comes_from) for each in view.settings] == [
        ("language", "en", "store"),
        ("colour", "red", "store"),
    ]
    assert view.drift == (Difference("settings.colour", "blue", "red"),)
    assert view.agency == agency_of("andes", "Andes", now)
    assert (view.own, view.follows_agency) == ({"colour": "red"}, False)
    await upkeep.change_store_settings(house.ports, MINE, follow_agency=True)
    assert (await stores.see(house.ports, boss, MINE)).follows_agency
    await set_store(house, SISTER, settings={})
    alone = await stores.see(house.ports, boss, SISTER)
    assert (alone.agency, alone.own, alone.drift) == (None, {}, ())


async def test_a_check_is_kept_and_answered(house: House) -> None:
    """Whoever sees the store may ask; what was found is its health from then on."""
    agent = await house.person("luis@tienda.pe", at_store(Role.AGENT))
    health = await stores.check(house.ports, agent, MINE)
    assert (health.store_id, health.at) == (MINE, house.world.clock.now())
    assert (await stores.see(house.ports, agent, MINE)).standing.health == health
    assert await last(house) == (
        *("check_store", f"store/{MINE}", MINE, "andes", "done", ORIGIN),
        {},
    )


async def test_heads_are_those_that_somebody_sees(house: House) -> None:
    """Of the stores that are asked for, and of all, without one that is another's."""
    owner = await house.person("rosa@tienda.pe", at_agency(Role.OWNER))
    mine, sister = await head_of(house, MINE), await head_of(house, SISTER)
    assert await beside.heads(house.ports, owner, {MINE, FOREIGN}) == {MINE: mine}
    assert await beside.all_heads(house.ports, owner) == [sister, mine]


# accounts


async def test_accounts_are_seen_with_days_and_stores(house: House) -> None:
    """An account of several stores takes a sight of each; one of no store is the house's."""
    boss = await admin(house)
    async with house.world.book.begin() as ledger:
        known = await ledger.account("main")
        assert known is not None
        await ledger.add_account(
            replace(known, id="idle", settings={"kyc_until": "2027-03-01", "keys_until": None})
        )
    now = known.created_at
    everybody = tuple([await head_of(house, name) for name in (FOREIGN, SISTER, MINE)])
    common = {
        "mode": Mode.SANDBOX,
        "base_url": "http://127.0.0.1:8082",
        "service_id": "9999",
        "keys_until": None,
        "created_at": now,
    }
    main = AccountView(id="main", documents_until=None, stores=everybody, **common)
    idle = AccountView(id="idle", documents_until=date(2027, 3, 1), stores=(), **common)
    assert sorted(await accounts.list_accounts(house.ports, boss), key=lambda a: a.id) == [
        idle,
        main,
    ]
    assert await accounts.see(house.ports, boss, "main") == main
    part = await house.person("rosa@tienda.pe", ANDES)
    assert await accounts.list_accounts(house.ports, part) == []
    for name in ("main", "idle"):
        with pytest.raises(NotThere):
            await accounts.see(house.ports, part, name)
    both = await house.person("luz@tienda.pe", ANDES, COSTA)
    assert await accounts.list_accounts(house.ports, both) == [main]
    renewed = await accounts.renew(
        house.ports, boss, "main", documents_until=date(2027, 1, 1), keys_until=None
    )
    assert renewed == replace(main, documents_until=date(2027, 1, 1))
    await accounts.renew(
        house.ports, boss, "main", documents_until=None, keys_until=date(2027, 2, 2)
    )
    assert await last(house) == (
        *("renew_account", "account/main", None, None, "done", ORIGIN),
        {
            "before": {"documents_until": "2027-01-01"},
            "after": {"documents_until": "2027-01-01", "keys_until": "2027-02-02"},
        },
    )


async def test_a_refused_renewal_is_kept_at_the_accounts_store(house: House) -> None:
    """Who sees an account and may not keep its days changes none."""
    async with house.world.book.begin() as ledger:
        known = await ledger.account("main")
        assert known is not None
        await ledger.add_account(replace(known, id="other"))
    await set_store(house, SISTER, account_id="other")
    await set_store(house, FOREIGN, account_id="other")
    agent = await house.person("luis@tienda.pe", at_store(Role.AGENT))
    with pytest.raises(NotAllowed):
        await accounts.renew(house.ports, agent, "main", documents_until=None, keys_until=None)
    assert await last(house) == (
        *("renew_account", "account/main", MINE, "andes"),
        *("NOT_ALLOWED", ORIGIN, {}),
    )


async def test_an_agent_of_the_house_is_not_its_owner(house: House) -> None:
    """To see everything is not to make an agency."""
    agent = await house.person("luis@tienda.pe", Grant(Role.OWNER, HOUSE))
    with pytest.raises(NotAllowed):
        await agencies.make(house.ports, agent, "sur", "Sur")
    assert await last(house) == (
        *("make_agency", "agency/sur", None, None, "NOT_ALLOWED", ORIGIN),
        {},
    )
