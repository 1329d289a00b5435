"""All 120 orders of five events about one refund, each with duplicates: one end.

What the rail tells is never older than the fact, but may come long before or after the
platform's own word, which is what makes us pay at all.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from random import Random
from typing import Final

from pef_adapters.core.states import State
from pef_adapters.engine.attention import EXTORNO_ALARMS
from pef_adapters.engine.ports import RailStatus
from pef_adapters.engine.records import Refund
from webhook_house import House
from webhook_http import Letter
from webhook_shops import SHOPS, Pressed, Shop, deliver, find, told_by_rail

ALL: Final = 120
_CREATED, _PENDING, _SUCCEEDED, _REVERSED = "created", "pending", "succeeded", "reversed"
_FACTS: Final = {
    _PENDING: ("refund.processing", RailStatus.ACCEPTED, "PROCESSING"),
    _SUCCEEDED: ("refund.refunded", RailStatus.REFUNDED, "REFUNDED"),
    "returned": ("refund.returned", RailStatus.RETURNED, "RETURNED"),
    "failed": ("refund.rejected", RailStatus.REFUSED, "REJECTED"),
}
ENDINGS: Final = ("returned", "failed")
End = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One refund whose story was told in one order."""

    kind: str
    order: tuple[str, ...]
    refund: Pressed
    deliveries: int


@dataclass(slots=True)
class Ordered:
    """How each adapter's orders ended; more than one end is a violation.

    `shown` is what people were asked to look at in the end, which may differ: an alarm stays
    until somebody acted, and names what was known when it was raised.
    """

    ends: dict[str, Counter[End]] = field(default_factory=dict)
    shown: dict[str, Counter[str]] = field(default_factory=dict)
    deliveries: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def orders(self) -> int:
        return sum(ends.total() for ends in self.ends.values())


async def shuffle_events(
    house: House,
    seed: int,
    *,
    most: int = ALL,
    shops: Iterable[Callable[[], Shop]] = SHOPS,
    endings: Iterable[str] = ENDINGS,
) -> Ordered:
    """Every order for every adapter and ending, each with a refund of its own."""
    found, kinds = Ordered(), [(make(), ending) for make in shops for ending in endings]
    stories = await asyncio.gather(*(_tell_all(house, *kind, seed, most) for kind in kinds))
    for _ in range(6):
        await house.later(minutes=1)
    for _ in range(3):
        await house.later(days=1)
    for told in (each for story in stories for each in story):
        found.deliveries += told.deliveries
        await _note_end(house, found, told)
    return found


async def _tell_all(house: House, shop: Shop, ending: str, seed: int, most: int) -> list[Told]:
    kind = f"{shop.name}, {ending}"
    rng = Random(f"{seed}/{kind}")
    orders = list(permutations((_CREATED, _PENDING, _SUCCEEDED, ending, _REVERSED)))
    told = list[Told]()
    for order in orders if most >= ALL else rng.sample(orders, most):
        refund = await shop.press(house)
        events = _with_doubles(order, rng)
        await _tell(house, shop, refund, events)
        told.append(Told(kind, order, refund, len(events)))
    return told


def _with_doubles(order: Sequence[str], rng: Random) -> list[str]:
    """Each event once in this order, and once or twice more at some later place."""
    events = list(order)
    for event in order:
        for _ in range(rng.randint(1, 2)):
            events.insert(rng.randint(events.index(event) + 1, len(events)), event)
    return events


async def _tell(house: House, shop: Shop, refund: Pressed, events: Sequence[str]) -> None:
    copies = Counter[str]()
    for event in events:
        if event == _CREATED:
            letter = shop.created(house, refund, copies[event])
        else:
            letter = _rails_word(house, event, refund, copies[event])
        copies[event] += 1
        await deliver(house, letter)
        house.clock.advance(seconds=1)


def _rails_word(house: House, event: str, refund: Pressed, copy: int) -> Letter:
    """The fact first, then the news of it."""
    name = refund.merchant_refund_id
    if event == _REVERSED:
        house.rail.taken_back(name, refund.cip)
        return told_by_rail("cip.refunded", cip=refund.cip, number=copy)
    word, status, said = _FACTS[event]
    house.rail.fact(name, status, said)
    return told_by_rail(word, cip=refund.cip, name=name, number=copy)


async def _note_end(house: House, found: Ordered, told: Told) -> None:
    """The first order's end is what all must have."""
    known = await find(house, told.refund)
    end = ("never heard of",) if known is None else await _end(house, told.refund, known)
    ends = found.ends.setdefault(told.kind, Counter())
    ends[end] += 1
    shown = (known and known.attention) or "nothing"
    found.shown.setdefault(told.kind, Counter())[shown] += 1
    first = next(iter(ends))
    if end != first:
        found.wrong.append(f"{told.kind}: {' '.join(told.order)} ended as {end}, not as {first}")


async def _end(house: House, refund: Pressed, known: Refund) -> End:
    """The state, the money and what really happened at the rail."""
    async with house.ports.book.begin() as ledger:
        payment = await ledger.payment("main", refund.cip)
    assert payment is not None  # noqa: S101 - each refund has a payment of its own
    booked = len(house.rail.paid_out([refund.merchant_refund_id]))
    sends = house.rail.sends.count(refund.merchant_refund_id)
    money = str(payment.reserved), str(payment.refunded), payment.reversed_at is not None
    return (str(known.state), _alarm(known), known.generation, *money, booked, sends)


def _alarm(known: Refund) -> str:
    """While money is out, that the bank took the payment back is never hidden."""
    if known.state is State.FAILED:
        return "no money is out"
    return "extorno" if known.attention in EXTORNO_ALARMS else str(known.attention)
