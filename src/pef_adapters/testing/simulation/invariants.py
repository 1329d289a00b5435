"""What must hold at every moment, and what once everybody is well again.

The numbers are those of the reliability page. Each check answers sentences, none where it
holds; it reads what is committed and what the outside really did, never what we believe.
"""

from collections import Counter
from collections.abc import Iterator

from pef_adapters.core.states import CARE, MONEY, TABLE, Owner, Position, State
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.records import Refund
from pef_adapters.testing.simulation.closer import CloserLook
from pef_adapters.testing.simulation.people import ANA, LUIS
from pef_adapters.testing.simulation.shops.contract import Shop
from pef_adapters.testing.simulation.world import World


class Watch:
    """Looks at a world after each step."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._closer = CloserLook(world)
        self._seen = 0
        self._log_read = 0

    def now(self) -> list[str]:
        """What must hold at every moment and does not."""
        world = self._world
        return [
            *world.facts.wrongs,
            *_money(world),
            *_books(world),
            *_care(world),
            *_orders_now(world),
            *self._moves(),
            *self._secrets(),
            *self._closer.now(),
        ]

    def at_the_end(self) -> list[str]:
        """What must hold once everybody is well again (I15, and the whole of I6)."""
        world = self._world
        orders = (wrong for shop in world.shops for wrong in _order(world, shop))
        return [*_ends(world), *orders, *self._closer.at_the_end()]

    def _moves(self) -> Iterator[str]:
        """I5, I13: each move is one of the table's, written down with who made it."""
        entries = self._world.memory.committed_timeline(self._seen)
        self._seen += len(entries)
        for entry in entries:
            if entry.from_state is None or entry.to_state is None:
                continue
            if not entry.actor:
                yield f"I5: {entry.what} of {entry.refund_id} was made by nobody"
            if entry.from_state is not entry.to_state and not _in_table(
                entry.from_state, entry.to_state
            ):
                yield f"I13: {entry.refund_id} went from {entry.from_state} to {entry.to_state}"

    def _secrets(self) -> Iterator[str]:
        """I14: no log line holds a secret or a whole account number."""
        log = self._world.story.log
        new, self._log_read = log[self._log_read :], len(log)
        secrets = [
            *(keys.secret_key for keys in self._world.rail_wire.keys.values()),
            *(value for shop in self._world.shops for value in shop.store.secrets.values()),
            *(ANA["account"], LUIS["account"], ANA["document_number"]),
        ]
        return (f"I14: a log line shows {s[:4]}…" for line in new for s in secrets if s in line)


def _in_table(source: State, target: State) -> bool:
    return target in TABLE[source].values()


def _money(world: World) -> Iterator[str]:
    """I1 and I2, by the books of rail and bank."""
    for booked in world.rail.book.values():
        if booked.times > 1:
            yield f"I2: {booked.key} was paid {booked.times} times"
    ways = Counter(world.owner_of(booked.key) for booked in world.rail.live())
    ways.update(line.refund for line in world.bank.lines.values() if line.paid is not False)
    alarmed = {refund.id for refund in world.refunds if refund.attention in ALARMS}
    for refund, times in ways.items():
        if times > 1 and not (refund in alarmed or world.facts.no_taken_back):
            yield f"I2: {refund} is paid {times} times, and nobody knows"
    for shop in world.shops:
        yield from _paid_back(world, shop)


def _paid_back(world: World, shop: Shop) -> Iterator[str]:
    mine = {refund.id for refund in _of(world, shop)}
    paid = sum(b.amount.minor * b.times for b in world.rail.live() if b.cip == shop.cip)
    lines = world.bank.lines.values()
    paid += sum(line.minor for line in lines if line.refund in mine and line.paid is not False)
    # Whoever says no and then pays may pay what was promised to somebody else meanwhile.
    if paid > world.rail.cips[shop.cip].amount.minor and not world.facts.no_taken_back:
        yield f"I1: {paid} of {world.rail.cips[shop.cip].amount.minor} were paid back"


def _books(world: World) -> Iterator[str]:
    """I4, I8: what a payment holds is what its refunds' states say."""
    stands = Counter[tuple[str, Position]]()
    for refund in world.refunds:
        stands[refund.transaction_id or "", MONEY[refund.state]] += refund.amount.minor
    for payment in world.memory.payments:
        kept = (payment.reserved.minor, payment.refunded.minor)
        cip = payment.transaction_id
        due = (stands[cip, Position.RESERVED], stands[cip, Position.REFUNDED])
        if kept != due:
            yield f"I4: payment {cip} holds {kept}, its refunds {due}"
        if sum(kept) > payment.paid.minor:
            yield f"I1: payment {cip} holds more than was paid"


def _care(world: World) -> Iterator[str]:
    """I12: somebody looks after whatever is not final."""
    for refund in world.refunds:
        if not CARE[refund.state].final and refund.next_action_at is None:
            yield f"I12: {refund.id} is {refund.state}, and nobody will look"


def _orders_now(world: World) -> Iterator[str]:
    """I6, I7: no order says refunded what is not, unless we are about to correct it."""
    for shop in world.shops:
        for refund in _of(world, shop):
            told_too_much = refund.state is not State.REFUNDED and refund.write_back_at is None
            if told_too_much and shop.says(refund) == State.REFUNDED:
                yield f"I6: the order says refunded of {refund.id}, which is {refund.state}"
        for mail, times in Counter(shop.mails()).items():
            if times > 1:
                yield f"I7: the buyer was mailed {times} times: {mail[:40]}"


def _ends(world: World) -> Iterator[str]:
    for refund in world.refunds:
        state, live = refund.state, world.lives(refund.id)
        care = CARE[state]
        if world.is_unheard(refund.id):
            continue  # after its no we do not ask again: a limit that the record names
        if not (care.final or care.owner is Owner.PERSON or refund.attention):
            yield f"I15: {refund.id} is {state}, and nobody knows"
        if live != (state is State.REFUNDED) and refund.attention is None:
            yield f"I15: {refund.id} is {state}, its money {'left' if live else 'did not leave'}"
        if live and state is not State.REFUNDED and refund.attention not in ALARMS:
            yield f"I15: {refund.id} is {state}, paid, and no alarm stands"


def _order(world: World, shop: Shop) -> Iterator[str]:
    mine = _of(world, shop)
    known = {refund.platform_refund_id for refund in mine}
    for lost in shop.refund_ids() - known:
        yield f"lost: {shop.store.id} has refund {lost}, and we never heard of it"
    for refund in mine:
        if refund.state is State.CANCELLED and shop.has(refund.platform_refund_id):
            yield f"{refund.id} is cancelled, though its store has it"
        if (said := shop.says(refund)) != refund.state:
            yield f"I6: {refund.id} is {refund.state}, its order says {said}"


def _of(world: World, shop: Shop) -> list[Refund]:
    return [refund for refund in world.refunds if refund.store_id == shop.store.id]
