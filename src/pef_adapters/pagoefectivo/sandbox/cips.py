"""The sandbox's CIPs: created, searched, patched, deleted, paid, taken back.

Owns the rules of the fact sheet, 1.3 to 1.5. "Cancelado" on a CIP means PAID.
"""

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo.sandbox.answers import Refused, invalid_fields
from pef_adapters.pagoefectivo.sandbox.book import Book
from pef_adapters.pagoefectivo.sandbox.callbacks import Callbacks
from pef_adapters.pagoefectivo.sandbox.clock import VirtualClock
from pef_adapters.pagoefectivo.wire import CipState, NewCip, lima_text

UNSET = "1900-01-01T00:00:00-05:00"
STATE_NAMES: Mapping[int, str] = {
    CipState.EXPIRED: "Expirado.",
    CipState.GENERATED: "Generado.",
    CipState.PAID: "Cancelado.",
    CipState.DELETED: "Eliminado.",
}
_FIRST_NUMBER = 10_000_001
_DEFAULT_LIFE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class SeedCip:
    """A CIP as a test or the demo wants it; unset parts are made up."""

    amount: Money
    cip: int | None = None
    transaction_code: str | None = None
    paid_at: datetime | None = None
    concept: str = ""
    expires_at: datetime | None = None


class CipDesk:
    """Works on the book's CIPs."""

    def __init__(self, book: Book, clock: VirtualClock, callbacks: Callbacks) -> None:
        self._book = book
        self._clock = clock
        self._callbacks = callbacks

    # what merchants can ask
    def create(self, body: object, pages: str) -> dict[str, object]:
        """Fact sheet 1.3; `pages` is the address below which the CIPs' own pages are.

        Raises:
            Refused: 111, with the fields that are missing (112) or wrong (113).
        """
        try:
            order = NewCip.model_validate(body)
        except ValidationError as error:
            raise invalid_fields(problems_of(error)) from None
        row = self.seed(
            SeedCip(
                amount=Money.parse(order.amount, order.currency),
                transaction_code=order.transaction_code,
                concept=order.payment_concept or "",
                expires_at=order.date_expiry,
            )
        )
        return {
            "cip": row["cip"],
            "currency": row["currency"],
            "amount": short_amount(row),
            "transactionCode": row["transaction_code"],
            "dateExpiry": row["expires_at"],
            "cipUrl": f"{pages}/{row['page_token']}",
        }

    def search(self, body: object) -> list[dict[str, object]]:
        """Fact sheet 1.4; an unknown CIP is an empty structure in its place."""
        wanted = body.get("data") if isinstance(body, dict) else None
        if not isinstance(wanted, list):
            raise invalid_fields([("data", "112")])
        self._expire_due()
        found = [self._sought(item) for item in wanted]
        return [record(row) if row else {} for row in found]

    def patch(self, number: str, body: object) -> dict[str, object]:
        """Move the expiry; an expired CIP is "generated" again."""
        text = body.get("dateExpiry") if isinstance(body, dict) else None
        row = self._open(number, {CipState.GENERATED, CipState.EXPIRED})
        self._book.write(
            "UPDATE cips SET expires_at = ?, status = ? WHERE cip = ?",
            (_expiry(text), CipState.GENERATED, row["cip"]),
        )
        return {}

    def delete(self, number: str) -> dict[str, object]:
        """Logical, and only for a CIP that waits for its payment."""
        row = self._open(number, {CipState.GENERATED})
        self._book.write(
            "UPDATE cips SET status = ?, removed_at = ? WHERE cip = ?",
            (CipState.DELETED, lima_text(self._clock.now()), row["cip"]),
        )
        return {}

    # what only the control API can do
    def seed(self, wish: SeedCip) -> sqlite3.Row:
        """Write a CIP down; paid where `paid_at` is given."""
        now = self._clock.now()
        number = wish.cip or self._next_number()
        if self._book.row("SELECT 1 FROM cips WHERE cip = ?", (number,)) is not None:
            raise InvalidInput(f"CIP {number} is there already; choose another number")
        status = CipState.PAID if wish.paid_at else CipState.GENERATED
        self._book.write(
            "INSERT INTO cips (cip, transaction_code, currency, minor, status, concept,"
            " created_at, expires_at, paid_at, page_token) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                wish.transaction_code or f"T-{number}",
                wish.amount.currency,
                wish.amount.minor,
                status,
                wish.concept,
                lima_text(min(now, wish.paid_at or now)),
                lima_text(wish.expires_at or now + _DEFAULT_LIFE),
                lima_text(wish.paid_at) if wish.paid_at else None,
                secrets.token_hex(16).upper(),
            ),
        )
        return self.get(str(number))

    def pay(self, number: str, paid_at: datetime | None = None) -> sqlite3.Row:
        """The buyer pays: event cip.paid."""
        row = self._open(number, {CipState.GENERATED})
        self._book.write(
            "UPDATE cips SET status = ?, paid_at = ? WHERE cip = ?",
            (CipState.PAID, lima_text(paid_at or self._clock.now()), row["cip"]),
        )
        self._tell("cip.paid", row)
        return self.get(number)

    def take_back(self, number: str) -> sqlite3.Row:
        """Extorno: the bank reverses its collection; event cip.refunded (fact sheet 7.6)."""
        row = self._open(number, {CipState.PAID})
        self._book.write(
            "UPDATE cips SET status = ?, paid_at = NULL WHERE cip = ?",
            (CipState.GENERATED, row["cip"]),
        )
        self._tell("cip.refunded", row)
        return self.get(number)

    def get(self, number: str) -> sqlite3.Row:
        row = self._book.row("SELECT * FROM cips WHERE cip = ?", (number,))
        if row is None:
            raise Refused("TRANSACTION_NOT_FOUND")
        return row

    def page(self, token: str) -> sqlite3.Row | None:
        """The CIP whose own page has this token, as it stands now."""
        self._expire_due()
        return self._book.row("SELECT * FROM cips WHERE page_token = ?", (token,))

    def transaction(self, reference: str) -> sqlite3.Row:
        """By CIP, else by transaction code; the paid one first.

        Raises:
            Refused: TRANSACTION_NOT_FOUND.
        """
        row = self._by_number(reference) or self._by_code(reference)
        if row is None:
            raise Refused("TRANSACTION_NOT_FOUND")
        return row

    def listed(self) -> list[sqlite3.Row]:
        self._expire_due()
        return self._book.rows("SELECT * FROM cips ORDER BY created_at DESC, cip DESC")

    def _sought(self, item: object) -> sqlite3.Row | None:
        if not isinstance(item, dict):
            return None
        if "cip" in item:
            return self._by_number(str(item["cip"]))
        return self._by_code(str(item.get("transactionCode")))

    def _by_number(self, text: str) -> sqlite3.Row | None:
        return self._book.row("SELECT * FROM cips WHERE CAST(cip AS TEXT) = ?", (text,))

    def _by_code(self, text: str) -> sqlite3.Row | None:
        return self._book.row(
            "SELECT * FROM cips WHERE transaction_code = ? ORDER BY status = ? DESC, cip DESC",
            (text, CipState.PAID),
        )

    def _open(self, number: str, states: set[CipState]) -> sqlite3.Row:
        self._expire_due()
        row = self.get(number)
        if row["status"] not in states:
            raise Refused("111", f"El CIP está en estado {STATE_NAMES[row['status']]}")
        return row

    def _expire_due(self) -> None:
        self._book.write(
            "UPDATE cips SET status = ? WHERE status = ? AND expires_at < ?",
            (CipState.EXPIRED, CipState.GENERATED, lima_text(self._clock.now())),
        )

    def _next_number(self) -> int:
        return max(_FIRST_NUMBER, 1 + self._book.number("SELECT MAX(cip) FROM cips"))

    def _tell(self, event: str, row: sqlite3.Row) -> None:
        data = {
            "cip": str(row["cip"]),
            "currency": row["currency"],
            "amount": short_amount(row),
            "transactionCode": row["transaction_code"],
        }
        self._callbacks.enqueue(event, data)


def record(row: sqlite3.Row) -> dict[str, object]:
    """A CIP as the search shows it: unset dates are in the year 1900."""
    return {
        "cip": row["cip"],
        "transactionCode": row["transaction_code"],
        "amount": short_amount(row),
        "currency": row["currency"],
        "status": row["status"],
        "statusName": STATE_NAMES[row["status"]],
        "dateCreation": row["created_at"],
        "dateExpiry": row["expires_at"],
        "datePayment": row["paid_at"] or UNSET,
        "dateRemoval": row["removed_at"] or UNSET,
        "token": row["page_token"],
    }


def money(row: sqlite3.Row) -> Money:
    """The amount of a CIP's or refund's row."""
    return Money(row["minor"], row["currency"])


def short_amount(row: sqlite3.Row) -> object:
    """Without trailing zeros, as the real API answers: 1.00 comes back as 1."""
    return money(row).decimal.normalize()


def problems_of(error: ValidationError) -> list[tuple[str, str]]:
    """Field names with the rail's per-field codes."""
    return [
        (".".join(map(str, item["loc"])), "112" if item["type"] == "missing" else "113")
        for item in error.errors()
    ]


def _expiry(text: object) -> str:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid_fields([("dateExpiry", "113")]) from None
    return lima_text(moment if moment.tzinfo else moment.replace(tzinfo=LIMA))
