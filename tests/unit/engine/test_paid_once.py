"""Ways that would pay twice, or pay what nobody asked for; none of them does."""

from datetime import timedelta

import pytest

from engine_world import CIP, World
from pef_adapters.core.errors import (
    NotSent,
    PlatformUnreachable,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.digest import digest
from pef_adapters.engine.onboarding import StoreRequest, add_store
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.records import Attempt
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.testing.hostile_rail import LOST_REQUEST, REFUSED_CONNECTION


async def test_refunds_from_before_the_store_was_connected_are_not_paid() -> None:
    """A refund that the owner settled by hand before connecting us stays the owner's affair."""
    world = await World().open()
    long_ago = world.clock.now() - timedelta(days=10)
    world.platform.press("7", Money(4000, "PEN"), at=long_ago)
    await world.press("15", 3000)
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14"))
    await world.run()
    assert [amount.minor for _, amount in world.rail.bookings] == [3000]


async def test_one_store_spelled_twice_pays_once() -> None:
    """https://tienda.pe and https://tienda.pe:443 are one store."""
    world = await World().open()
    for address in ("https://tienda.pe", "https://tienda.pe:443"):
        request = StoreRequest(platform="fake", address=address, account_id="main", settings={})
        await add_store(world.ports, request, {}, "https://refunds.example")
    world.clock.advance(seconds=5)
    world.platform.press("15", Money(3000, "PEN"), at=world.clock.now())
    await world.poll()
    await world.run()
    assert len(world.rail.paid_out()) == 1, world.rail.paid_out()


async def test_refusal_of_a_resend_does_not_free_maybe_sent_money() -> None:
    """The refusal of a resend proves nothing about the first request, which arrived late."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)

    def first_arrives_late(attempt: Attempt) -> None:
        if attempt.sends == 2:
            world.rail._book(attempt)

    world.rail.on_send = first_arrives_late
    await world.press("15", 5000)
    await world.run()
    world.rail.refuse((Refusal.FINAL, "ALREADY_REFUNDED"))
    await world.later(seconds=10)
    refund = await world.refund()
    assert refund.state is not State.FAILED, "failed, though the rail is paying it"


async def test_refused_resend_then_retry_pays_once() -> None:
    """... and the retry that the note offers pays again under a new id."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    world.rail.on_send = lambda a: world.rail._book(a) and None if a.sends == 2 else None
    await world.press("15", 5000)
    await world.run()
    world.rail.refuse((Refusal.FINAL, "ALREADY_REFUNDED"))
    await world.later(seconds=10)
    refund = await world.refund()
    if refund.state is State.FAILED:
        await people.retry(world.ports, refund.id, "Rosa")
        await world.run()
    assert len(world.rail.paid_out()) == 1


async def test_accepted_again_after_failed_is_shown() -> None:
    """A failed refund that the rail takes up again is not left as failed."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.rail.down = NotSent()
    world.clock.advance(hours=25)
    world.rail.down = None
    await world.later(hours=2)
    refund = await world.refund()
    await people.settle(world.ports, refund.id, "Rosa", paid=False)
    async with world.book.begin() as ledger:
        first = await ledger.attempt(f"{refund.id}-1")
    assert first is not None
    world.rail._book(first)
    await world.notify("refund.processing", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert len(world.rail.paid_out()) == 1


async def test_retry_of_a_refund_whose_older_attempt_paid_is_not_paid_again() -> None:
    """Known to be paid under its first id, a refund is not sent under a second."""
    world = await World().open()
    refund, first = await world.refused_once()
    world.platform.trouble = PlatformUnreachable()
    await people.retry(world.ports, refund.id, "Rosa")
    world.rail._book(first)
    world.rail.settle()
    await world.notify("refund.refunded", merchant_refund_id=first.merchant_refund_id)
    await world.run()
    world.platform.trouble = None
    assert (await world.refund()).state is State.REFUNDED
    assert (await world.payment()).refunded.minor == 5000
    await world.later(minutes=5)
    with pytest.raises(TransitionRefused):
        await people.retry(world.ports, refund.id, "Rosa")
    assert len(world.rail.paid_out()) == 1


async def test_generation_two_is_not_sent_while_the_first_is_on_the_rails_book() -> None:
    """The rail booked the first id silently after all; no webhook told."""
    world = await World().open()
    refund, first = await world.refused_once()
    world.rail._book(first)
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert len(world.rail.paid_out()) == 1


async def test_two_spellings_of_one_cip_share_one_balance() -> None:
    """Leading zeros, which the real rail client ignores, make no second payment."""
    world = await World().open()
    padded = f"000000{CIP}"
    world.rail.pay(padded, Money(12980, "PEN"), world.clock.now() - timedelta(days=1))
    await world.press("15", 10000)
    await world.press("16", 10000, order_id="20", transaction_id=padded)
    await world.run()
    assert len(world.rail.paid_out()) == 1


async def test_not_ours_any_more_is_not_paid() -> None:
    """An order that is no longer one of ours when decided is not paid."""
    world = await World().open()
    await world.press("15", 5000)
    await digest(world.ports, 1)
    world.platform.press(
        "15", Money(5000, "PEN"), at=world.clock.now(), ours=False, payment_method="card"
    )
    await world.run()
    assert world.rail.paid_out() == []


async def test_paid_by_gateway_meanwhile_is_not_paid_again() -> None:
    """A refund that another gateway paid while it waited in ready is not sent."""
    world = await World().open()
    world.rail.fail_sends(REFUSED_CONNECTION)
    await world.press("15", 5000)
    await world.run()
    world.platform.press("15", Money(5000, "PEN"), at=world.clock.now(), paid_by_gateway=True)
    await world.later(minutes=5)
    assert world.rail.paid_out() == []


async def test_replay_window_survives_a_clock_that_went_back() -> None:
    """A clock that jumps back does not open the replay window for longer."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    sent = len(world.rail.sends)
    world.clock.advance(hours=-48)
    await people.retry(world.ports, (await world.refund()).id, "Rosa")
    await world.run()
    assert len(world.rail.sends) == sent


async def test_busy_for_a_day_then_one_lost_answer_is_inside_the_window() -> None:
    """The replay window counts from the first send that may have arrived."""
    world = await World().open()
    world.rail.fail_sends(*[REFUSED_CONNECTION] * 105, LOST_REQUEST)
    await world.press("15", 5000)
    for _ in range(40 * 12):
        await world.later(minutes=5)
    refund = await world.refund()
    assert refund.state is State.PENDING
