"""`pef apply`, `diff`, `export` and `agency`, and a store's health and settings, as typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from command_world import CommandWorld
from pef_adapters.platforms import http
from stores_file_world import account_entry, many_stores, store_entry
from woocommerce_bench import KEY, SECRET

CANARY = "cs_canary0b8d4e6f1a2c3957"


@pytest.fixture
def world(database: str) -> CommandWorld:
    """One account and one store, whose platform no installed adapter serves."""
    return CommandWorld.opened(database)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fake store, and the secrets that the files here refer to."""
    for name, value in {"CK": KEY, "CS": SECRET, "ACCESS": "SBXMADEUP", "WRONG": CANARY}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECRET", CANARY)
    monkeypatch.setenv("PEF_ALLOW_PRIVATE_STORES", "1")
    with many_stores(1) as (address,):
        yield address
    http.allow_private_stores(allowed=False)


def written(folder: Path, **file: object) -> str:
    """A file of stores on the disk."""
    path = folder / "stores.yaml"
    path.write_text(yaml.safe_dump({"version": 1, **file}), encoding="utf-8")
    return str(path)


def heard(*done: Result) -> str:
    """All that commands said."""
    return "".join(each.output for each in done)


def test_a_file_is_planned_applied_and_then_nothing_is_to_do(
    world: CommandWorld, home: str, tmp_path: Path
) -> None:
    """Two says that there are changes, nought that they are done, and no secret is shown."""
    entry = store_entry(home, agency="Andina", mode="sandbox")
    file = written(
        tmp_path,
        agencies=[{"name": "Andina", "settings": {"language": "en"}}],
        accounts=[account_entry()],
        stores=[entry],
    )
    planned = world.pef("apply", file, "--plan")
    assert planned.exit_code == 2, planned.output
    assert "create" in planned.output
    done = world.pef("apply", file, "--yes", "--json")
    assert done.exit_code == 0, done.output
    outcomes = {each["name"]: each["outcome"] for each in json.loads(done.stdout)["items"]}
    assert set(outcomes.values()) == {"done", "nothing to do"}
    again = world.pef("apply", file, "--plan", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["changes"] is False
    assert CANARY not in heard(planned, done, again)
    assert SECRET not in heard(planned, done, again)


def test_a_broken_store_is_named_with_its_mend_and_ends_with_one(
    world: CommandWorld, home: str, tmp_path: Path
) -> None:
    """Wrong keys are told with what to do, and the wrong key is not."""
    entry = store_entry(home)
    entry["keys"]["consumer_secret"] = {"env": "WRONG"}
    file = written(tmp_path, accounts=[account_entry()], stores=[entry])
    done = world.pef("apply", file, "--yes")
    assert done.exit_code == 1, done.output
    assert "keys" in done.output
    assert CANARY not in done.output


def test_a_mistake_is_told_with_its_line(world: CommandWorld, tmp_path: Path) -> None:
    """A file that can't be read changes nothing and says where."""
    path = tmp_path / "stores.yaml"
    path.write_text("version: 1\nshops: []\n", encoding="utf-8")
    code, message = world.refusal("apply", str(path), "--yes")
    assert (code, "line 2: shops" in message) == ("SETTING_INVALID", True)
    assert world.refusal("apply", str(path))[0] == "SETTING_INVALID"


def test_an_export_can_be_applied_again(
    world: CommandWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written is read again, and nothing is to be done; no secret stands in it."""
    out = tmp_path / "out.yaml"
    world.said("export", "--out", str(out))
    text = out.read_text("utf-8")
    assert "hush" not in text
    file = yaml.safe_load(text)
    (account,) = file["accounts"]
    monkeypatch.setenv(account["access_key"]["env"], "SBX")
    monkeypatch.setenv(account["secret_key"]["env"], "s")
    # No installed adapter serves the store of this world.
    only = {**file, "stores": []}
    out.write_text(yaml.safe_dump(only), encoding="utf-8")
    assert world.pef("apply", str(out), "--plan").exit_code == 0
    assert yaml.safe_load(world.said("export"))["accounts"] == file["accounts"]


def test_what_was_changed_by_hand_is_told(world: CommandWorld, home: str, tmp_path: Path) -> None:
    """After a change by hand the difference is shown, and two says so."""
    file = written(tmp_path, accounts=[account_entry()], stores=[store_entry(home)])
    assert world.pef("apply", file, "--yes").exit_code == 0
    name = next(n for n in world.answer("diff")["stores"] if n.startswith("127"))
    shown = world.said("store", "settings", name, "--set", "auth=query", "--language", "en")
    assert "query" in shown
    drift = world.pef("diff", name, "--json")
    assert drift.exit_code == 2, drift.output
    (changed,) = json.loads(drift.stdout)["stores"][name]
    assert (changed["name"], changed["after"]) == ("settings.auth", "query")
    back = world.answer("store", "settings", name, "--set", "auth=")
    assert {"name": "auth", "value": "header", "from": "default"} in back["settings"]
    assert world.pef("store", "health", name, "--check").exit_code in {0, 1}
    found = world.pef("store", "health", name, "--json")
    assert json.loads(found.stdout)["stores"][0]["checks"]


def test_an_agency_is_set_shown_and_listed(world: CommandWorld, tmp_path: Path) -> None:
    """What is set from a file is what is shown, and a wrong name is refused."""
    file = tmp_path / "andina.yaml"
    file.write_text("platform: {woocommerce: {auth: query}}\n", encoding="utf-8")
    told = ("--by", "Rosa", "--settings", str(file))
    world.said("agency", "set", "Andina", "--title", "Andina SAC", *told)
    shown = world.answer("agency", "show", "Andina")
    assert shown["settings"] == {"platform": {"woocommerce": {"auth": "query"}}}
    assert "Andina SAC" in world.said("agency", "list")
    assert "auth: query" in world.said("agency", "show", "Andina")
    file.write_text("colour: red\n", encoding="utf-8")
    assert world.refusal("agency", "set", "Andina", *told)[0] == "SETTING_INVALID"
    assert world.refusal("agency", "show", "Nobody")[0] == "NOT_THERE"
