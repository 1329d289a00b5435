"""Every webhook is lost, the platforms' and the rail's: polls and looks alone find the truth.

The minutes are virtual: a sweep each, and a poll of the stores every fifth, as the service's
schedule has it. Where a call or a merchant's own webhook is the only word about a refund, that
word arrives and everything after it is lost.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus
from webhook_house import House
from webhook_shops import SHOPS, Pressed, Shop, deliver, find

POLL_MINUTES: Final = 5
# The bar: half an hour, and the poll that may just have been.
MOST_MINUTES: Final = 30 + POLL_MINUTES
# How long after it was asked the rail decides. The longer, the rarer it is looked at.
DECIDES_AFTER: Final = (0, 1, 2, 5, 10, 15, 20, 25)
_TOLD_BY_A_WORD_ALONE: Final = frozenset({"shopify by hand", "vtex"})
_ENDS: Final = (
    (RailStatus.REFUNDED, "REFUNDED", State.REFUNDED),
    (RailStatus.REFUSED, "REJECTED", State.FAILED),
    (RailStatus.RETURNED, "RETURNED", State.RETURNED),
)


@dataclass(slots=True)
class _Case:
    """One refund and what is to become of it at the rail."""

    shop: Shop
    refund: Pressed
    decides_after: int
    end: tuple[RailStatus, str, State]
    pressed_at: datetime
    sent_at: datetime | None = None
    decided_at: datetime | None = None
    known_at: datetime | None = None


@dataclass(slots=True)
class Recovered:
    """Minutes until we knew of a refund, and until we knew its end."""

    until_sent: dict[str, list[float]] = field(default_factory=dict)
    until_truth: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def refunds(self) -> int:
        return len(self.until_truth)


async def without_webhooks(
    house: House,
    seed: int,
    *,
    each: int = len(DECIDES_AFTER),
    shops: tuple[Callable[[], Shop], ...] = SHOPS,
    decides_after: tuple[int, ...] = DECIDES_AFTER,
) -> Recovered:
    """`each` refunds of each adapter; the rail decides them one way or another."""
    rng = Random(seed)
    cases = list[_Case]()
    for shop in [make() for make in shops]:
        for number in range(each):
            cases.append(await _press(house, shop, decides_after[number % len(decides_after)], rng))
    most = max(decides_after)
    for minute in range(POLL_MINUTES + 2 * most + MOST_MINUTES):
        await _minute(house, minute, cases)
        if all(case.known_at for case in cases):
            break
    return _judged(cases)


async def _press(house: House, shop: Shop, after: int, rng: Random) -> _Case:
    refund = await shop.press(house)
    case = _Case(shop, refund, after, rng.choice(_ENDS), house.clock.now())
    if shop.name in _TOLD_BY_A_WORD_ALONE:
        await deliver(house, shop.created(house, refund))
    return case


async def _minute(house: House, minute: int, cases: list[_Case]) -> None:
    """What the schedule does, then what the rail does behind our back."""
    rounds: list[Callable[[], Awaitable[None]]] = [] if minute % POLL_MINUTES else [house.poll]
    await house.later(minutes=1)
    for each in rounds:
        await each()
    now = house.clock.now()
    for case in cases:
        await _observe(house, case, now)


async def _observe(house: House, case: _Case, now: datetime) -> None:
    name = case.refund.merchant_refund_id
    if case.sent_at is None and name in house.rail.book:
        case.sent_at = now
    waited = case.sent_at is not None and (now - case.sent_at).total_seconds()
    if case.decided_at is None and case.sent_at and waited >= case.decides_after * 60:
        case.decided_at = now
        house.rail.fact(name, *case.end[:2])
    known = await find(house, case.refund)
    if case.known_at is None and known is not None and known.state is case.end[2]:
        case.known_at = now


def _judged(cases: list[_Case]) -> Recovered:
    found = Recovered()
    for case in cases:
        told = f"{case.shop.name}, decided after {case.decides_after} min as {case.end[1]}"
        if not (case.sent_at and case.decided_at and case.known_at):
            found.wrong.append(f"{told}: never found out")
            continue
        sent = _minutes(case.pressed_at, case.sent_at)
        found.until_sent.setdefault(case.shop.name, []).append(sent)
        found.until_truth.append(_minutes(case.decided_at, case.known_at))
        if max(sent, found.until_truth[-1]) > MOST_MINUTES:
            found.wrong.append(f"{told}: only after {found.until_truth[-1]} min")
    return found


async def silence_after(house: House, hours: tuple[int, ...]) -> dict[int, float]:
    """How many minutes the truth takes where the rail decides hours later; no bar, a figure."""
    shop, lags = SHOPS[0](), dict[int, float]()
    for each in hours:
        refund = await shop.press(house)
        await house.poll()
        for _ in range(each * 12):
            await house.later(minutes=5)
        house.rail.fact(refund.merchant_refund_id, RailStatus.REFUNDED, "REFUNDED")
        decided = house.clock.now()
        while (known := await find(house, refund)) and known.state is not State.REFUNDED:
            await house.later(minutes=5)
        lags[each] = _minutes(decided, house.clock.now())
    return lags


def _minutes(since: datetime, until: datetime) -> float:
    return round((until - since).total_seconds() / 60, 1)
