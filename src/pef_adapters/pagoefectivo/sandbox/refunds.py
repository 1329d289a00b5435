"""The sandbox's refunds: the proposed contract (fact sheet 7.2 to 7.5), and its rules.

Owns what is booked. One merchant_refund_id books one refund, whatever happens on
the way to its answer.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from pef_adapters.core.calendar import add_business_days, age_in_days, lima_date
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.sandbox.answers import Refused
from pef_adapters.pagoefectivo.sandbox.book import Book
from pef_adapters.pagoefectivo.sandbox.cips import CipDesk, money
from pef_adapters.pagoefectivo.sandbox.clock import VirtualClock
from pef_adapters.pagoefectivo.sandbox.refund_order import amount_of, content_of, read_order
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.sandbox.status_events import StatusEvents, shown_id
from pef_adapters.pagoefectivo.wire import Beneficiary, CipState, RefundOrder, lima_text

AUTOMATIC_DAYS = 30
MANUAL_DAYS = 90
BENEFICIARY_WAIT = timedelta(days=5)
_GIVEN_BACK = "('REJECTED', 'EXPIRED', 'CANCELLED')"
_CANCELLABLE = frozenset({"RECEIVED", "AWAITING_BENEFICIARY", "PENDING_APPROVAL"})
_ROUTE = {"MANUAL_REQUIRED": "MANUAL"}


class RefundDesk:
    """Works on the book's refunds."""

    def __init__(
        self,
        book: Book,
        clock: VirtualClock,
        cips: CipDesk,
        events: StatusEvents,
        settings: SandboxSettings,
    ) -> None:
        self._book = book
        self._clock = clock
        self._cips = cips
        self._events = events
        self._settings = settings

    # what merchants can ask
    def create(self, body: object) -> tuple[dict[str, object], bool]:
        """Book a refund; answers its data and whether it is new.

        The same id with the same content gives the first answer again.

        Raises:
            Refused: a code of the fact sheet's 7.5; nothing was booked.
        """
        order = read_order(body)
        amount = amount_of(order)
        content = content_of(order, amount)
        with self._book.transaction():
            known = self._named(order.merchant_refund_id)
            if known is None:
                return self._book_new(order, amount, content), True
        if known["content_sha256"] != content:
            raise Refused("DUPLICATE_REFUND_ID")
        return _stored_answer(known), False

    def get(self, refund_id: str) -> dict[str, object]:
        return self.record(self._row(refund_id))

    def named(self, merchant_refund_id: str) -> list[dict[str, object]]:
        """The refund under a merchant's id, or an empty list."""
        row = self._named(merchant_refund_id)
        return [self.record(row)] if row else []

    def of_transaction(self, reference: str) -> list[dict[str, object]]:
        cip = self._cips.transaction(reference)
        rows = self._book.rows("SELECT * FROM refunds WHERE cip = ? ORDER BY number", (cip["cip"],))
        return [self.record(row) for row in rows]

    def give_beneficiary(self, refund_id: str, body: object) -> dict[str, object]:
        """Bank data for a refund that waits for them, also after a return."""
        try:
            who = Beneficiary.model_validate(body)
        except ValidationError:
            raise Refused("BENEFICIARY_INVALID") from None
        row = self._row(refund_id)
        if row["status"] not in {"AWAITING_BENEFICIARY", "RETURNED"}:
            raise Refused("REFUND_IN_PROGRESS")
        with self._book.transaction():
            self._book.write(
                "UPDATE refunds SET beneficiary = ?, due_on = ? WHERE number = ?",
                (_dumped(who), self._due_on(), row["number"]),
            )
            return self.move(row["number"], "PROCESSING")

    def cancel(self, refund_id: str) -> dict[str, object]:
        """Only before PROCESSING."""
        row = self._row(refund_id)
        if row["status"] not in _CANCELLABLE:
            raise Refused("REFUND_IN_PROGRESS")
        return self.move(row["number"], "CANCELLED")

    # what time and the control API do
    def settle_due(self) -> None:
        """Everything whose day has come: transfers arrive, forgotten forms expire."""
        now = self._clock.now()
        for row in self._book.rows(
            "SELECT number FROM refunds WHERE status = 'PROCESSING' AND due_on <= ?",
            (lima_date(now).isoformat(),),
        ):
            self.move(row["number"], "REFUNDED")
        for row in self._book.rows(
            "SELECT number FROM refunds WHERE status = 'AWAITING_BENEFICIARY' AND changed_at <= ?",
            (lima_text(now - BENEFICIARY_WAIT),),
        ):
            self.move(row["number"], "EXPIRED")

    def settle_all(self) -> int:
        """Settle what is under way without moving the clock; answers how many."""
        rows = self._book.rows(
            "SELECT number FROM refunds WHERE status IN ('PROCESSING', 'MANUAL_REQUIRED')"
        )
        for row in rows:
            self.move(row["number"], "REFUNDED")
        return len(rows)

    def force(self, reference: str, status: str) -> dict[str, object]:
        """Put a refund (by its id or the merchant's) into a state, as the bank might."""
        row = self._named(reference) or self._row(reference)
        return self.move(row["number"], status)

    def move(self, number: int, status: str) -> dict[str, object]:
        """Change the state and tell about it."""
        with self._book.transaction():
            self._book.write(
                "UPDATE refunds SET status = ?, changed_at = ? WHERE number = ?",
                (status, lima_text(self._clock.now()), number),
            )
            row = self._numbered(number)
            self._events.tell(row)
        return self.record(row)

    def listed(self) -> list[sqlite3.Row]:
        return self._book.rows("SELECT * FROM refunds ORDER BY number DESC")

    def payments(self) -> Mapping[str, int]:
        """How many refunds are booked under each merchant_refund_id."""
        rows = self._book.rows(
            "SELECT merchant_refund_id AS id, COUNT(*) AS booked FROM refunds GROUP BY id"
        )
        return {row["id"]: row["booked"] for row in rows}

    def record(self, row: sqlite3.Row) -> dict[str, object]:
        """A refund as the contract shows it."""
        paid = money(self._cips.get(str(row["cip"])))
        taken = self._taken(row["cip"], row["currency"])
        return {
            "refund_id": shown_id(row),
            "merchant_refund_id": row["merchant_refund_id"],
            "original_transaction_id": row["original_transaction_id"],
            "cip": str(row["cip"]),
            "status": row["status"],
            "refund_amount": money(row).decimal,
            "currency": row["currency"],
            "refunded_total": taken.decimal,
            "remaining": (paid - taken).decimal,
            "route": row["route"],
            "estimated_payment_date": row["due_on"],
            "date_request": row["requested_at"],
        }

    def _book_new(self, order: RefundOrder, amount: Money, content: str) -> dict[str, object]:
        cip = self._cips.transaction(order.original_transaction_id)
        self._check(cip, amount)
        status = self._first_status(cip, order)
        number = self._insert(order, amount, content, cip["cip"], status)
        row = self._numbered(number)
        data = self.record(row)
        self._book.write(
            "UPDATE refunds SET first_answer = ? WHERE number = ?",
            (exact_json.write(data).decode(), number),
        )
        self._events.tell(row)
        return data

    def _check(self, cip: sqlite3.Row, amount: Money) -> None:
        """The rules, in the order in which they are answered."""
        if cip["status"] != CipState.PAID:
            raise Refused("INVALID_TRANSACTION_STATE")
        if amount.currency != cip["currency"]:
            raise Refused("CURRENCY_MISMATCH")
        if self._age(cip) > MANUAL_DAYS:
            raise Refused("REFUND_EXPIRED")
        rest = money(cip) - self._taken(cip["cip"], cip["currency"])
        if not rest.minor:
            raise Refused("ALREADY_REFUNDED")
        if amount > rest:
            raise Refused("AMOUNT_EXCEEDED")

    def _first_status(self, cip: sqlite3.Row, order: RefundOrder) -> str:
        if self._age(cip) > AUTOMATIC_DAYS:
            return "MANUAL_REQUIRED"
        if self._settings.require_beneficiary and order.beneficiary is None:
            return "AWAITING_BENEFICIARY"
        return "PROCESSING"

    def _insert(
        self, order: RefundOrder, amount: Money, content: str, cip: int, status: str
    ) -> int:
        now = lima_text(self._clock.now())
        return self._book.write(
            "INSERT INTO refunds (merchant_refund_id, content_sha256, original_transaction_id,"
            " cip, minor, currency, status, route, due_on, requested_at, changed_at, beneficiary,"
            " notification_url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.merchant_refund_id,
                content,
                order.original_transaction_id,
                cip,
                amount.minor,
                amount.currency,
                status,
                _ROUTE.get(status, "BANK_TRANSFER"),
                self._due_on() if status == "PROCESSING" else None,
                now,
                now,
                _dumped(order.beneficiary) if order.beneficiary else None,
                order.notification_url,
            ),
        )

    def _taken(self, cip: int, currency: str) -> Money:
        total = self._book.number(
            f"SELECT SUM(minor) FROM refunds WHERE cip = ? AND status NOT IN {_GIVEN_BACK}",  # noqa: S608 - a constant of ours
            (cip,),
        )
        return Money(total, currency)

    def _age(self, cip: sqlite3.Row) -> int:
        return age_in_days(_moment(cip["paid_at"]), self._clock.now())

    def _due_on(self) -> str:
        today = lima_date(self._clock.now())
        return add_business_days(today, self._settings.settlement_business_days).isoformat()

    def _named(self, merchant_refund_id: str) -> sqlite3.Row | None:
        return self._book.row(
            "SELECT * FROM refunds WHERE merchant_refund_id = ?", (merchant_refund_id,)
        )

    def _row(self, refund_id: str) -> sqlite3.Row:
        digits = refund_id.removeprefix("RFD-")
        row = self._book.row("SELECT * FROM refunds WHERE number = ?", (digits,))
        if row is None or shown_id(row) != refund_id:
            raise Refused("TRANSACTION_NOT_FOUND")
        return row

    def _numbered(self, number: int) -> sqlite3.Row:
        return self._row(f"RFD-{number:010d}")


def _stored_answer(row: sqlite3.Row) -> dict[str, object]:
    stored = exact_json.read(row["first_answer"])
    return stored if isinstance(stored, dict) else {}


def _dumped(who: Beneficiary) -> str:
    return exact_json.write(who.model_dump(exclude_none=True)).decode()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
