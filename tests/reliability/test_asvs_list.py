"""The ASVS list and the threat model name tests that are there, and miss no requirement."""

import ast
import importlib.util
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
# Facts of ASVS 5.0.0: of each section, how many are of level 1, and how many of 1 and 2
# together. Numbers begin at 1 everywhere, and those of level 1 come first.
SECTIONS = """
    1.1:0/2 1.2:5/9 1.3:2/11 1.4:0/3 1.5:1/2 2.1:1/3 2.2:2/3 2.3:1/4 2.4:0/1 3.2:2/2 3.3:1/4
    3.4:2/6 3.5:3/5 3.7:0/2 4.1:1/3 4.2:0/1 4.3:0/2 4.4:1/4 5.1:0/1 5.2:2/3 5.3:2/2 5.4:0/3
    6.1:1/3 6.2:8/12 6.3:2/4 6.4:2/4 6.5:0/5 6.6:0/3 6.8:0/4 7.1:0/3 7.2:4/4 7.3:0/2 7.4:2/5
    7.5:0/2 7.6:0/2 8.1:1/2 8.2:2/3 8.3:1/1 8.4:0/1 9.1:3/3 9.2:1/4 10.1:0/2 10.2:0/2 10.3:0/4
    10.4:5/11 10.5:0/5 10.6:0/2 10.7:0/3 11.1:0/2 11.2:0/3 11.3:2/3 11.4:1/4 11.5:0/1 11.6:0/1
    12.1:1/3 12.2:2/2 12.3:0/4 13.1:0/1 13.2:0/5 13.3:0/2 13.4:1/5 14.1:0/2 14.2:1/4 14.3:1/3
    15.1:1/3 15.2:1/3 15.3:1/7 16.1:0/1 16.2:0/5 16.3:0/4 16.4:0/3 16.5:0/3 17.1:0/1 17.2:0/4
    17.3:0/2
"""
ROAD = "docs/explanation/threat-model.md"
ABUSES = 16


@cache
def _asvs() -> ModuleType:
    """docs/asvs.py, which is no part of any package."""
    spec = importlib.util.spec_from_file_location("asvs", ROOT / "docs" / "asvs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["asvs"] = module
    spec.loader.exec_module(module)
    return module


@cache
def _tests_there() -> frozenset[str]:
    """Every test of the tree as "path::name", read and not run."""
    return frozenset(
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def _wanted() -> dict[str, int]:
    """The standard's numbers with their levels."""
    found: dict[str, int] = {}
    for section in SECTIONS.split():
        name, counts = section.split(":")
        first, together = map(int, counts.split("/"))
        found |= {f"{name}.{n}": 1 if n <= first else 2 for n in range(1, together + 1)}
    return found


def test_each_requirement_of_level_1_and_2_stands_there_once() -> None:
    """Every number with its level, in the standard's order, and no other."""
    listed = [(each.id, each.level) for each in _asvs().requirements()]
    assert len(listed) == 253
    assert listed == list(_wanted().items())


def test_each_named_test_and_file_is_there() -> None:
    """What is said to show a requirement exists under that very name."""
    listed = _asvs().requirements()
    tests = [name for each in listed for name in each.tests]
    assert len(tests) > 250
    assert [name for name in tests if name not in _tests_there()] == []
    files = [name for each in listed for name in each.files]
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_page_is_up_to_date() -> None:
    """`docs/asvs.py` would write the same page."""
    assert _asvs().PAGE.read_text("utf-8") == _asvs().page(_asvs().requirements())


def test_the_page_counts_what_it_shows() -> None:
    """The figures at its head are the rows below."""
    text = _asvs().PAGE.read_text("utf-8")
    rows = re.findall(r"^\| \d+\.\d+\.\d+ \| (\d) \| .+? \| ([a-z ]+) \| .*\|$", text, re.MULTILINE)
    whole = re.search(r"^\| both \| (.+) \|$", text, re.MULTILINE)
    assert whole is not None
    counts = Counter(status for _, status in rows)
    wanted = [*(counts[each] for each in _asvs().STATUSES), len(rows)]
    assert [int(each) for each in whole[1].split(" | ")] == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        'level = 2\nwhat = "x"\nstatus = "met"',
        'level = 2\nwhat = "x"\nstatus = "not applicable"',
        'level = 2\nwhat = "x"\nstatus = "partly"\ntests = ["a::b"]',
        'level = 3\nwhat = "x"\nstatus = "not met"\nnote = "y"',
        'level = 2\nwhat = "x"\nstatus = "fine"\nnote = "y"',
        'level = 2\nwhat = "x"\nstatus = "met"\nproof = "y"',
        'what = "x"\nstatus = "not met"\nnote = "y"',
    ],
)
def test_a_claim_without_a_proof_or_reason_is_refused(wrong: str, tmp_path: Path) -> None:
    """Met takes a test or a file; everything else takes a reason."""
    path = tmp_path / "list.toml"
    path.write_text(f'["1.1.1"]\n{wrong}\n')
    with pytest.raises(ValueError, match=r"1\.1\.1"):
        _asvs().requirements(path)


def test_each_abuse_case_names_its_tests() -> None:
    """Every case of the threat model is followed by tests, and each of them exists."""
    text = (ROOT / ROAD).read_text("utf-8")
    known = {name.rpartition("::")[2] for name in _tests_there()}
    cases = text.partition("## What could be done")[2].partition("\n## ")[0].split("\n### ")[1:]
    assert len(cases) == ABUSES
    for case in cases:
        named = re.findall(r"`(test_\w+)`", case)
        assert len(named) >= 3, case.splitlines()[0]
        assert [name for name in named if name not in known] == []
    assert set(re.findall(r"test_\w+", text)) <= known
