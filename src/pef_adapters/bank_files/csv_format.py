"""Payouts as CSV, the format that comes along; docs/how-to/pay-out-by-bank-file.md tells it.

Owns the columns and what goes out. `csv_answers` reads what comes back.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from io import StringIO

from pef_adapters.bank_files.contract import BankAnswer, BankFormat, Batch, PayoutLine
from pef_adapters.bank_files.csv_answers import ANSWER_COLUMNS, CONTROL, read_answers
from pef_adapters.core.spreadsheet import number, words

COLUMNS = (
    "batch",
    "line",
    "amount",
    "currency",
    "name",
    "document_type",
    "document_number",
    "method",
    "bank",
    "account",
    "order",
    *ANSWER_COLUMNS,
)
# Excel takes UTF-8 for the machine's own encoding unless this stands in front.
_BYTE_ORDER_MARK = "\ufeff"


class CsvFormat:
    """UTF-8 with its mark, commas, CRLF; one row a payout, then a control row a currency."""

    name = "csv"
    media_type = "text/csv; charset=utf-8"
    suffix = ".csv"

    def write(self, batch: Batch) -> bytes:
        text = StringIO()
        rows = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
        rows.writeheader()
        rows.writerows(_row(batch, line) for line in batch.lines)
        rows.writerows(_control_rows(batch))
        return f"{_BYTE_ORDER_MARK}{text.getvalue()}".encode()

    def read(self, data: bytes, today: date) -> tuple[BankAnswer, ...]:
        return read_answers(data, today)


def bank_format() -> BankFormat:
    """What the entry point `csv` stands for."""
    return CsvFormat()


def _row(batch: Batch, line: PayoutLine) -> dict[str, str]:
    return {
        "batch": number(batch.batch_id),
        "line": number(line.line_id),
        "amount": str(line.amount.decimal),
        "currency": line.amount.currency,
        "name": words(line.name),
        "document_type": words(line.document_type),
        "document_number": number(line.document_number),
        "method": line.method,
        "bank": number(line.bank),
        "account": number(line.account),
        "order": number(line.order_number),
    }


def _control_rows(batch: Batch) -> Iterator[dict[str, str]]:
    """How many payouts and how much of each currency: what a person checks at the bank."""
    counts = Counter(line.amount.currency for line in batch.lines)
    for total in batch.totals:
        yield {
            "batch": number(batch.batch_id),
            "line": CONTROL,
            "amount": str(total.decimal),
            "currency": total.currency,
            "name": f"payouts: {counts[total.currency]}",
        }
