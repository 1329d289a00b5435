"""The twin's other half: policies, limits, approvals, the payout desk, alarms and costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

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
from pef_adapters.storage.storable import storable, text, utc


def _operator(refund: Refund) -> str | None:
    return None if refund.requested_by is None else f"{refund.store_id}/{refund.requested_by}"


_WHOSE: Mapping[LimitScope, Callable[[Refund], str | None]] = {
    LimitScope.STORE: lambda refund: refund.store_id,
    LimitScope.ACCOUNT: lambda refund: refund.account_id,
    LimitScope.BUYER: lambda refund: refund.buyer,
    LimitScope.OPERATOR: _operator,
    LimitScope.DESTINATION: lambda refund: refund.destination,
}
Opened = TypeVar("Opened", Review, Link, Payout)

_IN_A_FILE = "{} stands in a bank file"
# What a payout learns after it was written; the rest of it never changes.
_ANSWER = (
    *("ended_as", "answered_at", "answered_by", "bank_reference"),
    *("paid_on", "reason", "reason_code"),
)


class Desk(Connections):
    """Works on one transaction's copy of the tables."""

    # policies and decisions

    async def add_policy(self, policy: PublishedPolicy) -> bool:
        kept = storable(policy)
        return self._tables.policies.setdefault((kept.owner, kept.version), kept) is kept

    async def newest_policy(self, owner: str) -> PublishedPolicy | None:
        return next(iter(await self.policies(owner)), None)

    async def policies(self, owner: str) -> list[PublishedPolicy]:
        own = [each for each in self._tables.policies.values() if each.owner == text(owner)]
        return sorted(own, key=lambda each: -each.version)

    async def add_decided(self, decided: Decided) -> None:
        kept = storable(decided)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.decided[len(self._tables.decided)] = kept

    async def decided(self, since: datetime, store_id: str | None = None) -> list[Decided]:
        start = utc(since)
        kept = sorted(self._tables.decided.values(), key=lambda each: each.at)
        return [d for d in kept if d.at >= start and store_id in (None, d.store_id)]

    # limits

    async def lock_limits(self, counters: Sequence[str]) -> None:
        """One transaction at a time needs no locks."""

    async def lock_settings(self, owner: str) -> None:
        """As above."""

    async def used(self, per: LimitScope, key: str, since: datetime, but: str) -> Used:
        start, whose = utc(since), text(key)
        counted = [
            refund.amount
            for refund in self._refunds()
            if refund.state in COUNTED
            and refund.id != but
            and refund.counted_at is not None
            and refund.counted_at >= start
            and _WHOSE[per](refund) == whose
        ]
        return Used(len(counted), _sums(counted))

    # approvals

    async def add_review(self, review: Review) -> int:
        kept = replace(storable(review), id=len(self._tables.reviews) + 1)
        self._one_open_review(kept)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.reviews[kept.id] = kept
        return kept.id

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
        if kept is None:
            raise NotThere(f"there is no review {review.id}")
        saved = replace(kept, remind_at=new.remind_at, ended_at=new.ended_at, ended_as=new.ended_as)
        self._one_open_review(saved)
        self._tables.reviews[saved.id] = saved

    def _one_open_review(self, review: Review) -> None:
        others = (each for each in self._tables.reviews.values() if each.id != review.id)
        _one_open(review, others, f"{review.refund_id} is under review already")

    async def add_act(self, act: ReviewAct) -> None:
        kept = storable(act)
        self._must_hold(self._tables.reviews, kept.review_id)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.acts[len(self._tables.acts)] = kept

    async def acts(self, refund_id: str) -> list[ReviewAct]:
        return [each for each in self._tables.acts.values() if each.refund_id == refund_id]

    # the buyer's link and bank details

    async def add_link(self, link: Link) -> None:
        kept, refusal = storable(link), f"{link.refund_id} has an open link already"
        _one_open(kept, self._tables.links.values(), refusal)
        if kept.id in self._tables.links:
            raise TransitionRefused(refusal)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.links[kept.id] = kept

    async def link(self, link_id: str) -> Link | None:
        return self._tables.links.get(link_id)

    async def open_link(self, refund_id: str) -> Link | None:
        own = (each for each in self._tables.links.values() if each.refund_id == refund_id)
        return next((each for each in own if each.ended_at is None), None)

    async def save_link(self, link: Link) -> None:
        kept, new = self._tables.links.get(link.id), storable(link)
        if kept is None:
            raise NotThere(f"there is no link of refund {link.refund_id} by this id")
        self._tables.links[link.id] = replace(
            kept,
            tries_left=min(kept.tries_left, new.tries_left),
            told_at=kept.told_at or new.told_at,
            ended_at=kept.ended_at or new.ended_at,
            ended_as=kept.ended_as or new.ended_as,
        )

    async def add_destination(self, destination: Destination) -> int:
        kept = replace(storable(destination), id=len(self._tables.destinations) + 1)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.destinations[kept.id] = kept
        return kept.id

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
        kept = storable(batch)
        if kept.id in self._tables.batches:
            raise TransitionRefused(f"there is a batch {batch.id} already")
        self._must_hold(self._tables.accounts, kept.account_id)
        self._tables.batches[kept.id] = kept

    async def batch(self, batch_id: str) -> PayoutBatch | None:
        return self._tables.batches.get(batch_id)

    async def batches(self, limit: int) -> list[PayoutBatch]:
        return list(self._tables.batches.values())[::-1][:limit]

    async def add_payout(self, payout: Payout) -> None:
        kept = storable(payout)
        if kept.line_id in self._tables.payouts:
            raise TransitionRefused(_IN_A_FILE.format(kept.refund_id))
        self._one_open_payout(kept)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._must_hold(self._tables.batches, kept.batch_id)
        self._must_hold(self._tables.destinations, kept.destination_id)
        self._tables.payouts[kept.line_id] = kept

    async def payouts_of_batch(self, batch_id: str) -> list[Payout]:
        return [each for each in self._tables.payouts.values() if each.batch_id == batch_id]

    async def payouts_of_refund(self, refund_id: str) -> list[Payout]:
        return [each for each in self._tables.payouts.values() if each.refund_id == refund_id]

    async def save_payout(self, payout: Payout) -> None:
        kept, new = self._tables.payouts.get(payout.line_id), storable(payout)
        if kept is None:
            raise NotThere(f"there is no payout {payout.line_id}")
        answered = replace(kept, **{name: getattr(new, name) for name in _ANSWER})
        self._one_open_payout(answered)
        self._tables.payouts[answered.line_id] = answered

    def _one_open_payout(self, payout: Payout) -> None:
        others = (p for p in self._tables.payouts.values() if p.line_id != payout.line_id)
        _one_open(payout, others, _IN_A_FILE.format(payout.refund_id))

    async def add_proof(self, proof: Proof) -> int:
        kept = replace(storable(proof), id=len(self._tables.proofs) + 1)
        self._must_hold(self._tables.batches, kept.batch_id)
        self._tables.proofs[kept.id] = kept
        return kept.id

    async def proofs(self, batch_id: str) -> list[Proof]:
        return [each for each in self._tables.proofs.values() if each.batch_id == batch_id]

    # alarms and costs

    async def raise_alarm(self, alarm: Alarm) -> bool:
        kept = storable(alarm)
        open_ = {each.key for each in await self.open_alarms()}
        if kept.cleared_at is None and kept.key in open_:
            return False
        self._tables.alarms[len(self._tables.alarms)] = kept
        return True

    async def clear_alarm(self, key: str, at: datetime) -> bool:
        for number, alarm in self._tables.alarms.items():
            if alarm.key == text(key) and alarm.cleared_at is None:
                self._tables.alarms[number] = replace(alarm, cleared_at=utc(at))
                return True
        return False

    async def open_alarms(self) -> list[Alarm]:
        open_ = [each for each in self._tables.alarms.values() if each.cleared_at is None]
        return sorted(open_, key=lambda each: each.raised_at)

    async def add_cost(self, cost: ActualCost) -> None:
        kept = storable(cost)
        self._must_hold(self._tables.refunds, kept.refund_id)
        self._tables.costs[len(self._tables.costs)] = kept

    async def costs(self, refund_ids: Sequence[str]) -> list[ActualCost]:
        return [each for each in self._tables.costs.values() if each.refund_id in set(refund_ids)]

    async def house_key(self, fresh: str) -> str:
        return self._tables.keys.setdefault(0, fresh)

    def _refunds(self) -> list[Refund]:
        """Oldest first; those of one moment as they were written."""
        return sorted(self._tables.refunds.values(), key=lambda refund: refund.created_at)


def _one_open(record: Opened, others: Iterable[Opened], refusal: str) -> None:
    """What a partial unique index is to the database.

    Raises:
        TransitionRefused: the refund has another open one.
    """
    open_ = {each.refund_id for each in others if _is_open(each)}
    if _is_open(record) and record.refund_id in open_:
        raise TransitionRefused(refusal)


def _is_open(record: Review | Link | Payout) -> bool:
    return (record.ended_as if isinstance(record, Payout) else record.ended_at) is None


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return tuple(sums[currency] for currency in sorted(sums))
