"""The documentation as a site: `make site` builds it with Sphinx, without any network.

Owns how the repository's Markdown files become pages; they stay as they are read in the
repository, and links that lead out of `docs` (to an adapter's guide, to a source file) hold on
the site too. Writes into none of them.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

project = "pef-adapters"
project_copyright = "the authors of pef-adapters; Apache License 2.0"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "PagoEfectivo refunds from a store's own button"
language = "en"

# The sources are the repository, so that every relative link leads where it leads there.
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "adapters/*/README.md",
    "bench/README.md",
    "CONTRIBUTING.md",
    "README.md",
]
exclude_patterns = [".*", "build", "dist", "src", "tests", "**/node_modules", "**/vendor"]
templates_path = ["site"]
html_additional_pages = {"index": "front.html"}
html_copy_source = False
html_show_sourcelink = False
html_use_index = False

myst_heading_anchors = 4
highlight_language = "text"

_DOCS = Path(__file__).parent
_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^ *(\S+) --> (\w+)(?:: (\w+))?$", re.MULTILINE)
_ROOM = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!^## ).*\n)*)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)\.md\)")
# Folders cannot be opened on a site; what is in them stands on the first page.
_FOLDER = re.compile(r"\]\((?:[./]*docs/|\.\./)adr/?\)")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _as_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _as_page(app: Any, name: str, source: list[str]) -> None:
    """Change what is read from a file, never the file."""
    del app
    text = _DIAGRAM.sub(_steps, source[0])
    source[0] = _FOLDER.sub(f"]({_way_up(name)}docs/index.md#why-it-is-so)", text)
    if name == root_doc:
        source[0] += "".join(_contents(source[0]))


def _steps(diagram: re.Match[str]) -> str:
    """A diagram that takes a program to be seen, as a table that takes none."""
    rows = (f"| {a} | {b} | {c} |" for a, b, c in _STEP.findall(diagram[1]))
    return "\n".join(["| From | To | When |", "| --- | --- | --- |", *rows])


def _contents(text: str) -> Iterator[str]:
    """The site's contents: a part a room, in the order in which the first page links to it.

    A page that the first page forgets comes last in its room, so that none is lost.
    """
    for room in _ROOM.finditer(text):
        pages = list(dict.fromkeys(_LINK.findall(room["text"])))
        entries = dict.fromkeys([*map(_from_root, pages), *_beside(pages)])
        head = f"\n\n```{{toctree}}\n:hidden:\n:caption: {room['title']}\n\n"
        yield head + "\n".join(entries) + "\n```\n"


def _beside(pages: list[str]) -> Iterator[str]:
    """Everything in the folders of these pages, as far as they are ours."""
    folders = dict.fromkeys(page.partition("/")[0] for page in pages if page[0].isalpha())
    for folder in folders:
        for file in sorted((_DOCS / folder).rglob("*.md")):
            yield f"/docs/{file.relative_to(_DOCS).with_suffix('')}"


def _from_root(page: str) -> str:
    return f"/{page.removeprefix('../')}" if page.startswith("../") else f"/docs/{page}"


def _way_up(name: str) -> str:
    return "../" * (len(PurePosixPath(name).parts) - 1)
