"""One transaction over the twin's tables; the same refusals as the database's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pef_adapters.core.errors import AmountExceedsRest, NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, State, moves
from pef_adapters.engine.records import (
    Attempt,
    Exchange,
    Payment,
    Received,
    Refund,
    TimelineEntry,
)
from pef_adapters.storage.memory.desk import Desk
from pef_adapters.storage.memory.evidence import Evidence
from pef_adapters.storage.memory.gateways import Gateways
from pef_adapters.storage.memory.people import People
from pef_adapters.storage.memory.privacy import Privacy
from pef_adapters.storage.memory.search import Search
from pef_adapters.storage.memory.tables import Wake
from pef_adapters.storage.storable import storable, utc

_MOVES = {(source, target) for source, _, target in moves()} | {(s, s) for s in State}


class MemoryLedger(Desk, Gateways, Privacy, People, Search, Evidence):
    """Deliveries, refunds, payments, attempts and evidence."""

    # deliveries

    async def add_received(self, received: Received) -> int:
        kept = storable(received)
        if (first := self._delivered_before(kept)) is not None:
            return first
        received_id = len(self._tables.due) + 1
        kept = replace(kept, id=received_id)
        self._tables.received[received_id] = kept
        self._tables.due[received_id] = kept.received_at
        await self.wake_received(received_id)
        return received_id

    def _delivered_before(self, delivery: Received) -> int | None:
        same = (r for r in self._tables.received.values() if _named(r) == _named(delivery))
        first = next(same, None) if delivery.delivery_id else None
        return None if first is None else first.id

    async def received(self, received_id: int) -> Received | None:
        return self._tables.received.get(received_id)

    async def close_received(self, received_id: int, outcome: str, at: datetime) -> None:
        if kept := self._tables.received.get(received_id):
            self._tables.received[received_id] = replace(kept, outcome=outcome)
            self._tables.closed[received_id] = utc(at)

    async def forget_received(self, before: datetime) -> None:
        old = [number for number, at in self._tables.closed.items() if at < before]
        for number in old:
            del self._tables.received[number], self._tables.closed[number]

    async def postpone_received(self, received_id: int, until: datetime) -> None:
        if kept := self._tables.received.get(received_id):
            self._tables.received[received_id] = replace(kept, tries=kept.tries + 1)
            self._tables.due[received_id] = utc(until)
        self._wake(Wake("digest", received_id, until))

    async def wake_received(self, received_id: int) -> None:
        self._wake(Wake("digest", received_id, None))

    async def open_received(self, before: datetime, limit: int) -> list[int]:
        due, end = self._tables.due, utc(before)
        found = [
            each.id
            for each in self._tables.received.values()
            if each.outcome is None and each.received_at < end and due[each.id] <= end
        ]
        return sorted(found, key=lambda received_id: (due[received_id], received_id))[:limit]

    # refunds

    async def add_refund(self, refund: Refund) -> bool:
        known = await self.find_refund(refund.store_id, refund.platform_refund_id)
        if known or refund.id in self._tables.refunds:
            return False
        self._must_hold(self._tables.stores, refund.store_id)
        self._must_hold(self._tables.accounts, refund.account_id)
        self._tables.refunds[refund.id] = storable(refund)
        return True

    async def refund(self, refund_id: str) -> Refund | None:
        return self._tables.refunds.get(refund_id)

    async def lock_refund(self, refund_id: str) -> Refund | None:
        return await self.refund(refund_id)

    async def find_refund(self, store_id: str, platform_refund_id: str) -> Refund | None:
        wanted = (store_id, platform_refund_id)
        return next((r for r in self._refunds() if _identity(r) == wanted), None)

    async def refunds_of_order(self, store_id: str, order_id: str) -> list[Refund]:
        wanted = (store_id, order_id)
        return [r for r in self._refunds() if (r.store_id, r.order_id) == wanted]

    async def refunds_of_payment(self, account_id: str, transaction_id: str) -> list[Refund]:
        wanted = (account_id, transaction_id)
        return [r for r in self._refunds() if (r.account_id, r.transaction_id) == wanted]

    async def list_refunds(
        self, *, store_id: str | None = None, state: State | None = None, limit: int = 100
    ) -> list[Refund]:
        found = [
            refund
            for refund in self._refunds()
            if store_id in (None, refund.store_id) and state in (None, refund.state)
        ]
        return found[::-1][:limit]

    async def refunds_by_deadline(self, before: datetime, limit: int) -> list[Refund]:
        end = utc(before)
        kept = (r for r in self._tables.refunds.values() if not CARE[r.state].final)
        wanted = [(refund.deadline_at, refund) for refund in kept]
        due = [(at, refund) for at, refund in wanted if at is not None and at < end]
        return [refund for _, refund in sorted(due, key=lambda pair: pair[0])][:limit]

    async def refunds_asked(self, start: datetime, end: datetime) -> list[Refund]:
        start, end = utc(start), utc(end)
        return [refund for refund in self._refunds() if start <= refund.requested_at < end]

    async def refunds_due_for_payout(self, account_id: str, limit: int) -> list[Refund]:
        wanted = (State.PAYOUT_DUE, account_id)
        return [r for r in self._refunds() if (r.state, r.account_id) == wanted][:limit]

    async def save_refund(self, refund: Refund) -> None:
        old = self._tables.refunds.get(refund.id)
        if old is None or _identity(old) != _identity(refund):
            raise NotThere(f"there is no refund {refund.id} of this identity")
        if old.outcome not in (None, refund.outcome):
            ended = f"a refund that ended as {old.outcome} for its platform"
            raise TransitionRefused(f"{ended} can't end otherwise")
        if (old.state, refund.state) not in _MOVES:
            raise TransitionRefused(f"a refund that is {old.state} can't become {refund.state}")
        self._tables.refunds[refund.id] = replace(
            storable(refund), platform=old.platform, created_at=old.created_at
        )

    async def due_refunds(self, now: datetime, limit: int) -> list[str]:
        present = utc(now)
        waiting = [(_due_at(refund), refund.id) for refund in self._tables.refunds.values()]
        due = [(at, refund_id) for at, refund_id in waiting if at is not None and at <= present]
        return [refund_id for _, refund_id in sorted(due, key=lambda pair: pair[0])][:limit]

    # payments

    async def add_payment(self, payment: Payment) -> None:
        _check_position(payment)
        self._must_hold(self._tables.accounts, payment.account_id)
        self._tables.payments.setdefault(_key(payment), storable(payment))

    async def payment(self, account_id: str, transaction_id: str) -> Payment | None:
        return self._tables.payments.get((account_id, transaction_id))

    async def lock_payment(self, account_id: str, transaction_id: str) -> Payment | None:
        return await self.payment(account_id, transaction_id)

    async def payments_paid(self, start: datetime, end: datetime) -> list[Payment]:
        start, end = utc(start), utc(end)
        paid = [(payment.paid_at, payment) for payment in self._tables.payments.values()]
        found = [(at, p) for at, p in paid if at is not None and start <= at < end]
        found.sort(key=lambda pair: (pair[0], pair[1].transaction_id, pair[1].account_id))
        return [payment for _, payment in found]

    async def save_payment(self, payment: Payment) -> None:
        if _key(payment) not in self._tables.payments:
            raise NotThere(f"there is no payment {payment.transaction_id}")
        _check_position(payment)
        self._tables.payments[_key(payment)] = storable(payment)

    # attempts and evidence

    async def add_attempt(self, attempt: Attempt) -> None:
        self._must_hold(self._tables.refunds, attempt.refund_id)
        if attempt.merchant_refund_id in self._tables.attempts:
            raise TransitionRefused(f"{attempt.merchant_refund_id} is taken")
        self._tables.attempts[attempt.merchant_refund_id] = storable(attempt)

    async def attempt(self, merchant_refund_id: str) -> Attempt | None:
        return self._tables.attempts.get(merchant_refund_id)

    async def attempts(self, refund_id: str) -> list[Attempt]:
        return [each for each in self._tables.attempts.values() if each.refund_id == refund_id]

    async def save_attempt(self, attempt: Attempt) -> None:
        if attempt.merchant_refund_id not in self._tables.attempts:
            raise NotThere(f"there is no attempt {attempt.merchant_refund_id}")
        self._tables.attempts[attempt.merchant_refund_id] = storable(attempt)

    async def add_exchange(self, exchange: Exchange) -> None:
        self._tables.exchanges[len(self._tables.exchanges)] = storable(exchange)

    async def exchanges(self, merchant_refund_ids: Sequence[str]) -> list[Exchange]:
        kept = self._tables.exchanges.values()
        return [each for each in kept if each.merchant_refund_id in set(merchant_refund_ids)]

    async def add_entry(self, entry: TimelineEntry) -> None:
        self._must_hold(self._tables.refunds, entry.refund_id)
        self._tables.timeline[len(self._tables.timeline)] = storable(entry)

    async def timeline(self, refund_id: str) -> list[TimelineEntry]:
        return [each for each in self._tables.timeline.values() if each.refund_id == refund_id]

    # wake-ups

    async def wake(self, refund: Refund, at: datetime | None = None) -> None:
        self._wake(Wake("advance", refund.id, at))


def _named(delivery: Received) -> tuple[str, str, str]:
    return delivery.source, delivery.owner_id, delivery.delivery_id


def _identity(refund: Refund) -> tuple[str, str]:
    return refund.store_id, refund.platform_refund_id


def _key(payment: Payment) -> tuple[str, str]:
    return payment.account_id, payment.transaction_id


def _due_at(refund: Refund) -> datetime | None:
    return min(filter(None, (refund.next_action_at, refund.write_back_at)), default=None)


def _check_position(payment: Payment) -> None:
    nothing = Money.zero(payment.paid.currency)
    if min(payment.rest, payment.reserved, payment.refunded) < nothing:
        raise AmountExceedsRest(f"payment {payment.transaction_id} would hold less than nothing")
