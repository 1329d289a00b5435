"""Write docs/reference/asvs.md from docs/asvs.toml.

With `--check` it writes nothing and fails where the page is out of date. Owns that page, and
what may stand in the list; whether the named tests are there is checked by a test.
"""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent
LIST, PAGE = DOCS / "asvs.toml", DOCS / "reference" / "asvs.md"
GENERATED = "<!-- Written by docs/asvs.py from docs/asvs.toml; run it instead of editing. -->"
STATUSES = ("met", "partly", "not met", "not applicable")
CHAPTERS: Mapping[str, str] = {
    "1": "Encoding and injection",
    "2": "Validation and business logic",
    "3": "The browser",
    "4": "API and web service",
    "5": "Files",
    "6": "Authentication",
    "7": "Sessions",
    "8": "Authorization",
    "9": "Self-contained tokens",
    "10": "OAuth and OpenID Connect",
    "11": "Cryptography",
    "12": "Secure communication",
    "13": "Configuration",
    "14": "Data protection",
    "15": "Architecture and dependencies",
    "16": "Logs and errors",
    "17": "WebRTC",
}
_INTRO = """# OWASP ASVS, level 2

Which requirements of levels 1 and 2 of the *Application Security Verification Standard* 5.0.0
are met here, and what shows it. The numbers and levels are
[OWASP's](https://owasp.org/www-project-application-security-verification-standard/) (CC BY-SA 4.0);
what each asks for is told in our own short words, so read the standard for what it says exactly.
We judged ourselves; nobody else has. A named test is there to fail when the measure is taken away;
where a file is named, no test can show it. [The threat model](../explanation/threat-model.md) tells
the same by who might do what."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of the standard's, with what shows that it is met, or why it is not."""

    id: str
    level: int
    what: str
    status: str
    tests: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    note: str = ""

    @property
    def chapter(self) -> str:
        """The number of the chapter that it stands in."""
        return self.id.partition(".")[0]


def requirements(path: Path = LIST) -> list[Requirement]:
    """The list, in the standard's order.

    Raises:
        ValueError: one of them says too little, or something unknown.
    """
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_checked(name, fields) for name, fields in told.items()]


def _checked(name: str, fields: Mapping[str, object]) -> Requirement:
    try:
        given = {key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}
        read = Requirement(id=name, **given)  # type: ignore[arg-type] # checked below
    except TypeError as fault:
        raise ValueError(f"{name}: {fault}") from None
    if wrong := _fault(read):
        raise ValueError(f"{name}: {wrong}")
    return read


def _fault(read: Requirement) -> str:
    if read.status not in STATUSES or read.level not in {1, 2} or not read.what:
        return "status, level or what is none"
    if read.status == "met" and not (read.tests or read.files):
        return "it is met, and nothing shows it"
    if read.status != "met" and not read.note:
        return "it is not met, and nothing says why"
    return ""


def page(listed: list[Requirement]) -> str:
    """The page."""
    parts = [GENERATED, _INTRO, _counts(listed)]
    for number, title in CHAPTERS.items():
        chapter = [each for each in listed if each.chapter == number]
        rows = "\n".join(map(_row, chapter))
        head = "| Number | Level | Asked for | Status | Shown by |\n| --- | --- | --- | --- | --- |"
        parts.append(f"## V{number} {title}\n{head}\n{rows}")
    return "\n\n".join(parts) + "\n"


def _counts(listed: list[Requirement]) -> str:
    rows = [("Level", *STATUSES, "together")]
    for level in (1, 2):
        found = Counter(each.status for each in listed if each.level == level)
        rows.append((str(level), *(str(found[s]) for s in STATUSES), str(found.total())))
    whole = Counter(each.status for each in listed)
    rows.append(("both", *(str(whole[s]) for s in STATUSES), str(whole.total())))
    rows.insert(1, ("---",) * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(each: Requirement) -> str:
    cells = (each.id, str(each.level), each.what, each.status, "<br>".join(_shown(each)))
    return f"| {' | '.join(cells)} |"


def _shown(each: Requirement) -> Iterator[str]:
    if each.note:
        yield each.note
    yield from (f"`{name.partition('::')[2]}`" for name in each.tests)
    yield from (_link(name) for name in each.files)


def _link(name: str) -> str:
    """Where a reader finds the file, from the page's own place."""
    if name.startswith("docs/"):
        return f"[{name}](../{name.removeprefix('docs/')})"
    return f"[{name}](../../{name})"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    wanted = page(requirements())
    if arguments == ["--check"]:
        is_new = PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted
        print("asvs.md is up to date" if is_new else "asvs.md is out of date: run docs/asvs.py")  # noqa: T201
        return 0 if is_new else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
