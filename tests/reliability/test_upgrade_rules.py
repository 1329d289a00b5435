"""Migrations expand: what older code needs stays, and nobody waits for long."""

import ast
import sys
from pathlib import Path

import pytest

import upgrade
import upgrade_releases
from pef_adapters.storage.migrations import OLDEST_CODE
from upgrade_rules import (
    CONTRACTIONS,
    EXCEPTIONS,
    SQL,
    VERSIONS,
    Finding,
    files,
    findings,
    statements,
)

BEFORE = "CREATE TABLE refunds (id text); CREATE TABLE stores (id text);"
BAD = {
    "drop": "ALTER TABLE refunds DROP COLUMN said",
    "rename": "ALTER TABLE refunds RENAME COLUMN said TO told",
    "retype": "ALTER TABLE refunds ALTER COLUMN amount TYPE numeric",
    "not null": "ALTER TABLE refunds ALTER COLUMN buyer SET NOT NULL",
    "truncate": "TRUNCATE refunds",
    "delete": "DELETE FROM refunds",
    "unique index": "CREATE UNIQUE INDEX one ON refunds (id)",
    "index built under lock": "CREATE INDEX some ON refunds\n    (id)",
    "trigger": "CREATE TRIGGER t BEFORE UPDATE ON refunds FOR EACH ROW EXECUTE FUNCTION f()",
    "constraint": "ALTER TABLE refunds ADD CONSTRAINT c CHECK (id <> '')",
    "rows rewritten": "UPDATE refunds SET said = ''",
    "not null without default": "ALTER TABLE refunds ADD COLUMN a text, ADD COLUMN b text NOT NULL",
}
GOOD = (
    "CREATE TABLE drops (id text NOT NULL); CREATE UNIQUE INDEX one ON drops (id)",
    "ALTER TABLE refunds ADD COLUMN lane text NOT NULL DEFAULT 'original', ADD COLUMN b text",
    "CREATE INDEX CONCURRENTLY some ON refunds (id)",
    "-- DROP TABLE refunds;\nCREATE TABLE more (note text DEFAULT 'DROP TABLE; RENAME')",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM x; END $$",
    "CREATE TRIGGER t BEFORE UPDATE OR DELETE OR TRUNCATE ON more EXECUTE FUNCTION f()",
)


def test_every_migration_only_expands() -> None:
    """What breaks a rule is named with its reason; a reason that is needed no more goes."""
    assert {each.key for each in findings(files())} == set(EXCEPTIONS)
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


@pytest.mark.parametrize(("rule", "sql"), BAD.items())
def test_what_older_code_can_not_live_with_is_found(rule: str, sql: str) -> None:
    """Each rule bites."""
    found = findings({"0001": BEFORE, "0002": sql})
    assert [each.rule for each in found] == [rule]
    assert all(each.revision == "0002" for each in found)


@pytest.mark.parametrize("sql", GOOD)
def test_what_only_expands_is_let_through(sql: str) -> None:
    """New tables may be as strict as they like; comments, texts and bodies don't count."""
    assert findings({"0001": BEFORE, "0002": sql}) == set()


def test_a_contraction_leaves_the_older_code_behind_openly() -> None:
    """It comes a release later, and the schema says from which code on it can be used."""
    gone = [each for each in findings(files()) if each.rule in CONTRACTIONS]
    assert [each for each in gone if int(OLDEST_CODE) < int(each.revision) - 1] == []


def test_migrations_are_nothing_but_their_sql() -> None:
    """So that no change slips by the rules: each version runs its own file, and all are run."""
    ran = []
    for path in sorted(VERSIONS.glob("v*.py")):
        body = next(
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
        ).body
        calls = [ast.unparse(node) for node in body[1:]]
        assert len(calls) == 1, f"{path.name} does more than run its SQL"
        ran.append(calls[0].removeprefix("run_sql('").removesuffix("')"))
    assert ran == sorted(path.name for path in SQL.glob("*.sql"))


def test_a_shallow_copy_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the old commits nothing is run, and nothing is called good."""
    monkeypatch.setattr(upgrade_releases, "COMMITS", {"0001": "0" * 40})
    monkeypatch.setattr(sys, "argv", ["upgrade"])
    assert upgrade.main() == 2
    assert "git fetch --unshallow" in capsys.readouterr().out
    with pytest.raises(upgrade_releases.HistoryMissing, match="shallow"):
        upgrade_releases.old_code("0001", Path("nowhere"))


def test_statements_are_read_one_by_one() -> None:
    """A semicolon inside a body or a text ends nothing."""
    sql = "CREATE FUNCTION f() AS $$ a; b; $$; -- c;\nSELECT 'd;e'"
    assert statements(sql) == ["CREATE FUNCTION f() AS BODY", "SELECT TEXT"]
    assert Finding("0002", "drop", "x").key == ("0002", "drop", "x")
