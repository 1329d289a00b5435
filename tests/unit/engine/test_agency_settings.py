"""Agencies: what their stores inherit, and that nothing else of a store changes."""

import dataclasses

import pytest

from engine_world import World
from pef_adapters.core.errors import InvalidInput, SettingInvalid
from pef_adapters.engine.agencies import Shown, set_agency_settings, settings_shown
from pef_adapters.engine.onboarding import StoreRequest, add_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.engine.upkeep import change_store_settings, join_agency
from stores_file_world import Installed

NOTES = {"language": "zh_Hans", "platform": {"woocommerce": {"auth": "query"}}}
METHODS = {"payment_methods": ["pagoefectivo"]}


async def _opened(**changes: object) -> Ports:
    world = World()
    own = {"platform": "woocommerce", "settings": {"platform": METHODS}} | changes
    await world.open(**own)
    return dataclasses.replace(world.ports, platforms=Installed(world.platform))


async def _store(ports: Ports, name: str = "tienda-pe") -> Store:
    async with ports.book.begin() as ledger:
        store = await ledger.store(name)
    assert store is not None
    return store


async def test_a_store_that_joins_inherits_and_one_that_leaves_does_not() -> None:
    """What an agency says reaches the adapter of its stores, until they leave it."""
    ports = await _opened()
    await set_agency_settings(ports, "Andina", "Andina SAC", NOTES, "Rosa")
    await join_agency(ports, "tienda-pe", "Andina")
    assert connection(ports, await _store(ports)).settings == {**METHODS, "auth": "query"}
    await join_agency(ports, "tienda-pe", None)
    left = await _store(ports)
    assert connection(ports, left).settings == METHODS
    assert left.language == "en"


async def test_a_changed_agency_changes_its_stores_and_a_stores_own_word_counts_more() -> None:
    """A change of the agency reaches its stores at once, but for what they say themselves."""
    ports = await _opened()
    await join_agency(ports, "tienda-pe", "Andina")
    await set_agency_settings(ports, "Andina", "", NOTES, "Rosa")
    assert connection(ports, await _store(ports)).settings["auth"] == "query"
    await change_store_settings(ports, "tienda-pe", {**METHODS, "auth": "header"})
    assert connection(ports, await _store(ports)).settings["auth"] == "header"
    await change_store_settings(ports, "tienda-pe", METHODS)
    assert connection(ports, await _store(ports)).settings["auth"] == "query"


async def test_an_agencys_language_is_spoken_by_who_follows_it() -> None:
    """No store changes its language unless it was told to follow its agency."""
    ports = await _opened()
    await join_agency(ports, "tienda-pe", "Andina")
    await set_agency_settings(ports, "Andina", "", NOTES, "Rosa")
    assert (await _store(ports)).language == "en"
    await change_store_settings(ports, "tienda-pe", follow_agency=True)
    assert (await _store(ports)).language == "zh_Hans"
    await set_agency_settings(ports, "Andina", "", {"language": "es_PE"}, "Rosa")
    assert (await _store(ports)).language == "es_PE"
    await change_store_settings(ports, "tienda-pe", language="en")
    await set_agency_settings(ports, "Andina", "", NOTES, "Rosa")
    assert (await _store(ports)).language == "en"


async def test_a_store_that_joins_makes_its_agency() -> None:
    """An agency that nobody has described is there as soon as a store is under it."""
    ports = await _opened()
    await join_agency(ports, "tienda-pe", "Nueva")
    async with ports.book.begin() as ledger:
        agency = await ledger.agency("Nueva")
    assert agency is not None
    assert agency.settings == {}


async def test_connecting_a_store_anew_keeps_what_it_inherits() -> None:
    """Keys given anew change no setting of the agency's."""
    ports = await _opened(id="tienda-example", identity="https://tienda.example")
    await set_agency_settings(ports, "Andina", "", NOTES, "Rosa")
    await join_agency(ports, "tienda-example", "Andina")
    request = StoreRequest(
        platform="woocommerce",
        address="https://tienda.example",
        account_id="main",
        settings=METHODS,
        language="en",
    )
    keys = {"consumer_key": "ck_new", "consumer_secret": "cs_new"}
    await add_store(ports, request, keys, "https://refunds.example")
    store = await _store(ports, "tienda-example")
    assert connection(ports, store).settings == {**METHODS, "auth": "query"}
    assert store.secrets["consumer_key"] == "ck_new"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colour": "red"}, "colour: there is no such setting"),
        ({"language": "fr"}, "language: give one of"),
        ({"platform": {"myspace": {}}}, "platform.myspace.there is no such platform"),
        ({"platform": {"woocommerce": {"auth": "loud"}}}, "platform.woocommerce.auth"),
        ({"platform": {"woocommerce": {"consumer_secret": "cs_hush"}}}, "no such setting"),
        ({"platform": ["woocommerce"]}, "by its name"),
    ],
)
async def test_what_no_store_could_use_is_refused(settings: dict[str, object], said: str) -> None:
    """Each mistake is named, what was typed is not, and nothing is kept."""
    ports = await _opened()
    with pytest.raises(SettingInvalid, match=r"there is no|give|auth") as refused:
        await set_agency_settings(ports, "Andina", "", settings, "Rosa")
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)
    async with ports.book.begin() as ledger:
        assert await ledger.agencies() == []


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\nb", "x" * 101])
async def test_an_agencys_name_can_stand_in_an_address(name: str) -> None:
    """A name that could be mistaken for a path, or can't be read, is refused."""
    ports = await _opened()
    with pytest.raises(InvalidInput):
        await set_agency_settings(ports, name, "", {}, "Rosa")


async def test_each_setting_says_where_it_comes_from() -> None:
    """What is shown names the store, its agency or the default, and no secret."""
    ports = await _opened()
    await set_agency_settings(ports, "Andina", "", NOTES, "Rosa")
    await join_agency(ports, "tienda-pe", "Andina")
    async with ports.book.begin() as ledger:
        agency = await ledger.agency("Andina")
    shown = settings_shown(ports.platforms, await _store(ports), agency)
    assert shown == [
        Shown("language", "en", "store"),
        Shown("allow_http", False, "default"),
        Shown("auth", "query", "agency"),
        Shown("payment_methods", ["pagoefectivo"], "store"),
        Shown("transaction_id_from", "transaction_id", "default"),
    ]


async def test_a_store_without_an_agency_can_not_follow_one() -> None:
    """Nothing is kept of a wish that nobody could fulfil."""
    ports = await _opened()
    with pytest.raises(SettingInvalid, match="under no agency"):
        await change_store_settings(ports, "tienda-pe", follow_agency=True)


async def test_settings_that_do_not_fit_a_store_of_the_agency_change_nothing() -> None:
    """An agency's change that one of its stores could not use is refused whole."""
    ports = await _opened(
        platform="shopify",
        settings={"platform": {"gateways": ["PagoEfectivo"], "way_in": "webhook"}},
    )
    await join_agency(ports, "tienda-pe", "Andina")
    part = {"platform": {"shopify": {"transaction_reference": "order_name"}}}
    with pytest.raises(SettingInvalid, match="tienda-pe"):
        await set_agency_settings(ports, "Andina", "", part, "Rosa")
    async with ports.book.begin() as ledger:
        agency = await ledger.agency("Andina")
    assert agency is not None
    assert agency.settings == {}
    assert "inherited" not in (await _store(ports)).settings
