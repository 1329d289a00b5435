"""Attacks on refunds by hand: paid twice, more than is left, or an order that is told a lie."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from by_hand_world import BothPlatforms, ByHandWorld
from engine_world import CIP, PAID, Killed
from pef_adapters.core.errors import (
    InvalidInput,
    InvalidMoney,
    RequestIdReused,
    RestChanged,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, people
from pef_adapters.engine.departures import leave
from pef_adapters.engine.digest import digest
from pef_adapters.engine.ports import Boundary
from pef_adapters.engine.records import Refund, Store
from pef_adapters.platforms.by_hand import BY_HAND, is_no_order, own_id
from pef_adapters.platforms.contract import Outcome, StoreConnection
from pef_adapters.testing.fake_platform import FakePlatform
from storage_samples import checkout

WATCHED = {"policy": {"name": "shop", "otherwise": "approve", "double_press_minutes": 10}}
SOLES_50 = Money(5000, "PEN")


class _NoPayouts(FakePlatform):
    """A store platform that lets refunds go back by the original route only."""

    def payout_bar(self, store: StoreConnection) -> str | None:
        """Barred, whichever of its stores it is."""
        return "code.PAYOUT_BARRED_BY_STORE" if store.platform == "fake" else None


async def test_the_store_and_a_person_here_do_not_refund_the_same_twice() -> None:
    """Pressed here without an order, then in the store, equal amounts: one is paid, one held."""
    world = await ByHandWorld().start(settings=WATCHED)
    here = await world.press_here(5000)
    await world.run()
    await world.press("15", 5000)
    await world.run()
    assert is_no_order(here.order_id)
    assert (await world.refund()).state is State.HELD
    assert world.rail.paid_out() == [f"{here.id}-1"]


async def test_a_press_here_right_after_the_stores_is_held() -> None:
    """The other way round, under an order that somebody typed."""
    world = await ByHandWorld().start(settings=WATCHED)
    world.platform.press("99", SOLES_50, at=world.clock.now(), order_id="77", ours=False)
    await world.press("15", 5000)
    await world.run()
    here = await world.press_here(5000, rest=7980, order_number="77")
    await world.run()
    assert (await world.now(here)).state is State.HELD
    assert world.rail.paid_out() == [f"{(await world.refund()).id}-1"]


async def test_two_spellings_of_one_payment_are_one_double_press() -> None:
    """The store writes zeros before the CIP and has not been decided: still one is paid."""
    world = await ByHandWorld().start(settings=WATCHED)
    world.platform.press(
        "15", SOLES_50, at=world.clock.now(), order_id="14", transaction_id=f"00{CIP}"
    )
    await digest(world.ports, await world.deliver("15"))
    here = await world.press_here(5000, transaction_id=f"0{CIP}")
    assert here.transaction_id == CIP
    await world.run()
    await world.later(minutes=2)
    assert len(world.rail.paid_out()) == 1


async def test_what_waited_for_its_transaction_is_not_paid_on_top() -> None:
    """Held in the store, refunded here by approval, then tried again there: held again."""
    world = await ByHandWorld().start(settings=WATCHED)
    await world.press("15", 5000, transaction_id=None)
    await world.run()
    assert (await world.refund()).state is State.HELD
    here = await world.press_here(5000, order_number="14")
    await world.run()
    assert (await world.now(here)).state is State.HELD
    await approvals.approve(world.ports, here.id, "Luis")
    await world.run()
    world.platform.refunds["15"] = replace(world.platform.refunds["15"], transaction_id=CIP)
    await people.retry(world.ports, (await world.refund()).id, "Luis")
    await world.run()
    assert (await world.refund()).state is State.HELD
    assert world.rail.paid_out() == [f"{here.id}-1"]


async def test_stores_that_share_an_account_do_not_refund_the_same_twice() -> None:
    """Another store of the account presses the same: held, without naming the first store's."""
    world = await ByHandWorld().start(settings=WATCHED)
    first = await world.press_here(5000)
    await world.run()
    other = replace(await _store(world), id="otra-pe", identity="https://otra.pe")
    async with world.book.begin() as ledger:
        await ledger.add_store(other)
    second = await world.press_at("otra-pe", 5000, rest=7980)
    await world.run()
    second = await world.now(second)
    assert second.state is State.HELD
    assert first.platform_refund_id not in str(second.decision)


async def test_what_is_left_to_the_store_is_not_offered_here() -> None:
    """The store pays it outside and was told never to press it again: here neither."""
    world = await ByHandWorld().start()
    refund, _ = await world.refused_once()
    async with world.book.begin() as ledger:
        await ledger.save_refund(replace(refund, outcome=Outcome.LEFT_TO_STORE))
    assert (await world.find()).rest == PAID - SOLES_50
    with pytest.raises(RestChanged):
        await world.press_here(12980)


async def test_spaces_around_a_key_make_no_second_refund() -> None:
    """A key that a client pads is the same key."""
    world = await ByHandWorld().start()
    first = await world.press_here(5000)
    again = await world.press_here(5000, rest=7980, key=" form-1\n")
    assert again.id == first.id


@pytest.mark.parametrize("reason", ["Producto\x00 agotado", "Producto \ud800"])
async def test_a_reason_that_cannot_be_kept_is_refused(reason: str) -> None:
    """Kept otherwise than typed, a double click would look like another refund."""
    world = await ByHandWorld().start()
    with pytest.raises(InvalidInput):
        await world.press_here(5000, reason=reason)


async def test_the_same_press_after_privacy_erased_its_reason_is_the_same_refund() -> None:
    """Erased is what was said; the key still stands for the same refund."""
    world = await ByHandWorld().start()
    first = await world.press_here(5000)
    async with world.book.begin() as ledger:
        await ledger.erase_buyer("tienda-pe", [], [first.order_id])
    await world.run()
    assert (await world.press_here(5000)).id == first.id
    with pytest.raises(RequestIdReused):
        await world.press_here(6000)
    assert world.rail.paid_out() == [f"{first.id}-1"]


async def test_an_order_that_was_not_paid_by_it_is_not_told() -> None:
    """We took the payment for one order: naming another is refused, naming that one is not."""
    world = await ByHandWorld().start()
    taken = checkout(store_id="tienda-pe", account_id="main", transaction_id=CIP, amount=PAID)
    async with world.book.begin() as ledger:
        await ledger.add_checkout(taken)
    with pytest.raises(InvalidInput):
        await world.press_here(5000, order_number="77")
    for number, typed in enumerate((taken.order_id, taken.order_number, "")):
        rest = PAID.minor - number * 1000
        here = await world.press_here(1000, rest, order_number=typed, key=f"form-{number}")
        assert here.order_id == taken.order_id


@pytest.mark.parametrize("number", ["77", "#77"])
async def test_a_number_goes_before_an_id(number: str) -> None:
    """People read numbers: order 77 by its number is meant, not the one with the id 77."""
    world = await ByHandWorld().start()
    world.rail.pay("22", PAID, world.clock.now())
    pay = {"transaction_id": "22"}
    await world.press("15", 1000, order_id="14", order_number=number, **pay)
    await world.run()
    world.clock.advance(minutes=1)
    await world.press("16", 1000, order_id="77", order_number="90", **pay)
    await world.run()
    assert (await world.press_here(5000, order_number="77")).order_id == "14"


async def test_an_earlier_platforms_order_is_not_taken_for_one_of_this() -> None:
    """After a store moved to another platform, an old order's id may be another order's."""
    world = await ByHandWorld().start()
    await world.press("15", 1000)
    await world.run()
    moved = replace(await _store(world), platform=BY_HAND)
    async with world.book.begin() as ledger:
        await ledger.add_store(moved)
    assert (await world.find()).order_number == ""
    assert is_no_order((await world.press_here(5000, rest=11980)).order_id)


async def test_where_nobody_was_told_the_story_does_not_say_so() -> None:
    """Without an order no line says that an order was told; with one it does."""
    world = await ByHandWorld().start()
    nobody = await world.press_here(1000)
    await world.press("15", 1000)
    await world.run()
    assert not any("order told" in what for what in await _whats(world, nobody))
    assert any("order told" in what for what in await _whats(world, await world.refund()))


async def test_limits_count_the_buyer_of_what_is_refunded_here() -> None:
    """The store said whose payment it is: a limit for buyers counts both refunds."""
    limit = {"per": "buyer", "count": 1, "hours": 24}
    policy = {"name": "shop", "otherwise": "approve", "limits": [limit]}
    world = await ByHandWorld().start(settings={"policy": policy})
    await world.press("15", 1000, buyer="email:ana@example.com")
    await world.run()
    here = await world.press_here(5000, rest=11980)
    await world.run()
    assert here.buyer == (await world.refund()).buyer is not None
    assert (await world.now(here)).state is State.HELD


async def test_a_store_that_bars_payouts_bars_them_by_hand_too() -> None:
    """Too old for the original route: held as the store's own refund would be, and not paid out."""
    world = await ByHandWorld().start()
    world.rail.pay(CIP, PAID, world.clock.now() - timedelta(days=45))
    world.platform = _NoPayouts(world.clock.now)
    world.ports = replace(world.ports, platforms=BothPlatforms(world.platform))
    here = await world.press_here(5000)
    await world.run()
    here = await world.now(here)
    assert (here.state, here.decision and here.decision["code"]) == (
        State.HELD,
        "PAYOUT_BARRED_BY_STORE",
    )
    with pytest.raises(TransitionRefused):
        await people.choose_payout(world.ports, here.id, "Luis")


async def test_a_lost_wake_up_is_found_again() -> None:
    """The process dies between the press and its first step: the sweep finds what waits."""
    world = await ByHandWorld().start(platform=BY_HAND)
    here = await world.press_here(5000)
    world.memory.drain()
    await world.later(minutes=1)
    assert (await world.now(here)).state is State.PENDING


async def test_dying_at_any_step_pays_once() -> None:
    """Killed at each boundary in turn, what was pressed is paid, and only once."""
    for boundary in Boundary:
        world = await ByHandWorld().start()
        here = await world.press_here(5000)
        world.die_at = boundary
        with contextlib.suppress(Killed):
            await world.run()
        world.rail.settle()
        for _ in range(10):
            await world.later(minutes=15)
        assert world.rail.paid_out() == [f"{here.id}-1"], boundary
        assert (await world.payment()).refunded + (await world.payment()).reserved == SOLES_50


async def test_a_store_that_left_still_pays_what_is_pressed_here() -> None:
    """Its order can't be told any more, but no poll and no departure takes the refund back."""
    world = await ByHandWorld().start()
    await leave(world.ports, await _store(world), at=None)
    async with world.book.begin() as ledger:
        await ledger.erase_store("tienda-pe")
    here = await world.press_here(5000)
    await world.run()
    await world.poll()
    await world.later(days=1)
    assert (await world.now(here)).state is State.PENDING
    assert world.rail.paid_out() == [f"{here.id}-1"]


@pytest.mark.parametrize("shown", [Money(12980, "USD"), Money(-1, "PEN"), Money(10**18, "PEN")])
async def test_a_forged_rest_opens_nothing(shown: Money) -> None:
    """Another currency, a negative and an endless sum are not what was shown."""
    world = await ByHandWorld().start()
    with pytest.raises(RestChanged):
        await world.press_here(5000, expected_rest=shown)
    with pytest.raises((RestChanged, InvalidInput, InvalidMoney)):
        await world.press_here(-1)
    async with world.book.begin() as ledger:
        assert await ledger.list_refunds() == []


async def test_a_declined_one_gives_its_amount_back_once() -> None:
    """Declined, pressed again and paid: trying the first again can't pay beyond the rest."""
    world = await ByHandWorld().start(settings={"policy": {"name": "shop", "otherwise": "hold"}})
    first = await world.press_here(12980)
    await world.run()
    await approvals.decline(world.ports, first.id, "Luis", "no")
    second = await world.press_here(12980, key="form-2")
    await world.run()
    await approvals.approve(world.ports, second.id, "Luis")
    await world.run()
    await people.retry(world.ports, first.id, "Luis")
    await world.later(minutes=2)
    assert (await world.now(first)).state is State.HELD
    assert world.rail.paid_out() == [f"{second.id}-1"]


async def test_an_extorno_after_the_press_stops_it() -> None:
    """The bank takes the payment back before the decision: nothing is sent."""
    world = await ByHandWorld().start()
    here = await world.press_here(5000)
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.now(here)).state in {State.REVERSED, State.REJECTED}
    assert world.rail.paid_out() == []


async def test_no_store_can_name_a_refund_as_ours_are_named() -> None:
    """Even a store that guesses the name can't put its refund in the place of the pressed one."""
    world = await ByHandWorld().start()
    here = await world.press_here(5000)
    await world.run()
    world.platform.press(own_id("form-1"), SOLES_50, at=world.clock.now() + timedelta(minutes=1))
    await world.deliver(own_id("form-1"))
    await world.run()
    assert world.rail.paid_out() == [f"{here.id}-1"]


async def _store(world: ByHandWorld) -> Store:
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


async def _whats(world: ByHandWorld, refund: Refund) -> list[str]:
    async with world.book.begin() as ledger:
        return [entry.what for entry in await ledger.timeline(refund.id)]
