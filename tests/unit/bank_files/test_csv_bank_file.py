"""The CSV of the payout desk: what goes to the bank, and what comes back from it."""

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pef_adapters.bank_files import AnswerKind, BankAnswer, Batch, PayoutLine, ReturnReason
from pef_adapters.bank_files.contract import MOST_BYTES
from pef_adapters.bank_files.csv_format import COLUMNS, bank_format
from pef_adapters.core.errors import BankFileUnreadable
from pef_adapters.core.money import Money

FILES = Path(__file__).parents[2] / "fixtures" / "bank_files"
TODAY = date(2026, 12, 1)
MADE_AT = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
CCI, DNI, NAME = "00219300123456789019", "04567891", "Ana Quispe"
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CSV = bank_format()

HEAD = "line,amount,currency,status,bank_reference,paid_on,reason"
PAID = "'RF1,59.90,PEN,confirmed,0012345678,2026-11-30,"
BACK = "'RF2,20.00,PEN,returned,,,Cuenta cerrada"


def payout(line_id: str = "RF1", **changes: Any) -> PayoutLine:
    """A payout to a made-up buyer."""
    parts: dict[str, Any] = {
        "line_id": line_id,
        "amount": Money(5990, "PEN"),
        "name": NAME,
        "document_type": "DNI",
        "document_number": DNI,
        "method": "cci",
        "account": CCI,
        "order_number": "1001",
    }
    return PayoutLine(**parts | changes)


def batch(*lines: PayoutLine) -> Batch:
    """These payouts together."""
    return Batch("P-7", MADE_AT, lines)


def rows(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a file, as a spreadsheet gets them."""
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig")), delimiter=delimiter))


def saved(
    filled: Iterable[Mapping[str, str]], delimiter: str, encoding: str, newline: str
) -> bytes:
    """The same rows as a spreadsheet saves them."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(filled)
    return text.getvalue().encode(encoding)


def read(*lines: str, today: date = TODAY) -> tuple[BankAnswer, ...]:
    """The answers in these lines."""
    return CSV.read("\n".join(lines).encode(), today)


def refusal(data: bytes) -> str:
    """What is said about a file that can't be read."""
    with pytest.raises(BankFileUnreadable) as caught:
        CSV.read(data, TODAY)
    return str(caught.value)


# --- going out ------------------------------------------------------------------


def test_a_batch_is_written_as_documented() -> None:
    """Mark, commas, CRLF, numbers kept as text, and a control row for each currency."""
    lines = (
        payout(),
        payout("RF2", method="yape", account="987654321", amount=Money(120000, "PEN")),
        payout("RF3", amount=Money(2000, "USD"), name="=1+1", order_number="#1003; bis"),
    )
    assert CSV.write(batch(*lines)).decode() == (
        "\ufeffbatch,line,amount,currency,name,document_type,document_number,method,bank,"
        "account,order,status,bank_reference,paid_on,reason\r\n"
        f"'P-7,'RF1,59.90,PEN,{NAME},DNI,'{DNI},cci,'002,'{CCI},'1001,,,,\r\n"
        f"'P-7,'RF2,1200.00,PEN,{NAME},DNI,'{DNI},yape,,'987654321,'1001,,,,\r\n"
        f"'P-7,'RF3,20.00,USD,'=1+1,DNI,'{DNI},cci,'002,'{CCI},\"'#1003, bis\",,,,\r\n"
        "'P-7,#control,1259.90,PEN,payouts: 2,,,,,,,,,,\r\n"
        "'P-7,#control,20.00,USD,payouts: 1,,,,,,,,,,\r\n"
    )


def test_the_guide_lists_the_columns() -> None:
    """The how-to page has a row for each column, in the file's order."""
    page = (Path(__file__).parents[3] / "docs/how-to/pay-out-by-bank-file.md").read_text("utf-8")
    table = page.partition("## The columns")[2].partition("\n\n|")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[0 if row.startswith(" ") else 1] for row in table.splitlines()]
    assert re.findall(r"`(\w+)`", "".join(first_cells)) == list(COLUMNS)


# --- there and back -------------------------------------------------------------

printed = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" ;,\"'=+-@\uff1d"),
    min_size=1,
    max_size=30,
).filter(str.strip)
hostile = st.builds(
    "".join, st.tuples(st.sampled_from((*FORMULA, "'", ";=", '";"=', " =")), printed)
)
newlines = st.sampled_from(("\r\n", "\n", "\r"))
amounts = st.builds(Money, st.integers(1, 10**9), st.sampled_from(("PEN", "USD")))
accounts = st.one_of(
    st.tuples(st.just("cci"), st.from_regex(r"[0-9]{20}", fullmatch=True)),
    st.tuples(st.sampled_from(("yape", "plin")), st.from_regex(r"9[0-9]{8}", fullmatch=True)),
)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Batches of payouts whose buyers wish us ill."""
    ids = draw(
        st.lists(
            st.from_regex(r"[A-Z0-9]{1,16}", fullmatch=True), min_size=1, max_size=8, unique=True
        )
    )
    lines = []
    for line_id in ids:
        method, account = draw(accounts)
        line = payout(line_id, amount=draw(amounts), method=method, account=account)
        texts = {part: draw(printed | hostile) for part in ("name", "document_number")}
        lines.append(payout_like(line, order_number=draw(hostile | st.just("")), **texts))
    return batch(*lines)


def payout_like(line: PayoutLine, **changes: Any) -> PayoutLine:
    """The payout with some parts changed."""
    kept = {name: getattr(line, name) for name in PayoutLine.__dataclass_fields__}
    return PayoutLine(**kept | changes)


@given(batches(), st.sampled_from(",;"), st.sampled_from(("utf-8", "utf-8-sig")), newlines)
def test_what_goes_out_comes_back(
    given_batch: Batch, delimiter: str, encoding: str, newline: str
) -> None:
    """Filled in and saved by any spreadsheet, each line is answered with its own amount."""
    filled = rows(CSV.write(given_batch))
    for place, row in enumerate(filled):
        answer = {"status": "pagado", "bank_reference": "'0099"}
        row.update(answer if place % 2 == 0 else {"status": "returned", "reason": "CCI inválido"})
    data = saved(filled, delimiter, encoding, newline)
    answers = CSV.read(data, TODAY)
    assert [(a.line_id, a.amount) for a in answers] == [
        (line.line_id, line.amount) for line in given_batch.lines
    ]
    for place, answer in enumerate(answers):
        back = place % 2
        assert answer.kind is (AnswerKind.RETURNED if back else AnswerKind.CONFIRMED)
        assert answer.bank_reference == ("" if back else "0099")
        assert answer.reason_code is (ReturnReason.ACCOUNT_UNKNOWN if back else None)


@given(batches())
def test_nothing_that_a_buyer_typed_is_lost_or_acts(given_batch: Batch) -> None:
    """Each part can be read again, and no cell is a formula, split by comma or semicolon."""
    data = CSV.write(given_batch)
    assert data == CSV.write(given_batch)
    for line, row in zip(given_batch.lines, rows(data), strict=False):
        typed = (line.name, line.document_number, line.account, line.order_number)
        cells = [row[name] for name in ("name", "document_number", "account", "order")]
        assert [cell.removeprefix("'") for cell in cells[1:]] == [
            text.replace(";", ",") for text in typed[1:]
        ]
        assert cells[0] in {line.name.replace(";", ","), "'" + line.name.replace(";", ",")}
        assert not any(cell.lstrip().startswith(FORMULA) for cell in row.values())
    for text in data.decode("utf-8-sig").split("\r\n"):
        assert not any(part.strip(' "').startswith(FORMULA) for part in text.split(";"))


# --- files as spreadsheets save them ----------------------------------------------

FIRST = BankAnswer(
    "RF1", AnswerKind.CONFIRMED, Money(5990, "PEN"), "0012345678", date(2026, 11, 30), "", None
)


def test_a_file_with_commas_and_a_mark_is_read() -> None:
    """A "CSV UTF-8" is read; what has no status yet is left out."""
    assert CSV.read((FILES / "comma_with_mark.csv").read_bytes(), TODAY) == (
        FIRST,
        BankAnswer(
            "RF2",
            AnswerKind.RETURNED,
            Money(120000, "PEN"),
            "",
            date(2026, 11, 30),
            "Celular no afiliado a Yape, verificar",
            ReturnReason.ACCOUNT_UNKNOWN,
        ),
    )


def test_a_file_with_semicolons_in_windows_1252_is_read() -> None:
    """So is a plain "CSV": decimal commas, Spanish words, short and empty rows."""
    assert CSV.read((FILES / "semicolon_windows_1252.csv").read_bytes(), TODAY) == (
        FIRST,
        BankAnswer(
            "RF2",
            AnswerKind.RETURNED,
            Money(120000, "PEN"),
            "",
            date(2026, 12, 1),
            "La cuenta está cerrada; la cerró el titular",
            ReturnReason.ACCOUNT_CLOSED,
        ),
    )


def test_columns_stand_in_any_order() -> None:
    """They are found by name, in capitals too; columns of a person's own do no harm."""
    (answer,) = read(
        "Nota,REASON,status,Line,currency,amount,paid_on,bank_reference",
        "ojo,,PAGADO,RF1,pen,59.9,30/11/2026,0012345678",
    )
    assert answer == FIRST


@pytest.mark.parametrize("amount", ["59.90", "59.9", '"59,90"', '"59,9"', "'59.90", " 59.90 "])
def test_an_amount_is_read_as_people_write_it(amount: str) -> None:
    """A point or a comma stands before the céntimos."""
    assert read(HEAD, PAID.replace("59.90", amount)) == (
        BankAnswer(*(getattr(FIRST, name) for name in BankAnswer.__dataclass_fields__)),
    )


def test_blank_and_control_rows_answer_nothing() -> None:
    """Neither an empty row nor a control row that somebody marked is an answer."""
    assert read("", HEAD, ",,,,,,", "", "#control,59.90,PEN,confirmed,1,,", ",,,,,,total") == ()


def test_a_row_without_status_is_not_answered_yet() -> None:
    """Whatever else stands in it."""
    assert read(HEAD, PAID.replace("confirmed", "")) == ()


def test_names_documents_and_accounts_that_come_back_are_ignored() -> None:
    """Another account in the file changes nothing."""
    data = (FILES / "comma_with_mark.csv").read_bytes()
    other = data.replace(CCI.encode(), b"99999").replace(NAME.encode(), b"Otra Persona")
    assert other != data
    assert CSV.read(other, TODAY) == CSV.read(data, TODAY)


# --- what can't be read -------------------------------------------------------------

ROWS_REFUSED = [
    (PAID, PAID, "line 3, column line: this payout stands on line 2 too; keep one"),
    (PAID, PAID.replace("confirmed", ""), "line 3, column line: this payout stands on line 2"),
    (PAID.replace("confirmed", "done"), "line 2, column status: write one of confirmed, pagado"),
    (PAID.replace("0012345678", ""), "line 2, column bank_reference: write the bank's number"),
    (PAID.replace("0012345678", "1.23E+17"), "column bank_reference: the spreadsheet shortened"),
    (PAID.replace("0012345678", "'"), "line 2, column bank_reference: write the bank's number"),
    (PAID.replace("0012345678", "9" * 501), "column bank_reference: it has at most 500"),
    (PAID + "Cuenta cerrada", "line 2, column reason: it speaks of a return"),
    (BACK.replace("Cuenta cerrada", ""), "line 2, column reason: write why the bank sent"),
    (BACK.replace("cerrada", "cerrada\x07"), "line 2, column reason: it holds a line break or"),
    (PAID.replace("-11-30", "-12-02"), "line 2, column paid_on: this day is still to come"),
    (PAID.replace("2026-11-30", "11/30/2026"), "line 2, column paid_on: write a day like"),
    (PAID.replace("2026-11-30", "30/11/26"), "line 2, column paid_on: write a day like"),
    (PAID.replace("2026-11-30", "0206-11-30"), "line 2, column paid_on: write a day like"),
    (PAID.replace("2026-11-30", "ayer"), "line 2, column paid_on: write a day like"),
    (PAID.replace("2026-11-30", "2026-11-31"), "line 2, column paid_on: write a day like"),
    (PAID.replace("59.90", '"1,059.90"'), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", '"1,059"'), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", "1.500"), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", "59.905"), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", "S/ 59.90"), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", ""), "line 2, column amount: write it like 1059.90"),
    (PAID.replace("59.90", "-59.90"), "line 2, column amount: write what was paid, above zero"),
    (PAID.replace("PEN", "soles"), "line 2, column currency: write its code, such as PEN"),
    (PAID.replace("'RF1", ""), "line 2, column line: write the payout's line, as it was"),
    (PAID.replace("'RF1", "=RF1"), "line 2, column line: up to 64 letters"),
    (BACK.replace("20.00", "20,00"), "line 2: it has more cells than line 1; put quotes around"),
    (BACK, f'"{PAID}', "line 3: unexpected end of data; mend its quotes"),
    (BACK.replace("Cuenta", '"Cuenta\n'), PAID, "line 2: "),
]


@pytest.mark.parametrize("case", ROWS_REFUSED, ids=lambda case: case[-1])
def test_a_row_that_cannot_be_read_says_where_and_what_to_do(case: tuple[str, ...]) -> None:
    """The line, the column and the mend stand in the message."""
    *lines, said = case
    assert said in refusal("\n".join((HEAD, *lines)).encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty: export the batch again"),
        (b"\xef\xbb\xbf\r\n\r\n", "the file is empty"),
        (HEAD.encode("utf-16"), "this is no CSV text: save it as CSV"),
        (b"PK\x03\x04\x00\x00", "this is no CSV text: save it as CSV"),
        (b"x" * (MOST_BYTES + 1), "the file is over 5 MB: import one batch at a time"),
        (b"line,amount\r\n", "line 1: add the missing columns currency, status, bank_reference"),
        (HEAD.replace(",", "\t").encode(), "cells are split by , or ;"),
        (f"\n{HEAD},status".encode(), "line 2: keep one of the columns status"),
        (f"{HEAD}\n{BACK}\x81".encode("latin-1"), "line 2: save the file again as CSV UTF-8"),
        (f"\ufeff{HEAD}\n".encode() + b"\xf1", "line 2: save the file again as CSV UTF-8"),
    ],
)
def test_a_file_that_is_no_answer_says_what_to_do(data: bytes, said: str) -> None:
    """Empty, too long, of another kind, or without its columns."""
    assert said in refusal(data)


def test_the_largest_file_is_still_looked_at() -> None:
    """The limit itself is allowed."""
    data = f"{HEAD}\n{PAID}\n".encode()
    blank = b" " * 99 + b"\n"
    padded = data + blank * (MOST_BYTES // len(blank))
    assert CSV.read(padded[:MOST_BYTES], TODAY) == (FIRST,)


@given(st.sampled_from(HEAD.split(",")), st.sampled_from((CCI, DNI, f"{CCI[:3]} {CCI[3:]}")))
def test_no_refusal_shows_a_cell(column: str, number: str) -> None:
    """An account or document in the wrong column is not repeated."""
    row = dict(zip(HEAD.split(","), PAID.split(","), strict=True)) | {column: number}
    for kind in ("confirmed", "returned", number):
        line = ",".join((row | {"status": kind}).values())
        assert not re.search(r"[0-9]{5}", refusal(f"{HEAD}\n{line}\n{line}".encode()))


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: f"{HEAD}\n{t}".encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the one error comes out of a bad file."""
    try:
        answers = CSV.read(data, TODAY)
    except BankFileUnreadable:
        answers = ()
    assert all(answer.amount.minor > 0 for answer in answers)
