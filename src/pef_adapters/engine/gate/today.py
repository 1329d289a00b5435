"""How refunds stand today in the stores that an actor may see. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.calendar import LIMA, lima_date
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, Owner, State
from pef_adapters.engine.attention import ALARMS, is_trouble
from pef_adapters.engine.gate.passing import reach
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import DayTally, Reach, Refund, RefundSearch, StateTally

DAYS = 30
MOST = 100
"""So many refunds of each kind are listed."""
_MEASURED = 200
_OVERDUE = timedelta(hours=1)
_BY_PEOPLE = frozenset(state for state in State if CARE[state].owner is Owner.PERSON)
_FINISHED = frozenset(state for state in State if CARE[state].final)
_UNFINISHED = frozenset(State) - _FINISHED
# A finished refund says for ever what ended it; among so many the alarms are looked for.
_MOST_FINISHED = 1000
_SOON_OVER = frozenset({State.RECEIVED, State.READY, State.SENDING, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What needs a person, what is stuck, what is under way, and how quickly it went.

    `needs_person` and `stuck` have those that wait longest first, each refund once.
    `money_in_flight` is the sum in each currency. `median` and `slowest` say how long the
    newest `measured` finished refunds took (of an even count, the lower middle). `days` are
    the last `DAYS` days in Lima.
    """

    needs_person: tuple[Refund, ...]
    stuck: tuple[Refund, ...]
    in_flight: tuple[StateTally, ...]
    money_in_flight: tuple[Money, ...]
    measured: int
    median: timedelta | None
    slowest: timedelta | None
    days: tuple[DayTally, ...]


async def today(ports: Ports, actor: Actor) -> Today:
    """How things stand; empty for who may see no refund."""
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        seen = await reach(ledger, actor, Permission.SEE_REFUNDS)
        marked = await _marked(ledger, seen)
        by_people = RefundSearch(reach=seen, states=_BY_PEOPLE, limit=MOST)
        under_way = RefundSearch(
            reach=seen, states=_SOON_OVER, asked_before=now - _OVERDUE, limit=MOST
        )
        waiting = [*await _found(ledger, by_people), *_without_trouble(marked)]
        stuck = [*_in_trouble(marked), *_silent(await _found(ledger, under_way), now)]
        return await _told(ledger, seen, now, waiting, stuck)


async def _told(
    ledger: Ledger, seen: Reach, now: datetime, waiting: list[Refund], stuck: list[Refund]
) -> Today:
    times = await ledger.times_to_truth(seen, _MEASURED)
    in_flight = await ledger.in_flight(seen)
    needed = _once(waiting)
    return Today(
        needs_person=needed,
        stuck=tuple(each for each in _once(stuck) if each not in needed),
        in_flight=tuple(in_flight),
        money_in_flight=_sums(in_flight),
        measured=len(times),
        median=sorted(times)[(len(times) - 1) // 2] if times else None,
        slowest=max(times, default=None),
        days=tuple(await ledger.asked_by_day(seen, _first_day(now))),
    )


async def _marked(ledger: Ledger, seen: Reach) -> list[Refund]:
    """Those with an attention that still asks for somebody."""
    unfinished = RefundSearch(reach=seen, attention=True, states=_UNFINISHED, limit=MOST)
    finished = RefundSearch(reach=seen, attention=True, states=_FINISHED, limit=_MOST_FINISHED)
    lasting = [r for r in await _found(ledger, finished) if _outlasts_its_end(r)]
    return [*await _found(ledger, unfinished), *lasting]


def _outlasts_its_end(refund: Refund) -> bool:
    """An alarm stays until somebody acts, and an order that hears nothing must still be told."""
    return refund.attention in ALARMS or is_trouble(refund.attention)


async def _found(ledger: Ledger, search: RefundSearch) -> list[Refund]:
    return await ledger.search_refunds(search)


def _without_trouble(refunds: Iterable[Refund]) -> list[Refund]:
    return [each for each in refunds if not is_trouble(each.attention)]


def _in_trouble(refunds: Iterable[Refund]) -> list[Refund]:
    return [each for each in refunds if is_trouble(each.attention)]


def _silent(refunds: Iterable[Refund], now: datetime) -> list[Refund]:
    """Those about which nothing was heard for an hour, though only a moment was needed."""
    return [each for each in refunds if each.updated_at < now - _OVERDUE]


def _once(refunds: Iterable[Refund]) -> tuple[Refund, ...]:
    by_id = {each.id: each for each in refunds}
    return tuple(sorted(by_id.values(), key=lambda each: each.requested_at))


def _sums(tallies: Iterable[StateTally]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for tally in tallies:
        currency = tally.total.currency
        sums[currency] = sums.get(currency, Money.zero(currency)) + tally.total
    return tuple(sums[currency] for currency in sorted(sums))


def _first_day(now: datetime) -> datetime:
    """The beginning of the first day in Lima that is shown."""
    return datetime.combine(lima_date(now) - timedelta(days=DAYS - 1), time(), LIMA)
