"""What is in the way, what became of a send, deletions, ends and departures, at their edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine_world import CIP, World
from pef_adapters.core.errors import (
    AnsweredNo,
    NotSent,
    PlatformRefused,
    PlatformUnreachable,
    RailError,
    SettingInvalid,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import departures, find_out, outcomes, waiting, withdraw
from pef_adapters.engine.attention import (
    KEYS_TROUBLE,
    RAIL_TROUBLE,
    STORE_TROUBLE,
)
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.contract import Outcome
from pef_adapters.testing.hostile_rail import LOST_REQUEST
from storage_samples import refund

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seconds(at: datetime) -> float:
    """How long to wait."""
    return (at - NOW).total_seconds()


# what is in the way


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (AnsweredNo(rail_code="508", status=400), "rail.508"),
        (AnsweredNo(rail_code="NO_SUCH_CODE", status=400), RAIL_TROUBLE),
        (NotSent(), RAIL_TROUBLE),
        (PlatformRefused(), KEYS_TROUBLE),
        (PlatformUnreachable(), STORE_TROUBLE),
        (SettingInvalid(), SettingInvalid().text_key),
    ],
)
def test_what_is_in_the_way_has_a_name(fault: Any, key: str) -> None:
    """The rail's own word where we know it, else whose trouble it is."""
    assert waiting.in_the_way(fault) == key


async def ready(state: State = State.READY, **changes: Any) -> tuple[World, Refund]:
    """A refund that waits for its next step, due now."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    known = replace(
        await world.refund(), state=state, next_action_at=world.clock.now(), tries=0, **changes
    )
    put(world, known)
    return world, known


def put(world: World, known: Refund) -> None:
    """As if it had come so far by itself."""
    world.memory._tables.refunds[known.id] = known


@pytest.mark.parametrize(
    ("fault", "tries", "attention"),
    [
        (RailError("down"), 0, None),
        (RailError("down"), 2, None),
        (RailError("down"), 3, RAIL_TROUBLE),
        (PlatformUnreachable("down"), 3, STORE_TROUBLE),
        (PlatformRefused("keys"), 0, KEYS_TROUBLE),
    ],
)
async def test_a_passing_trouble_is_shown_from_the_fourth_try_on(
    fault: Any, tries: int, attention: str | None
) -> None:
    """What a person has to mend is shown at once."""
    world, known = await ready()
    put(world, replace(known, tries=tries))
    await waiting.put_off(world.ports, known.id, fault)
    after = await world.refund()
    assert (after.tries, after.attention) == (tries + 1, attention)
    assert after.next_action_at is not None
    assert after.next_action_at > world.clock.now()


async def test_a_senders_deadline_is_never_shortened() -> None:
    """It may still be at work."""
    deadline = World().clock.now() + HOUR
    world, known = await ready(State.SENDING)
    put(world, replace(known, next_action_at=deadline))
    await waiting.put_off(world.ports, known.id, RailError("down"))
    assert (await world.refund()).next_action_at == deadline


async def test_what_waits_for_nothing_is_not_put_off() -> None:
    """A finished refund stays as it is."""
    world, known = await ready(State.REJECTED)
    put(world, replace(known, next_action_at=None))
    await waiting.put_off(world.ports, known.id, RailError("down"))
    after = await world.refund()
    assert (after.tries, after.next_action_at) == (0, None)


# finding out


@pytest.mark.parametrize(
    ("after", "sends"),
    [(timedelta(0), 2), (timedelta(hours=23, minutes=59), 2), (timedelta(hours=24), 1), (-HOUR, 1)],
)
async def test_only_inside_the_replay_window_an_id_is_sent_again(
    after: timedelta, sends: int
) -> None:
    """Past it, or where a clock went back, only a person decides."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.clock._now += after
    await find_out.ask_rail(world.ports, await world.refund())
    assert len(world.rail.sends) == sends
    state = State.PENDING if sends == 2 else State.UNKNOWN
    assert (await world.refund()).state is state
    if sends == 1:
        assert (await world.refund()).attention == "code.REPLAY_WINDOW_CLOSED"


async def test_a_dead_sender_leaves_its_refund_unknown() -> None:
    """And nothing happens where no attempt was ever written."""
    world, known = await ready(State.SENDING)
    await find_out.sender_died(world.ports, known)
    assert (await world.refund()).state is State.UNKNOWN
    await find_out.sender_died(world.ports, replace(known, generation=9))
    await find_out.ask_rail(world.ports, replace(known, generation=9))


async def test_a_rail_that_forgot_what_it_accepted_calls_for_a_person() -> None:
    """It said yes once; now it knows nothing."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.book.clear()
    await find_out.ask_rail(world.ports, await world.refund())
    after = await world.refund()
    assert (after.state, after.attention, after.tries) == (
        State.PENDING,
        "code.RAIL_ANSWER_DIFFERS",
        1,
    )
    assert len(world.rail.sends) == 1


async def test_what_the_store_deleted_is_not_sent_again() -> None:
    """The rail does not know the lost request, and nobody wants it any more."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.platform.delete("15")
    await find_out.ask_rail(world.ports, await world.refund())
    after = await world.refund()
    assert len(world.rail.sends) == 1
    assert after.state is State.CANCELLED or after.attention == "code.STORE_WITHDREW_TOO_LATE"


async def test_a_deletion_that_can_stop_it_after_all_leaves_no_alarm() -> None:
    """It was too late once; the money did not leave, or is back."""
    world, known = await ready(State.HELD, attention="code.STORE_WITHDREW_TOO_LATE")
    await withdraw.withdraw(world.ports, known.id)
    after = await world.refund()
    assert (after.state, after.attention) == (State.CANCELLED, None)


# withdrawing


@pytest.mark.parametrize(
    ("state", "attention", "gone"),
    [
        (State.CANCELLED, None, True),
        (State.REVERSED, None, True),
        (State.PENDING, None, False),
        (State.PENDING, "code.STORE_WITHDREW_TOO_LATE", True),
        (State.HELD, "code.STORE_WITHDREW_TOO_LATE", False),
        (State.HELD, None, False),
    ],
)
def test_a_deletion_is_dealt_with_once(state: State, attention: str | None, *, gone: bool) -> None:
    """Where it can still stop something, it is not over yet."""
    assert withdraw.is_gone(refund(state=state, attention=attention)) is gone


def test_a_reference_of_any_length_is_no_payment() -> None:
    """Two hundred letters are the longest name of a payment."""
    pressed = World().platform.press("1", Money(100, "PEN"), at=NOW)
    for letters, usable in ((200, True), (201, False)):
        named = replace(pressed, transaction_id="x" * letters)
        assert (withdraw.usable_reference(named) is not None) is usable
    assert withdraw.usable_reference(replace(pressed, transaction_id=None)) is None


async def test_what_another_platform_told_is_not_asked_of_this_one() -> None:
    """That it is not there proves nothing."""
    world = await World().open(platform="fake")
    await world.press("15", 5000)
    await world.run()
    found = await withdraw.still_wanted(world.ports, await world.refund())
    assert found is not None
    assert (found.refund_id, found.transaction_id) == ("15", CIP)
    with pytest.raises(PlatformRefused, match="settle it by hand"):
        await withdraw.still_wanted(
            world.ports, replace(await world.refund(), platform="elsewhere")
        )
    nowhere = replace(await world.refund(), store_id="nobody")
    assert await withdraw.still_wanted(world.ports, nowhere) is None


# ends


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.REFUNDED, Outcome.REFUNDED),
        (State.REJECTED, Outcome.FAILED),
        (State.FAILED, Outcome.FAILED),
        (State.CANCELLED, Outcome.FAILED),
        (State.REVERSED, Outcome.FAILED),
        (State.PENDING, None),
        (State.HELD, None),
    ],
)
async def test_an_end_is_written_down_once(state: State, outcome: Outcome | None) -> None:
    """Before anybody is told; what was told stays."""
    world, known = await ready(state)
    async with world.book.begin() as ledger:
        await ledger.lock_refund(known.id)
        closed = await outcomes.close(ledger, known, NOW)
        assert closed.outcome is outcome
        told = replace(closed, outcome=Outcome.LEFT_TO_STORE)
        assert await outcomes.close(ledger, told, NOW) is told


async def test_only_what_waits_for_a_person_is_left_to_the_store() -> None:
    """From then on we never pay it."""
    world, known = await ready(State.AWAITING_BENEFICIARY)
    await outcomes.leave_to_store(world.ports, known.id)
    after = await world.refund()
    assert (after.state, after.outcome) == (State.REJECTED, Outcome.LEFT_TO_STORE)
    assert after.attention == "code.LEFT_TO_STORE"
    await world.run()
    told = await world.refund()
    assert told.written_revision == told.revision, "nobody told the order"
    world, known = await ready(State.PENDING)
    await outcomes.leave_to_store(world.ports, known.id)
    assert (await world.refund()).state is State.PENDING


# departures


@pytest.mark.parametrize(
    ("connected", "left", "leaves"),
    [
        (None, None, True),
        (None, NOW, True),
        (NOW, None, True),
        (NOW, NOW, False),
        (NOW, NOW - HOUR, False),
        (NOW, NOW + timedelta(seconds=1), True),
    ],
)
async def test_a_departure_that_is_told_late_undoes_no_newer_connection(
    connected: datetime | None, left: datetime | None, *, leaves: bool
) -> None:
    """One that is news leaves an alarm, which goes when the store comes back."""
    settings = {} if connected is None else {"connected_at": connected.isoformat()}
    world = await World().open(settings=settings)
    async with world.book.begin() as ledger:
        known = await ledger.store("tienda-pe")
    assert known is not None
    assert await departures.leave(world.ports, known, at=left) is leaves
    async with world.book.begin() as ledger:
        after = await ledger.store("tienda-pe")
        alarms = await ledger.open_alarms()
    assert after is not None
    assert departures.has_left(after) is leaves
    assert [alarm.subject for alarm in alarms] == ["store/tienda-pe"] * leaves
    assert not await departures.leave(world.ports, replace(known, id="nobody"), at=left)
    if leaves:
        assert after.settings["left_at"] == (left or world.clock.now()).isoformat()
        assert not await departures.leave(world.ports, known, at=left)
        async with world.book.begin() as ledger:
            await departures.forget_departure(ledger, after, NOW)
            assert await ledger.open_alarms() == []
