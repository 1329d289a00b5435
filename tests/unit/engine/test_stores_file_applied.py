"""What applying a file leaves in the ledger, whole, and what it answers, word for word."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cost_samples import example_costs
from pef_adapters.core.policy import Mode, policy_from_settings
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account, Agency, PublishedPolicy, Store
from pef_adapters.engine.settings_as_code import (
    Difference,
    OutcomeKind,
)
from stores_file_entries import file_of, kept_store, store, talking
from stores_file_world import (
    PUBLIC_URL,
    account_entry,
    applied,
    empty_ports,
    planned,
    sources,
)
from woocommerce_bench import KEY

OWN = {"name": "tienda", "otherwise": "hold"}
MEND = "run `pef store check` for this store"
WINDOWS = {"original_route_days": 5, "payout_days": 9}


async def newest(ports: Ports, owner: str) -> PublishedPolicy:
    """The owner's newest policy."""
    async with ports.book.begin() as ledger:
        found = await ledger.newest_policy(owner)
    assert found is not None
    return found


async def test_an_account_is_kept_as_the_file_says() -> None:
    """Host without its last slash, days and costs among the settings, keys sealed beside them."""
    ports = empty_ports()
    entry = account_entry(
        base_url="http://127.0.0.1:8082/",
        settings={"origin": "ios"},
        documents_until="2027-03-01",
        keys_until="2027-04-01",
        costs=example_costs().as_settings(),
    )
    (outcome,) = await applied(ports, {"version": 1, "accounts": [entry]}, sources())
    assert (outcome.kind, outcome.detail, outcome.mends, outcome.link) == (
        OutcomeKind.DONE,
        "",
        (),
        "",
    )
    async with ports.book.begin() as ledger:
        (kept,) = await ledger.accounts()
    assert kept == Account(
        id="main",
        mode=Mode.SANDBOX,
        base_url="http://127.0.0.1:8082",
        service_id="9999",
        settings={
            "origin": "ios",
            "kyc_until": "2027-03-01",
            "keys_until": "2027-04-01",
            "costs": example_costs().as_settings(),
        },
        secrets={"access_key": "SBXMADEUP", "secret_key": "madeUpRailSecret"},
        created_at=ports.clock.now(),
    )


async def test_what_an_account_is_told_again_replaces_only_what_is_said() -> None:
    """New settings leave days and costs, new days leave settings, and its age stays."""
    ports, known = empty_ports(), sources()
    first = account_entry(
        settings={"origin": "ios", "old": 1},
        documents_until="2027-03-01",
        keys_until="2027-04-01",
        costs=example_costs().as_settings(),
    )
    await applied(ports, {"version": 1, "accounts": [first]}, known)
    born = ports.clock.now()
    ports.clock.advance(hours=5)  # type: ignore[attr-defined]
    known.variables["SECRET"] = "another"
    again = account_entry(settings={"origin": "web"}, service_id="77", keys_until="2028-01-01")
    plan = await planned(ports, {"version": 1, "accounts": [again]}, known)
    assert plan.items[0].changes == (
        Difference("service_id", "9999", "77"),
        Difference("settings.origin", "ios", "web"),
        Difference("settings.old", 1, None),
        Difference("keys_until", "2027-04-01", "2028-01-01"),
    )
    await applied(ports, {"version": 1, "accounts": [again]}, known)
    async with ports.book.begin() as ledger:
        kept = await ledger.account("main")
    assert kept is not None
    assert kept.service_id == "77"
    assert kept.created_at == born
    assert kept.secrets == {"access_key": "SBXMADEUP", "secret_key": "another"}
    assert kept.settings == {
        "origin": "web",
        "kyc_until": "2027-03-01",
        "keys_until": "2028-01-01",
        "costs": example_costs().as_settings(),
    }


async def test_an_agency_is_kept_and_its_policy_published() -> None:
    """Title and settings are the file's, and the policy is by whoever applied it."""
    ports = empty_ports()
    settings = {"language": "zh_Hans", "platform": {"fake": {"way": "in"}}}
    agencies = [
        {"name": "Andina", "title": "Andina SAC", "settings": settings, "policy": OWN},
        {"name": "Costa"},
    ]
    await applied(ports, {"version": 1, "agencies": agencies}, sources())
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        assert await ledger.agencies() == [
            Agency(name="Andina", title="Andina SAC", settings=settings, created_at=now),
            Agency(name="Costa", title="Costa", settings={}, created_at=now),
        ]
    policy = policy_from_settings(OWN).model_copy(update={"version": 1})
    assert await newest(ports, "agency/Andina") == PublishedPolicy(
        owner="agency/Andina",
        version=1,
        digest=policy.digest,
        body=policy.as_written(),
        published_by="Rosa",
        published_at=now,
    )


@pytest.mark.parametrize(
    ("said", "title", "language"),
    [
        ({"title": "Andina SRL"}, "Andina SRL", "en"),
        ({"settings": {"language": "es_PE"}}, "Andina SAC", "es_PE"),
        ({"policy": OWN}, "Andina SAC", "en"),
    ],
)
async def test_what_an_agency_is_told_again_replaces_only_what_is_said(
    said: dict[str, Any], title: str, language: str
) -> None:
    """A title leaves the settings, settings leave the title, and a policy leaves both."""
    ports = empty_ports()
    first = {"name": "Andina", "title": "Andina SAC", "settings": {"language": "en"}}
    await applied(ports, {"version": 1, "agencies": [first]}, sources())
    file = {"version": 1, "agencies": [{"name": "Andina", **said}]}
    (outcome,) = await applied(ports, file, sources())
    assert outcome.kind is OutcomeKind.DONE
    async with ports.book.begin() as ledger:
        kept = await ledger.agency("Andina")
        published = await ledger.newest_policy("agency/Andina")
    assert kept is not None
    assert (kept.title, kept.settings) == (title, {"language": language})
    assert (published is not None) == ("policy" in said)


async def test_a_new_store_is_kept_as_the_file_says() -> None:
    """All that its entry names is in its record, and what was applied with who and when."""
    ports, platform = talking()
    entry = store(
        agency="Andina",
        mode="live",
        settings={"colour": "red"},
        operators={"7": "Rosa"},
        policy=WINDOWS,
    )
    _, _, outcome = await applied(
        ports,
        file_of(entry, agencies=[{"name": "Andina", "settings": {"language": "en"}}]),
        sources(),
    )
    assert (outcome.kind, outcome.detail, outcome.mends) == (OutcomeKind.DONE, "", ())
    kept, now = await kept_store(ports), ports.clock.now()
    secret, remembered = kept.secrets["webhook_secret"], kept.settings["applied"]
    assert kept == Store(
        id="tienda-pe",
        platform="fake",
        identity="https://tienda.pe",
        account_id="main",
        mode=Mode.LIVE,
        language="en",
        callback_url=f"{PUBLIC_URL}/webhooks/fake/tienda-pe",
        settings={
            "platform": {"colour": "red"},
            "policy": WINDOWS,
            "connected_at": now.isoformat(),
            "agency": "Andina",
            "people": {"7": "Rosa"},
            "language_from": "agency",
            "applied": remembered,
        },
        secrets={"webhook_secret": secret, "token": KEY},
        poll_cursor=now - timedelta(hours=1),
        created_at=now,
    )
    assert {name: remembered[name] for name in ("at", "by", "facts")} == {
        "at": now.isoformat(),
        "by": "Rosa",
        "facts": {
            "address": "https://tienda.pe",
            "platform": "fake",
            "account": "main",
            "agency": "Andina",
            "mode": "live",
            "settings": {"colour": "red"},
            "operators": {"7": "Rosa"},
            "policy": WINDOWS,
        },
    }
    assert len(platform.asked) == 1


@pytest.mark.parametrize(
    ("said", "language", "follows"),
    [
        ({}, "es_PE", False),
        ({"language": "zh_Hans"}, "zh_Hans", False),
        ({"agency": "Andina"}, "en", True),
        ({"agency": "Andina", "language": "zh_Hans"}, "zh_Hans", False),
    ],
)
async def test_a_new_store_speaks_its_own_language_or_its_agencys(
    said: dict[str, Any], language: str, *, follows: bool
) -> None:
    """Only a store under an agency, whose entry names no language, follows the agency's."""
    ports = empty_ports()
    agencies = [{"name": "Andina", "settings": {"language": "en"}}]
    await applied(ports, file_of(store(**said), agencies=agencies), sources())
    kept = await kept_store(ports)
    assert (kept.language, "language_from" in kept.settings) == (language, follows)


async def test_a_changed_store_is_kept_as_the_file_says_and_asked_once() -> None:
    """Changed words replace the old ones, keys are added, the rest stays, and it is connected."""
    ports, platform = talking()
    known = sources()
    first = store(
        settings={"colour": "red"}, operators={"7": "Rosa"}, mode="sandbox", agency="Andina"
    )
    accounts = [account_entry(), account_entry(id="second")]
    await applied(ports, file_of(first, accounts=accounts), known)
    before = await kept_store(ports)
    platform.asked.clear()
    known.variables["NEW"] = "another key"
    again = store(
        "http://tienda.pe",
        account="second",
        language="zh_Hans",
        mode="live",
        settings={"size": 2},
        operators={"8": "Luis"},
        policy=WINDOWS,
        keys={"more": {"env": "NEW"}},
    )
    outcomes = await applied(ports, file_of(again, accounts=accounts), known)
    kinds = {each.item.name: each.kind for each in outcomes}
    assert kinds["tienda-pe"] is OutcomeKind.DONE
    after = await kept_store(ports)
    settings = {name: kept for name, kept in before.settings.items() if name != "language_from"}
    assert after == replace(
        before,
        identity="http://tienda.pe",
        account_id="second",
        mode=Mode.LIVE,
        language="zh_Hans",
        settings={
            **settings,
            "platform": {"size": 2},
            "people": {"8": "Luis"},
            "policy": WINDOWS,
            "applied": after.settings["applied"],
        },
        secrets={**before.secrets, "more": "another key"},
    )
    (asked,) = platform.asked
    assert asked.settings == {"size": 2}


@pytest.mark.parametrize(
    ("said", "calls"),
    [
        ({"settings": {"colour": "blue"}}, 1),
        ({"mode": "live"}, 1),
        ({"account": "second"}, 1),
        ({"agency": "Costa"}, 1),
        ({"address": "http://tienda.pe"}, 1),
        ({"keys": {"token": {"env": "SECRET"}}}, 1),
        ({"language": "es_PE"}, 0),
        ({"operators": {"7": "Rosa"}}, 0),
        ({"policy": OWN}, 0),
        ({}, 0),
    ],
)
async def test_a_store_is_called_again_only_where_the_call_would_be_another(
    said: dict[str, Any], calls: int
) -> None:
    """What only our own records hold changes without a call to the store."""
    ports, platform = talking()
    accounts = [account_entry(), account_entry(id="second")]
    base = store(settings={"colour": "red"}, mode="sandbox", language="en", agency="Andina")
    await applied(ports, file_of(base, accounts=accounts), sources())
    platform.asked.clear()
    await applied(ports, file_of({**base, **said}, accounts=accounts), sources())
    assert len(platform.asked) == calls


async def test_a_policy_of_a_store_is_published_by_whoever_applies_it() -> None:
    """A new store's is by the connecting; a changed one's by the person, at that time."""
    ports = empty_ports()
    await applied(ports, file_of(store(policy=OWN)), sources())
    assert (await newest(ports, "store/tienda-pe")).published_by == "store add"
    assert (await kept_store(ports)).settings["policy"] == {}
    ports.clock.advance(hours=2)  # type: ignore[attr-defined]
    await applied(ports, file_of(store(policy={**OWN, "otherwise": "approve"})), sources())
    second = await newest(ports, "store/tienda-pe")
    assert (second.version, second.published_by) == (2, "Rosa")
    assert second.published_at == ports.clock.now()
    assert (await kept_store(ports)).settings["policy"] == {}


async def test_what_was_applied_is_remembered_until_something_else_is_said() -> None:
    """The same file later keeps the first day; another one is remembered anew."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store(settings={"colour": "red"})), known)
    first = (await kept_store(ports)).settings["applied"]
    ports.clock.advance(hours=2)  # type: ignore[attr-defined]
    await applied(ports, file_of(store(settings={"colour": "red"})), known)
    assert (await kept_store(ports)).settings["applied"] == first
    await applied(ports, file_of(store(settings={"colour": "blue"})), known)
    second = (await kept_store(ports)).settings["applied"]
    assert second["at"] == ports.clock.now().isoformat()
    assert second["digest"] != first["digest"]


async def test_the_order_of_names_makes_no_other_file() -> None:
    """The same settings written in another order were applied already."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store(settings={"colour": "red", "size": 1})), known)
    first = (await kept_store(ports)).settings["applied"]
    ports.clock.advance(hours=2)  # type: ignore[attr-defined]
    await applied(ports, file_of(store(settings={"size": 1, "colour": "red"})), known)
    assert (await kept_store(ports)).settings["applied"] == first
