"""What a migration may do while older code works: it expands, and blocks nobody for long.

Each finding is a rule that a statement breaks. Where that was right all the same, it stands
in EXCEPTIONS with its reason; the rest fails the test (docs/adr/0021-upgrades.md).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pef_adapters.storage import migrations

SQL = Path(migrations.__file__).parent / "sql"
VERSIONS = Path(migrations.__file__).parent / "versions"

# What older code can't live with: allowed one release later, and OLDEST_CODE moves with it.
CONTRACTIONS: Mapping[str, str] = {
    "drop": r"\bDROP\b",
    "rename": r"\bRENAME\b",
    "retype": r"\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b",
    "not null": r"\bSET NOT NULL\b",
    "truncate": r"\bTRUNCATE (TABLE )?\w+\s*$",
    "delete": r"^DELETE FROM\b",
}
_NAME = r"(?:IF NOT EXISTS )?(\w+)"
_ON_OLD: Mapping[str, str] = {
    # What old code writes could be refused, or must wait while this is made.
    "unique index": rf"^CREATE UNIQUE INDEX (?!CONCURRENTLY).*? ON {_NAME}",
    "index built under lock": rf"^CREATE INDEX (?!CONCURRENTLY).*? ON {_NAME}",
    "trigger": rf"^CREATE TRIGGER .*? ON {_NAME}",
    "constraint": rf"^ALTER TABLE {_NAME}.*\bADD CONSTRAINT\b",
    "rows rewritten": rf"^UPDATE {_NAME}",
}
_ADDED = re.compile(r"ADD COLUMN (\w+)([^,]*)", re.IGNORECASE)
_FIRST_OF_ITS_KIND = (
    "built before this rule: writers wait, 6 to 17 s over 100,000 refunds on a busy machine"
)

EXCEPTIONS: Mapping[tuple[str, str, str], str] = {
    ("0002", "index built under lock", "refunds"): _FIRST_OF_ITS_KIND,
    ("0002", "rows rewritten", "refunds"): (
        "before it no refund counted for limits; only rows that wait or were approved"
    ),
    ("0003", "constraint", "refunds"): "on the new column outcome, which older code leaves empty",
    (
        "0003",
        "trigger",
        "refunds",
    ): "fires only where outcome is changed, which older code never does",
    (
        "0003",
        "unique index",
        "received",
    ): "of the new column delivery_id; older code leaves it blank",
    ("0004", "index built under lock", "refunds"): _FIRST_OF_ITS_KIND,
    ("0004", "index built under lock", "received"): _FIRST_OF_ITS_KIND,
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that a migration breaks, and on which table."""

    revision: str
    rule: str
    table: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.revision, self.rule, self.table


def files(folder: Path = SQL) -> dict[str, str]:
    """The SQL of each migration, by revision, in order."""
    return {
        path.name[:4]: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))
    }


def findings(migrations_sql: Mapping[str, str]) -> set[Finding]:
    """Everything in these migrations that breaks a rule."""
    old: set[str] = set()
    found: set[Finding] = set()
    for revision, sql in migrations_sql.items():
        made = set(re.findall(r"CREATE TABLE (\w+)", sql))
        for statement in statements(sql):
            found |= {Finding(revision, *broken) for broken in _broken(statement, old)}
        old |= made
    return found


def statements(sql: str) -> list[str]:
    """One line each, without comments, texts and the bodies of functions."""
    bare = re.sub(r"\$\$.*?\$\$", "BODY", sql, flags=re.DOTALL)
    bare = re.sub(r"'[^']*'", "TEXT", re.sub(r"--[^\n]*", "", bare))
    return [" ".join(each.split()) for each in bare.split(";") if each.strip()]


def _broken(statement: str, old: set[str]) -> Iterator[tuple[str, str]]:
    words = statement.split()
    for rule, pattern in CONTRACTIONS.items():
        if re.search(pattern, statement, re.IGNORECASE):
            yield rule, words[2] if len(words) > 2 else statement
    for rule, pattern in _ON_OLD.items():
        table = re.search(pattern, statement, re.IGNORECASE)
        if table and table[1] in old:
            yield rule, table[1]
    for column, terms in _ADDED.findall(statement):
        if "NOT NULL" in terms.upper() and "DEFAULT" not in terms.upper():
            yield "not null without default", column
