"""The contract between the payout desk and a bank's file format: bytes in, bytes out.

A format translates; it decides nothing, keeps nothing, reads no clock and touches no
disk. What goes out and what comes back is checked here, once for every format. No message
of ours shows a cell: an account may stand in the wrong column.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from pef_adapters.bank_files.reasons import ReturnReason, return_reason
from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money

MOST_BYTES = 5_000_000
"""The largest answer file that a format has to read."""

# Digits of an account by method: a CCI, or the mobile number that a wallet knows.
METHODS = {"cci": 20, "yape": 9, "plin": 9}

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_LONGEST = 500
_ASCII_DIGITS = re.compile(r"[0-9]+\Z")

# --- going out ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payout to one person. `account`, `document_number` and `name` stay out of its repr.

    `account` is a CCI of 20 digits, or a mobile number of 9 for yape and plin, without
    spaces. `line_id` comes back with the bank's answer. Texts are printable, on one line.

    Raises:
        InvalidInput: a part is not like that; the message names it and does not show it.
    """

    line_id: str
    amount: Money
    name: str = field(repr=False)
    document_type: str
    document_number: str = field(repr=False)
    method: str
    account: str = field(repr=False)
    order_number: str

    def __post_init__(self) -> None:
        _check_id("line_id", self.line_id)
        if self.amount.minor <= 0:
            raise InvalidInput("amount: a payout is above zero")
        for part in ("name", "document_type", "document_number"):
            _check_text(part, getattr(self, part), needed=True)
        _check_text("order_number", self.order_number)
        if self.method not in METHODS:
            raise InvalidInput(f"method: it is one of {', '.join(METHODS)}")
        if not _ASCII_DIGITS.match(self.account) or len(self.account) != METHODS[self.method]:
            digits = METHODS[self.method]
            raise InvalidInput(f"account: for {self.method} it has {digits} digits, nothing else")

    @property
    def bank(self) -> str:
        """The bank's code, the first three digits of a CCI; empty for a wallet."""
        return self.account[:3] if self.method == "cci" else ""


@dataclass(frozen=True, slots=True)
class Batch:
    """The payouts that go to the bank together, in the order in which they are written.

    Raises:
        InvalidInput: no line, a line id twice, or a time without its zone.
    """

    batch_id: str
    created_at: datetime
    lines: tuple[PayoutLine, ...]

    def __post_init__(self) -> None:
        _check_id("batch_id", self.batch_id)
        if self.created_at.tzinfo is None:
            raise InvalidInput("created_at: it needs its zone")
        if not self.lines:
            raise InvalidInput("lines: a batch has at least one")
        if len({line.line_id for line in self.lines}) < len(self.lines):
            raise InvalidInput("lines: each line_id stands once in a batch")

    @property
    def totals(self) -> tuple[Money, ...]:
        """The sum of each currency, by its code: what a person compares at the bank."""
        amounts = sorted((line.amount for line in self.lines), key=attrgetter("currency"))
        return tuple(
            sum(same, Money.zero(currency))
            for currency, same in groupby(amounts, key=attrgetter("currency"))
        )


# --- coming back --------------------------------------------------------------


class AnswerKind(StrEnum):
    """What the bank did with a line."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What the bank says about one line; the caller compares `amount` with its own.

    `bank_reference` is the bank's number of the operation, which a confirmed line has to
    have. `paid_on` is a calendar day in Lima, None where the file does not tell.
    `reason` keeps the bank's own words, which may name an account, so it stays out of the
    repr; `reason_code` sorts them, and is None for a confirmed line.

    Raises:
        InvalidInput: the parts contradict each other; the message starts with the part.
    """

    line_id: str
    kind: AnswerKind
    amount: Money
    bank_reference: str
    paid_on: date | None
    reason: str = field(repr=False)
    reason_code: ReturnReason | None

    def __post_init__(self) -> None:
        _check_id("line", self.line_id)
        _check_text("bank_reference", self.bank_reference)
        _check_text("reason", self.reason)
        if self.amount.minor <= 0:
            raise InvalidInput("amount: write what was paid, above zero, such as 59.90")
        if self.kind is AnswerKind.CONFIRMED:
            self._check_confirmed()
        else:
            self._check_returned()

    def _check_confirmed(self) -> None:
        if not self.bank_reference:
            raise InvalidInput("bank_reference: write the bank's number of this payment")
        if self.reason_code or return_reason(self.reason) is not ReturnReason.OTHER:
            raise InvalidInput("reason: it speaks of a return; empty it, or write returned")

    def _check_returned(self) -> None:
        if not self.reason or self.reason_code is None:
            raise InvalidInput("reason: write why the bank sent the money back")


class BankFormat(Protocol):
    """One bank's way of writing payouts and answers.

    The payout desk finds it by its entry point (see `registry`), calls `write` when a
    person exports a batch, and `read` when a person imports the bank's answers.
    """

    @property
    def name(self) -> str:
        """What a person types after `--format`; the same as the entry point's name."""
        ...

    @property
    def media_type(self) -> str:
        """The MIME type of what is written, such as text/csv."""
        ...

    @property
    def suffix(self) -> str:
        """How the file's name ends, with its point, such as .csv."""
        ...

    def write(self, batch: Batch) -> bytes:
        """The file for the bank. The same batch gives the same bytes, at any time.

        Every line stands in it once, with its whole amount; nothing is rounded. What a
        buyer typed (`name`) must not act as a formula, a separator or a line of its own.
        """
        ...

    def read(self, data: bytes, today: date) -> tuple[BankAnswer, ...]:
        """The answered lines, in the file's order; what the bank left open is left out.

        Names, documents and accounts that come back are ignored: ours count. Nothing is
        guessed. A file is read whole or not at all. `today` is the day in Lima.

        Raises:
            BankFileUnreadable: not such a file, a line twice, or an answer that is not
                clear or dated after `today`; the message names the line and its mend,
                and shows no cell.
        """
        ...


def _check_id(part: str, text: str) -> None:
    if not _ID.match(text):
        raise InvalidInput(f"{part}: up to 64 letters, digits and . _ - are taken")


def _check_text(part: str, text: str, *, needed: bool = False) -> None:
    if needed and not text.strip():
        raise InvalidInput(f"{part}: it is empty")
    if len(text) > _LONGEST:
        raise InvalidInput(f"{part}: it has at most {_LONGEST} characters")
    if not text.isprintable():
        raise InvalidInput(f"{part}: it holds a line break or another sign that is not printed")
