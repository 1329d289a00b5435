"""The reference pages in the repository are those that the code would write now."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "generate.py"


def pages() -> dict[str, Callable[[], str]]:
    """The pages that `docs/generate.py` knows."""
    spec = importlib.util.spec_from_file_location("docs_generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known: dict[str, Callable[[], str]] = module.PAGES
    return known


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    """`make docs` would change nothing."""
    committed = (SCRIPT.parent / "reference" / name).read_text(encoding="utf-8")
    assert committed == pages()[name]()


def test_make_check_finds_stale_pages(tmp_path: Path) -> None:
    """With `--check` the script writes nothing and fails where pages are missing or old."""
    copy = tmp_path / SCRIPT.name
    copy.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    missing = subprocess.run([sys.executable, copy, "--check"], capture_output=True, check=False)
    assert missing.returncode == 1
    assert b"states.md" in missing.stderr
    assert not (tmp_path / "reference").exists()
    subprocess.run([sys.executable, copy], check=True)
    assert subprocess.run([sys.executable, copy, "--check"], check=False).returncode == 0
