"""Settings as code: plan, apply, export and drift, on stores that answer at once."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.settings_as_code import (
    Action,
    OutcomeKind,
    drift_of,
    exported,
    read_stores,
)
from pef_adapters.engine.upkeep import change_store_settings, join_agency
from stores_file_world import (
    GivenSources,
    account_entry,
    applied,
    empty_ports,
    planned,
    sources,
)

OTHERWISE = "approve"
POLICY = {
    "name": "andina",
    "otherwise": OTHERWISE,
    "window": {"original_route_days": 20, "payout_days": 60},
}
TIENDA = {"name": "tienda", "otherwise": "hold"}
CANARY = "cs_canary_that_must_not_sing"


def fake_store(address: str = "https://tienda.pe", **changes: Any) -> dict[str, Any]:
    """A store of the fake platform, which connects at once."""
    return {
        "address": address,
        "platform": "fake",
        "account": "main",
        "settings": {"colour": "red"},
        "keys": {"token": {"env": "CK"}},
        **changes,
    }


def file_of(*stores: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file with one account and these stores."""
    return {"version": 1, "accounts": [account_entry()], "stores": list(stores), **more}


def refill(written: dict[str, Any], known: dict[str, str]) -> GivenSources:
    """Every variable that an export names, filled with the secret that is kept."""
    found = sources()
    for account in written["accounts"]:
        for key, name in (("access_key", "ACCESS"), ("secret_key", "SECRET")):
            found.variables[account[key]["env"]] = found.variables[name]
    for store in written["stores"]:
        for reference in store.get("keys", {}).values():
            found.variables[reference["env"]] = known[reference["env"]]
    return found


async def secrets_kept(ports: Ports, written: dict[str, Any]) -> dict[str, str]:
    """The kept secrets by the variables that an export names."""
    async with ports.book.begin() as ledger:
        kept = {store.identity: store.secrets for store in await ledger.stores()}
    return {
        reference["env"]: kept[store["address"]][name]
        for store in written["stores"]
        for name, reference in store.get("keys", {}).items()
    }


async def test_a_second_apply_finds_nothing_to_do() -> None:
    """What a file says is done once; then the plan is empty."""
    ports, known = empty_ports(), sources()
    file = file_of(
        fake_store(agency="Andina", operators={"7": "Rosa"}, policy={"name": "own"}),
        agencies=[{"name": "Andina", "title": "Andina SAC", "policy": POLICY}],
    )
    first = await applied(ports, file, known)
    assert {each.kind for each in first} == {OutcomeKind.DONE}
    again = await planned(ports, file, known)
    assert not again.has_changes
    assert {item.action for item in again.items} == {Action.NOTHING}


async def test_a_plan_says_what_exactly_changes_and_shows_no_secret() -> None:
    """Each difference is named with both values; of a secret only that it changes."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(fake_store()), known)
    known.variables["CK"] = CANARY
    plan = await planned(ports, file_of(fake_store(settings={"colour": "blue"})), known)
    (store,) = [item for item in plan.items if item.kind == "store"]
    assert store.action is Action.CHANGE
    assert [(c.name, c.before, c.after) for c in store.changes] == [
        ("settings.colour", "red", "blue")
    ]
    assert store.secrets == {"token": "changed"}
    assert CANARY not in repr(plan)
    outcomes = await applied(ports, file_of(fake_store(settings={"colour": "blue"})), known)
    assert CANARY not in repr(outcomes)
    assert CANARY not in str(await exported(ports))


async def test_every_mistake_is_said_at_once_and_nothing_is_done() -> None:
    """A file with mistakes in several places names them all, and changes nothing."""
    ports, known = empty_ports(), sources()
    file = file_of(
        fake_store(account="nobody"),
        fake_store("https://dos.pe", platform="myspace"),
        fake_store("https://tres.pe", keys={"token": {"env": "MISSING"}}),
        fake_store("https://cuatro.pe", policy={"name": "x", "colour": "red"}),
        fake_store("https://cinco.pe", platform="woocommerce", settings={"auth": "loud"}),
    )
    with pytest.raises(SettingInvalid) as refused:
        await planned(ports, file, known)
    said = str(refused.value)
    for place in ("stores[1]", "stores[2]", "stores[3]", "stores[4]", "stores[5]"):
        assert place in said
    assert "payment_methods" in said
    async with ports.book.begin() as ledger:
        assert await ledger.store_ids() == []


def test_unknown_names_are_refused_with_their_line() -> None:
    """A misspelt name is found by its line, and so are all the others."""
    text = "version: 1\nstores:\n  - address: https://a.pe\n    colour: red\nshops: []\n"
    with pytest.raises(SettingInvalid) as refused:
        read_stores(text)
    said = str(refused.value)
    assert "line 4: stores[1].colour: there is no such name" in said
    assert "line 5: shops: there is no such name" in said
    assert "stores[1].platform: this has to be given" in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"version": 1, "stores": [fake_store(), fake_store("http://tienda.pe")]},
        {"version": 1, "stores": [fake_store(keys={"token": "cs_open"})]},
        {"version": 1, "stores": [fake_store(keys={"token": {"env": "A", "file": "b"}})]},
        {"version": 1, "stores": [fake_store(address="tienda")]},
        {"version": 1, "agencies": [{"name": "a/b"}]},
    ],
)
def test_what_can_not_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    """Another version, a store twice, or an open secret is a mistake that shows no secret."""
    with pytest.raises(SettingInvalid) as refused:
        read_stores(yaml.safe_dump(wrong))
    assert "cs_open" not in str(refused.value)


async def test_what_is_not_in_the_file_is_told_and_left_alone() -> None:
    """A store that a file does not name is reported and stays."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(fake_store(), fake_store("https://dos.pe")), known)
    outcomes = await applied(ports, file_of(fake_store()), known)
    left = [o.item.name for o in outcomes if o.item.action is Action.NOT_IN_FILE]
    assert left == ["dos-pe"]
    async with ports.book.begin() as ledger:
        assert sorted(await ledger.store_ids()) == ["dos-pe", "tienda-pe"]


async def test_what_the_file_leaves_out_stays_as_it_is() -> None:
    """A store keeps its agency, settings, language and operators where its entry is silent."""
    ports, known = empty_ports(), sources()
    full = fake_store(agency="Andina", language="en", operators={"7": "Rosa"})
    await applied(ports, file_of(full), known)
    bare = {name: full[name] for name in ("address", "platform", "account")}
    assert not (await planned(ports, file_of(bare), known)).has_changes
    gone = await planned(ports, file_of({**bare, "agency": None}), known)
    assert [c.name for i in gone.items for c in i.changes] == ["agency"]


async def test_what_was_changed_by_hand_is_drift_until_it_is_applied_again() -> None:
    """A change past the file shows in the drift and in the plan; applying takes it back."""
    ports, known = empty_ports(), sources()
    file = file_of(fake_store(agency=None))
    await applied(ports, file, known)
    await change_store_settings(ports, "tienda-pe", {"colour": "green"}, language="en")
    await join_agency(ports, "tienda-pe", "Andina")
    async with ports.book.begin() as ledger:
        head = await ledger.store_head("tienda-pe")
        assert head is not None
        found = await drift_of(ledger, head)
    assert {(d.name, d.before, d.after) for d in found} == {
        ("settings.colour", "red", "green"),
        ("agency", None, "Andina"),
    }
    plan = await planned(ports, file, known)
    assert {d.name for item in plan.items for d in item.drift} == {"settings.colour", "agency"}
    await applied(ports, file, known)
    async with ports.book.begin() as ledger:
        head = await ledger.store_head("tienda-pe")
        assert head is not None
        assert await drift_of(ledger, head) == ()


async def test_a_change_by_hand_that_is_written_into_the_file_is_no_drift_any_more() -> None:
    """Applying a file that says what is so changes nothing and settles the drift."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(fake_store()), known)
    await change_store_settings(ports, "tienda-pe", {"colour": "green"})
    file = file_of(fake_store(settings={"colour": "green"}))
    outcomes = await applied(ports, file, known)
    assert {each.kind for each in outcomes} == {OutcomeKind.NOTHING}
    assert [i.drift for i in (await planned(ports, file, known)).items] == [(), ()]


async def test_a_policy_beside_the_file_is_read_and_published() -> None:
    """A policy can stand in a file of its own, and a new version follows its changes."""
    ports, known = empty_ports(), sources()
    known.files["policy.yaml"] = (
        "name: tienda\notherwise: hold\nwindow: {original_route_days: 20}\n"
    )
    file = file_of(fake_store(policy={"file": "policy.yaml"}))
    await applied(ports, file, known)
    known.files["policy.yaml"] = (
        "name: tienda\notherwise: hold\nwindow: {original_route_days: 10}\n"
    )
    await applied(ports, file, known)
    async with ports.book.begin() as ledger:
        newest = await ledger.newest_policy("store/tienda-pe")
    assert newest is not None
    assert newest.version == 2
    assert not (await planned(ports, file, known)).has_changes


async def test_a_store_whose_owner_must_agree_waits_with_its_link() -> None:
    """Without keys a new store is not kept; its owner's link stands in the report."""
    ports, known = empty_ports(), sources()
    entry = fake_store(
        platform="woocommerce",
        settings={"payment_methods": ["pagoefectivo"]},
        connect="link",
        keys={},
    )
    outcomes = await applied(ports, file_of(entry), known)
    (store,) = [each for each in outcomes if each.item.kind == "store"]
    assert store.kind is OutcomeKind.WAITS
    assert store.link.startswith("https://tienda.pe/")


_words = some.text("abcdefgh ñ茶", min_size=1, max_size=8).filter(str.strip).map(str.strip)
_values = some.one_of(some.booleans(), some.integers(0, 99), _words, some.lists(_words, max_size=3))
_settings = some.dictionaries(some.sampled_from(["colour", "size", "way"]), _values, max_size=3)
_stores = some.fixed_dictionaries(
    {"settings": _settings},
    optional={
        "agency": some.sampled_from([None, "Andina", "Costa"]),
        "language": some.sampled_from(["en", "es_PE", "zh_Hans"]),
        "operators": some.dictionaries(some.sampled_from(["7", "8"]), _words, max_size=2),
        "policy": some.sampled_from(
            [POLICY, {"original_route_days": 10, "payout_days": 40}, TIENDA]
        ),
    },
)


@settings(max_examples=25, deadline=None)
@given(stores=some.lists(_stores, min_size=1, max_size=4), notes=some.sampled_from([None, "en"]))
async def test_an_export_applied_again_changes_nothing(
    stores: list[dict[str, Any]], notes: str | None
) -> None:
    """Whatever was applied, its export is the same state, here and in an empty database."""
    ports = empty_ports()
    entries = [fake_store(f"https://t{n}.pe", **given) for n, given in enumerate(stores)]
    andina = {"name": "Andina", "settings": {"language": notes} if notes else {}}
    await applied(ports, file_of(*entries, agencies=[andina, {"name": "Costa"}]), sources())
    written = await exported(ports)
    known = refill(written, await secrets_kept(ports, written))
    assert not (await planned(ports, written, known)).has_changes
    elsewhere = empty_ports()
    await applied(elsewhere, written, known)
    assert await exported(elsewhere) == written


async def test_an_export_of_one_agency_holds_what_is_its_own() -> None:
    """Another agency's stores and accounts are not in it."""
    ports, known = empty_ports(), sources()
    stores = (fake_store(agency="Andina"), fake_store("https://dos.pe", agency="Costa"))
    await applied(ports, file_of(*stores), known)
    written = await exported(ports, "Andina")
    assert [store["address"] for store in written["stores"]] == ["https://tienda.pe"]
    assert [agency["name"] for agency in written["agencies"]] == ["Andina"]


async def test_an_account_that_its_rail_refuses_is_a_mistake_of_the_file() -> None:
    """A sandbox key for a live host is found before anything is done."""
    ports, known = empty_ports(), sources()
    live = account_entry(mode="live", base_url="https://services.pagoefectivo.pe")
    with pytest.raises(SettingInvalid, match="sandbox key"):
        await planned(ports, {"version": 1, "accounts": [live]}, known)


async def test_one_store_that_fails_does_not_stop_the_others() -> None:
    """A store whose joined policy is refused is named; its neighbour is connected."""
    ports, known = empty_ports(), sources()
    locked = {
        "name": "strict",
        "window": {"original_route_days": 5},
        "locked": ["window"],
        "otherwise": "hold",
    }
    bad = fake_store(agency="Andina", policy=POLICY)
    file = file_of(
        bad, fake_store("https://dos.pe"), agencies=[{"name": "Andina", "policy": locked}]
    )
    outcomes = {o.item.name: o for o in await applied(ports, file, known)}
    assert outcomes["tienda-pe"].kind is OutcomeKind.FAILED
    assert outcomes["tienda-pe"].mends
    assert outcomes["dos-pe"].kind is OutcomeKind.DONE
