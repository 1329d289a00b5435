"""The documentation becomes a site without a warning, and its links lead somewhere."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("tutorials", "how-to", "reference", "explanation", "adr")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it."""
    folder = tmp_path_factory.mktemp("docs")
    built = folder / "site"
    options = ("-W", "--keep-going", "-q", "-b", "html", "-c", "docs", "-d", folder / "doctrees")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, ".", built],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


def test_each_markdown_file_is_a_page(site: Path) -> None:
    """Every page of every room, and each adapter's guide, stands on the site."""
    files = [file for room in ROOMS for file in (ROOT / "docs" / room).glob("*.md")]
    files += (ROOT / "adapters").glob("*/README.md")
    pages = [site / file.relative_to(ROOT).with_suffix(".html") for file in files]
    assert [str(page) for page in pages if not page.exists()] == []
    assert len(pages) > len(ROOMS)


def test_links_between_pages_lead_somewhere(site: Path) -> None:
    """Whatever a page links to inside the site exists, to the very heading."""
    broken = [
        f"{page.relative_to(site)} → {link}"
        for page in site.rglob("*.html")
        for link in addresses(page)
        if not urlsplit(link).scheme and not leads_somewhere(page, link)
    ]
    assert broken == []


def test_the_site_needs_no_network(site: Path) -> None:
    """No page loads a script, a style or a picture from elsewhere, so it reads offline."""
    loaded = {address for page in site.rglob("*.html") for address in parsed(page).loads}
    assert {address for address in loaded if urlsplit(address).netloc} == set()
    assert loaded


def test_the_diagram_of_states_is_readable(site: Path) -> None:
    """What is a diagram in the repository is a table here: from, to, when."""
    page = (site / "docs/reference/states.html").read_text(encoding="utf-8")
    assert "stateDiagram" not in page
    assert "<p>store_withdrew</p>" in page


class Page(HTMLParser):
    """What a page links to, what it loads, and the names in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort an element's addresses."""
        told = {name: value for name, value in attrs if value}
        self.names.update(told[name] for name in ("id", "name") if name in told)
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        elif tag == "link" and "href" in told:
            self.loads.append(told["href"])
        elif "src" in told:
            self.loads.append(told["src"])


@cache
def parsed(page: Path) -> Page:
    """A page, read once."""
    return Page(page.read_text(encoding="utf-8"))


def addresses(page: Path) -> Iterator[str]:
    """Everything that a page leads to or loads."""
    yield from parsed(page).links
    yield from parsed(page).loads


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether there is such a file, and in it such a name."""
    to = urlsplit(link)
    file = (page.parent / unquote(to.path)).resolve() if to.path else page
    if not file.is_file():
        return False
    return file.suffix != ".html" or not to.fragment or unquote(to.fragment) in parsed(file).names
