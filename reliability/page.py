"""Writes docs/reliability.md: the words from page.md.jinja, the figures from the record.

`--check` says whether the page is what the record says.
"""

import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.palette import Fault
from record import RECORD, kept

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reliability.md"


def rendered(folder: Path = RECORD) -> str:
    """The page as the record has it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown of our own words and figures
    )
    environment.filters["thousands"] = thousands
    page = environment.get_template("page.md.jinja")
    return page.render(record=_Records(folder), faults=list(Fault), states=list(State))


def thousands(number: float) -> str:
    """12345 as 12,345."""
    return f"{number:,}"


class _Records:
    """The records by name; one that was never measured can't be shown."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> dict[str, Any]:
        found = kept(name, self._folder)
        if not found:
            raise AttributeError(f"reliability/record/{name}.json is missing: run its command")
        return found


def main() -> int:
    """Write the page, or check it."""
    page = rendered()
    if "--check" not in sys.argv:
        PAGE.write_text(page)
        return 0
    if PAGE.exists() and PAGE.read_text() == page:
        return 0
    print("docs/reliability.md is not what the record says; run: make reliability-page")
    return 1


if __name__ == "__main__":
    sys.exit(main())
