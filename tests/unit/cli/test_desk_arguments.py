"""What the desk's commands refuse before anything is opened: wrong arguments and files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pef_adapters.cli.app import app

GOOD_POLICY = "name: mine\notherwise: approve\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a policy, costs, and a file of everybody's that must stay as it is."""
    (tmp_path / "policy.yaml").write_text(GOOD_POLICY, encoding="utf-8")
    (tmp_path / "taken").write_bytes(b"mine")
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "wrong.yaml").write_text("fees:\n  - {currency: ZZZ}\n", encoding="utf-8")
    return tmp_path


def refused(here: Path, line: str) -> tuple[str, str]:
    """Run a command that can't open a database; the code and message of its JSON error."""
    nowhere = {"PEF_DATA_DIR": str(here / "taken" / "data"), "PEF_DATABASE_URL": ""}
    words = [word.replace("HERE", str(here)) for word in line.split()]
    result = CliRunner().invoke(app, [*words, "--json"], env=nowhere)
    assert result.exit_code == 1, result.output
    error = json.loads(result.stdout)["error"]
    return error["code"], error["message"]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("policy publish HERE/policy.yaml --by Rosa", "INVALID_INPUT", "--store, --agency"),
        (
            "policy publish HERE/policy.yaml --store a --agency b --by Rosa",
            "INVALID_INPUT",
            "--store, --agency",
        ),
        ("policy publish HERE/none.yaml --store a --by Rosa", "NOT_THERE", "none.yaml"),
        ("policy history", "INVALID_INPUT", "--store, --agency"),
        ("policy diff HERE/policy.yaml", "INVALID_INPUT", "--store, --agency"),
        ("policy show", "INVALID_INPUT", "--store"),
        ("policy show volume --store a", "INVALID_INPUT", "--store"),
        ("policy backtest HERE/policy.yaml", "INVALID_INPUT", "--csv, --since"),
        (
            "policy backtest HERE/policy.yaml --csv HERE/taken --store a",
            "INVALID_INPUT",
            "--store goes with --since",
        ),
        ("policy backtest HERE/policy.yaml --since soon", "INVALID_INPUT", "2026-11-30"),
        (
            "policy backtest HERE/policy.yaml --since 2026-10-01 --plot HERE/taken",
            "INVALID_INPUT",
            "is there already",
        ),
        ("policy export --since soon --out HERE/new.csv", "INVALID_INPUT", "2026-11-30"),
        ("policy export --since 2026-10-01 --out HERE/taken", "INVALID_INPUT", "already"),
        ("payout export --account main --by Rosa --out HERE/taken", "INVALID_INPUT", "already"),
        (
            "payout export --account main --by Rosa --out HERE/nowhere/p.csv",
            "INVALID_INPUT",
            "no file can be made in",
        ),
        ("payout file PB1 --out HERE/taken", "INVALID_INPUT", "already"),
        ("payout import PB1 HERE/none.csv --by Rosa", "NOT_THERE", "none.csv"),
        (
            "payout import PB1 HERE/taken --by Rosa --proof HERE/none.pdf",
            "NOT_THERE",
            "none.pdf",
        ),
        (
            "payout import PB1 HERE/taken --by Rosa --proof HERE/empty.pdf",
            "PAYOUT_ANSWER_DIFFERS",
            "1 byte to 5 MB",
        ),
        ("payout proof PB1 HERE/empty.pdf --by Rosa", "PAYOUT_ANSWER_DIFFERS", "1 byte"),
        ("costs set HERE/wrong.yaml", "COSTS_UNREADABLE", "line 2"),
        ("costs record RF1 --amount 1,50 --currency PEN --by Rosa", "INVALID_MONEY", "59.90"),
        ("costs quote --month november", "INVALID_INPUT", "2026-11"),
        ("costs quote --month 2026-11 --csv HERE/taken", "INVALID_INPUT", "already"),
        ("account renew main", "INVALID_INPUT", "--documents-until"),
        ("account renew main --keys-until 30/06/2027", "INVALID_INPUT", "2026-11-30"),
        ("store join tienda", "INVALID_INPUT", "--agency, --leave"),
        ("store join tienda --agency acme --leave", "INVALID_INPUT", "--agency, --leave"),
        ("refund deadline RF1 --by Rosa", "INVALID_INPUT", "--at, --none"),
        (
            "refund deadline RF1 --at 2026-11-30T18:00 --by Rosa",
            "INVALID_INPUT",
            "-05:00 if you mean Lima",
        ),
    ],
)
def test_a_wrong_argument_is_explained_before_anything_is_opened(
    here: Path, line: str, code: str, said: str
) -> None:
    """Each mistake has its code and says what to do; no database is opened for it."""
    found, message = refused(here, line)
    assert found == code
    assert said in message
    assert (here / "taken").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "line",
    [
        "policy publish FILE --store a",
        "approval approve RF1",
        "approval decline RF1 --by Rosa",
        "approval ask RF1 --by Rosa",
        "payout export --account main --by Rosa",
        "payout export --by Rosa --out FILE",
        "payout ask RF1",
        "payout choose RF1",
        "payout import PB1 FILE",
        "costs record RF1 --amount 1.50 --by Rosa",
        "refund deadline RF1 --none",
    ],
)
def test_what_has_to_be_given_is_asked_for(line: str) -> None:
    """Nothing about money or a policy is done in nobody's name, or without its file."""
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 2
    assert "Missing option" in result.stderr


@pytest.mark.parametrize("line", ["alarm list", "approval list", "policy templates"])
def test_an_unknown_language_is_answered_with_those_there_are(line: str) -> None:
    """A language that nobody wrote is refused, with the three that there are."""
    result = CliRunner().invoke(app, [*line.split(), "--language", "fr"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "es_PE, en, zh_Hans" in result.stderr


def test_a_template_is_shown_for_machines_too() -> None:
    """`show` answers a template with its digest as JSON."""
    result = CliRunner().invoke(app, ["policy", "show", "volume", "--json"])
    assert json.loads(result.stdout)["name"] == "volume"
