"""A hostile PagoEfectivo: a true book behind a wire on which everything can go wrong.

It books whatever it is asked, so that nothing but our own care stands between a mistake and
a second payment. Like the real one it knows an id again only inside its replay window.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pef_adapters.core.money import Money
from pef_adapters.engine.ports import RailStatus

_FIRST_CIP = 20_000_001
LIVE_WORDS = frozenset({"PROCESSING", "REFUNDED"})
WORDS = {
    RailStatus.ACCEPTED: "PROCESSING",
    RailStatus.REFUNDED: "REFUNDED",
    RailStatus.REFUSED: "REJECTED",
    RailStatus.RETURNED: "RETURNED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCip:
    """What a buyer paid; `paid_at` is None once the bank took it back."""

    cip: str
    account: str
    amount: Money
    paid_at: datetime | None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A refund in the rail's true book. `times` counts how often money was set in motion."""

    key: str
    number: int
    account: str
    cip: str
    amount: Money
    word: str
    first_at: datetime
    times: int = 1

    @property
    def is_live(self) -> bool:
        """Whether its money is with the buyer, or on its way."""
        return self.word in LIVE_WORDS

    def record(self) -> dict[str, object]:
        """As the contract answers it (fact sheet 7.2)."""
        return {
            "refund_id": f"RFD-{self.number:010d}",
            "merchant_refund_id": self.key,
            "original_transaction_id": self.cip,
            "cip": self.cip,
            "status": self.word,
            "refund_amount": self.amount.decimal,
            "currency": self.amount.currency,
            "route": "BANK_TRANSFER",
            "estimated_payment_date": "2026-12-02",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for: the body of `POST /api/v1/refunds`, as far as money goes."""

    account: str
    key: str
    cip: str
    amount: Money

    @classmethod
    def read(cls, account: str, body: dict[str, object]) -> "Order":
        """From the wire's JSON."""
        amount = Money.parse(Decimal(str(body["refund_amount"])), str(body["currency"]))
        key, cip = str(body["merchant_refund_id"]), str(body["original_transaction_id"])
        return cls(account=account, key=key, cip=cip, amount=amount)


class Rail:
    """The rail's book. `on_booking` hears of each order whose money is set in motion."""

    def __init__(self, now: Callable[[], datetime], replay_window: timedelta) -> None:
        self._now = now
        self._window = replay_window
        self.cips: dict[str, PaidCip] = {}
        self.book: dict[str, Booking] = {}
        self.late: list[Order] = []
        self.news: list[tuple[str, dict[str, object]]] = []
        self.on_booking: Callable[[Order], None] = lambda _: None

    # what the world does

    def pay(self, cip: str, account: str, amount: Money, at: datetime) -> None:
        """A buyer pays."""
        self.cips[cip] = PaidCip(cip=cip, account=account, amount=amount, paid_at=at)

    def wait_for(self, code: str, account: str, amount: Money) -> PaidCip:
        """Make a CIP that nobody has paid yet."""
        cip = str(_FIRST_CIP + len(self.cips))
        made = PaidCip(cip=cip, account=account, amount=amount, paid_at=None, code=code)
        self.cips[cip] = made
        return made

    def pay_waiting(self, account_id: str, code: str, at: datetime) -> str:
        """A buyer pays the CIP of a transaction code."""
        waiting = next(c for c in self.cips.values() if (c.account, c.code) == (account_id, code))
        self.cips[waiting.cip] = replace(waiting, paid_at=at)
        self.news.append((account_id, _told("cip.paid", cip=waiting.cip, transactionCode=code)))
        return waiting.cip

    def reverse(self, cip: str) -> None:
        """The bank takes a payment back (extorno)."""
        paid = self.cips[cip]
        self.cips[cip] = replace(paid, paid_at=None)
        self.news.append((paid.account, _told("cip.refunded", cip=cip)))

    def turn(self, key: str, status: RailStatus) -> None:
        """Bring a refund to another state, and have it told."""
        self.book[key] = replace(self.book[key], word=WORDS[status])
        self.tell(key)

    def tell(self, key: str) -> None:
        """Queue a notification of how a refund stands."""
        booked = self.book[key]
        told = _told("refund.changed", cip=booked.cip, merchantRefundId=key, status=booked.word)
        self.news.append((booked.account, told))

    def arrivals(self) -> int:
        """Requests that were long on their way arrive now; answers how many."""
        late, self.late = self.late, []
        for order in late:
            self.take(order)
        return len(late)

    # what the wire asks

    def take(self, order: Order) -> Booking | None:
        """Book a refund; None where the id was used for something else."""
        known, now = self.book.get(order.key), self._now()
        if known is None:
            self.on_booking(order)
            return self._booked(order, now)
        if (known.cip, known.amount) != (order.cip, order.amount):
            return None
        if now - known.first_at >= self._window:
            self.on_booking(order)
            self.book[order.key] = replace(known, times=known.times + 1, word="PROCESSING")
        return self.book[order.key]

    def _booked(self, order: Order, now: datetime) -> Booking:
        self.book[order.key] = Booking(
            key=order.key,
            number=len(self.book) + 1,
            account=order.account,
            cip=order.cip,
            amount=order.amount,
            word="PROCESSING",
            first_at=now,
        )
        self.tell(order.key)
        return self.book[order.key]

    def live(self) -> Iterator[Booking]:
        """Refunds whose money is with the buyer, or on its way."""
        return (booked for booked in self.book.values() if booked.is_live)


def _told(event: str, **data: object) -> dict[str, object]:
    return {"eventType": event, "operationNumber": "1", "data": data}
