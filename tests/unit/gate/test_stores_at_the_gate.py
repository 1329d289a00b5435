"""Deeds on stores and agencies at the gate: who may, and what the audit holds of it, whole."""

import json
from typing import Any

import pytest

from gate_told import ANA, ANDES, admin, agency_of, head_of, installed, last, set_store
from gate_world import (
    FOREIGN,
    MINE,
    ORIGIN,
    SISTER,
    House,
    at_store,
)
from pef_adapters.core.access import Actor, ActorKind, Permission, Power, Role
from pef_adapters.core.access.places import agency_place, store_place
from pef_adapters.core.errors import NotAllowed, NotThere, PefError, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.engine import link_ups
from pef_adapters.engine.gate import agencies, stores
from pef_adapters.engine.gate.agencies import AgencyView
from pef_adapters.engine.gate.stores import WHERE_KEYS_GO

# moving a store


def powers(*pairs: tuple[Permission, str]) -> tuple[Power, ...]:
    """Each permission in its place, and to see stores there."""
    return tuple(
        Power(place, frozenset({permission, Permission.SEE_STORES})) for permission, place in pairs
    )


EDIT_ALL = [(Permission.EDIT_STORES, store_place(name)) for name in (MINE, SISTER, FOREIGN)]
OF_ANDES = (Permission.EDIT_AGENCY, agency_place("andes"))
OF_COSTA = (Permission.EDIT_AGENCY, agency_place("costa"))
STORES_OF_ANDES = (Permission.EDIT_STORES, agency_place("andes"))


@pytest.mark.parametrize(
    ("before", "after", "say", "refusal"),
    [
        ("andes", "costa", [OF_ANDES, OF_COSTA], None),
        ("andes", "costa", [OF_ANDES], NotThere),
        ("andes", "costa", [OF_COSTA], NotThere),
        ("andes", None, [OF_ANDES], None),
        ("andes", None, [STORES_OF_ANDES], NotAllowed),
        (None, "andes", [OF_ANDES, STORES_OF_ANDES], None),
        (None, "andes", [OF_ANDES], NotAllowed),
        (None, "andes", [STORES_OF_ANDES], NotAllowed),
        (None, None, [], None),
    ],
)
async def test_a_move_takes_a_say_on_both_sides(
    house: House,
    before: str | None,
    after: str | None,
    say: list[tuple[Permission, str]],
    refusal: type[PefError] | None,
) -> None:
    """A store of nobody's enters only an agency in which its mover may change stores."""
    await set_store(house, settings={"agency": before} if before else {})
    mover = Actor(ANA, ActorKind.PERSON, powers(*EDIT_ALL, *say), origin=ORIGIN)
    detail: dict[str, Any] = {"before": before, "after": after} if refusal is None else {}
    if refusal is None:
        moved = await stores.move(house.ports, mover, MINE, after)
        assert moved.settings.get("agency") == after
    else:
        with pytest.raises(refusal):
            await stores.move(house.ports, mover, MINE, after)
        assert (await head_of(house, MINE)).agency == before
    outcome = refusal.code if refusal else "done"
    assert await last(house) == (
        *("move_store", f"store/{MINE}", MINE, before),
        *(outcome, ORIGIN, detail),
    )


# changing what a store says


async def test_a_change_is_kept_with_both_sides(house: House) -> None:
    """Settings and language as they were and as they are."""
    await set_store(house, settings={"agency": "andes", "platform": {"colour": "red"}})
    await stores.change(house.ports, await admin(house), MINE, {"size": 2}, language="zh_Hans")
    assert await last(house) == (
        *("change_store", f"store/{MINE}", MINE, "andes", "done", ORIGIN),
        {
            "before": {"settings": {"colour": "red"}, "language": "en"},
            "after": {"settings": {"size": 2}, "language": "zh_Hans"},
        },
    )


def test_these_settings_say_where_keys_go() -> None:
    """Whoever adds an address to an adapter has to add it here."""
    assert {
        "allow_http",
        "api_address",
        "payments_address",
        "callback_hosts",
        "return_hosts",
    } == WHERE_KEYS_GO


@pytest.mark.parametrize("name", sorted(WHERE_KEYS_GO))
@pytest.mark.parametrize(
    ("before", "after", "house_only"),
    [
        ({}, {"NAME": "x"}, True),
        ({"NAME": "x"}, {}, True),
        ({"NAME": "x"}, {"NAME": "y"}, True),
        ({"NAME": "x"}, {"NAME": "x", "colour": "red"}, False),
        ({}, {"NAME": []}, False),
        ({"NAME": False}, {}, False),
    ],
)
async def test_where_keys_go_is_the_houses_to_say(
    house: House,
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    house_only: bool,
) -> None:
    """A store's owner leaves it as it is; what is empty is the same as what is not said."""
    before, after = ({name if n == "NAME" else n: v for n, v in d.items()} for d in (before, after))
    await set_store(house, settings={"agency": "andes", "platform": before})
    owner = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    if house_only:
        with pytest.raises(NotAllowed):
            await stores.change(house.ports, owner, MINE, after)
        assert (await head_of(house, MINE)).settings["platform"] == before
        assert (await last(house))[4:] == ("NOT_ALLOWED", ORIGIN, {})
    else:
        await stores.change(house.ports, owner, MINE, after)
    await stores.change(house.ports, await admin(house), MINE, after)
    assert (await head_of(house, MINE)).settings["platform"] == after


@pytest.mark.parametrize(
    ("before", "after", "house_only"),
    [
        ({}, {"platform": {"fake": {"allow_http": True}}}, True),
        ({"platform": {"fake": {"allow_http": True}}}, {}, True),
        ({"platform": {"fake": {"allow_http": True}}}, {"platform": {"fake": {}}}, True),
        ({"platform": {"fake": {"a": 1}}}, {"platform": {"fake": {"a": 2}}}, False),
        ({}, {"language": "en"}, False),
    ],
)
async def test_where_an_agencys_keys_go_is_the_houses_too(
    house: House, before: dict[str, Any], after: dict[str, Any], *, house_only: bool
) -> None:
    """An agency hands its settings on, so the same holds for them."""
    boss, mine = await admin(house), await house.person("rosa@tienda.pe", ANDES)
    ports = installed(house)
    await agencies.make(ports, boss, "andes", "Andes")
    await agencies.change(ports, boss, "andes", "Andes", before)
    if not house_only:
        assert (await agencies.change(ports, mine, "andes", "A", after)).settings == after
        return
    with pytest.raises(NotAllowed):
        await agencies.change(ports, mine, "andes", "A", after)
    assert await last(house) == (
        *("change_agency", "agency/andes", None, "andes"),
        *("NOT_ALLOWED", ORIGIN, {}),
    )


@pytest.mark.parametrize("odd", [{"platform": ["fake"]}, {"platform": {"fake": ["x"]}}])
async def test_an_agencys_odd_settings_are_refused_as_settings(
    house: House, odd: dict[str, Any]
) -> None:
    """What is no group of names breaks nothing on its way to who refuses it."""
    boss = await admin(house)
    await agencies.make(house.ports, boss, "andes", "Andes")
    with pytest.raises(SettingInvalid):
        await agencies.change(house.ports, boss, "andes", "A", odd)


async def test_a_changed_agency_is_kept_with_both_sides(house: House) -> None:
    """Its settings as they were and as they are, and the agency that it is."""
    boss = await admin(house)
    made = await agencies.make(house.ports, boss, " andes ", "Andes SAC")
    kept = agency_of("andes", "Andes SAC", house.world.clock.now())
    assert made == kept
    assert await last(house) == (
        *("make_agency", "agency/ andes ", None, "andes", "done", ORIGIN),
        {},
    )
    assert await agencies.make(house.ports, boss, "andes", "Another") == kept
    await agencies.change(house.ports, boss, "andes", "Andes", {"language": "en"})
    assert await last(house) == (
        *("change_agency", "agency/andes", None, "andes", "done", ORIGIN),
        {"before": {}, "after": {"language": "en"}},
    )


async def test_agencies_are_seen_with_their_stores(house: House) -> None:
    """By name, each with its own stores by id; a part of the house sees its part."""
    boss = await admin(house)
    for name in ("costa", "andes"):
        await agencies.make(house.ports, boss, name, name.title())
    now = house.world.clock.now()
    andes = AgencyView(
        agency_of("andes", "Andes", now),
        (await head_of(house, SISTER), await head_of(house, MINE)),
    )
    costa = AgencyView(agency_of("costa", "Costa", now), (await head_of(house, FOREIGN),))
    assert await agencies.list_agencies(house.ports, boss) == [andes, costa]
    mine = await house.person("rosa@tienda.pe", ANDES)
    assert await agencies.list_agencies(house.ports, mine) == [andes]
    assert await agencies.see(house.ports, mine, "andes") == andes
    with pytest.raises(NotThere, match="there is no agency costa; see `pef agency list`"):
        await agencies.see(house.ports, mine, "costa")


# codes


async def test_a_plugins_code_carries_all_that_the_store_is_told(house: House) -> None:
    """Connecting anew changes nothing but the keys."""
    await set_store(
        house,
        platform="woocommerce",
        mode=Mode.LIVE,
        language="zh_Hans",
        settings={
            "agency": "andes",
            "platform": {"auth": "query"},
            "policy": {"payout_days": 9},
            "people": {"7": "Rosa"},
            "language_from": "agency",
        },
    )
    ports, boss = installed(house), await admin(house)
    await stores.plugin_code(ports, boss, MINE)
    (kept,) = house.world.memory._tables.invitations.values()
    assert json.loads(kept.payload)["request"] == {
        "platform": "woocommerce",
        "address": "https://tienda.pe",
        "account_id": "main",
        "settings": {"auth": "query"},
        "policy": {"payout_days": 9},
        "language": "zh_Hans",
        "mode": "live",
        "agency": "andes",
        "people": {"7": "Rosa"},
        "follow_agency": True,
    }
    assert await last(house) == (
        *("plugin_code", f"store/{MINE}", MINE, "andes", "done", ORIGIN),
        {},
    )


async def test_a_link_up_code_is_for_a_store_of_vtex(house: House) -> None:
    """It links the store up that it was made for; another platform has nothing to link."""
    boss = await admin(house)
    with pytest.raises(SettingInvalid) as refused:
        await stores.link_up_code(house.ports, boss, MINE)
    assert str(refused.value) == f"{MINE} is no VTEX store: there is nothing to link up"
    with pytest.raises(SettingInvalid) as refused:
        await stores.plugin_code(house.ports, boss, MINE)
    assert str(refused.value) == f"{MINE} is no WordPress store: it has no plugin of ours"
    await set_store(house, platform="vtex")
    code = await stores.link_up_code(house.ports, boss, MINE)
    assert await last(house) == (
        *("link_up_code", f"store/{MINE}", MINE, "andes", "done", ORIGIN),
        {},
    )
    authorization = await link_ups.authorize(house.ports, "vtex", code, lambda _: True)
    assert (await link_ups.collect(house.ports, "vtex", authorization)).id == MINE
    assert stores.links_up(await head_of(house, MINE))
    assert not stores.links_up(await head_of(house, SISTER))
