"""What a policy's limits would have counted, had it decided the past: for back-tests.

Refunds come in order of time. Those that the policy lets go count from that moment on;
one that it holds counts nothing, because nobody knows what people would have said.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pef_adapters.core.money import Money
from pef_adapters.core.policy.facts import Facts, Used
from pef_adapters.core.policy.limits import counter, window_start
from pef_adapters.core.policy.model import Limit, Policy


@dataclass(slots=True)
class _Window:
    """One counter: the refunds inside its window, oldest first, and their sums."""

    refunds: deque[tuple[datetime, Money]] = field(default_factory=deque)
    sums: dict[str, Money] = field(default_factory=dict)

    def begin(self, start: datetime) -> None:
        """Leave out what lies before `start`, which never moves back."""
        while self.refunds and self.refunds[0][0] < start:
            _, amount = self.refunds.popleft()
            self.sums[amount.currency] -= amount

    def add(self, at: datetime, amount: Money) -> None:
        self.refunds.append((at, amount))
        before = self.sums.get(amount.currency, Money.zero(amount.currency))
        self.sums[amount.currency] = before + amount

    def used(self) -> Used:
        return Used(len(self.refunds), tuple(self.sums[c] for c in sorted(self.sums)))


class Replay:
    """The counters of one policy's limits, from refund to refund."""

    def __init__(self, policy: Policy) -> None:
        self._limits = policy.limits
        self._windows: dict[str, _Window] = {}

    def used(self, facts: Facts) -> Mapping[str, Used]:
        """What has been let go before a refund, as `Facts.used`; never asked back in time."""
        used: dict[str, Used] = {}
        for name, limit in self._counters(facts):
            window = self._windows.setdefault(name, _Window())
            window.begin(window_start(limit, facts.now))
            used[name] = window.used()
        return used

    def let_go(self, facts: Facts) -> None:
        """Count a refund that leaves at `facts.now`."""
        for name in dict(self._counters(facts)):
            self._windows.setdefault(name, _Window()).add(facts.now, facts.amount)

    def _counters(self, facts: Facts) -> Iterator[tuple[str, Limit]]:
        named = ((counter(limit, facts), limit) for limit in self._limits)
        return ((name, limit) for name, limit in named if name is not None)
