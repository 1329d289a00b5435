"""A gateway asks for a refund: kept once, paid once, answered by how it stands."""

import pytest

from gateway_world import PAYMENT, GatewayWorld
from pef_adapters.core.errors import PlatformUnreachable, TransitionRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.people import retry
from pef_adapters.engine.ports import Refusal
from pef_adapters.platforms.contract import Outcome


@pytest.fixture
async def world() -> GatewayWorld:
    """A store whose payment of S/ 129.80 was asked for and paid."""
    opened = await GatewayWorld().open()
    await opened.paid()
    return opened


async def _settled(world: GatewayWorld) -> None:
    world.rail.settle()
    await world.later(minutes=5)


async def test_a_refund_call_is_paid_and_told(world: GatewayWorld) -> None:
    """From the call to the money: first open, then refunded, and the outcome is told."""
    status, said = await world.call("/refund", request="r1", amount="20.00")
    assert (status, said["state"]) == (200, None)
    await world.run()
    assert (await world.call("/refund", request="r1", amount="20.00"))[1]["state"] == "pending"
    await _settled(world)
    assert (await world.call("/refund", request="r1", amount="20.00"))[1]["state"] == "refunded"
    assert world.rail.bookings == [((await world.asked()).id + "-1", Money(2000, "PEN"))]
    assert world.gateway.outcomes == {f"{PAYMENT}/refund/r1": Outcome.REFUNDED}


async def test_the_same_request_is_the_same_refund(world: GatewayWorld) -> None:
    """Ten calls under one id pay once; "20" and "20.00" are one amount."""
    for amount in ("20", "20.0", "20.00") * 3:
        await world.call("/refund", request="r1", amount=amount)
        await world.run()
    assert len(world.rail.bookings) == 1


async def test_two_requests_of_one_amount_are_two_refunds(world: GatewayWorld) -> None:
    """Equal partial refunds with ids of their own are both paid."""
    for request in ("r1", "r2"):
        await world.call("/refund", request=request, amount="20.00")
        await world.run()
        await world.later(hours=1)
    assert [amount for _, amount in world.rail.bookings] == [Money(2000, "PEN")] * 2


async def test_one_id_with_another_amount_pays_nothing_more(world: GatewayWorld) -> None:
    """We can't know which was meant: the second is refused and shown to a person."""
    await world.call("/refund", request="r1", amount="20.00")
    status, said = await world.call("/refund", request="r1", amount="30.00")
    await world.run()
    assert (status, said["code"]) == (409, "REQUEST_ID_REUSED")
    assert [amount for _, amount in world.rail.bookings] == [Money(2000, "PEN")]
    assert [alarm.code for alarm in await world.alarms()] == ["code.REQUEST_ID_REUSED"]


async def test_more_than_is_left_is_held(world: GatewayWorld) -> None:
    """A value above what was paid in less what was refunded never leaves by itself."""
    await world.call("/refund", request="r1", amount="100.00")
    await world.run()
    await world.call("/refund", request="r2", amount="29.81")
    await world.run()
    _, said = await world.call("/refund", request="r2", amount="29.81")
    assert (said["state"], said["code"]) == ("held", "AMOUNT_EXCEEDS_REST")
    assert len(world.rail.bookings) == 1


async def test_cancelling_what_was_paid_refunds_the_rest(world: GatewayWorld) -> None:
    """A paid payment's cancellation goes through the policy, for all that is left."""
    await world.call("/refund", request="r1", amount="29.80")
    await world.run()
    await world.call("/cancel", request="c1")
    await world.run()
    assert (await world.asked("c1", "cancel")).amount == Money(10000, "PEN")
    assert [amount.minor for _, amount in world.rail.bookings] == [2980, 10000]


async def test_a_refund_of_a_payment_we_never_took_is_refused(world: GatewayWorld) -> None:
    """Nothing is kept about a payment that is not ours."""
    status, said = await world.call("/refund", payment="another", request="r1", amount="5.00")
    assert (status, said["code"]) == (404, "NOT_THERE")


async def test_another_currency_is_never_paid(world: GatewayWorld) -> None:
    """A refund in dollars of a payment in soles is refused by the policy."""
    await world.call("/refund", request="r1", amount="5.00", currency="USD")
    await world.run()
    assert (await world.asked()).state is State.REJECTED
    assert world.rail.bookings == []


async def test_a_lost_answer_ends_told_once(world: GatewayWorld) -> None:
    """The platform took the outcome, its answer was lost: it is told again, the same."""
    world.gateway.outcome_answers_lost = 1
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    await _settled(world)
    for _ in range(3):
        await world.later(seconds=40)
    refund = await world.asked()
    assert refund.written_revision == refund.revision
    assert world.gateway.outcomes == {f"{PAYMENT}/refund/r1": Outcome.REFUNDED}


async def test_after_a_rejection_was_told_nothing_is_paid(world: GatewayWorld) -> None:
    """A person's retry after the platform heard "failed" is refused: one end on both sides."""
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    refund = await world.asked()
    assert refund.outcome is Outcome.FAILED
    with pytest.raises(TransitionRefused, match="press a new refund"):
        await retry(world.ports, refund.id, "Ana")
    await world.later(hours=1)
    assert world.rail.bookings == []


async def test_the_end_is_written_before_it_is_told(world: GatewayWorld) -> None:
    """Even where telling fails, a retry can't pay what may have been heard as failed."""
    world.gateway.trouble = PlatformUnreachable()
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    with pytest.raises(TransitionRefused):
        await retry(world.ports, (await world.asked()).id, "Ana")


async def test_what_needs_a_person_can_be_left_to_the_store(world: GatewayWorld) -> None:
    """Where the store pays by hand, we never do: not now, and not by anybody's retry."""
    world.gateway.leaves_payouts = True
    world.gateway.final_outcomes = False
    world.rail.refuse((Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED"))
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    _, said = await world.call("/refund", request="r1", amount="20.00")
    assert said["left"]
    refund = await world.asked()
    assert (refund.state, refund.outcome) == (State.REJECTED, Outcome.LEFT_TO_STORE)
    with pytest.raises(TransitionRefused):
        await retry(world.ports, refund.id, "Ana")


async def test_a_told_end_that_stops_being_true_is_an_alarm(world: GatewayWorld) -> None:
    """The rail books what it had refused: the platform can't be told, so a person must know."""
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    refund = await world.asked()
    async with world.book.begin() as ledger:
        attempt = (await ledger.attempts(refund.id))[0]
    await world.rail.send(attempt)
    await world.notify("refund.processing", merchant_refund_id=attempt.merchant_refund_id)
    await world.run()
    assert (await world.asked()).attention == "code.OUTCOME_TOLD_ALREADY"


async def test_a_lost_wake_up_loses_no_refund(world: GatewayWorld) -> None:
    """A refund that was kept is found by the poll, should its delivery ever be lost."""
    await world.call("/refund", request="r1", amount="20.00")
    async with world.book.begin() as ledger:
        for received in await ledger.open_received(world.clock.now(), 10):
            await ledger.close_received(received, "lost", world.clock.now())
    world.memory.drain()
    world.waiting.clear()
    await world.poll()
    assert len(world.rail.bookings) == 1
