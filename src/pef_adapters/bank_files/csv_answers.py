"""Reads the CSV that a person filled in: as Excel, LibreOffice or an editor saved it.

A file is read whole or not at all. The names, documents and accounts in it are never
looked at, and no message shows a cell: an account may stand in the wrong column.
"""

import csv
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from io import StringIO

from pef_adapters.bank_files.contract import MOST_BYTES, AnswerKind, BankAnswer
from pef_adapters.bank_files.reasons import return_reason
from pef_adapters.core.errors import BankFileUnreadable, InvalidInput, InvalidMoney
from pef_adapters.core.money import Money

ANSWER_COLUMNS = ("status", "bank_reference", "paid_on", "reason")
CONTROL = "#control"
_NEEDED = ("line", "amount", "currency", *ANSWER_COLUMNS)
_STATUSES = {
    "confirmed": AnswerKind.CONFIRMED,
    "pagado": AnswerKind.CONFIRMED,
    "returned": AnswerKind.RETURNED,
    "devuelto": AnswerKind.RETURNED,
}
_AMOUNT_MEND = "write it like 1059.90, with nothing between the thousands"
_FIRST_LINE = re.compile(r"[^\r\n]*")
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}\Z")
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+\Z", re.IGNORECASE)
_DATES = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})\Z"),
    re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})\Z"),
)
# Nothing was paid back before; such a year is a slip of the finger.
_FIRST_YEAR = 2000

Row = Mapping[str, str]


def read_answers(data: bytes, today: date) -> tuple[BankAnswer, ...]:
    """The rows with a status, in the file's order.

    Raises:
        BankFileUnreadable: as `contract.BankFormat.read` says.
    """
    seen: dict[str, int] = {}
    answers = []
    for at, row in _rows(_text(data)):
        with _named(at):
            _note_once(row["line"], at, seen)
            if row["status"]:
                answers.append(_answer(row, today))
    return tuple(answers)


# --- from bytes to rows ---------------------------------------------------------


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        millions = MOST_BYTES // 1_000_000
        raise BankFileUnreadable(f"the file is over {millions} MB: import one batch at a time")
    if b"\x00" in data:
        raise BankFileUnreadable("this is no CSV text: save it as CSV, or as CSV UTF-8, again")
    text = _decoded(data)
    if not text.strip():
        raise BankFileUnreadable("the file is empty: export the batch again and fill it in")
    return text


def _decoded(data: bytes) -> str:
    # Excel's "CSV UTF-8" starts with a mark; its plain "CSV" is Windows-1252.
    utf8 = data.startswith(BOM_UTF8) or _is_utf8(data)
    try:
        return data.decode("utf-8-sig" if utf8 else "cp1252")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BankFileUnreadable(f"line {line}: save the file again as CSV UTF-8") from None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _rows(text: str) -> Iterator[tuple[int, Row]]:
    """Each row with the line it starts on; blank and control rows are left out."""
    lines = _lines(text)
    top, head = next(lines, (1, []))
    names = [name.lower() for name in head]
    _check_columns(top, names)
    for at, found in lines:
        if any(found[len(names) :]):
            mend = "put quotes around a text or an amount with a comma in it"
            raise BankFileUnreadable(f"line {at}: it has more cells than line {top}; {mend}")
        # Excel leaves out empty cells at a row's end.
        row = dict.fromkeys(names, "") | dict(zip(names, found, strict=False))
        if not row["line"].startswith("#"):
            yield at, row


def _lines(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The cells of each line that is not blank, without the apostrophes of a spreadsheet."""
    rows = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    at = 1
    try:
        for row in rows:
            found = [_typed(cell) for cell in row]
            if any(found):
                yield at, found
            at = rows.line_num + 1
    except csv.Error as error:
        raise BankFileUnreadable(f"line {at}: {error}; mend its quotes") from None


def _typed(cell: str) -> str:
    return " ".join(cell.strip().removeprefix("'").split())


def _delimiter(text: str) -> str:
    head = _FIRST_LINE.match(text.lstrip())
    return max(",;", key=head[0].count) if head else ","


def _check_columns(at: int, names: Sequence[str]) -> None:
    if missing := [name for name in _NEEDED if name not in names]:
        raise BankFileUnreadable(
            f"line {at}: add the missing columns {', '.join(missing)}; cells are split by , or ;"
        )
    counted = Counter(names)
    if twice := [name for name in _NEEDED if counted[name] > 1]:
        raise BankFileUnreadable(f"line {at}: keep one of the columns {', '.join(twice)}")


# --- from a row to an answer ----------------------------------------------------


@contextmanager
def _named(at: int) -> Iterator[None]:
    """Puts the line in front of what says "column: mend"."""
    try:
        yield
    except InvalidInput as error:
        raise BankFileUnreadable(f"line {at}, column {error}") from None


def _note_once(line: str, at: int, seen: dict[str, int]) -> None:
    if line and seen.setdefault(line, at) != at:
        raise InvalidInput(f"line: this payout stands on line {seen[line]} too; keep one of them")


def _answer(row: Row, today: date) -> BankAnswer:
    if not row["line"]:
        raise InvalidInput("line: write the payout's line, as it was exported")
    kind = _STATUSES.get(row["status"].lower())
    if kind is None:
        raise InvalidInput(f"status: write one of {', '.join(_STATUSES)}, or leave it empty")
    reason = row["reason"]
    return BankAnswer(
        line_id=row["line"],
        kind=kind,
        amount=_amount(row["amount"], row["currency"]),
        bank_reference=_reference(row["bank_reference"]),
        paid_on=_paid_on(row["paid_on"], today),
        reason=reason,
        reason_code=return_reason(reason) if kind is AnswerKind.RETURNED else None,
    )


def _amount(text: str, currency: str) -> Money:
    try:
        zero = Money.zero(currency.upper())
    except InvalidInput:
        raise InvalidInput("currency: write its code, such as PEN or USD") from None
    plain = text.replace(",", ".") if _DECIMAL_COMMA.match(text) else text
    try:
        amount = Money.parse(plain, zero.currency)
    except InvalidMoney:
        raise InvalidInput(f"amount: {_AMOUNT_MEND}") from None
    # In 1.500 the point may stand between the thousands.
    if _decimals(plain) > _decimals(str(zero.decimal)):
        raise InvalidInput(f"amount: {_AMOUNT_MEND}")
    return amount


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _reference(text: str) -> str:
    if _SHORTENED.match(text):
        raise InvalidInput(
            "bank_reference: the spreadsheet shortened it; type it again with ' in front"
        )
    return text


def _paid_on(text: str, today: date) -> date | None:
    if not text:
        return None
    day = next(filter(None, map(_day, (pattern.match(text) for pattern in _DATES))), None)
    if day is None:
        raise InvalidInput("paid_on: write a day like 2026-11-30 or 30/11/2026")
    if day > today:
        raise InvalidInput("paid_on: this day is still to come; write the day of the payment")
    return day


def _day(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    parts = {name: int(text) for name, text in found.groupdict().items()}
    try:
        return date(**parts) if parts["year"] >= _FIRST_YEAR else None
    except ValueError:
        return None
