"""A rail in memory that keeps a true book and lies, loses and delays on request.

The book says what was really paid, whatever the caller was told; tests compare
the engine's ledger with it. Faults are taken from a queue, one a call.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pef_adapters.core.errors import AnsweredNo, AnsweredNonsense, MaybeSent, NotSent, RailError
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import (
    RailCip,
    RailPayment,
    RailRefund,
    RailRefusal,
    RailStatus,
    Refusal,
)
from pef_adapters.engine.records import Account, Attempt, Checkout


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: before or after the rail has booked it."""

    raises: RailError
    booked: bool


LOST_REQUEST = Fault(MaybeSent("the connection broke"), booked=False)
LOST_ANSWER = Fault(MaybeSent("the connection broke"), booked=True)
NONSENSE = Fault(AnsweredNonsense("not an answer"), booked=True)
REFUSED_CONNECTION = Fault(NotSent("nobody listens"), booked=False)
_FIRST_CIP = 20_000_001
_CIP_LIFE = timedelta(days=3)


class HostileRail:
    """Implements `engine.ports.Rail` and, as its own finder, `Rails`.

    `created` are the CIPs that were made, in order, whoever heard of them; the answers to
    the next `lose_created` of them get lost, and `create_faults` come before any is made.
    With `keep_cips` none is withdrawn.
    """

    def __init__(self) -> None:
        self.payments: dict[str, RailPayment] = {}
        self.book: dict[str, RailRefund] = {}
        self.bookings: list[tuple[str, Money]] = []
        self.refusals: deque[RailRefusal] = deque()
        self.send_faults: deque[Fault] = deque()
        self.find_faults: deque[RailError] = deque()
        self.create_faults: deque[RailError] = deque()
        self.created: list[str] = []
        self.lose_created = 0
        self.keep_cips = False
        self.down: RailError | None = None
        self.sends: list[str] = []
        self.on_send: Callable[[Attempt], None] = lambda _: None

    def of(self, account: Account) -> "HostileRail":
        del account
        return self

    # what the world does at the rail

    def pay(self, transaction_id: str, amount: Money, at: datetime) -> None:
        """A buyer pays: the transaction is known and paid."""
        own = transaction_id.lstrip("0")
        self.payments[own] = RailPayment(transaction_id=own, amount=amount, paid_at=at)

    def expire(self, transaction_id: str) -> None:
        """A CIP's time is over: it can't be paid any more."""
        own = transaction_id.lstrip("0")
        self.payments[own] = replace(self.payments[own], over=True)

    def reverse(self, transaction_id: str) -> None:
        """The bank takes the payment back (extorno): it is unpaid again."""
        own = transaction_id.lstrip("0")
        self.payments[own] = replace(self.payments[own], paid_at=None)

    def settle(self, status: RailStatus = RailStatus.REFUNDED, word: str = "REFUNDED") -> None:
        """Bring every refund on the book to `status`."""
        for key, refund in self.book.items():
            self.book[key] = replace(refund, status=status, status_word=word)

    def refuse(self, *refusals: tuple[Refusal, str]) -> None:
        """Answer the next sends with these refusals."""
        self.refusals.extend(RailRefusal(refusal=r, code=code, text="") for r, code in refusals)

    def fail_sends(self, *faults: Fault) -> None:
        self.send_faults.extend(faults)

    def paid_out(self, keys: Iterable[str] | None = None) -> list[str]:
        """The ids really booked, each as often as it was booked."""
        wanted = None if keys is None else set(keys)
        return [key for key, _ in self.bookings if wanted is None or key in wanted]

    # Rail

    async def find_payment(self, transaction_id: str) -> RailPayment | None:
        self._reach()
        # As the real one: a CIP is a number, however many zeros somebody wrote before it.
        return self.payments.get(transaction_id.lstrip("0"))

    async def create_payment(self, checkout: Checkout, email: str) -> RailCip:
        self._reach()
        if self.create_faults:
            raise self.create_faults.popleft()
        number = str(_FIRST_CIP + len(self.created))
        self.created.append(number)
        self.payments[number] = RailPayment(
            transaction_id=number, amount=checkout.amount, paid_at=None
        )
        if self.lose_created:
            self.lose_created -= 1
            raise MaybeSent("the connection broke")
        expires_at = checkout.expires_at or checkout.created_at + _CIP_LIFE
        return RailCip(
            transaction_id=number,
            pay_url=f"https://rail.example/pagar/{number}",
            expires_at=expires_at,
        )

    async def cancel_payment(self, transaction_id: str) -> None:
        self._reach()
        own = transaction_id.lstrip("0")
        known = self.payments.get(own)
        if self.keep_cips or known is None or known.paid_at is not None or known.over:
            raise AnsweredNo(rail_code="111", status=400)
        self.payments[own] = replace(known, over=True)

    async def send(self, attempt: Attempt) -> RailRefund | RailRefusal:
        self._reach()
        self.sends.append(attempt.merchant_refund_id)
        self.on_send(attempt)
        fault = self.send_faults.popleft() if self.send_faults else None
        if fault is not None and not fault.booked:
            raise fault.raises
        if self.refusals:
            return self.refusals.popleft()
        answer = self._book(attempt)
        if fault is not None:
            raise fault.raises
        return answer

    async def find_refund(self, attempt: Attempt) -> RailRefund | None:
        self._reach()
        if self.find_faults:
            raise self.find_faults.popleft()
        return self.book.get(attempt.merchant_refund_id)

    def _book(self, attempt: Attempt) -> RailRefund:
        known = self.book.get(attempt.merchant_refund_id)
        if known is not None:
            return known
        self.bookings.append((attempt.merchant_refund_id, attempt.amount))
        self.book[attempt.merchant_refund_id] = RailRefund(
            merchant_refund_id=attempt.merchant_refund_id,
            rail_refund_id=f"RFD-{len(self.bookings):010}",
            status=RailStatus.ACCEPTED,
            status_word="PROCESSING",
            expected_on="2026-12-02",
        )
        return self.book[attempt.merchant_refund_id]

    def _reach(self) -> None:
        if self.down is not None:
            raise self.down
