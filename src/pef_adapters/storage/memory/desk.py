"""The twin's other half: policies, limits, approvals, the payout desk, alarms and costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pef_adapters.core.errors import NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.policy import LimitScope, Used
from pef_adapters.core.states import COUNTED
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
    Refund,
    Review,
    ReviewAct,
)
from pef_adapters.storage.memory.connections import Connections
from pef_adapters.storage.storable import storable, utc

_WHOSE: Mapping[LimitScope, Callable[[Refund], str | None]] = {
    LimitScope.STORE: lambda refund: refund.store_id,
    LimitScope.ACCOUNT: lambda refund: refund.account_id,
    LimitScope.BUYER: lambda refund: refund.buyer,
    LimitScope.OPERATOR: lambda refund: f"{refund.store_id}/{refund.requested_by}",
    LimitScope.DESTINATION: lambda refund: refund.destination,
}


class Desk(Connections):
    """Works on one transaction's copy of the tables."""

    # policies and decisions

    async def add_policy(self, policy: PublishedPolicy) -> bool:
        key = (policy.owner, policy.version)
        new = key not in self._tables.policies
        self._tables.policies.setdefault(key, storable(policy))
        return new

    async def newest_policy(self, owner: str) -> PublishedPolicy | None:
        return next(iter(await self.policies(owner)), None)

    async def policies(self, owner: str) -> list[PublishedPolicy]:
        own = [each for each in self._tables.policies.values() if each.owner == owner]
        return sorted(own, key=lambda each: -each.version)

    async def add_decided(self, decided: Decided) -> None:
        self._must_hold(self._tables.refunds, decided.refund_id)
        self._tables.decided[len(self._tables.decided)] = storable(decided)

    async def decided(self, since: datetime, store_id: str | None = None) -> list[Decided]:
        kept = sorted(self._tables.decided.values(), key=lambda each: each.at)
        return [d for d in kept if d.at >= since and store_id in (None, d.store_id)]

    # limits

    async def lock_limits(self, counters: Sequence[str]) -> None:
        """One transaction at a time needs no locks."""

    async def used(self, per: LimitScope, key: str, since: datetime, but: str) -> Used:
        counted = [
            refund.amount
            for refund in self._refunds()
            if refund.state in COUNTED
            and refund.id != but
            and refund.counted_at is not None
            and refund.counted_at >= since
            and _WHOSE[per](refund) == key
        ]
        return Used(len(counted), _sums(counted))

    # approvals

    async def add_review(self, review: Review) -> int:
        self._must_hold(self._tables.refunds, review.refund_id)
        if await self.open_review(review.refund_id):
            raise TransitionRefused(f"{review.refund_id} is under review already")
        number = len(self._tables.reviews) + 1
        self._tables.reviews[number] = replace(storable(review), id=number)
        return number

    async def open_review(self, refund_id: str) -> Review | None:
        found = (each for each in await self.reviews(refund_id) if each.ended_at is None)
        return next(found, None)

    async def reviews(self, refund_id: str) -> list[Review]:
        return [each for each in self._tables.reviews.values() if each.refund_id == refund_id]

    async def open_reviews(self, limit: int) -> list[Review]:
        waiting = [each for each in self._tables.reviews.values() if each.ended_at is None]
        return sorted(waiting, key=lambda each: (each.expires_at, each.id))[:limit]

    async def save_review(self, review: Review) -> None:
        kept, new = self._tables.reviews.get(review.id), storable(review)
        if kept is not None:
            self._tables.reviews[review.id] = replace(
                kept, remind_at=new.remind_at, ended_at=new.ended_at, ended_as=new.ended_as
            )

    async def add_act(self, act: ReviewAct) -> None:
        self._must_hold(self._tables.refunds, act.refund_id)
        self._tables.acts[len(self._tables.acts)] = storable(act)

    async def acts(self, refund_id: str) -> list[ReviewAct]:
        return [each for each in self._tables.acts.values() if each.refund_id == refund_id]

    # the buyer's link and bank details

    async def add_link(self, link: Link) -> None:
        self._must_hold(self._tables.refunds, link.refund_id)
        if await self.open_link(link.refund_id):
            raise TransitionRefused(f"{link.refund_id} has an open link already")
        self._tables.links[link.id] = storable(link)

    async def link(self, link_id: str) -> Link | None:
        return self._tables.links.get(link_id)

    async def open_link(self, refund_id: str) -> Link | None:
        own = (each for each in self._tables.links.values() if each.refund_id == refund_id)
        return next((each for each in own if each.ended_at is None), None)

    async def save_link(self, link: Link) -> None:
        if link.id in self._tables.links:
            self._tables.links[link.id] = storable(link)

    async def add_destination(self, destination: Destination) -> int:
        self._must_hold(self._tables.refunds, destination.refund_id)
        number = len(self._tables.destinations) + 1
        self._tables.destinations[number] = replace(storable(destination), id=number)
        return number

    async def destination(self, destination_id: int) -> Destination | None:
        return self._tables.destinations.get(destination_id)

    async def newest_destination(self, refund_id: str) -> Destination | None:
        own = [d for d in self._tables.destinations.values() if d.refund_id == refund_id]
        return own[-1] if own else None

    async def refunds_to(self, account: str) -> list[str]:
        given = self._tables.destinations.values()
        return list(dict.fromkeys(d.refund_id for d in given if d.account == account))

    # bank files

    async def add_batch(self, batch: PayoutBatch) -> None:
        self._must_hold(self._tables.accounts, batch.account_id)
        if batch.id in self._tables.batches:
            raise TransitionRefused(f"there is a batch {batch.id} already")
        self._tables.batches[batch.id] = storable(batch)

    async def batch(self, batch_id: str) -> PayoutBatch | None:
        return self._tables.batches.get(batch_id)

    async def batches(self, limit: int) -> list[PayoutBatch]:
        return list(self._tables.batches.values())[::-1][:limit]

    async def add_payout(self, payout: Payout) -> None:
        self._must_hold(self._tables.refunds, payout.refund_id)
        self._must_hold(self._tables.batches, payout.batch_id)
        open_ = [p for p in await self.payouts_of_refund(payout.refund_id) if p.ended_as is None]
        if open_ or payout.line_id in self._tables.payouts:
            raise TransitionRefused(f"{payout.refund_id} stands in a bank file")
        self._tables.payouts[payout.line_id] = storable(payout)

    async def payouts_of_batch(self, batch_id: str) -> list[Payout]:
        return [each for each in self._tables.payouts.values() if each.batch_id == batch_id]

    async def payouts_of_refund(self, refund_id: str) -> list[Payout]:
        return [each for each in self._tables.payouts.values() if each.refund_id == refund_id]

    async def save_payout(self, payout: Payout) -> None:
        if payout.line_id not in self._tables.payouts:
            raise NotThere(f"there is no payout {payout.line_id}")
        self._tables.payouts[payout.line_id] = storable(payout)

    async def add_proof(self, proof: Proof) -> int:
        self._must_hold(self._tables.batches, proof.batch_id)
        number = len(self._tables.proofs) + 1
        self._tables.proofs[number] = replace(storable(proof), id=number)
        return number

    async def proofs(self, batch_id: str) -> list[Proof]:
        return [each for each in self._tables.proofs.values() if each.batch_id == batch_id]

    # alarms and costs

    async def raise_alarm(self, alarm: Alarm) -> bool:
        if any(each.key == alarm.key for each in await self.open_alarms()):
            return False
        self._tables.alarms[len(self._tables.alarms)] = storable(alarm)
        return True

    async def clear_alarm(self, key: str, at: datetime) -> bool:
        for number, alarm in self._tables.alarms.items():
            if alarm.key == key and alarm.cleared_at is None:
                self._tables.alarms[number] = replace(alarm, cleared_at=utc(at))
                return True
        return False

    async def open_alarms(self) -> list[Alarm]:
        open_ = [each for each in self._tables.alarms.values() if each.cleared_at is None]
        return sorted(open_, key=lambda each: each.raised_at)

    async def add_cost(self, cost: ActualCost) -> None:
        self._must_hold(self._tables.refunds, cost.refund_id)
        self._tables.costs[len(self._tables.costs)] = storable(cost)

    async def costs(self, refund_ids: Sequence[str]) -> list[ActualCost]:
        return [each for each in self._tables.costs.values() if each.refund_id in set(refund_ids)]

    async def house_key(self, fresh: str) -> str:
        return self._tables.keys.setdefault(0, fresh)

    def _refunds(self) -> list[Refund]:
        """Oldest first; those of one moment as they were written."""
        return sorted(self._tables.refunds.values(), key=lambda refund: refund.created_at)


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return tuple(sums[currency] for currency in sorted(sums))
