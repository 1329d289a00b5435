"""A file of stores as it is read, mistakes word for word, and as it is exported, whole."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pef_adapters.core.costs import CostSettings
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.policy import policy_from_settings
from pef_adapters.engine.settings_as_code import (
    Action,
    Difference,
    Reference,
    drift,
    drift_of,
    exported,
    read_stores,
)
from pef_adapters.engine.upkeep import join_agency
from stores_file_entries import file_of, kept_store, store
from stores_file_world import (
    GivenSources,
    account_entry,
    applied,
    empty_ports,
    planned,
    sources,
)

OWN = {"name": "tienda", "otherwise": "hold"}
MEND = "run `pef store check` for this store"
WINDOWS = {"original_route_days": 5, "payout_days": 9}


async def test_an_export_is_the_whole_file() -> None:
    """All that is kept stands in it in its own words, and secrets as variables."""
    ports, known = empty_ports(), sources()
    settings = {"language": "en"}
    agency = {"name": "Andina", "title": "Andina SAC", "settings": settings, "policy": OWN}
    account = account_entry(
        settings={"origin": "ios"}, documents_until="2027-03-01", keys_until="2027-04-01"
    )
    one = store(
        agency="Andina", settings={"colour": "red"}, operators={"7": "Rosa"}, policy=WINDOWS
    )
    two = store("https://otra.pe/shop", language="zh_Hans", policy=OWN, keys={})
    await applied(ports, file_of(one, two, accounts=[account], agencies=[agency]), known)
    policy = {n: v for n, v in policy_from_settings(OWN).as_written().items() if n != "version"}
    written = await exported(ports)
    costs = CostSettings().as_settings()
    assert written == {
        "version": 1,
        "agencies": [{**agency, "policy": policy}],
        "accounts": [
            {
                "id": "main",
                "mode": "sandbox",
                "base_url": "http://127.0.0.1:8082",
                "service_id": "9999",
                "settings": {"origin": "ios"},
                "documents_until": "2027-03-01",
                "keys_until": "2027-04-01",
                **({"costs": costs} if costs else {}),
                "access_key": {"env": "PEF_ACCOUNT_MAIN_ACCESS_KEY"},
                "secret_key": {"env": "PEF_ACCOUNT_MAIN_SECRET_KEY"},
            }
        ],
        "stores": [
            {
                "address": "https://otra.pe/shop",
                "platform": "fake",
                "account": "main",
                "language": "zh_Hans",
                "mode": "sandbox",
                "policy": policy,
            },
            {
                "address": "https://tienda.pe",
                "platform": "fake",
                "account": "main",
                "agency": "Andina",
                "mode": "sandbox",
                "settings": {"colour": "red"},
                "policy": WINDOWS,
                "operators": {"7": "Rosa"},
                "keys": {"token": {"env": "PEF_STORE_TIENDA_PE_TOKEN"}},
            },
        ],
    }


@pytest.mark.parametrize(
    "name",
    ["webhook_secret", "hook_secret", "access_token", "refresh_token", "expires_at", "scope"],
)
async def test_what_nobody_types_in_is_not_asked_for_by_an_export(name: str) -> None:
    """Secrets that we make or the platform renews have no variable; the others do."""
    ports = empty_ports()
    await applied(ports, file_of(store()), sources())
    kept = await kept_store(ports)
    async with ports.book.begin() as ledger:
        await ledger.add_store(replace(kept, secrets={**kept.secrets, name: "hush", "b": "c"}))
    (written,) = (await exported(ports))["stores"]
    assert written["keys"] == {
        "b": {"env": "PEF_STORE_TIENDA_PE_B"},
        "token": {"env": "PEF_STORE_TIENDA_PE_TOKEN"},
    }


async def test_an_export_of_one_agency_names_only_the_accounts_of_its_stores() -> None:
    """An account that another agency's stores use, or nobody's, is not in it."""
    ports, known = empty_ports(), sources()
    accounts = [account_entry(id=name) for name in ("main", "second", "idle")]
    stores = (
        store(agency="Andina"),
        store("https://dos.pe", agency="Costa", account="second"),
    )
    await applied(ports, file_of(*stores, accounts=accounts), known)
    written = await exported(ports, "Andina")
    assert [account["id"] for account in written["accounts"]] == ["main"]
    whole = await exported(ports)
    assert sorted(account["id"] for account in whole["accounts"]) == ["idle", "main", "second"]


async def test_a_store_that_was_never_applied_from_a_file_has_no_drift() -> None:
    """Where nothing was said, nothing can differ from it."""
    ports = empty_ports()
    await applied(ports, file_of(store(agency=None)), sources())
    kept = await kept_store(ports)
    bare = replace(kept, settings={n: v for n, v in kept.settings.items() if n != "applied"})
    await join_agency(ports, "tienda-pe", "Andina")
    moved = await kept_store(ports)
    async with ports.book.begin() as ledger:
        assert await drift_of(ledger, bare) == ()
        assert await drift_of(ledger, moved) == (Difference("agency", None, "Andina"),)
    assert drift(bare, None) == ()


def mistakes_of(**file: Any) -> str:
    """What is wrong with a file, as whoever reads it hears."""
    with pytest.raises(SettingInvalid) as refused:
        read_stores(json.dumps({"version": 1, **file}))
    return str(refused.value)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            {
                "agencies": [{"name": "A"}, {"name": "A"}],
                "accounts": [account_entry(), account_entry()],
                "stores": [store(), store("http://tienda.pe"), store("https://dos.pe")],
            },
            (
                "line 1: file of stores: each stands here once; twice there is"
                " agency A, account main, store tienda.pe"
            ),
        ),
        (
            {"agencies": [{"name": "a/b"}]},
            "line 1: agencies[1].name: an agency's name has 1 to 100 letters and no slash",
        ),
        (
            {"stores": [store("tienda")]},
            (
                "line 1: stores[1].address:"
                " 'tienda' is no store address; give one like https://tienda.pe"
            ),
        ),
        (
            {"stores": [store(language="fr")]},
            "line 1: stores[1].language: give one of es_PE, en, zh_Hans",
        ),
        (
            {"stores": [store(keys={"token": {}})]},
            (
                "line 1: stores[1].keys.token:"
                " give env: NAME or file: PATH; a secret itself never stands here"
            ),
        ),
        (
            {"stores": [store(connect="soon")]},
            "line 1: stores[1].connect: Input should be 'keys' or 'link'",
        ),
        (
            {"accounts": [account_entry(service_id=True)]},
            "line 1: accounts[1].service_id: Input should be a valid string",
        ),
        (
            {"accounts": [account_entry(id="  ")]},
            "line 1: accounts[1].id: String should have at least 1 character",
        ),
        (
            {"accounts": [account_entry(id="x" * 201)]},
            "line 1: accounts[1].id: String should have at most 200 characters",
        ),
    ],
)
def test_a_mistake_in_a_file_is_told_in_these_words(file: dict[str, Any], said: str) -> None:
    """Place and reason are said, and never what was typed as a secret."""
    assert mistakes_of(**file) == said


def test_a_file_that_is_none_says_how_one_begins() -> None:
    """Something else than a file of stores is told how such a file starts."""
    with pytest.raises(SettingInvalid) as refused:
        read_stores("- one")
    assert str(refused.value) == 'line 1: a file of stores starts with "version: 1"'
    assert mistakes_of(shops=[]) == (
        'line 1: shops: there is no such name; the guide "Keep stores in a file" lists them all'
    )


def test_numbers_in_settings_are_as_json_has_them() -> None:
    """Whole numbers are whole, parts are parts, and a service id is text however it is typed."""
    text = """
version: 1
accounts:
  - {id: ' main ', mode: sandbox, base_url: "http://a", service_id: 12, access_key: {env: A},
     secret_key: {file: b}, settings: {one: 1.0, half: 0.5, deep: {list: [2.0, 2.5, x]}}}
"""
    (account,) = read_stores(text).accounts
    assert (account.id, account.service_id) == ("main", "12")
    assert repr(account.settings) == "{'one': 1, 'half': 0.5, 'deep': {'list': [2, 2.5, 'x']}}"
    assert account.access_key.place == "the variable A"
    assert account.secret_key.place == "the file b"


def test_a_word_may_be_of_one_to_two_hundred_letters() -> None:
    """Both ends of what a word may be are taken."""
    ids = ("x", "x" * 200)
    accounts = [account_entry(id=name) for name in ids]
    read = read_stores(json.dumps({"version": 1, "accounts": accounts}))
    assert tuple(account.id for account in read.accounts) == ids
    assert Reference(env="A") == Reference(env=" A ")


def test_a_secret_of_two_places_is_refused() -> None:
    """A reference names one place, or it would be unclear which secret counts."""
    both = {"env": "A", "file": "b"}
    said = mistakes_of(stores=[store(keys={"token": both})])
    assert said.endswith("a secret itself never stands here")


async def test_a_plan_that_only_renews_a_key_is_a_change() -> None:
    """A new secret alone makes the item a change, which keeps the new secret."""
    ports, known = empty_ports(), GivenSources(sources().variables)
    await applied(ports, file_of(store()), known)
    known.variables["CK"] = "another"
    plan = await planned(ports, file_of(store()), known)
    assert [item.action for item in plan.items] == [Action.NOTHING, Action.CHANGE]
    assert plan.has_changes
    await applied(ports, file_of(store()), known)
    assert (await kept_store(ports)).secrets["token"] == "another"
