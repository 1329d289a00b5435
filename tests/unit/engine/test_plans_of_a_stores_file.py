"""What a plan says of each agency, account and store, whole, and every mistake word for word."""

from typing import Any

from cost_samples import example_costs
from pef_adapters.core.policy import policy_from_settings
from pef_adapters.core.writing import stores_as_written
from pef_adapters.engine.settings_as_code import Action, Difference, Item, Plan, read_stores
from stores_file_entries import file_of, store
from stores_file_world import account_entry, applied, empty_ports, planned, sources

RAIL_KEYS = {"access_key": "SBXMADEUP", "secret_key": "madeUpRailSecret"}
MAIN = {"mode": "sandbox", "base_url": "http://127.0.0.1:8082", "service_id": "9999"}
OWN = {"name": "tienda", "otherwise": "hold"}
WOO = {"platform": "woocommerce", "settings": {"payment_methods": ["pagoefectivo"]}}


def the_only(plan: Plan, kind: str) -> Item:
    """The one item of a kind."""
    (found,) = [item for item in plan.items if item.kind == kind]
    return found


def entries_of(file: dict[str, Any]) -> list[Any]:
    """The entries of a file as they are read, agencies first and stores last."""
    read = read_stores(stores_as_written(file))
    return [*read.agencies, *read.accounts, *read.stores]


def kept_policy(**changes: Any) -> dict[str, Any]:
    """The owner's whole policy as it is kept, without its version."""
    whole = policy_from_settings({**OWN, **changes}).as_written()
    return {name: value for name, value in whole.items() if name != "version"}


async def test_a_plan_for_an_empty_ledger_says_all_that_it_will_make() -> None:
    """Agency, account and store are created in this order, each with its facts and its keys."""
    settings = {"language": "en", "platform": {"fake": {"way": "in"}}}
    agency = {"name": "Andina", "title": "Andina SAC", "settings": settings, "policy": OWN}
    account = account_entry(
        base_url="http://127.0.0.1:8082/",
        settings={"origin": "ios"},
        documents_until="2027-03-01",
        keys_until="2027-04-01",
        costs=example_costs().as_settings(),
    )
    entry = store(
        "https://Tienda.pe/",
        agency="Andina",
        language="zh_Hans",
        mode="live",
        settings={"colour": "red", "size": 2},
        operators={"7": "Rosa"},
        policy={"original_route_days": 5, "payout_days": 9},
    )
    file = file_of(entry, agencies=[agency], accounts=[account])
    plan = await planned(empty_ports(), file, sources())
    policy = policy_from_settings(OWN)
    kept = kept_policy()
    wanted_account = {
        **MAIN,
        "settings": {"origin": "ios"},
        "documents_until": "2027-03-01",
        "keys_until": "2027-04-01",
        "costs": example_costs().as_settings(),
    }
    wanted_store = {
        "address": "https://tienda.pe",
        "platform": "fake",
        "account": "main",
        "agency": "Andina",
        "language": "zh_Hans",
        "mode": "live",
        "settings": {"colour": "red", "size": 2},
        "operators": {"7": "Rosa"},
        "policy": {"original_route_days": 5, "payout_days": 9},
    }
    entries = entries_of(file)
    assert plan == Plan(
        (
            Item(
                kind="agency",
                name="Andina",
                action=Action.CREATE,
                changes=(
                    Difference("title", None, "Andina SAC"),
                    Difference("settings.language", None, "en"),
                    Difference("settings.platform", None, {"fake": {"way": "in"}}),
                    Difference("policy", None, kept),
                ),
                wanted={"title": "Andina SAC", "settings": settings, "policy": kept},
                policy=policy,
                entry=entries[0],
            ),
            Item(
                kind="account",
                name="main",
                action=Action.CREATE,
                changes=(
                    Difference("mode", None, "sandbox"),
                    Difference("base_url", None, "http://127.0.0.1:8082"),
                    Difference("service_id", None, "9999"),
                    Difference("settings.origin", None, "ios"),
                    Difference("documents_until", None, "2027-03-01"),
                    Difference("keys_until", None, "2027-04-01"),
                    Difference("costs", None, example_costs().as_settings()),
                ),
                secrets={"access_key": "new", "secret_key": "new"},
                wanted=wanted_account,
                entry=entries[1],
                given=RAIL_KEYS,
            ),
            Item(
                kind="store",
                name="tienda-pe",
                action=Action.CREATE,
                changes=(
                    Difference("address", None, "https://tienda.pe"),
                    Difference("platform", None, "fake"),
                    Difference("account", None, "main"),
                    Difference("agency", None, "Andina"),
                    Difference("language", None, "zh_Hans"),
                    Difference("mode", None, "live"),
                    Difference("settings.colour", None, "red"),
                    Difference("settings.size", None, 2),
                    Difference("operators.7", None, "Rosa"),
                    Difference("policy", None, {"original_route_days": 5, "payout_days": 9}),
                ),
                secrets={"token": "new"},
                wanted=wanted_store,
                entry=entries[2],
                given={"token": sources().variables["CK"]},
            ),
        )
    )
    assert plan.has_changes


async def test_a_plan_for_what_is_kept_says_only_what_is_another() -> None:
    """Each item that stays is left alone, and each that changes names both values."""
    ports, known = empty_ports(), sources()
    agencies = [{"name": "Andina", "title": "Andina SAC", "policy": OWN}, {"name": "Costa"}]
    first = file_of(
        store(settings={"colour": "red", "size": 1}, operators={"7": "Rosa"}, agency="Andina"),
        store("https://dos.pe", policy=OWN),
        agencies=agencies,
    )
    await applied(ports, first, known)
    known.variables |= {"NEW": "another key", "SECRET": "another secret"}
    second = file_of(
        store(
            settings={"colour": "blue"},
            operators={"8": "Luis"},
            agency=None,
            language="es_PE",
            keys={"token": {"env": "CK"}, "more": {"env": "NEW"}},
        ),
        store("https://dos.pe", policy={**OWN, "otherwise": "approve"}),
        agencies=[{**agencies[0], "title": "Andina SRL"}, {"name": "Costa"}],
    )
    plan = await planned(ports, second, known)
    told = {
        item.name: (item.kind, item.action, dict(item.secrets), item.changes) for item in plan.items
    }
    assert told == {
        "Andina": (
            "agency",
            Action.CHANGE,
            {},
            (Difference("title", "Andina SAC", "Andina SRL"),),
        ),
        "Costa": ("agency", Action.NOTHING, {}, ()),
        "main": (
            "account",
            Action.CHANGE,
            {"access_key": "unchanged", "secret_key": "changed"},
            (),
        ),
        "tienda-pe": (
            "store",
            Action.CHANGE,
            {"token": "unchanged", "more": "changed"},
            (
                Difference("agency", "Andina", None),
                Difference("language", None, "es_PE"),
                Difference("settings.colour", "red", "blue"),
                Difference("settings.size", 1, None),
                Difference("operators.8", None, "Luis"),
                Difference("operators.7", "Rosa", None),
            ),
        ),
        "dos-pe": (
            "store",
            Action.CHANGE,
            {"token": "unchanged"},
            (Difference("policy", kept_policy(), kept_policy(otherwise="approve")),),
        ),
    }


async def test_what_is_kept_and_not_in_the_file_is_listed_last_by_kind_and_name() -> None:
    """Agencies, accounts and stores that a file does not name follow those that it names."""
    ports, known = empty_ports(), sources()
    full = file_of(
        store("https://zeta.pe"),
        store("https://alfa.pe"),
        store(),
        accounts=[account_entry(), account_entry(id="second")],
        agencies=[{"name": "Andina"}, {"name": "Costa"}],
    )
    await applied(ports, full, known)
    plan = await planned(ports, file_of(store(), agencies=[{"name": "Costa"}]), known)
    assert [(item.kind, item.name, item.action) for item in plan.items] == [
        ("agency", "Costa", Action.NOTHING),
        ("account", "main", Action.NOTHING),
        ("store", "tienda-pe", Action.NOTHING),
        ("agency", "Andina", Action.NOT_IN_FILE),
        ("account", "second", Action.NOT_IN_FILE),
        ("store", "alfa-pe", Action.NOT_IN_FILE),
        ("store", "zeta-pe", Action.NOT_IN_FILE),
    ]
    assert not plan.has_changes
    assert plan.items[3] == Item(kind="agency", name="Andina", action=Action.NOT_IN_FILE)
