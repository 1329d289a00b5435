"""Changes made by command leave an entry in the audit, under the operator's name."""

from pathlib import Path

import pytest

from command_world import CommandWorld
from pef_adapters.cli.operator import operator


@pytest.fixture
def world(database: str) -> CommandWorld:
    """One store, on a database of its own."""
    return CommandWorld.opened(database)


def test_what_is_done_and_what_is_refused_is_kept(world: CommandWorld, tmp_path: Path) -> None:
    """An agency that was saved, and a setting that was refused, both stand in the audit."""
    settings = tmp_path / "andina.yaml"
    settings.write_text("language: en\n", encoding="utf-8")
    world.answer("agency", "set", "andina", "--settings", str(settings), "--by", "Rosa")
    world.refusal("store", "settings", "nobody", "--language", "en")
    entries = world.answer("audit", "list")["entries"]
    kept = [(e["actor"], e["what"], e["subject"], e["outcome"]) for e in entries]
    assert (operator().name, "change_agency", "agency/andina", "done") in kept
    assert (operator().name, "change_store", "store/nobody", "NOT_THERE") in kept


def test_looking_leaves_no_entry(world: CommandWorld) -> None:
    """A command that only shows something is no deed."""
    world.answer("agency", "list")
    assert world.answer("audit", "list")["entries"] == []
