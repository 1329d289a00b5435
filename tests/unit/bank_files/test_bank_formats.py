"""What holds for every bank format: the contract, the reasons, the registry, the guide."""

import importlib
import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pef_adapters import bank_files
from pef_adapters.bank_files import AnswerKind, BankAnswer, Batch, PayoutLine, ReturnReason, reasons
from pef_adapters.bank_files.registry import GROUP
from pef_adapters.core import texts
from pef_adapters.core.beneficiary import Method
from pef_adapters.core.errors import BankFileUnreadable, InvalidInput, NotThere
from pef_adapters.core.money import Money

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "pay-out-by-bank-file.md"
TODAY = date(2026, 12, 1)
MADE_AT = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
SOLES = Money(5990, "PEN")
CCI, DNI, NAME = "00219300123456789019", "04567891", "Ana Quispe"

LINE = PayoutLine("RF1", SOLES, NAME, "DNI", DNI, "cci", CCI, "1001")
BATCH = Batch("P-7", MADE_AT, (LINE, replace(LINE, line_id="RF2")))
PAID = BankAnswer("RF1", AnswerKind.CONFIRMED, SOLES, "0012", TODAY, "", None)
BACK = BankAnswer("RF2", AnswerKind.RETURNED, SOLES, "", None, "Fallecido", ReturnReason.OTHER)


# --- the contract -------------------------------------------------------------------


def test_a_payout_keeps_its_person_to_itself() -> None:
    """Name, document and account, and the bank's words, are in no repr."""
    shown = repr((BATCH, replace(BACK, reason=f"cuenta {CCI}")))
    assert not any(secret in shown for secret in (CCI, DNI, NAME))
    assert "RF1" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"line_id": ""}, "line_id: up to 64 letters"),
        ({"line_id": "#control"}, "line_id: up to 64 letters"),
        ({"line_id": "RF1\n"}, "line_id: up to 64 letters"),
        ({"amount": Money(0, "PEN")}, "amount: a payout is above zero"),
        ({"name": " "}, "name: it is empty"),
        ({"name": "Ana\r\nQuispe"}, "name: it holds a line break"),
        ({"name": "Ana\u2028Quispe"}, "name: it holds a line break"),
        ({"name": "Ana \u202eepsiuQ"}, "name: it holds a line break or another sign"),
        ({"name": "A" * 501}, "name: it has at most 500 characters"),
        ({"document_number": ""}, "document_number: it is empty"),
        ({"order_number": "1\t2"}, "order_number: it holds a line break"),
        ({"method": "cash"}, "method: it is one of cci, yape, plin"),
        ({"account": CCI[:-1]}, "account: for cci it has 20 digits, nothing else"),
        ({"account": CCI[:-1] + "\u0664"}, "account: for cci it has 20 digits, nothing else"),
        ({"method": "plin"}, "account: for plin it has 9 digits, nothing else"),
    ],
)
def test_a_payout_that_no_bank_could_read_is_refused(changes: dict[str, Any], said: str) -> None:
    """The part is named, and never shown."""
    with pytest.raises(InvalidInput) as caught:
        replace(LINE, **changes)
    assert str(caught.value).startswith(said)


def test_each_method_of_a_beneficiary_can_be_paid_out() -> None:
    """The desk pays wherever a buyer may ask for the money."""
    assert set(bank_files.METHODS) == {method.value for method in Method}


def test_a_cci_names_its_bank() -> None:
    """The first three digits are the bank's; a wallet has none."""
    assert LINE.bank == "002"
    assert replace(LINE, method="yape", account="987654321").bank == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch_id": "P 7"}, "batch_id: up to 64 letters"),
        ({"created_at": MADE_AT.replace(tzinfo=None)}, "created_at: it needs its zone"),
        ({"lines": ()}, "lines: a batch has at least one"),
        ({"lines": (LINE, LINE)}, "lines: each line_id stands once"),
    ],
)
def test_a_batch_that_is_none_is_refused(changes: dict[str, Any], said: str) -> None:
    """A batch has payouts, and each of them once."""
    with pytest.raises(InvalidInput) as caught:
        replace(BATCH, **changes)
    assert str(caught.value).startswith(said)


def test_a_batch_adds_up_each_currency() -> None:
    """Currencies are never added to each other, and stand in the order of their codes."""
    dollars = replace(LINE, line_id="RF3", amount=Money(2000, "USD"))
    mixed = replace(BATCH, lines=(dollars, *BATCH.lines))
    assert mixed.totals == (Money(11980, "PEN"), Money(2000, "USD"))


@pytest.mark.parametrize(
    ("answer", "changes", "said"),
    [
        (PAID, {"bank_reference": ""}, "bank_reference: write the bank's number"),
        (PAID, {"reason": "Cuenta cerrada"}, "reason: it speaks of a return"),
        (PAID, {"reason_code": ReturnReason.OTHER}, "reason: it speaks of a return"),
        (PAID, {"amount": Money(0, "PEN")}, "amount: write what was paid"),
        (PAID, {"line_id": ""}, "line: up to 64 letters"),
        (BACK, {"reason": ""}, "reason: write why"),
        (BACK, {"reason_code": None}, "reason: write why"),
        (BACK, {"reason": "a\nb"}, "reason: it holds a line break"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(
    answer: BankAnswer, changes: dict[str, Any], said: str
) -> None:
    """No format can report a payment without its number, or a return without its reason."""
    with pytest.raises(InvalidInput) as caught:
        replace(answer, **changes)
    assert str(caught.value).startswith(said)


def guide() -> str:
    """The page that explains all this to a store's owner."""
    return PAGE.read_text(encoding="utf-8")


# --- why money comes back -------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("CUENTA CERRADA POR EL TITULAR", "ACCOUNT_CLOSED"),
        ("Cuenta cerrada", "ACCOUNT_CLOSED"),
        ("Cta. cancelada por el cliente", "ACCOUNT_CLOSED"),
        ("The account is closed", "ACCOUNT_CLOSED"),
        ("Cuenta no existe", "ACCOUNT_UNKNOWN"),
        ("Número de cuenta inválido", "ACCOUNT_UNKNOWN"),
        ("CCI  erróneo", "ACCOUNT_UNKNOWN"),
        ("El celular no está afiliado", "ACCOUNT_UNKNOWN"),
        ("celular no afiliado a Yape", "ACCOUNT_UNKNOWN"),
        ("account not found", "ACCOUNT_UNKNOWN"),
        ("Titular no coincide", "HOLDER_DIFFERS"),
        ("El documento no corresponde al titular de la cuenta", "HOLDER_DIFFERS"),
        ("DNI incorrecto", "HOLDER_DIFFERS"),
        ("account holder does not match", "HOLDER_DIFFERS"),
        ("La cuenta está en otra moneda", "CURRENCY_DIFFERS"),
        ("Moneda de la cuenta distinta", "CURRENCY_DIFFERS"),
        ("wrong currency", "CURRENCY_DIFFERS"),
        ("operación cancelada", "OTHER"),
        ("Titular fallecido", "OTHER"),
        ("Error del sistema", "OTHER"),
        ("", "OTHER"),
        *((code.value, code.value) for code in ReturnReason),
        (" account_closed ", "ACCOUNT_CLOSED"),
    ],
)
def test_a_banks_words_are_sorted(words: str, code: str) -> None:
    """Spanish and English, with or without accents and capitals; what is not clear is OTHER."""
    assert reasons.return_reason(words) is ReturnReason[code]


def test_the_words_in_the_guide_are_sorted_as_it_says() -> None:
    """The guide's table of reasons is true, and has a row for each code."""
    found = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \|", guide(), re.MULTILINE)
    assert [code for code, _ in found] == list(ReturnReason)
    for code, words in found[:-1]:
        assert {reasons.return_reason(each) for each in words.split(", ")} == {code}


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("code", ReturnReason)
def test_each_reason_says_what_to_do(code: ReturnReason, language: str) -> None:
    """A returned payout is explained with its next step."""
    assert texts.explain(f"bank_reason.{code}", language)
    assert texts.advise(f"bank_reason.{code}", language)


# --- formats by entry point, and the one in the guide -----------------------------------


def block(language: str) -> str:
    """The guide's only fenced block in `language`."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", guide(), re.MULTILINE | re.DOTALL)
    return str(code)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's plug-in, installed as it says."""
    points = tomllib.loads(block("toml"))["project"]["entry-points"][GROUP]
    about = tmp_path / "banco_ejemplo-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: banco-ejemplo\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in points.items()]
    (about / "entry_points.txt").write_text("\n".join((f"[{GROUP}]", *lines, "")))
    (tmp_path / "banco_ejemplo.py").write_text(block("python"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()


def test_the_format_that_comes_along_is_found() -> None:
    """CSV is there without installing anything else."""
    assert "csv" in bank_files.names()
    assert bank_files.load("csv").name == "csv"


@pytest.mark.usefixtures("installed")
def test_a_format_that_is_not_there_names_those_that_are() -> None:
    """A slip of the finger in --format is mended by reading the error."""
    with pytest.raises(NotThere, match=r"'scv' is installed; there are: .*banco-ejemplo"):
        bank_files.load("scv")


@pytest.mark.usefixtures("installed")
def test_the_guides_plug_in_does_a_round_trip() -> None:
    """The code on the page is found, writes a batch and reads the bank's answers."""
    bank = bank_files.load("banco-ejemplo")
    assert (bank.name, bank.suffix) == ("banco-ejemplo", ".txt")
    written = bank.write(BATCH).decode()
    assert written.splitlines() == [f"{id_}|59.90|PEN|{CCI}|{NAME}" for id_ in ("RF1", "RF2")]
    assert bank.write(BATCH).decode() == written
    data = "RF1|00|59.90|PEN|0012|2026-12-01|\nRF2|91|59.90|PEN||2026-12-01|Fallecido\n"
    assert bank.read(data.encode(), TODAY) == (PAID, replace(BACK, paid_on=TODAY))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "line",
    [
        "RF1|77|59.90|PEN|0012|2026-12-01|",
        "RF1|00|59.90|PEN||2026-12-01|",
        "RF1|00|59.90|PEN|0012|2026-12-02|",
        "RF1|00|many|PEN|0012|2026-12-01|",
        "RF0|00|59.90|PEN|0012|2026-12-01|",
        "RF1",
    ],
)
def test_the_guides_plug_in_guesses_nothing(line: str) -> None:
    """An answer that is not clear, dated to come or given twice is refused with its line."""
    data = f"RF0|00|59.90|PEN|0011|2026-12-01|\n{line}\n".encode()
    with pytest.raises(BankFileUnreadable, match="line 2: "):
        bank_files.load("banco-ejemplo").read(data, TODAY)
