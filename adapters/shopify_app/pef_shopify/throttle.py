"""How long to wait before Shopify is asked again: one bucket of points per app and shop.

Knows what the last answers said, no clock and no request. Points flow back at a known
rate; a question is let through only when they suffice (platforms/shopify.md, section 2).
"""

from dataclasses import dataclass, field
from typing import Final

from pef_shopify.envelope import Cost, ThrottleStatus

# What one call may spend waiting; whoever calls tries again later.
MOST_WAITED_SECONDS: Final = 30.0
# Where Shopify says "slow down" and does not say for how long.
WAIT_SECONDS: Final = 2.0
# Below one second a refused question would only be refused again.
LEAST_SECONDS: Final = 1.0


@dataclass(slots=True)
class Bucket:
    """The points that are left, as far as the answers told; `costs` is by document."""

    status: ThrottleStatus | None = None
    costs: dict[str, float] = field(default_factory=dict)

    def learn(self, document: str, cost: Cost | None) -> None:
        """Take in what an answer says of its cost and of what is left."""
        if cost is None:
            return
        if cost.requested_query_cost is not None:
            self.costs[document] = cost.requested_query_cost
        self.status = cost.throttle_status or self.status

    def seconds_until_enough(self, document: str) -> float:
        """How long points must flow back before this document can be asked again."""
        if self.status is None:
            return 0.0
        missing = self.costs.get(document, 0.0) - self.status.currently_available
        return max(0.0, missing / self.status.restore_rate)

    def waited(self, seconds: float) -> None:
        """Points flowed back for so long."""
        if self.status is None:
            return
        filled = self.status.currently_available + seconds * self.status.restore_rate
        left = min(self.status.maximum_available, filled)
        self.status = self.status.model_copy(update={"currently_available": left})
