"""A handful of planted mistakes on the money's way: each is noticed, and nothing else is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mutation_fixed
from mutation_mutants import SOURCES, files, mutants_of
from mutation_score import REASONS, interval, reasons

ROOT = SOURCES.parents[1]
_FOLDERS = "tests:reliability:reliability/mutation"


@pytest.fixture(scope="module")
def looked_at() -> dict[str, Any]:
    """What became of the fixed mutants and their controls, in a process of their own."""
    done = subprocess.run(
        [sys.executable, str(Path(mutation_fixed.__file__))],
        cwd=ROOT,
        env={"PYTHONPATH": _FOLDERS, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["id"]: line["status"] for line in lines}


@pytest.mark.parametrize("name", mutation_fixed.FIXED)
def test_a_mistake_on_the_moneys_way_is_noticed(name: str, looked_at: dict[str, Any]) -> None:
    """The tests of that place fail when it is wrong."""
    assert looked_at[name] == "killed"


def test_what_changes_nothing_is_not_noticed(looked_at: dict[str, Any]) -> None:
    """A control without a change passes: it is the mistakes that the tests notice."""
    controls = {name: end for name, end in looked_at.items() if name.startswith("(control)")}
    assert len(controls) == len(set(mutation_fixed.FIXED.values()))
    assert set(controls.values()) == {"survived"}


def test_each_explained_survivor_is_still_a_mutant_of_the_code() -> None:
    """A reason goes with the line that it was for."""
    named = {name.split(" ")[0] for name in reasons()}
    assert named <= set(files())
    known = {mutant.id for file in named for mutant in mutants_of(file)}
    assert [name for name in reasons() if name not in known] == []
    assert all(reasons().values()), REASONS


def test_a_score_of_a_part_says_how_sure_it_is() -> None:
    """The whole is certain; a tenth of it is not; nothing at all says nothing."""
    low, high = interval(90, 100, 100)
    assert (round(low, 3), round(high, 3)) == (0.9, 0.9)
    low, high = interval(90, 100, 1000)
    assert low < 0.86
    assert high > 0.94
    assert interval(0, 0, 1000) == (0.0, 1.0)
