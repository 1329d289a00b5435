"""How refunds stand today: what waits, what is stuck, and figures, each at its exact bound."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gate_world import ADMINISTRATOR, FOREIGN, MINE, House, at_store
from pef_adapters.core.access import Actor, ActorKind, Role
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, Owner, State
from pef_adapters.engine.attention import ALARMS, RAIL_TROUBLE
from pef_adapters.engine.gate.today import DAYS, MOST, Today, today
from pef_adapters.engine.records import DayTally, Refund, StateTally
from storage_samples import entry
from storage_samples import refund as sample

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SOON_OVER = {State.RECEIVED, State.READY, State.SENDING, State.UNKNOWN}
BY_PEOPLE = {state for state in State if CARE[state].owner is Owner.PERSON}


async def keep(house: House, number: int, **changes: Any) -> Refund:
    """A refund of the first store that was asked for and heard of now, but for `changes`."""
    now = house.world.clock.now()
    times = {"requested_at": now, "created_at": now, "updated_at": now}
    known = {"store_id": MINE, "account_id": "main", "platform": "fake", "transaction_id": None}
    made = sample(number, **{**times, **known, **changes})
    async with house.world.book.begin() as ledger:
        await ledger.add_refund(made)
    return made


async def seen(house: House) -> Today:
    """How things stand for the house."""
    return await today(house.ports, await the_admin(house))


async def the_admin(house: House) -> Actor:
    """Somebody who sees everything."""
    return await house.person("ana@tienda.pe", ADMINISTRATOR)


def ids(refunds: tuple[Refund, ...]) -> list[str]:
    """The refunds' ids, in their order."""
    return [each.id for each in refunds]


@pytest.mark.parametrize("state", State)
async def test_what_nobody_heard_of_for_an_hour_is_stuck(house: House, state: State) -> None:
    """Only in a state that takes a moment; what waits for people is theirs."""
    old = house.world.clock.now() - HOUR - SECOND
    times = {"requested_at": old, "created_at": old, "updated_at": old}
    await keep(house, 1, state=state, **times)
    found = await seen(house)
    assert (ids(found.stuck) == ["rf-1"]) is (state in SOON_OVER)
    assert (ids(found.needs_person) == ["rf-1"]) is (state in BY_PEOPLE)


@pytest.mark.parametrize(
    ("asked", "heard", "stuck"),
    [
        (HOUR + SECOND, HOUR + SECOND, True),
        (HOUR + SECOND, HOUR, False),
        (HOUR + SECOND, HOUR - SECOND, False),
        (HOUR, HOUR + SECOND, False),
        (HOUR - SECOND, HOUR - SECOND, False),
    ],
)
async def test_an_hour_is_enough_to_be_heard(
    house: House, asked: timedelta, heard: timedelta, *, stuck: bool
) -> None:
    """Asked for, and heard of, longer ago than an hour, to the second."""
    now = house.world.clock.now()
    await keep(house, 1, requested_at=now - asked, created_at=now - asked, updated_at=now - heard)
    assert bool((await seen(house)).stuck) is stuck


async def test_what_waits_longest_comes_first_and_each_refund_once(house: House) -> None:
    """A held refund with an alarm waits for a person once, and is not stuck beside that."""
    now = house.world.clock.now()
    for number, hours in ((1, 5), (2, 9), (3, 7)):
        asked = now - hours * HOUR
        attention = ALARMS[0] if number == 1 else None
        await keep(house, number, state=State.HELD, requested_at=asked, attention=attention)
    await keep(house, 4, state=State.READY, attention=RAIL_TROUBLE, requested_at=now - HOUR)
    await keep(house, 5, state=State.HELD, attention=RAIL_TROUBLE, requested_at=now)
    found = await seen(house)
    assert ids(found.needs_person) == ["rf-2", "rf-3", "rf-1", "rf-5"]
    assert ids(found.stuck) == ["rf-4"]


@pytest.mark.parametrize(
    ("state", "attention", "where"),
    [
        (State.REFUNDED, ALARMS[0], "person"),
        (State.REFUNDED, RAIL_TROUBLE, "stuck"),
        (State.REFUNDED, "code.OUTSIDE_WINDOW", "nowhere"),
        (State.PENDING, "code.OUTSIDE_WINDOW", "person"),
        (State.PENDING, RAIL_TROUBLE, "stuck"),
        (State.PENDING, None, "nowhere"),
    ],
)
async def test_an_attention_shows_where_it_still_asks_for_somebody(
    house: House, state: State, attention: str | None, where: str
) -> None:
    """An alarm outlasts the end of a refund, and so does trouble; a mere reason does not."""
    await keep(house, 1, state=state, attention=attention)
    found = await seen(house)
    assert (bool(found.needs_person), bool(found.stuck)) == (where == "person", where == "stuck")


async def test_a_hundred_of_a_kind_are_listed(house: House) -> None:
    """Of more that wait for people the newest hundred are looked at."""
    for number in range(MOST + 1):
        await keep(house, number, state=State.HELD)
    assert len((await seen(house)).needs_person) == MOST == 100


async def test_figures_are_those_of_the_actors_stores(house: House) -> None:
    """Sums by currency, days in Lima, and how long it took; nothing for who sees nothing."""
    now = house.world.clock.now()
    await keep(house, 1, state=State.READY, amount=Money(500, "USD"))
    await keep(house, 2, state=State.READY, amount=Money(1000, "PEN"))
    await keep(house, 3, state=State.HELD, amount=Money(700, "PEN"))
    await keep(house, 4, state=State.READY, amount=Money(9, "PEN"), store_id=FOREIGN)
    luis = await house.person("luis@tienda.pe", at_store(Role.AGENT))
    found = await today(house.ports, luis)
    assert sorted(found.in_flight, key=lambda each: each.total.minor) == [
        StateTally(State.READY, 1, Money(500, "USD")),
        StateTally(State.HELD, 1, Money(700, "PEN")),
        StateTally(State.READY, 1, Money(1000, "PEN")),
    ]
    assert found.money_in_flight == (Money(1700, "PEN"), Money(500, "USD"))
    day = now.astimezone(UTC).date()
    assert {each.day for each in found.days} <= {day, day - timedelta(days=1)}
    assert sum(each.count for each in found.days) == 3
    assert (found.measured, found.median, found.slowest) == (0, None, None)
    nobody = Actor("nobody", ActorKind.PERSON, ())
    assert await today(house.ports, nobody) == Today(
        needs_person=(),
        stuck=(),
        in_flight=(),
        money_in_flight=(),
        measured=0,
        median=None,
        slowest=None,
        days=(),
    )


async def test_thirty_days_in_lima_are_shown(house: House) -> None:
    """The first of them begins at midnight there; a second before is another day."""
    here = house.world.clock.now() - timedelta(hours=5)
    first = here.date() - timedelta(days=DAYS - 1)
    midnight = datetime(first.year, first.month, first.day, 5, tzinfo=UTC)
    for number, asked in enumerate((midnight - SECOND, midnight, midnight + 40 * HOUR)):
        await keep(house, number, requested_at=asked, created_at=asked, amount=Money(100, "PEN"))
    found = await seen(house)
    assert found.days == (
        DayTally(first, 1, Money(100, "PEN")),
        DayTally(first + timedelta(days=1), 1, Money(100, "PEN")),
    )
    assert isinstance(found.days[0].day, date)


@pytest.mark.parametrize(("hours", "median"), [((3,), 3), ((1, 9), 1), ((9, 1, 4), 4)])
async def test_how_long_it_took_is_the_lower_middle(
    house: House, hours: tuple[int, ...], median: int
) -> None:
    """Of an even count the lower of the two in the middle, and the slowest beside it."""
    now = house.world.clock.now()
    for number, took in enumerate(hours):
        made = await keep(house, number, state=State.REFUNDED)
        ended = entry(refund_id=made.id, at=now + took * HOUR, to_state=State.REFUNDED)
        async with house.world.book.begin() as ledger:
            await ledger.add_entry(ended)
    found = await seen(house)
    assert (found.measured, found.median, found.slowest) == (
        len(hours),
        timedelta(hours=median),
        timedelta(hours=max(hours)),
    )
