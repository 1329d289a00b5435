"""Faults on demand: by control call, or by the last two digits of the amount.

Owns which fault strikes which request. The magic digits avoid prices that stores
really use (.00, .50, .90, .95, .99):

    x.61 lost_request       x.71 wrong_amount          x.81 kyc_expired
    x.62 answer_lost        x.72 wrong_currency        x.82 account_blocked
    x.63 delay              x.73 duplicate_callbacks   x.83 refund_expired
    x.64 rate_limited       x.74 early_callback        x.84 invalid_amount
    x.65 server_error       x.76 bank_return           x.86 insufficient_funds
    x.66 server_error_after x.77 extorno               x.87 beneficiary_required
    x.67 nonsense           x.78 token_expired
    x.68 truncated          x.79 indented_callback
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pef_adapters.pagoefectivo.sandbox.book import Book

ALWAYS = None
DEFAULT_DELAY_SECONDS = 30.0


class Operation(StrEnum):
    """What a request asks for; the unit that a fault can be aimed at."""

    AUTHORIZE = "authorize"
    CIP_CREATE = "cip_create"
    CIP_SEARCH = "cip_search"
    CIP_PATCH = "cip_patch"
    CIP_DELETE = "cip_delete"
    REFUND_CREATE = "refund_create"
    REFUND_READ = "refund_read"
    REFUND_CANCEL = "refund_cancel"
    BENEFICIARY = "beneficiary"


class Fault(StrEnum):
    """What can go wrong. Each says whether the refund is booked."""

    LOST_REQUEST = "lost_request"
    ANSWER_LOST = "answer_lost"
    DELAY = "delay"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER = "server_error_after"
    NONSENSE = "nonsense"
    TRUNCATED = "truncated"
    REDIRECT = "redirect"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    DUPLICATE_CALLBACKS = "duplicate_callbacks"
    EARLY_CALLBACK = "early_callback"
    INDENTED_CALLBACK = "indented_callback"
    BANK_RETURN = "bank_return"
    EXTORNO = "extorno"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a word, not a token
    KYC_EXPIRED = "kyc_expired"
    ACCOUNT_BLOCKED = "account_blocked"
    REFUND_EXPIRED = "refund_expired"
    INVALID_AMOUNT = "invalid_amount"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    BENEFICIARY_REQUIRED = "beneficiary_required"
    RAIL_DOWN = "rail_down"
    RAIL_UNAVAILABLE = "rail_unavailable"


# Answered instead of doing anything.
REFUSING: Mapping[Fault, str] = {
    Fault.RATE_LIMITED: "RATE_LIMITED",
    Fault.SERVER_ERROR: "166",
    Fault.TOKEN_EXPIRED: "TOKEN_EXPIRED",
    Fault.KYC_EXPIRED: "MERCHANT_KYC_EXPIRED",
    Fault.ACCOUNT_BLOCKED: "MERCHANT_BLOCKED",
    Fault.REFUND_EXPIRED: "REFUND_EXPIRED",
    Fault.INVALID_AMOUNT: "INVALID_AMOUNT",
    Fault.INSUFFICIENT_FUNDS: "INSUFFICIENT_FUNDS",
    Fault.BENEFICIARY_REQUIRED: "BENEFICIARY_REQUIRED",
}
_EVERYWHERE = frozenset({Fault.RAIL_DOWN, Fault.RAIL_UNAVAILABLE})

# Cents → the fault, and how often it strikes one merchant_refund_id.
MAGIC_CENTS: Mapping[int, tuple[Fault, int | None]] = {
    61: (Fault.LOST_REQUEST, 1),
    62: (Fault.ANSWER_LOST, 1),
    63: (Fault.DELAY, 1),
    64: (Fault.RATE_LIMITED, 2),
    65: (Fault.SERVER_ERROR, 2),
    66: (Fault.SERVER_ERROR_AFTER, 1),
    67: (Fault.NONSENSE, 1),
    68: (Fault.TRUNCATED, 1),
    71: (Fault.WRONG_AMOUNT, 1),
    72: (Fault.WRONG_CURRENCY, 1),
    73: (Fault.DUPLICATE_CALLBACKS, 1),
    74: (Fault.EARLY_CALLBACK, 1),
    76: (Fault.BANK_RETURN, 1),
    77: (Fault.EXTORNO, 1),
    78: (Fault.TOKEN_EXPIRED, 1),
    79: (Fault.INDENTED_CALLBACK, 1),
    81: (Fault.KYC_EXPIRED, ALWAYS),
    82: (Fault.ACCOUNT_BLOCKED, ALWAYS),
    83: (Fault.REFUND_EXPIRED, ALWAYS),
    84: (Fault.INVALID_AMOUNT, ALWAYS),
    86: (Fault.INSUFFICIENT_FUNDS, ALWAYS),
    87: (Fault.BENEFICIARY_REQUIRED, ALWAYS),
}


@dataclass(frozen=True, slots=True)
class Strike:
    """The fault that hits one request; `seconds` is for delays."""

    fault: Fault
    seconds: float = DEFAULT_DELAY_SECONDS


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of a request before it is worked on."""

    operation: Operation
    merchant_refund_id: str | None = None
    transaction_id: str | None = None
    cents: int | None = None


class FaultBoard:
    """The faults that are set, in the book, so that a restart keeps them."""

    def __init__(self, book: Book, *, magic_amounts: bool) -> None:
        self._book = book
        self._magic_amounts = magic_amounts

    def set(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        operation: Operation | None = None,
        merchant_refund_id: str | None = None,
        transaction_id: str | None = None,
        seconds: float = DEFAULT_DELAY_SECONDS,
    ) -> None:
        """Let a fault strike the next `times` matching requests; None until cleared."""
        aimed = operation or (None if fault in _EVERYWHERE else Operation.REFUND_CREATE)
        self._book.write(
            "INSERT INTO faults (fault, remaining, operation, merchant_refund_id,"
            " transaction_id, seconds) VALUES (?, ?, ?, ?, ?, ?)",
            (fault, times, aimed, merchant_refund_id, transaction_id, seconds),
        )

    def clear(self) -> None:
        self._book.write("DELETE FROM faults")

    def listed(self) -> list[sqlite3.Row]:
        return self._book.rows("SELECT * FROM faults ORDER BY number")

    def outage(self, operation: Operation) -> Strike | None:
        """Whether the whole rail is down for this request, counted as used."""
        with self._book.transaction():
            return self._set_fault(Target(operation), outage=True)

    def strike(self, target: Target) -> Strike | None:
        """The fault for this admitted request, if any, counted as used."""
        with self._book.transaction():
            return self._set_fault(target, outage=False) or self._magic_fault(target)

    def _set_fault(self, target: Target, *, outage: bool) -> Strike | None:
        row = self._book.row(
            "SELECT * FROM faults WHERE (fault IN ('rail_down', 'rail_unavailable')) = ?"
            " AND (operation IS NULL OR operation = ?)"
            " AND (merchant_refund_id IS NULL OR merchant_refund_id = ?)"
            " AND (transaction_id IS NULL OR transaction_id = ?) ORDER BY number LIMIT 1",
            (outage, target.operation, target.merchant_refund_id, target.transaction_id),
        )
        if row is None:
            return None
        self._book.write(
            "UPDATE faults SET remaining = remaining - 1 WHERE number = ?", (row["number"],)
        )
        self._book.write("DELETE FROM faults WHERE remaining <= 0")
        return Strike(Fault(row["fault"]), row["seconds"])

    def _magic_fault(self, target: Target) -> Strike | None:
        if not self._magic_amounts or target.operation is not Operation.REFUND_CREATE:
            return None
        fault, times = MAGIC_CENTS.get(target.cents or 0, (None, ALWAYS))
        if fault is None or not self._may_strike(target.merchant_refund_id or "", times):
            return None
        return Strike(fault)

    def _may_strike(self, merchant_refund_id: str, times: int | None) -> bool:
        if times is ALWAYS:
            return True
        uses = self._book.number(
            "SELECT uses FROM magic_uses WHERE merchant_refund_id = ?", (merchant_refund_id,)
        )
        self._book.write(
            "INSERT OR REPLACE INTO magic_uses (merchant_refund_id, uses) VALUES (?, ?)",
            (merchant_refund_id, uses + 1),
        )
        return uses < times
