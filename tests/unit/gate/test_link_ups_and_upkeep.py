"""Link-ups from a platform's admin, and what stores and accounts are told later."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from gate_world import (
    ADMINISTRATOR,
    MINE,
    SISTER,
    House,
    at_store,
)
from pef_adapters.core.access import Role
from pef_adapters.core.errors import (
    LinkExpired,
    LinkTampered,
    NotThere,
    SettingInvalid,
    SourceMismatch,
)
from pef_adapters.engine import link_ups, upkeep
from pef_adapters.engine.gate import agencies, stores
from pef_adapters.engine.records import Store
from pef_adapters.engine.settings_as_code import Reference
from stores_file_world import Installed

ANA = "ana@tienda.pe"
PASSWORD = "cuatro llamas cruzan el puente"


async def store_of(house: House, name: str = MINE) -> Store:
    """A store of the house."""
    async with house.world.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


# link-ups


def at_home(wanted: str) -> Callable[[Store], bool]:
    """The browser returns to this store."""
    return lambda store: store.id == wanted


async def test_a_link_up_goes_from_code_to_keys_once(house: House) -> None:
    """The owner's code is changed for another, and that one for the store; each only once."""
    code = await link_ups.offer_code(house.ports, MINE)
    with pytest.raises(SourceMismatch):
        await link_ups.authorize(house.ports, "fake", code, at_home(SISTER))
    with pytest.raises(NotThere):
        await link_ups.authorize(house.ports, "other", code, at_home(MINE))
    code = await link_ups.offer_code(house.ports, MINE)
    authorization = await link_ups.authorize(house.ports, "fake", code.lower(), at_home(MINE))
    with pytest.raises(NotThere):
        await link_ups.authorize(house.ports, "fake", code, at_home(MINE))
    store = await link_ups.collect(house.ports, "fake", authorization)
    assert store.id == MINE
    with pytest.raises(NotThere):
        await link_ups.collect(house.ports, "fake", authorization)


async def test_codes_of_a_link_up_expire(house: House) -> None:
    """The typed one after a day, the browser's after ten minutes."""
    code = await link_ups.offer_code(house.ports, MINE)
    house.world.clock.advance(hours=24, seconds=1)
    with pytest.raises(NotThere):
        await link_ups.authorize(house.ports, "fake", code, at_home(MINE))
    code = await link_ups.offer_code(house.ports, MINE)
    house.world.clock.advance(hours=23, minutes=59)
    authorization = await link_ups.authorize(house.ports, "fake", code, at_home(MINE))
    house.world.clock.advance(minutes=10, seconds=1)
    with pytest.raises(NotThere):
        await link_ups.collect(house.ports, "fake", authorization)


async def test_what_a_platform_began_is_carried_by_its_token(house: House) -> None:
    """For an hour, for that platform, and whole; a buyer's link is none."""
    back = "https://tienda.pe/wp-admin?page=ñ"
    token = link_ups.begin(house.ports, "fake", "app-7", back)
    house.world.clock.advance(minutes=60)
    begun = link_ups.begun(house.ports, "fake", token)
    assert (begun.platform, begun.application_id, begun.return_url) == ("fake", "app-7", back)
    with pytest.raises(LinkTampered):
        link_ups.begun(house.ports, "other", token)
    with pytest.raises(LinkTampered):
        link_ups.begun(house.ports, "fake", house.ports.links.token("x" * 40))
    house.world.clock.advance(seconds=1)
    with pytest.raises(LinkExpired):
        link_ups.begun(house.ports, "fake", token)


# upkeep


async def test_an_account_is_told_one_day_at_a_time(house: House) -> None:
    """A day that is not given stays as it was."""
    until = date(2027, 1, 31)
    await upkeep.renew_account(house.ports, "main", kyc_until=until, keys_until=None)
    told = await upkeep.renew_account(
        house.ports, "main", kyc_until=None, keys_until=until + timedelta(days=1)
    )
    assert told.settings == {"kyc_until": "2027-01-31", "keys_until": "2027-02-01"}
    with pytest.raises(NotThere):
        await upkeep.renew_account(house.ports, "nobody", kyc_until=until, keys_until=None)


async def test_operators_are_named_one_by_one(house: House) -> None:
    """The second name does not push the first one out."""
    await upkeep.name_operator(house.ports, MINE, "7", "Rosa")
    told = await upkeep.name_operator(house.ports, MINE, "8", "Luis")
    assert told.settings["people"] == {"7": "Rosa", "8": "Luis"}
    assert (await store_of(house)).settings == told.settings
    with pytest.raises(NotThere):
        await upkeep.name_operator(house.ports, "nobody", "7", "Rosa")


async def test_a_store_speaks_its_own_language_or_its_agencys(house: House) -> None:
    """One of ours; and without an agency there is none to follow."""
    before, now = await upkeep.change_store_settings(house.ports, MINE, language="zh_Hans")
    assert (before.language, now.language) == ("en", "zh_Hans")
    with pytest.raises(SettingInvalid, match="fr"):
        await upkeep.change_store_settings(house.ports, MINE, language="fr")
    await upkeep.join_agency(house.ports, MINE, None)
    with pytest.raises(SettingInvalid, match="no agency"):
        await upkeep.change_store_settings(house.ports, MINE, follow_agency=True)
    await upkeep.join_agency(house.ports, MINE, "costa")
    _, now = await upkeep.change_store_settings(house.ports, MINE, follow_agency=True)
    assert now.settings["language_from"] == "agency"
    _, now = await upkeep.change_store_settings(house.ports, MINE, language="en")
    assert "language_from" not in now.settings


async def test_an_owner_without_an_agency_may_stay_without_one(house: House) -> None:
    """Moving from nowhere to nowhere takes no agency's right."""
    await upkeep.join_agency(house.ports, SISTER, None)
    olga = await house.person("olga@tienda.pe", at_store(Role.OWNER, SISTER))
    assert (await stores.move(house.ports, olga, SISTER, None)).settings["agency"] is None


async def test_an_agencys_settings_are_for_platforms_that_there_are(house: House) -> None:
    """Whatever way a registry says that it knows none of this name."""
    admin = await house.person(ANA, ADMINISTRATOR)
    await agencies.make(house.ports, admin, "andes", "Andes")
    with pytest.raises(SettingInvalid, match="there is no such platform"):
        await agencies.change(house.ports, admin, "andes", "A", {"platform": {"nowhere": {}}})


def test_a_secrets_place_is_named_and_its_value_is_not() -> None:
    """In a variable or in a file, never both."""
    assert Reference(env="CK").place == "the variable CK"
    assert Reference(file="/run/secrets/ck").place == "the file /run/secrets/ck"
    for odd in ({}, {"env": "CK", "file": "ck"}):
        with pytest.raises(ValidationError, match="never stands here"):
            Reference.model_validate(odd)


@pytest.mark.parametrize("follows", [True, False])
async def test_a_store_that_is_connected_anew_stays(house: House, *, follows: bool) -> None:
    """The code for its plugin carries what the store said before, its language among it."""
    admin = await house.person(ANA, ADMINISTRATOR)
    await agencies.make(house.ports, admin, "andes", "Andes")
    if follows:
        await upkeep.change_store_settings(house.ports, MINE, follow_agency=True)
    tables = house.world.memory._tables
    tables.stores[MINE] = replace(tables.stores[MINE], platform="woocommerce")
    ports = replace(house.ports, platforms=Installed(house.world.platform))
    await stores.plugin_code(ports, admin, MINE)
    (kept,) = house.world.memory._tables.invitations.values()
    request = json.loads(kept.payload)["request"]
    assert (request["follow_agency"], request["agency"]) == (follows, "andes")
    assert request["address"] == "https://tienda.pe"
