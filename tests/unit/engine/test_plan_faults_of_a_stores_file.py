"""What a plan refuses, word for word, and what a store inherits in it."""

from dataclasses import replace
from typing import Any

import pytest

from engine_world import World
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.policy import read_policy
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.settings_as_code import Action, Difference, Item, Plan
from pef_adapters.engine.upkeep import change_store_settings, join_agency
from stores_file_entries import file_of, store
from stores_file_world import GivenSources, account_entry, applied, empty_ports, planned, sources

RAIL_KEYS = {"access_key": "SBXMADEUP", "secret_key": "madeUpRailSecret"}
MAIN = {"mode": "sandbox", "base_url": "http://127.0.0.1:8082", "service_id": "9999"}
OWN = {"name": "tienda", "otherwise": "hold"}
WOO = {"platform": "woocommerce", "settings": {"payment_methods": ["pagoefectivo"]}}


def the_only(plan: Plan, kind: str) -> Item:
    """The one item of a kind."""
    (found,) = [item for item in plan.items if item.kind == kind]
    return found


async def refused(file: dict[str, Any], known: GivenSources | None = None) -> list[str]:
    """What is wrong with a file for an empty ledger, one mistake after the other."""
    return await refused_by(empty_ports(), file, known)


async def refused_by(
    ports: Ports, file: dict[str, Any], known: GivenSources | None = None
) -> list[str]:
    """What is wrong with a file for this ledger, one mistake after the other."""
    with pytest.raises(SettingInvalid) as fault:
        await planned(ports, file, known or sources())
    return str(fault.value).split("; ")


async def test_each_mistake_is_said_with_its_place_counted_from_one() -> None:
    """Every agency, account, store, key, policy and setting that can't be used is named."""
    bad = {"name": "loose", "colour": "red"}
    file = file_of(
        store("https://uno.pe", account="nobody", keys={"token": {"env": "MISSING"}}),
        store("https://dos.pe", platform="myspace", policy={"payout_days": "soon"}),
        store("https://tres.pe", **WOO | {"settings": {"auth": "loud"}}),
        store("https://cuatro.pe", policy={"file": "nowhere.yaml"}),
        agencies=[
            {"name": "Andina", "policy": bad},
            {"name": "Costa", "settings": {"colour": "red"}},
            {"name": "Sur", "policy": {"payout_days": 9}},
        ],
        accounts=[
            account_entry(access_key={"env": "NONE"}, secret_key={"file": "none.txt"}),
            account_entry(id="live", mode="live", base_url="https://services.pagoefectivo.pe"),
        ],
    )
    assert await refused(file) == [
        "agencies[1] (Andina).policy: colour: there is no such name",
        "see the list of conditions and settings",
        "agencies[2] (Costa).settings: colour: there is no such setting",
        "agencies[3] (Sur).policy: give a whole policy, which starts with its name",
        "accounts[1] (main).access_key: the variable NONE is not there or empty",
        "accounts[1] (main).secret_key: the file none.txt is not there or empty",
        "accounts[2] (live): the access key looks like a sandbox key, but the host is live",
        "stores[1] (https://uno.pe).token: the variable MISSING is not there or empty",
        "stores[1] (https://uno.pe).account: there is no merchant account nobody",
        "stores[2] (https://dos.pe).platform: there is no platform myspace",
        (
            "stores[2] (https://dos.pe).policy: window.payout_days: Input should be a valid"
            " integer, unable to parse string as an integer"
        ),
        "stores[3] (https://tres.pe).settings.payment_methods: Field required",
        "stores[3] (https://tres.pe).settings.auth: Input should be 'header' or 'query'",
        "stores[4] (https://cuatro.pe).policy: nowhere.yaml can't be read",
    ]


async def test_a_store_must_be_connected_as_what_it_is() -> None:
    """Another platform for a connected store is a mistake, and the same one is none."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store()), known)
    assert await refused_by(ports, file_of(store(**WOO))) == [
        "stores[1] (https://tienda.pe).platform: it is connected as fake"
    ]
    assert not (await planned(ports, file_of(store()), known)).has_changes


async def test_a_store_may_stand_under_an_account_that_is_kept() -> None:
    """An account that the file does not name is enough if the ledger has it."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(), known)
    plan = await planned(ports, {"version": 1, "stores": [store()]}, known)
    assert the_only(plan, "store").action is Action.CREATE


async def test_a_store_that_says_no_settings_is_judged_by_those_it_has() -> None:
    """Kept settings count where the entry is silent, and a new store without any is refused."""
    ports, known = empty_ports(), sources()
    silent = store(**WOO)
    del silent["settings"]
    assert await refused_by(ports, file_of(silent)) == [
        "stores[1] (https://tienda.pe).settings.payment_methods: Field required"
    ]
    await keep_woo(ports, known)
    assert not (await planned(ports, file_of(silent), known)).has_changes


async def keep_woo(ports: Ports, known: GivenSources, **changes: Any) -> None:
    """A connected WooCommerce store, put there past the file."""
    await applied(ports, file_of(store(**changes)), known)
    async with ports.book.begin() as ledger:
        kept = await ledger.store("tienda-pe")
        assert kept is not None
        settings = {**kept.settings, "platform": WOO["settings"]}
        await ledger.add_store(replace(kept, platform="woocommerce", settings=settings))


METHODS = {"platform": {"woocommerce": WOO["settings"]}}


@pytest.mark.parametrize(
    ("agencies", "agency", "faults"),
    [
        ([{"name": "Andina", "settings": METHODS}], "Andina", 0),
        ([{"name": "Andina", "settings": {"language": "en"}}], "Andina", 1),
        ([{"name": "Andina", "settings": {"platform": {"fake": {"a": 1}}}}], "Andina", 1),
        ([{"name": "Andina"}], "Andina", 1),
        ([{"name": "Andina", "settings": METHODS}], "Costa", 1),
        ([{"name": "Andina", "settings": METHODS}], None, 1),
    ],
)
async def test_a_new_store_inherits_what_the_file_says_of_its_agency(
    agencies: list[dict[str, Any]], agency: str | None, faults: int
) -> None:
    """What the agency's entry gives to the store's platform need not stand at the store."""
    entry = store(platform="woocommerce", settings={}, agency=agency)
    file = file_of(entry, agencies=agencies)
    if not faults:
        plan = await planned(empty_ports(), file, sources())
        assert the_only(plan, "store").action is Action.CREATE
        return
    assert await refused(file) == [
        "stores[1] (https://tienda.pe).settings.payment_methods: Field required"
    ]


@pytest.mark.parametrize("platform", [["woocommerce"], {"woocommerce": ["x"]}])
async def test_an_agencys_odd_settings_are_its_own_mistake_only(platform: object) -> None:
    """A platform's part that is no group of names is refused at the agency, and breaks nothing."""
    agencies = [{"name": "Andina", "settings": {"platform": platform}}]
    said = await refused(file_of(store(**WOO, agency="Andina"), agencies=agencies))
    assert [each.partition(":")[0] for each in said] == ["agencies[1] (Andina).settings"]


async def test_an_agency_that_is_kept_hands_on_what_it_says() -> None:
    """A store inherits from an agency that the file leaves out, or names without settings."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(agencies=[{"name": "Andina", "settings": METHODS}]), known)
    entry = store(platform="woocommerce", settings={}, agency="Andina")
    for agencies in ([], [{"name": "Andina"}]):
        plan = await planned(ports, file_of(entry, agencies=agencies), known)
        assert the_only(plan, "store").action is Action.CREATE


async def test_a_store_stays_under_its_agency_where_its_entry_is_silent() -> None:
    """Its agency's policy completes its own, whether the file or the ledger says it is under it."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store(agency="Andina", settings={"a": 1})), known)
    silent = store(settings={"a": 1})
    assert not (await planned(ports, file_of(silent), known)).has_changes


async def silent_under(ports: Ports, known: GivenSources, **settings: Any) -> dict[str, Any]:
    """The entry of a connected store that says nothing of its agency, nor any setting."""
    await keep_woo(ports, known)
    async with ports.book.begin() as ledger:
        kept = await ledger.store("tienda-pe")
        assert kept is not None
        told = {**kept.settings, "platform": {}, "agency": "Andina", **settings}
        await ledger.add_store(replace(kept, settings=told))
    return store(platform="woocommerce")


async def test_a_silent_store_inherits_from_the_agency_that_it_is_under() -> None:
    """What its agency says is enough for it, whether the file names the agency or not."""
    ports, known = empty_ports(), sources()
    agencies = [{"name": "Andina", "settings": METHODS}]
    await applied(ports, file_of(agencies=agencies), known)
    silent = await silent_under(ports, known)
    for named in (agencies, []):
        assert not (await planned(ports, file_of(silent, agencies=named), known)).has_changes


@pytest.mark.parametrize(("agency", "faults"), [("Andina", 0), ("Costa", 1)])
async def test_what_a_store_inherits_already_counts_under_the_same_agency(
    agency: str, faults: int
) -> None:
    """An agency without a record leaves its store what it inherited, and no other store."""
    ports, known = empty_ports(), sources()
    silent = await silent_under(ports, known, inherited=WOO["settings"])
    file = file_of({**silent, "agency": agency})
    if not faults:
        assert the_only(await planned(ports, file, known), "store").action is Action.NOTHING
        return
    assert await refused_by(ports, file) == [
        "stores[1] (https://tienda.pe).settings.payment_methods: Field required"
    ]


async def test_a_policy_that_stands_alone_must_be_able_to_decide() -> None:
    """Under an agency what it leaves open is the agency's, and is judged when it is applied."""
    open_policy = {"name": "tienda"}
    (said,) = await refused(file_of(store(policy=open_policy)))
    assert said.startswith(
        "stores[1] (https://tienda.pe).policy: run `pef policy check` and mend it first: "
    )
    file = file_of(store(policy=open_policy, agency="Andina"), agencies=[{"name": "Andina"}])
    plan = await planned(empty_ports(), file, sources())
    assert the_only(plan, "store").action is Action.CREATE


async def test_a_platform_that_is_looked_up_by_name_alone_is_missed_alike() -> None:
    """However the adapters are found, an unknown platform is a mistake with its place."""
    file = file_of(store(platform="myspace"))
    assert await refused_by(World().ports, file) == [
        "stores[1] (https://tienda.pe).platform: there is no platform myspace"
    ]


async def test_a_policy_in_a_file_is_the_whole_policy() -> None:
    """What stands in the file beside it is what the plan wants, as if it stood here."""
    known = sources()
    known.files["shop.yaml"] = "name: tienda\notherwise: hold\n"
    entry = store(policy={"file": "shop.yaml"})
    item = the_only(await planned(empty_ports(), file_of(entry), known), "store")
    assert item.policy == read_policy(known.files["shop.yaml"])


async def test_two_windows_are_enough_until_a_whole_policy_was_published() -> None:
    """After a whole policy its owner can't go back to two numbers without saying the rest."""
    ports, known = empty_ports(), sources()
    windows = file_of(store(policy={"original_route_days": 5}))
    await applied(ports, windows, known)
    assert not (await planned(ports, windows, known)).has_changes
    await applied(ports, file_of(store(policy=OWN)), known)
    assert await refused_by(ports, windows) == [
        "stores[1] (https://tienda.pe).policy: give a whole policy, which starts with its name"
    ]


async def test_a_plan_shows_what_was_changed_by_hand() -> None:
    """Drift names what was applied, and what is there now."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store(settings={"colour": "red"}, agency=None)), known)
    await change_store_settings(ports, "tienda-pe", {"colour": "green"})
    await join_agency(ports, "tienda-pe", "Andina")
    plan = await planned(ports, file_of(store(settings={"colour": "red"})), known)
    assert the_only(plan, "store").drift == (
        Difference("agency", None, "Andina"),
        Difference("settings.colour", "red", "green"),
    )
