"""A closer look: our books against the outside's, beyond what `invariants` counts.

Each of these checks was added because a planted mistake went unseen without it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pef_adapters.core.states import MONEY, Event, Position, State
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.identity import merchant_refund_id
from pef_adapters.engine.records import Attempt, Refund
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.rail import Booking, Order
from pef_adapters.testing.simulation.shops.kinds import OURS

if TYPE_CHECKING:
    from pef_adapters.testing.simulation.world import World

# The policy's thirty days, and what a clock that is two days late may add.
_RAIL_WINDOW: Final = timedelta(days=33)
_BY_PERSON: Final = frozenset({Event.PERSON_CONFIRMED_PAID, Event.PERSON_CONFIRMED_UNPAID})
_NOT_THERE: Final = "TRANSACTION_UNKNOWN"


class CloserLook:
    """Watches requests as they reach the rail, and compares after each step."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._seen = 0
        self._by_person: set[str] = set()
        self._paid_by_person: set[str] = set()
        self._before = world.rail_wire.on_request
        world.rail_wire.on_request = self._on_request

    def now(self) -> Iterator[str]:
        """What must hold at every moment and does not."""
        self._read_timeline()
        world = self._world
        yield from _twice_ours(world)
        for refund in world.refunds:
            yield from _money_out(world, refund)
            yield from self._too_early(refund)
            yield from self._released_in_the_dark(refund)
            if refund.decision and refund.decision["code"] == _NOT_THERE:
                yield f"I10: {refund.id} was told that its payment is not there, and it is"
        for booked in world.rail.book.values():
            yield from _somebody_elses(world, booked)
        for shop in world.shops:
            for mail in shop.mails():
                if OURS not in mail:
                    yield f"I7: the buyer was mailed what only the order should say: {mail[:40]}"

    def at_the_end(self) -> Iterator[str]:
        """Once all post has come: what the bank took back, we know of."""
        taken = [body for body in self._world.post.taken if b"cip.refunded" in body]
        for payment in self._world.memory.payments:
            cip = payment.transaction_id
            heard = any(cip.encode() in body for body in taken)
            if heard and payment.reversed_at is None:
                yield f"I1: the bank took payment {cip} back and told us, and we forgot"

    def _on_request(self, order: Order) -> None:
        self._before(order)
        self._world.facts.wrongs += list(self._wrong_request(order))

    def _wrong_request(self, order: Order) -> Iterator[str]:
        world, now = self._world, self._world.clock.now()
        attempt = world.memory.committed_attempt(order.key)
        refund = next((r for r in world.refunds if attempt and r.id == attempt.refund_id), None)
        if refund and (refund.store_id, order.amount.minor) not in world.facts.pressed:
            yield f"I11: nobody pressed a refund of {order.amount} at {refund.store_id}"
        paid_at = world.rail.cips[order.cip].paid_at
        if paid_at is not None and now - paid_at > _RAIL_WINDOW:
            yield f"{order.key} was sent {(now - paid_at).days} days after the payment"
        if attempt is not None:
            yield from self._sent_again_too_late(attempt, now)

    def _sent_again_too_late(self, attempt: Attempt, now: datetime) -> Iterator[str]:
        """I2: beyond the rail's window the same id pays again; only a true clock can tell."""
        fired = self._world.weather.fired
        if fired[Fault.CLOCK_AHEAD, None] or fired[Fault.CLOCK_BEHIND, None]:
            return
        window = timedelta(seconds=self._world.ports.replay_window_seconds)
        if attempt.maybe_sent and now - (attempt.first_sent_at or now) >= window:
            yield f"I2: {attempt.merchant_refund_id} was sent again when the rail had forgotten it"

    def _read_timeline(self) -> None:
        entries = self._world.memory.committed_timeline(self._seen)
        self._seen += len(entries)
        settled = [entry for entry in entries if entry.what in _BY_PERSON]
        self._by_person |= {entry.refund_id for entry in settled}
        paid = Event.PERSON_CONFIRMED_PAID
        self._paid_by_person |= {entry.refund_id for entry in settled if entry.what == paid}

    def _released_in_the_dark(self, refund: Refund) -> Iterator[str]:
        """I4, I5: a send whose fate nobody knows keeps its money, unless a person decided."""
        key = merchant_refund_id(refund.id, refund.generation)
        attempt = self._world.memory.committed_attempt(key)
        if attempt is None or not attempt.maybe_sent or attempt.rail_refund_id is not None:
            return
        if MONEY[refund.state] is Position.FREE and refund.id not in self._by_person:
            yield f"I4: {refund.id} is {refund.state}, and nobody knows what became of its send"

    def _too_early(self, refund: Refund) -> Iterator[str]:
        """I6: the rail still works on what we call refunded, and no person said so."""
        if refund.state is not State.REFUNDED or refund.id in self._paid_by_person:
            return
        world = self._world
        live = [b for b in world.rail.live() if world.owner_of(b.key) == refund.id]
        if live and all(b.word == "PROCESSING" for b in live) and not world.bank.holds(refund.id):
            yield f"I6: {refund.id} is called refunded, and the rail has not paid it yet"


def _twice_ours(world: "World") -> Iterator[str]:
    names = Counter((refund.store_id, refund.platform_refund_id) for refund in world.refunds)
    for (store, number), times in names.items():
        if times > 1:
            yield f"I2: refund {number} of {store} became {times} refunds of ours"


def _money_out(world: "World", refund: Refund) -> Iterator[str]:
    """I4: while money is out, its amount is kept, unless an alarm says what went wrong."""
    excused = refund.attention in ALARMS or world.facts.no_taken_back
    if MONEY[refund.state] is Position.FREE and not excused and world.lives(refund.id):
        yield f"I4: money of {refund.id} is out, and nothing is kept for it ({refund.state})"


def _somebody_elses(world: "World", booked: Booking) -> Iterator[str]:
    attempt = world.memory.committed_attempt(booked.key)
    own = booked.record()["refund_id"]
    if attempt is not None and attempt.rail_refund_id not in (None, own):
        yield f"I2: {booked.key} was booked by an answer about {attempt.rail_refund_id}"
