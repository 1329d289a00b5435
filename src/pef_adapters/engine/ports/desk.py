"""The ledger's other half: policies, approvals, the payout desk, alarms and costs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pef_adapters.core.policy import LimitScope, Used
from pef_adapters.engine.records import (
    ActualCost,
    Alarm,
    Decided,
    Destination,
    Link,
    Payout,
    PayoutBatch,
    Proof,
    PublishedPolicy,
    Review,
    ReviewAct,
)


class DeskLedger(Protocol):
    """What people decide, and what is paid out by hand."""

    # policies and decisions
    async def add_policy(self, policy: PublishedPolicy) -> bool:
        """Insert; False where the owner has this version already."""
        ...

    async def newest_policy(self, owner: str) -> PublishedPolicy | None: ...

    async def policies(self, owner: str) -> list[PublishedPolicy]:
        """Newest first."""
        ...

    async def add_decided(self, decided: Decided) -> None: ...

    async def decided(self, since: datetime, store_id: str | None = None) -> list[Decided]:
        """Decisions from `since` on, oldest first."""
        ...

    async def lock_settings(self, owner: str) -> None:
        """Nobody else changes what belongs to this owner until this transaction ends."""
        ...

    # limits
    async def lock_limits(self, counters: Sequence[str]) -> None:
        """Nobody else counts or uses these until this transaction ends. Take them last."""
        ...

    async def used(self, per: LimitScope, key: str, since: datetime, but: str) -> Used:
        """What refunds other than `but` have used from `since` on (`core.states.COUNTED`)."""
        ...

    # approvals
    async def add_review(self, review: Review) -> int:
        """Open a review; answers its id (`review.id` is ignored).

        Raises:
            TransitionRefused: the refund has an open one.
        """
        ...

    async def open_review(self, refund_id: str) -> Review | None: ...

    async def reviews(self, refund_id: str) -> list[Review]:
        """Oldest first."""
        ...

    async def open_reviews(self, limit: int) -> list[Review]:
        """The one that expires first comes first."""
        ...

    async def save_review(self, review: Review) -> None:
        """Write when to remind, and how it ended.

        Raises:
            NotThere: no such review.
            TransitionRefused: it would be opened again beside an open one.
        """
        ...

    async def add_act(self, act: ReviewAct) -> None: ...

    async def acts(self, refund_id: str) -> list[ReviewAct]:
        """Oldest first."""
        ...

    # the buyer's link and bank details
    async def add_link(self, link: Link) -> None:
        """Insert.

        Raises:
            TransitionRefused: the refund has an open one.
        """
        ...

    async def link(self, link_id: str) -> Link | None: ...

    async def open_link(self, refund_id: str) -> Link | None: ...

    async def save_link(self, link: Link) -> None:
        """Write how many tries are left, whether the buyer was told, and how it ended.

        An older copy never opens a link again, nor gives tries back.

        Raises:
            NotThere: no such link.
        """
        ...

    async def add_destination(self, destination: Destination) -> int:
        """Keep details; answers their id (`destination.id` is ignored)."""
        ...

    async def destination(self, destination_id: int) -> Destination | None: ...

    async def newest_destination(self, refund_id: str) -> Destination | None: ...

    async def refunds_to(self, account: str) -> list[str]:
        """The refunds for which this account (a keyed hash) was ever given; oldest first."""
        ...

    # bank files
    async def add_batch(self, batch: PayoutBatch) -> None: ...

    async def batch(self, batch_id: str) -> PayoutBatch | None: ...

    async def batches(self, limit: int) -> list[PayoutBatch]:
        """Newest first."""
        ...

    async def add_payout(self, payout: Payout) -> None:
        """Insert.

        Raises:
            TransitionRefused: the refund stands in another open bank file.
        """
        ...

    async def payouts_of_batch(self, batch_id: str) -> list[Payout]:
        """In the order of the file."""
        ...

    async def payouts_of_refund(self, refund_id: str) -> list[Payout]:
        """Oldest first."""
        ...

    async def save_payout(self, payout: Payout) -> None:
        """Write what the bank answered.

        Raises:
            NotThere: no such payout.
            TransitionRefused: it would be opened again beside an open one.
        """
        ...

    async def add_proof(self, proof: Proof) -> int:
        """Keep a proof of payment; answers its id (`proof.id` is ignored)."""
        ...

    async def proofs(self, batch_id: str) -> list[Proof]:
        """Oldest first."""
        ...

    # alarms and costs
    async def raise_alarm(self, alarm: Alarm) -> bool:
        """Insert; False where the same key is raised already."""
        ...

    async def clear_alarm(self, key: str, at: datetime) -> bool:
        """Clear the alarm of this key; False where none was raised."""
        ...

    async def open_alarms(self) -> list[Alarm]:
        """Oldest first."""
        ...

    async def add_cost(self, cost: ActualCost) -> None: ...

    async def costs(self, refund_ids: Sequence[str]) -> list[ActualCost]:
        """Oldest first."""
        ...
