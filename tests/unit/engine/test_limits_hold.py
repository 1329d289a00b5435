"""Limits and the double press, with everything around them."""

from typing import Any

import pytest

from desk_world import LUIS, DeskWorld
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.people import settle

SMALL = {"amount": "60.00", "currency": "PEN"}


async def world_with(*limits: dict[str, Any], **policy: Any) -> DeskWorld:
    """A world with these limits and young payments."""
    return await DeskWorld().open_old(days=1, limits=list(limits), **policy)


async def states(world: DeskWorld, *presses: tuple[str, int, dict[str, Any]]) -> list[State]:
    """Press each and let it be decided, one after the other."""
    found = []
    for number, minor, changes in presses:
        await world.press(number, minor, **changes)
        await world.run()
        found.append((await world.refund(number)).state)
    return found


@pytest.mark.parametrize("per", ["store", "account", "operator"])
async def test_the_refund_that_would_pass_a_limit_is_held(per: str) -> None:
    """S/ 50 and S/ 10 fit into S/ 60 a day, S/ 1 more does not, and waits for a person."""
    world = await world_with({"per": per, "days": 1, **SMALL})
    presses = (("15", 5000, {}), ("16", 1000, {}), ("17", 100, {}))
    assert await states(world, *presses) == [State.PENDING, State.PENDING, State.HELD]
    assert (await world.approve("Rosa", refund_id="17")).state is State.PENDING


async def test_another_buyer_has_a_limit_of_its_own() -> None:
    """Two refunds a week for each buyer; an unknown buyer is not counted at all."""
    world = await world_with({"per": "buyer", "days": 7, "count": 1})
    ana, luis = {"buyer": "email:ana@example.pe"}, {"buyer": "email:luis@example.pe"}
    presses = (("15", 1000, ana), ("16", 1100, ana), ("17", 1200, luis), ("18", 1300, {}))
    sent, held = State.PENDING, State.HELD
    assert await states(world, *presses) == [sent, held, sent, sent]
    assert "ana@" not in repr(await world.refund("15"))


async def test_two_operators_with_the_same_number_count_apart_by_store_and_person() -> None:
    """The limit is the person's: another operator of the store has all of it."""
    world = await world_with({"per": "operator", "hours": 1, "count": 1})
    presses = (
        ("15", 1000, {"requested_by": "1"}),
        ("16", 1100, {"requested_by": "1"}),
        ("17", 1200, {"requested_by": "2"}),
    )
    assert await states(world, *presses) == [State.PENDING, State.HELD, State.PENDING]


async def test_a_refund_that_failed_gives_its_share_back() -> None:
    """What was not paid uses no limit up."""
    world = await world_with({"per": "store", "days": 1, "count": 1})
    assert await states(world, ("15", 5000, {})) == [State.PENDING]
    await settle(world.ports, (await world.refund("15")).id, "Luis", paid=False)
    assert await states(world, ("16", 1000, {})) == [State.PENDING]


async def test_a_new_day_in_lima_starts_a_day_limit_anew_and_hours_roll() -> None:
    """At midnight in Lima, not in Greenwich; a rolling hour ends sixty minutes later."""
    world = await world_with({"per": "store", "days": 1, "count": 1})
    assert await states(world, ("15", 1000, {})) == [State.PENDING]
    # The virtual day begins at 10:00 in Lima; at 19:00 it is midnight in Greenwich.
    await world.later(hours=10)
    assert await states(world, ("16", 1100, {})) == [State.HELD]
    await world.later(hours=4)
    assert await states(world, ("17", 1200, {})) == [State.PENDING]
    rolling = await world_with({"per": "store", "hours": 1, "count": 1})
    assert await states(rolling, ("15", 1000, {})) == [State.PENDING]
    await rolling.later(minutes=59)
    assert await states(rolling, ("16", 1100, {})) == [State.HELD]
    await rolling.later(minutes=2)
    assert await states(rolling, ("17", 1200, {})) == [State.PENDING]


async def test_one_account_for_many_refunds_is_held_by_its_limit() -> None:
    """The second payout to the same account waits for the people who look at it."""
    limit = {"per": "destination", "days": 30, "count": 1, "approvers": 2}
    world = await DeskWorld().open_old(limits=[limit])
    await world.until_due("15", 1000)
    await world.press("16", 1100)
    await world.run()
    refund = await world.give("16")
    assert refund.decision is not None
    assert refund.decision["code"] == "LIMIT_REACHED_DESTINATION"
    await world.until_due("17", 1200, **LUIS)


async def test_a_pressed_again_button_is_held_and_says_which_refund_it_repeats() -> None:
    """Two equal refunds within minutes: one is paid, the other waits for a person."""
    world = await world_with(double_press_minutes=10)
    presses = (("15", 5000, {}), ("16", 5000, {}), ("17", 2980, {}))
    assert await states(world, *presses) == [State.PENDING, State.HELD, State.PENDING]
    held = await world.refund("16")
    assert held.decision is not None
    assert (held.decision["code"], held.decision["figures"]["other"]) == ("DOUBLE_PRESS", "15")
    assert (await world.approve("Rosa", refund_id="16")).state is State.PENDING


async def test_two_presses_of_one_moment_hold_exactly_one() -> None:
    """Whichever is decided first: the earlier one goes, the later one waits."""
    world = await world_with(double_press_minutes=10)
    for number in ("15", "16"):
        world.platform.press(number, Money(5000, "PEN"), at=world.clock.now())
    await world.deliver("16")
    await world.deliver("15")
    await world.run()
    states_ = sorted([(await world.refund(number)).state for number in ("15", "16")])
    assert states_ == [State.HELD, State.PENDING]


async def test_an_equal_refund_after_the_minutes_is_an_ordinary_one() -> None:
    """Ten minutes later the same amount is no double press any more."""
    world = await world_with(double_press_minutes=10)
    assert await states(world, ("15", 5000, {})) == [State.PENDING]
    await world.later(minutes=10)
    assert await states(world, ("16", 5000, {})) == [State.PENDING]


async def test_a_twin_that_was_withdrawn_is_no_double_press() -> None:
    """Pressed, deleted, pressed again: the second is the only one."""
    world = await world_with(double_press_minutes=10, rules=[])
    await world.press("15", 5000)
    world.platform.delete("15")
    await world.run()
    assert await states(world, ("16", 5000, {})) == [State.PENDING]
