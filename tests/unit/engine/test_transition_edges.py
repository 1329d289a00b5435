"""The one way a refund changes state: what moves with it, what is said, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine_world import CIP, World
from pef_adapters.core.errors import AmountExceedsRest, NotThere, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import CARE, MONEY, Event, Position, State, moves
from pef_adapters.engine import transition
from pef_adapters.engine.attention import OUTCOME_TOLD, RAIL_TROUBLE
from pef_adapters.engine.records import Payment, Refund
from pef_adapters.engine.transition import call_for_attention, may_reopen, move, stay
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import Outcome
from storage_samples import refund

FIFTY = Money(5000, "PEN")


async def standing_at(state: State, **changes: Any) -> tuple[World, Refund]:
    """A refund of S/ 50 that came as far as this state, and its money with it."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    known = replace(await world.refund(), state=state, attention=None, said="", **changes)
    where, zero = MONEY[state], Money.zero("PEN")
    payment = replace(
        await world.payment(),
        reserved=FIFTY if where is Position.RESERVED else zero,
        refunded=FIFTY if where is Position.REFUNDED else zero,
    )
    tables = world.memory._tables
    tables.refunds[known.id] = known
    tables.payments["main", CIP] = payment
    return world, known


async def moved(world: World, known: Refund, event: Event, **more: Any) -> Refund:
    """The step, in a transaction of its own."""
    async with world.book.begin() as ledger:
        await ledger.lock_refund(known.id)
        return await move(ledger, known, event, world.clock.now(), **more)


def columns(payment: Payment) -> tuple[int, int]:
    """Reserved and refunded céntimos."""
    return payment.reserved.minor, payment.refunded.minor


@pytest.mark.parametrize(("state", "event", "target"), list(moves()))
async def test_the_money_stands_where_the_state_says(
    state: State, event: Event, target: State
) -> None:
    """Free, reserved or refunded: after every step of the table the payment's columns agree."""
    world, known = await standing_at(state, tries=3)
    after = await moved(world, known, event)
    expected = {Position.FREE: (0, 0), Position.RESERVED: (5000, 0), Position.REFUNDED: (0, 5000)}
    assert columns(await world.payment()) == expected[MONEY[target]]
    assert (after.state, after.tries, after.updated_at) == (target, 0, world.clock.now())
    wait = CARE[target].look_again
    assert after.next_action_at == (None if wait is None else world.clock.now() + wait)
    async with world.book.begin() as ledger:
        last = (await ledger.timeline(known.id))[-1]
    assert (last.what, last.from_state, last.to_state, last.actor) == (
        event.value,
        state,
        target,
        "engine",
    )


@pytest.mark.parametrize(("taken", "fits"), [(7980, True), (7981, False)])
async def test_the_rest_is_reserved_to_its_last_centimo(taken: int, *, fits: bool) -> None:
    """One more is refused, and nothing has moved."""
    world, known = await standing_at(State.READY)
    payment = replace(await world.payment(), refunded=Money(taken, "PEN"))
    world.memory._tables.payments["main", CIP] = payment
    if fits:
        await moved(world, known, Event.SEND_STARTED)
        assert columns(await world.payment()) == (5000, taken)
    else:
        with pytest.raises(AmountExceedsRest):
            await moved(world, known, Event.SEND_STARTED)
        assert columns(await world.payment()) == (0, taken)


async def test_of_a_payment_that_was_taken_back_nothing_is_reserved() -> None:
    """What is under way already may still end."""
    world, known = await standing_at(State.READY)
    back = replace(await world.payment(), reversed_at=world.clock.now())
    world.memory._tables.payments["main", CIP] = back
    with pytest.raises(AmountExceedsRest, match="took the payment back"):
        await moved(world, known, Event.SEND_STARTED)
    world, known = await standing_at(State.PENDING)
    back = replace(await world.payment(), reversed_at=world.clock.now())
    world.memory._tables.payments["main", CIP] = back
    await moved(world, known, Event.RAIL_REFUNDED)
    assert columns(await world.payment()) == (0, 5000)


async def test_without_a_known_payment_no_money_moves() -> None:
    """There is nothing to take it from."""
    world, known = await standing_at(State.READY, transaction_id=None)
    with pytest.raises(NotThere):
        await moved(world, known, Event.SEND_STARTED)


# what the platform was told for good


@pytest.mark.parametrize(
    ("told", "state", "event", "attention"),
    [
        (None, State.PENDING, Event.RAIL_REFUNDED, None),
        (Outcome.REFUNDED, State.PENDING, Event.RAIL_REFUNDED, None),
        (Outcome.REFUNDED, State.PENDING, Event.RAIL_REFUSED, OUTCOME_TOLD),
        (Outcome.FAILED, State.PENDING, Event.RAIL_REFUNDED, OUTCOME_TOLD),
        (Outcome.FAILED, State.PENDING, Event.RAIL_REFUSED, None),
        (Outcome.LEFT_TO_STORE, State.REJECTED, Event.RAIL_ACCEPTED, OUTCOME_TOLD),
    ],
)
async def test_money_that_goes_another_way_than_was_told_calls_for_a_person(
    told: Outcome | None, state: State, event: Event, attention: str | None
) -> None:
    """The ledger follows the money; the platform can't be told again."""
    world, known = await standing_at(state, outcome=told)
    assert (await moved(world, known, event)).attention == attention


async def test_what_was_told_for_good_is_not_opened_again() -> None:
    """Nor what was withdrawn where it was pressed by hand."""
    world, known = await standing_at(State.REJECTED, outcome=Outcome.FAILED)
    with pytest.raises(TransitionRefused, match="told for good"):
        await moved(world, known, Event.REOPENED)
    assert not may_reopen(known)
    world, known = await standing_at(State.REJECTED)
    assert may_reopen(known)
    assert (await moved(world, known, Event.REOPENED)).state is State.RECEIVED
    gone = refund(state=State.CANCELLED, platform=BY_HAND)
    assert not may_reopen(gone)
    assert may_reopen(replace(gone, platform="fake"))
    assert may_reopen(replace(gone, state=State.REJECTED))


# what is said


@pytest.mark.parametrize(
    ("before", "actor", "new", "stands"),
    [
        ("code.X", "engine", None, None),
        ("code.X", "engine", "code.Y", "code.Y"),
        (RAIL_TROUBLE, "engine", None, None),
        (OUTCOME_TOLD, "engine", None, OUTCOME_TOLD),
        (OUTCOME_TOLD, "person:Rosa", None, None),
    ],
)
async def test_an_alarm_stays_through_every_step_but_a_persons(
    before: str, actor: str, new: str | None, stands: str | None
) -> None:
    """All else is over with the step that it explained."""
    world, known = await standing_at(State.PENDING)
    known = replace(known, attention=before)
    after = await moved(world, known, Event.RAIL_REFUNDED, actor=actor, attention=new)
    assert after.attention == stands
    async with world.book.begin() as ledger:
        last = (await ledger.timeline(known.id))[-1]
    assert last.detail == ({"attention": stands} if stands else {})
    assert last.actor == actor


@pytest.mark.parametrize(
    ("state", "said", "attention", "news"),
    [
        (State.PENDING, "", None, True),
        (State.PENDING, "pending", None, False),
        (State.PENDING, "pending", "code.X", True),
        (State.PENDING, "pending code.X", "code.X", False),
        (State.PENDING, "pending", "error.X", False),
        (State.SENDING, "", None, False),
        (State.READY, "", None, False),
        (State.RECEIVED, "", None, False),
        (State.RECEIVED, "", "code.X", True),
    ],
)
def test_the_order_hears_what_is_news_to_it(
    state: State, said: str, attention: str | None, *, news: bool
) -> None:
    """Once, and not of what passes within a breath."""
    now = World().clock.now()
    known = refund(
        state=state,
        said=said,
        attention=attention,
        revision=4,
        write_back_at=None,
        write_back_tries=2,
    )
    told = transition._told(known, now)
    assert (told.revision, told.write_back_at) == ((5, now) if news else (4, None))
    assert told.write_back_tries == (0 if news else 2)


async def test_staying_remembers_only_what_changed() -> None:
    """A person is called once; that nothing is left to look at is remembered too."""
    world, known = await standing_at(State.PENDING)
    now = world.clock.now() + timedelta(minutes=1)
    async with world.book.begin() as ledger:
        await ledger.lock_refund(known.id)
        before = len(await ledger.timeline(known.id))
        once = await call_for_attention(ledger, known, "code.X", now, tries=7)
        again = await call_for_attention(ledger, once, "code.X", now)
        quiet = await stay(ledger, again, now, attention=None)
        entries = (await ledger.timeline(known.id))[before:]
    assert (once.attention, once.tries, once.updated_at) == ("code.X", 7, now)
    assert quiet.attention is None
    assert [(e.what, e.detail) for e in entries] == [
        ("attention", {"attention": "code.X"}),
        ("attention no longer needed", {}),
    ]
