"""`pef policy`: what an owner sees, what a machine reads, and the exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pef_adapters.cli import policy_file
from pef_adapters.cli.app import app
from pef_adapters.core.policy import Outcome
from pef_adapters.core.policy.backtest import PastRefund
from pef_adapters.core.policy.history import write_history
from pef_adapters.core.policy.library import TEMPLATES, template_text
from policy_samples import facts, paying

BROKEN = "name: mine\nrules:\n  - {id: all, then: hold}\n  - {id: some, when: {}, then: approve}\n"


def pef(*words: str | Path) -> tuple[int, str, str]:
    """Run `pef policy`; its exit code, standard output and standard error."""
    result = CliRunner().invoke(app, ["policy", *map(str, words)], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A policy that contradicts itself."""
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN, encoding="utf-8")
    return file


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """The ready policy for volume, in a file."""
    file = tmp_path / "volume.yaml"
    file.write_text(template_text("volume"), encoding="utf-8")
    return file


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Two past refunds, of which volume would hold one."""
    refunds = [
        PastRefund("[r1]", facts(**paying("700.00")), Outcome.APPROVE),
        PastRefund("r2", facts(**paying("20.00")), Outcome.APPROVE),
    ]
    file = tmp_path / "past.csv"
    file.write_text(write_history(refunds), encoding="utf-8")
    return file


def test_templates_are_listed_for_people_and_machines() -> None:
    """Each template has its name and what it is for, in any language."""
    code, said, _ = pef("templates", "--language", "es_PE")
    assert code == 0
    assert "Cobro de más" in said
    listed = json.loads(pef("templates", "--json")[1])["templates"]
    assert [each["name"] for each in listed] == list(TEMPLATES)
    assert all(set(each["description"]) == {"es_PE", "en", "zh_Hans"} for each in listed)


def test_a_shown_template_can_be_kept_and_checked(tmp_path: Path) -> None:
    """What `show` prints is a policy that `check` finds nothing wrong with."""
    code, text, _ = pef("show", "return")
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    assert (code, pef("check", file)[0]) == (0, 0)
    found = json.loads(pef("check", file, "--json")[1])
    assert (found["policy"], found["findings"]) == ("return-0", [])


def test_an_unknown_template_is_answered_with_those_there_are() -> None:
    """The error names the templates."""
    code, _, said = pef("show", "nothing")
    assert code == 1
    assert "cancelled-order" in said


def test_check_names_each_finding_with_its_mend(broken: Path) -> None:
    """Errors end with exit code 1, for people and for machines."""
    code, said, _ = pef("check", broken)
    assert code == 1
    assert "CONTRADICTION" in said
    assert "→ Take one of them out" in said
    code, said, _ = pef("check", broken, "--json")
    assert code == 1
    (finding,) = json.loads(said)["findings"]
    assert (finding["code"], finding["rules"]) == ("CONTRADICTION", ["all", "some"])
    assert finding["next"]["es_PE"].startswith("Quite")


def test_a_warning_does_not_fail_the_check(tmp_path: Path) -> None:
    """What is only worth a word leaves the exit code at 0."""
    file = tmp_path / "old.yaml"
    rule = "rules: [{id: old, when: {age_days: {min: 91}}, then: hold}]"
    file.write_text(f"name: old\n{rule}\notherwise: hold\n", encoding="utf-8")
    code, said, _ = pef("check", file)
    assert code == 0
    assert "WINDOW_REFUSES_FIRST" in said


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file, a bad one and bad YAML each get one clear sentence."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: año".encode("latin-1"))
    yaml = tmp_path / "bad.yaml"
    yaml.write_text("name: a\nrules: {", encoding="utf-8")
    assert pef("check", tmp_path / "none.yaml")[2].startswith("NOT_THERE")
    assert "save it as UTF-8" in pef("check", latin)[2]
    code, said, _ = pef("check", yaml, "--json")
    assert code == 1
    assert json.loads(said)["error"]["code"] == "POLICY_UNREADABLE"


def test_a_backtest_shows_figures_a_bar_and_each_change(volume: Path, past: Path) -> None:
    """A person sees what would change and why; brackets in ids are shown as they are."""
    code, said, _ = pef("backtest", volume, "--csv", past)
    assert code == 0
    assert "█" in said
    assert "Decisions that would change: 1" in said
    assert "[r1]" in said
    assert "700.00 PEN" in said
    assert "[green]" not in said


def test_a_backtest_for_machines_is_one_object(volume: Path, past: Path) -> None:
    """The same figures as JSON, with money as text."""
    report = json.loads(pef("backtest", volume, "--csv", past, "--json")[1])
    assert report["would_be"]["hold"] == {"count": 1, "money": {"PEN": "700.00"}}
    assert [change["refund"] for change in report["changed"]] == ["[r1]"]


def test_a_bad_history_ends_with_its_line(volume: Path, tmp_path: Path) -> None:
    """The error names the line of the CSV."""
    file = tmp_path / "bad.csv"
    file.write_text("refund\nr1\n", encoding="utf-8")
    code, _, said = pef("backtest", volume, "--csv", file)
    assert code == 1
    assert "line 1" in said


def test_a_policy_with_errors_is_not_given_to_a_store(broken: Path) -> None:
    """Before a store is asked anything, its policy has to be clean."""
    store = ("store", "add", "woocommerce", "--url", "https://tienda.pe")
    words = (*store, "--payment-method", "pagoefectivo", "--policy", str(broken))
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert result.stderr.startswith("POLICY_UNREADABLE")


def test_a_file_keeps_the_version_it_names(broken: Path) -> None:
    """A draft stays one until it is published; one that names its version keeps it."""
    broken.write_text("name: mine\notherwise: approve\n", encoding="utf-8")
    assert policy_file.fit_for_use(broken).label == "mine-0"
    broken.write_text("name: mine\nversion: 7\notherwise: approve\n", encoding="utf-8")
    assert policy_file.fit_for_use(broken).label == "mine-7"


def test_a_template_with_limits_and_holds_is_taken_whole(volume: Path) -> None:
    """Whatever a policy can say, the engine acts on, so no ready policy is refused."""
    assert policy_file.fit_for_use(volume).limits
