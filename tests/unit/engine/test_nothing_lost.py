"""News that comes early, late, garbled or not at all; no refund gets lost by it."""

from datetime import timedelta

from engine_world import CIP, World
from pef_adapters.core.errors import (
    AnsweredNonsense,
    MaybeSent,
    NotSent,
    PlatformNonsense,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine.digest import digest
from pef_adapters.engine.janitor import sweep
from pef_adapters.engine.ports import RailRefund, RailRefusal, RailStatus, Refusal
from pef_adapters.engine.records import Attempt
from pef_adapters.platforms.contract import Hint, HintKind, StoreConnection, StoreRefund
from pef_adapters.testing.hostile_rail import REFUSED_CONNECTION


async def test_bank_return_told_while_rail_is_down_is_not_lost() -> None:
    """A notification about a finished refund that can't be checked now is followed later."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.rail.settle(RailStatus.RETURNED, "RETURNED")
    world.rail.down = NotSent()
    await world.notify("refund.returned", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    world.rail.down = None
    await world.until(State.RETURNED, hours=24)


async def test_nonsense_about_finished_refund_does_not_poison_it() -> None:
    """An unreadable answer about a finished refund breaks no job."""
    world = await World().open()
    await world.press()
    await world.run()
    refund = await world.refund()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.rail.find_faults.append(AnsweredNonsense())
    await world.notify("refund.refunded", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    await world.later(hours=2)


async def test_refund_pressed_while_its_order_is_read_is_not_cancelled() -> None:
    """A refund registered after the store was asked is not taken for deleted."""
    world = await World().open()
    await world.press("15", 5000)
    plain = world.platform.read

    async def slow(hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        answer = await plain(hint, store)
        if hint.kind is HintKind.ORDER_CHANGED and "16" not in world.platform.refunds:
            world.platform.press("16", Money(3000, "PEN"), at=world.clock.now())
            await digest(world.ports, await world.deliver("16"))
        return answer

    world.platform.read = slow  # type: ignore[method-assign]
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14"))
    await world.run()
    await world.until(State.PENDING, "16", hours=2)


async def test_one_unreadable_order_does_not_block_the_polled_rest() -> None:
    """A refund behind an unreadable one in the same poll is still found."""
    world = await World().open()
    plain = world.platform.read

    async def picky(hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        if hint.refund_id == "15":
            raise PlatformNonsense("currency BTC")
        return await plain(hint, store)

    world.platform.read = picky  # type: ignore[method-assign]
    world.platform.press("15", Money(100, "PEN"), at=world.clock.now(), order_id="13", ours=False)
    world.platform.press("16", Money(3000, "PEN"), at=world.clock.now())
    for _ in range(60):
        world.clock.advance(minutes=5)
        await world.poll()
        await sweep(world.ports)
        await world.run()
    [r for r in world.memory._tables.received.values() if r.outcome is None]
    assert (await world.refund("16")).state is State.PENDING


async def test_foreign_refunds_are_not_news_for_ever() -> None:
    """A refund of another payment method is not stored again at each poll."""
    world = await World().open()
    world.platform.press("15", Money(100, "PEN"), at=world.clock.now(), ours=False)
    for _ in range(50):
        world.clock.advance(minutes=5)
        await world.poll()
    assert len(world.memory._tables.received) < 5


async def test_wrongly_cancelled_refund_can_come_back() -> None:
    """A store that answered wrongly once does not lose its refund for ever."""
    world = await World().open()
    await world.press("15", 5000)
    await digest(world.ports, 1)
    kept = world.platform.refunds.pop("15")
    await world.run()
    assert (await world.refund()).state is State.CANCELLED
    world.platform.refunds["15"] = kept
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14"))
    for _ in range(24):
        await world.later(hours=1)
    assert (await world.refund()).state is State.PENDING


async def test_early_extorno_is_asked_again() -> None:
    """An extorno told before the rail's own read shows it is not forgotten."""
    world = await World().open()
    world.rail.fail_sends(*[REFUSED_CONNECTION] * 6)
    await world.press()
    await world.run()
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    world.rail.reverse(CIP)
    for _ in range(36):
        await world.later(minutes=10)
    assert world.rail.paid_out() == []


async def test_extorno_of_a_payment_known_by_its_transaction_code() -> None:
    """As server.webhooks hints it: only `cip`; the account refers to transaction codes."""
    world = await World().open()
    world.rail.payments.pop(CIP)
    world.rail.pay("ORD-77", Money(12980, "PEN"), world.clock.now())
    await world.press("15", 5000, transaction_id="ORD-77")
    await world.run()
    world.rail.reverse("ORD-77")
    await world.notify("cip.refunded", cip=CIP, transaction_code="ORD-77")
    await world.run()
    assert (await world.refund()).attention == "code.EXTORNO_DURING_REFUND"


async def test_extorno_of_a_padded_cip() -> None:
    """The store keeps the CIP with leading zeros, the rail tells it without."""
    world = await World().open()
    padded = f"000000{CIP}"
    world.rail.pay(padded, Money(12980, "PEN"), world.clock.now())
    await world.press("15", 5000, transaction_id=padded)
    await world.run()
    world.rail.reverse(padded)
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.refund()).attention == "code.EXTORNO_DURING_REFUND"


async def test_lost_return_webhook_is_found_by_looking() -> None:
    """A bank return whose webhook was lost still reaches the order."""
    world = await World().open()
    await world.press()
    await world.run()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.rail.settle(RailStatus.RETURNED, "RETURNED")
    for _ in range(24 * 14):
        await world.later(hours=1)
    assert (await world.refund()).state is State.RETURNED


async def test_hiccup_during_a_send_does_not_hurry_the_undertaker() -> None:
    """An early webhook that can't be checked leaves the sender its time."""
    world = await World().open()
    plain = world.rail.send
    looks = []

    async def send(attempt: Attempt) -> RailRefund | RailRefusal:
        world.rail.find_faults.append(MaybeSent())
        await world.notify("refund.received", merchant_refund_id=attempt.merchant_refund_id)
        await digest(world.ports, 2)
        looks.append((await world.refund()).next_action_at - world.clock.now())
        return await plain(attempt)

    world.rail.send = send  # type: ignore[method-assign]
    await world.press("15", 5000)
    await world.run()
    assert looks[0] > timedelta(seconds=60), looks


async def test_each_advance_leaves_the_next_wake_up() -> None:
    """A refund that waits has a job for its next look, without the janitor's help."""
    world = await World().open()
    world.rail.fail_sends(REFUSED_CONNECTION)
    world.rail.refuse((Refusal.BUSY, "RATE_LIMITED"), (Refusal.BUSY, "RATE_LIMITED"))
    await world.press("15", 5000)
    await world.run()
    for _ in range(200):
        world.clock.advance(seconds=1)
        await world.run()
    assert (await world.refund()).state is State.PENDING


async def test_store_that_counts_anew_is_an_alarm() -> None:
    """A refund number used again for another order is shown, not swallowed in silence."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.platform.press("15", Money(3000, "PEN"), at=world.clock.now(), order_id="99")
    hint = Hint(kind=HintKind.REFUND_CREATED, refund_id="15", order_id="99")
    await world.hear(hint)
    await world.run()
    assert (await world.refund()).attention == "code.REFUND_ID_REUSED"
    assert len(world.rail.paid_out()) == 1
