"""A rail whose facts are set from outside: what it tells may be early, late or out of order.

A fact never goes back: whatever news comes when, the rail stands where its newest fact is.
"""

from dataclasses import replace
from typing import Final

from pef_adapters.engine.ports import RailRefund, RailStatus
from pef_adapters.engine.records import Attempt
from pef_adapters.testing.hostile_rail import HostileRail

_RANK: Final = {
    RailStatus.ACCEPTED: 0,
    RailStatus.REFUNDED: 1,
    RailStatus.RETURNED: 2,
    RailStatus.REFUSED: 2,
}


class RailOfFacts(HostileRail):
    """`HostileRail`, whose refunds take their facts on as soon as they are booked."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[str, tuple[RailStatus, str]] = {}
        self._taken_back: set[str] = set()

    def fact(self, merchant_refund_id: str, status: RailStatus, word: str) -> None:
        """From now on, or from its booking on, the refund stands at least here."""
        known = self._facts.get(merchant_refund_id)
        if known is None or _RANK[status] > _RANK[known[0]]:
            self._facts[merchant_refund_id] = status, word
        self._catch_up(merchant_refund_id)

    def taken_back(self, merchant_refund_id: str, transaction_id: str) -> None:
        """The buyer's bank takes the payment back, after the refund was booked."""
        if merchant_refund_id in self.book:
            self.reverse(transaction_id)
        else:
            self._taken_back.add(merchant_refund_id)

    def _book(self, attempt: Attempt) -> RailRefund:
        name = attempt.merchant_refund_id
        super()._book(attempt)
        self._catch_up(name)
        if name in self._taken_back:
            self.reverse(attempt.transaction_id)
        return self.book[name]

    def _catch_up(self, name: str) -> None:
        if name in self.book and name in self._facts:
            status, word = self._facts[name]
            self.book[name] = replace(self.book[name], status=status, status_word=word)
