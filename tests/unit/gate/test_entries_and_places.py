"""Entries by a platform, places, the own account, and what a store sees of itself."""

from dataclasses import replace

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    FOREIGN,
    MINE,
    ORIGIN,
    SISTER,
    House,
    at_agency,
    at_store,
)
from pef_adapters.core.access import HOUSE, Permission, Role, agency_place, store_place
from pef_adapters.core.errors import (
    NotAllowed,
    NotSignedIn,
    NotThere,
    SettingInvalid,
    SignInLinkRefused,
)
from pef_adapters.core.states import State
from pef_adapters.engine import overview
from pef_adapters.engine.gate.own_account import (
    choose_language,
    end_own_session,
    own_sessions,
    session_id,
)
from pef_adapters.engine.gate.places import places
from pef_adapters.engine.gate.sessions import actor_of
from pef_adapters.engine.gate.sessions_platform import ENTRY_LASTS, enter, entry_address
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.records import Store

ANA = "ana@tienda.pe"
PASSWORD = "cuatro llamas cruzan el puente"


async def store_of(house: House, name: str = MINE) -> Store:
    """A store of the house."""
    async with house.world.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


# sessions by a platform


async def test_an_entry_is_good_once_and_for_two_minutes(house: House) -> None:
    """Whoever was proved at the platform gets an owner's powers in that store alone."""
    store = await store_of(house)
    address = await entry_address(house.ports, store, "fake/42")
    assert address.startswith("https://refunds.example/console/enter/")
    token = address.rpartition("/")[2]
    house.world.clock.advance(seconds=ENTRY_LASTS.total_seconds() - 1)
    new = await enter(house.ports, token, origin=ORIGIN, device=DEVICE)
    actor, session, user = await actor_of(house.ports, new.token, origin=ORIGIN)
    assert (actor.name, user, session.device) == ("fake/42", None, DEVICE)
    assert actor.may(Permission.EDIT_STORES, MINE, None)
    assert not actor.may(Permission.EDIT_PEOPLE, MINE, None)
    assert not actor.may(Permission.SEE_REFUNDS, SISTER, None)
    assert await house.outcomes("enter_store") == ["done"]
    with pytest.raises(SignInLinkRefused):
        await enter(house.ports, token, origin=ORIGIN, device=DEVICE)
    assert await own_sessions(house.ports, actor) == []
    with pytest.raises(NotAllowed):
        await choose_language(house.ports, actor, "en")


@pytest.mark.parametrize("what", ["late", "left", "another platform", "unknown"])
async def test_an_entry_that_means_nothing_any_more_is_refused(house: House, what: str) -> None:
    """Too late, a store that left or moved to another platform, a token nobody made."""
    store = await store_of(house)
    token = (await entry_address(house.ports, store, "fake/42")).rpartition("/")[2]
    if what == "late":
        house.world.clock.advance(seconds=ENTRY_LASTS.total_seconds() + 1)
    if what == "left":
        store = replace(store, settings={**store.settings, "left_at": "2026-11-23"})
    if what == "another platform":
        store = replace(store, platform="other")
    async with house.world.book.begin() as ledger:
        await ledger.add_store(store)
    with pytest.raises(SignInLinkRefused):
        await enter(house.ports, token + "x" * (what == "unknown"), origin=ORIGIN, device=DEVICE)


async def test_a_platforms_session_ends_after_eight_hours(house: House) -> None:
    """However busy it is: nobody tells us who lost access there."""
    store = await store_of(house)
    token = (await entry_address(house.ports, store, "fake/42")).rpartition("/")[2]
    new = await enter(house.ports, token, origin=ORIGIN, device=DEVICE)
    for _ in range(7):
        house.world.clock.advance(hours=1)
        await actor_of(house.ports, new.token, origin=ORIGIN)
    house.world.clock.advance(minutes=59, seconds=59)
    await actor_of(house.ports, new.token, origin=ORIGIN)
    house.world.clock.advance(seconds=1)
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, new.token, origin=ORIGIN)


# the own account


async def test_a_person_sees_and_ends_the_own_sessions(house: House) -> None:
    """By a short name that opens nothing; another's are not there."""
    ana = await house.person(ANA, ADMINISTRATOR)
    rosa = await house.person("rosa@tienda.pe", ADMINISTRATOR)
    new = await sign_in(house.ports, ANA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    (session,) = await own_sessions(house.ports, ana)
    name = session_id(session)
    assert (len(name), session.token_sha256.startswith(name)) == (16, True)
    with pytest.raises(NotThere):
        await end_own_session(house.ports, rosa, name)
    await end_own_session(house.ports, ana, name)
    assert await own_sessions(house.ports, ana) == []
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, new.token, origin=ORIGIN)
    assert await house.outcomes("end_session") == ["NOT_THERE", "done"]


async def test_sessions_that_ended_are_not_shown(house: House) -> None:
    """At the very moment of its end a session counts no more."""
    ana = await house.person(ANA, ADMINISTRATOR)
    await sign_in(house.ports, ANA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    house.world.clock.advance(hours=12)
    assert await own_sessions(house.ports, ana) == []


async def test_the_language_is_one_of_ours(house: House) -> None:
    """And stays with the person."""
    ana = await house.person(ANA, ADMINISTRATOR)
    await choose_language(house.ports, ana, "zh_Hans")
    assert (await house.user(ANA)).language == "zh_Hans"
    with pytest.raises(SettingInvalid, match="es_PE"):
        await choose_language(house.ports, ana, "fr")
    assert await house.outcomes("choose_language") == ["done"]


# places


async def test_places_are_offered_as_far_as_somebody_may(house: House) -> None:
    """The house, then agencies, then stores."""
    all_stores = sorted(map(store_place, (MINE, SISTER, FOREIGN)))
    admin = await house.person(ANA, ADMINISTRATOR)
    found = await places(house.ports, admin, Permission.EDIT_PEOPLE)
    assert found[:3] == [HOUSE, agency_place("andes"), agency_place("costa")]
    assert sorted(found[3:]) == all_stores
    rosa = await house.person("rosa@tienda.pe", at_agency(Role.OWNER))
    found = await places(house.ports, rosa, Permission.EDIT_PEOPLE)
    assert found[:1] == [agency_place("andes")]
    assert sorted(found[1:]) == sorted(map(store_place, (MINE, SISTER)))
    luis = await house.person("luis@tienda.pe", at_store(Role.AGENT))
    assert await places(house.ports, luis, Permission.SEE_REFUNDS) == [store_place(MINE)]
    assert await places(house.ports, luis, Permission.EDIT_PEOPLE) == []


# what a store's admin sees


async def test_a_store_sees_its_own_refunds_and_alarms(house: House) -> None:
    """Newest first, those that wait for a person beside them; another store sees nothing."""
    world = house.world
    await world.press("15", 5000)
    await world.press("16", 100, transaction_id=None)
    await world.run()
    mine = await overview.store_overview(house.ports, await store_of(house))
    assert [refund.platform_refund_id for refund in mine.refunds] == ["16", "15"]
    assert [refund.state for refund in mine.waiting] == [State.HELD]
    assert [refund.platform_refund_id for refund in mine.waiting] == ["16"]
    sister = await overview.store_overview(house.ports, await store_of(house, SISTER))
    assert (sister.refunds, sister.waiting) == ((), ())
    found = await overview.refunds_of_order(house.ports, await store_of(house), "14")
    assert [refund.platform_refund_id for refund in found] == ["15", "16"]
    for store, order in ((MINE, "99"), (SISTER, "14")):
        with pytest.raises(NotThere):
            await overview.refunds_of_order(house.ports, await store_of(house, store), order)
