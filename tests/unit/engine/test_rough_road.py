"""The rough road: lost answers, dead senders, refusals, deletions, extornos."""

from datetime import timedelta

import pytest

from engine_world import CIP, Killed, World
from pef_adapters.core.errors import (
    NotSent,
    PlatformRefused,
    PlatformUnreachable,
    TransitionRefused,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import people
from pef_adapters.engine.ports import Boundary, RailStatus, Refusal
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import (
    LOST_ANSWER,
    LOST_REQUEST,
    NONSENSE,
    REFUSED_CONNECTION,
    Fault,
)


@pytest.mark.parametrize(
    "fault", [LOST_ANSWER, LOST_REQUEST, NONSENSE], ids=["answer", "request", "nonsense"]
)
async def test_lost_answer_is_unknown_and_ends_by_a_query(fault: Fault) -> None:
    """Whatever got lost, the money is reserved, nothing new is sent, and one payment is made."""
    world = await World().open()
    world.rail.fail_sends(fault)
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is State.UNKNOWN
    assert (await world.payment()).reserved == refund.amount
    await world.until(State.PENDING)
    assert world.rail.paid_out() == [f"{refund.id}-1"]


async def test_resend_uses_the_same_id() -> None:
    """A request that never arrived goes out again under its own id, after a query."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST, LOST_REQUEST)
    await world.press()
    await world.run()
    await world.until(State.PENDING)
    refund = await world.refund()
    assert world.rail.sends == [f"{refund.id}-1"] * 3


async def test_failure_of_a_resend_does_not_free_the_money() -> None:
    """After a maybe-sent, a proved not-sent of the next try proves nothing about the first."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST, REFUSED_CONNECTION)
    await world.press()
    await world.run()
    await world.later(seconds=10)
    assert (await world.refund()).state is State.UNKNOWN
    assert (await world.payment()).reserved.minor == 12980


async def test_past_the_replay_window_only_a_person_decides() -> None:
    """When the rail may have forgotten the id, it is never sent again by itself."""
    world = await World().open()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press()
    await world.run()
    world.rail.down = NotSent()
    world.clock.advance(hours=25)
    world.rail.down = None
    await world.later(hours=2)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.UNKNOWN, "code.REPLAY_WINDOW_CLOSED")
    assert len(world.rail.sends) == 1
    settled = await people.settle(world.ports, refund.id, "Rosa", paid=False)
    assert settled.state is State.FAILED
    assert (await world.payment()).reserved.minor == 0


async def test_rail_down_for_an_hour_settles_afterwards() -> None:
    """Nothing is lost and nothing is doubled while the rail is away."""
    world = await World().open()
    world.rail.down = NotSent()
    for number, minor in (("15", 3000), ("16", 3100)):
        await world.press(number, minor)
    await world.run()
    for _ in range(60):
        await world.later(minutes=1)
    assert world.rail.paid_out() == []
    world.rail.down = None
    for number in ("15", "16"):
        await world.until(State.PENDING, number)
    assert len(set(world.rail.paid_out())) == len(world.rail.paid_out()) == 2


async def test_not_sent_frees_the_reservation() -> None:
    """A send that provably never left gives the money back to the payment."""
    world = await World().open()
    world.rail.fail_sends(REFUSED_CONNECTION)
    await world.press()
    await world.run()
    assert (await world.refund()).state is State.READY
    assert (await world.payment()).reserved.minor == 0
    await world.until(State.PENDING)
    assert len(world.rail.paid_out()) == 1


@pytest.mark.parametrize("boundary", list(Boundary))
async def test_death_at_each_boundary_pays_once(boundary: Boundary) -> None:
    """Killed at any boundary, the next process finishes: paid once, told, nothing lost."""
    world = await World().open()
    world.die_at = boundary
    await world.press()
    with pytest.raises(Killed):
        await world.run()
    await world.until(State.PENDING)
    world.rail.settle()
    await world.until(State.REFUNDED)
    assert len(world.rail.paid_out()) == 1
    assert world.platform.order().lines["15"].state is State.REFUNDED


@pytest.mark.parametrize(
    ("refusal", "code", "state"),
    [
        (Refusal.FINAL, "INVALID_AMOUNT", State.FAILED),
        (Refusal.FINAL, "REFUND_EXPIRED", State.FAILED),
        (Refusal.BUSY, "RATE_LIMITED", State.READY),
        (Refusal.NEEDS_OWNER, "MERCHANT_KYC_EXPIRED", State.HELD),
        (Refusal.NEEDS_BENEFICIARY, "BENEFICIARY_REQUIRED", State.AWAITING_BENEFICIARY),
        (Refusal.DISPUTED_ID, "DUPLICATE_REFUND_ID", State.UNKNOWN),
    ],
)
async def test_refusals_lead_where_they_can_be_mended(
    refusal: Refusal, code: str, state: State
) -> None:
    """Each kind of refusal ends in the state whose owner can do something about it."""
    world = await World().open()
    world.rail.refuse((refusal, code))
    await world.press()
    await world.run()
    refund = await world.refund()
    assert refund.state is state
    assert refund.attention == f"rail.{code}"
    assert world.rail.paid_out() == []


async def test_retry_after_a_final_refusal_uses_a_new_generation() -> None:
    """A refund finally refused can be tried again by a person, under a new id."""
    world = await World().open()
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await world.press()
    await world.run()
    refund = await world.refund()
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert (await world.refund()).state is State.PENDING
    assert world.rail.paid_out() == [f"{refund.id}-2"]


async def test_kyc_mended_and_retried_keeps_the_id() -> None:
    """A refusal that an owner mends is no new refund: the id stays."""
    world = await World().open()
    world.rail.refuse((Refusal.NEEDS_OWNER, "MERCHANT_KYC_EXPIRED"))
    await world.press()
    await world.run()
    refund = await world.refund()
    await people.retry(world.ports, refund.id, "Rosa")
    await world.run()
    assert world.rail.paid_out() == [f"{refund.id}-1"]


async def test_old_attempt_that_paid_after_all_is_believed() -> None:
    """If a refused attempt turns out paid, that is the refund, and nothing is sent on top."""
    world = await World().open()
    refund, first = await world.refused_once()
    world.platform.trouble = PlatformUnreachable()
    await people.retry(world.ports, refund.id, "Rosa")
    world.rail._book(first)
    world.rail.settle()
    await world.notify("refund.refunded", merchant_refund_id=first.merchant_refund_id)
    await world.run()
    world.platform.trouble = None
    await world.later(hours=1)
    refund = await world.refund()
    assert (refund.state, refund.generation) == (State.REFUNDED, 1)
    assert (await world.payment()).refunded.minor == 5000
    assert len(world.rail.paid_out()) == 1


async def test_late_payment_of_a_failed_refund_is_believed() -> None:
    """The rail pays what it had refused: the refund becomes refunded."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(minutes=2)
    assert (await world.refund()).state is State.FAILED
    world.rail.settle()
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).state is State.REFUNDED
    assert (await world.payment()).refunded.minor == 12980


async def test_late_failure_of_a_refunded_refund_is_told() -> None:
    """A refund that fails after it was called refunded is corrected on the order."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle()
    await world.later(minutes=2)
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.notify("refund.rejected", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert world.platform.order().lines["15"].state is State.FAILED
    assert (await world.payment()).refunded.minor == 0


async def test_early_webhook_and_late_answer_agree() -> None:
    """A rail that settles before its own answer arrives leaves one truth."""
    world = await World().open()
    world.rail.fail_sends(LOST_ANSWER)
    await world.press()
    await world.run()
    world.rail.settle()
    refund = await world.refund()
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    assert (await world.refund()).state is State.REFUNDED


async def test_deleted_before_sending_is_cancelled() -> None:
    """A refund deleted at the store before money moved is cancelled, with a note."""
    world = await World().open()
    world.rail.down = NotSent()
    await world.press()
    await world.run()
    world.platform.delete("15")
    await world.deliver("15", HintKind.REFUND_DELETED)
    await world.run()
    world.rail.down = None
    await world.later(hours=1)
    assert (await world.refund()).state is State.CANCELLED
    assert world.rail.sends == []


async def test_silent_deletion_is_noticed_before_the_money_leaves() -> None:
    """Even unannounced, a deletion stops a refund that was not sent yet."""
    world = await World().open()
    world.rail.fail_sends(REFUSED_CONNECTION)
    await world.press()
    await world.run()
    world.platform.delete("15")
    await world.later(minutes=30)
    assert (await world.refund()).state is State.CANCELLED
    assert world.rail.paid_out() == []


async def test_deleted_after_sending_calls_a_person() -> None:
    """A deletion that comes too late changes no money and is shown on the order."""
    world = await World().open()
    await world.press()
    await world.run()
    world.platform.delete("15")
    await world.deliver("15", HintKind.REFUND_DELETED)
    await world.run()
    refund = await world.refund()
    assert refund.state is State.PENDING
    assert refund.attention == "code.STORE_WITHDREW_TOO_LATE"
    assert refund.written_revision == refund.revision


async def test_changed_amount_is_held() -> None:
    """A refund whose amount differs from when it was registered is shown to a person."""
    world = await World().open()
    world.rail.down = NotSent()
    await world.press("15", 5000)
    await world.run()
    world.platform.press("15", Money(6000, "PEN"), at=world.clock.now())
    world.rail.down = None
    await world.later(minutes=30)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.AMOUNT_CHANGED_AT_STORE")
    assert world.rail.sends == []


async def test_store_down_postpones_and_loses_nothing() -> None:
    """While the store is away nothing is decided; afterwards everything is."""
    world = await World().open()
    await world.press()
    world.platform.trouble = PlatformUnreachable()
    await world.run()
    for _ in range(30):
        await world.later(minutes=1)
    world.platform.trouble = None
    for _ in range(30):
        await world.later(minutes=1)
    assert (await world.refund()).state is State.PENDING


async def test_write_back_repeats_until_the_store_hears_it() -> None:
    """The store's truth is written when the store is back, whatever happened between."""
    world = await World().open()
    await world.press()
    world.die_at = Boundary.WRITING_BACK
    with pytest.raises(Killed):
        await world.run()
    world.platform.trouble = PlatformRefused()
    world.rail.settle()
    await world.later(hours=1)
    assert "15" not in world.platform.order().lines
    world.platform.trouble = None
    await world.later(hours=2)
    assert world.platform.order().lines["15"].state is State.REFUNDED


async def test_extorno_before_sending_stops_the_refund() -> None:
    """A bank that took the payment back leaves nothing to refund."""
    world = await World().open()
    world.rail.fail_sends(REFUSED_CONNECTION)
    await world.press()
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.refund()).state is State.REVERSED
    await world.press("16", 100)
    await world.run()
    held = await world.refund("16")
    assert held.decision is not None
    assert (held.state, held.decision["code"]) == (State.HELD, "REVERSED_BY_BANK")


@pytest.mark.parametrize(
    ("settled", "state", "code"),
    [
        (False, State.PENDING, "code.EXTORNO_DURING_REFUND"),
        (True, State.REFUNDED, "code.EXTORNO_AFTER_REFUND"),
    ],
)
async def test_extorno_of_a_sent_refund_calls_a_person(
    *, settled: bool, state: State, code: str
) -> None:
    """An extorno never changes what was sent; a person sees that the buyer may be paid twice."""
    world = await World().open()
    await world.press()
    await world.run()
    if settled:
        world.rail.settle()
        await world.later(minutes=2)
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    refund = await world.refund()
    assert (refund.state, refund.attention) == (state, code)


async def test_unconfirmed_extorno_changes_nothing() -> None:
    """A notification of an extorno that the rail itself denies stops no refund."""
    world = await World().open()
    await world.press()
    await world.run()
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.refund()).attention is None


async def test_windows_pay_out_and_close() -> None:
    """Past 30 days the buyer is asked where to pay out, past 90 the refund is refused."""
    world = await World().open()
    asked, refused = State.AWAITING_BENEFICIARY, State.REJECTED
    for number, days, state in (("15", 31, asked), ("16", 91, refused)):
        world.rail.pay(CIP, Money(12980, "PEN"), world.clock.now() - timedelta(days=days))
        await world.press(number, 1000)
        await world.run()
        assert (await world.refund(number)).state is state
    assert world.rail.sends == []
    assert (await world.payment()).reserved.minor == 1000


async def test_lost_jobs_are_recreated_by_the_janitor() -> None:
    """Every wake-up can vanish: the ledger alone brings the refund to its end."""
    world = await World().open()
    await world.press()
    world.memory.drain()
    await world.later(minutes=1)
    world.memory.drain()
    await world.until(State.PENDING)
    assert len(world.rail.paid_out()) == 1


async def test_finished_refund_has_nothing_to_retry() -> None:
    """Asking for another try of a finished refund is refused in words."""
    world = await World().open()
    await world.press()
    await world.run()
    world.rail.settle()
    await world.later(minutes=2)
    with pytest.raises(TransitionRefused):
        await people.retry(world.ports, (await world.refund()).id, "Rosa")


async def test_every_waiting_refund_has_a_next_look() -> None:
    """Whatever state a refund waits in, the ledger says when somebody looks again."""
    world = await World().open()
    world.rail.fail_sends(LOST_ANSWER)
    await world.press("15", 5000)
    await world.press("16", 99999)
    await world.run()
    for number in ("15", "16"):
        assert (await world.refund(number)).next_action_at is not None
