"""Refunds that a person presses here: bounded by the rest he saw, once each, told to orders."""

from datetime import timedelta
from decimal import Decimal

import pytest

from by_hand_world import ROSA, ByHandWorld
from engine_world import CIP, PAID
from pef_adapters.core.errors import (
    AmountExceedsRest,
    CurrencyDiffers,
    EditorCannotApprove,
    InvalidInput,
    KeysMixed,
    NotThere,
    RequestIdReused,
    RestChanged,
    SourceMismatch,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.engine import approvals, people
from pef_adapters.engine.asked_refunds import keep_asked_refund
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.by_hand import BY_HAND, ByHand, is_own_id, own_id
from pef_adapters.platforms.contract import Delivery, Hint, HintKind
from pef_adapters.storage.memory import MemoryBook
from storage_samples import checkout, settle_in
from storage_samples import store as sample_store

SOLES_50 = Money(5000, "PEN")


async def test_what_is_pressed_here_is_paid_and_ends_refunded() -> None:
    """Found, pressed, paid to the last céntimo asked for: and the payment's rest is right."""
    world = await ByHandWorld().start()
    found = await world.find()
    assert (found.payment.paid, found.rest, found.refunds) == (PAID, PAID, ())
    refund = await world.press_here(5000)
    await world.run()
    world.rail.settle()
    await world.later(minutes=2)
    refund = await world.now(refund)
    assert refund.state is State.REFUNDED
    assert (refund.platform, refund.requested_by) == (BY_HAND, ROSA)
    assert (await world.payment()).refunded == SOLES_50
    found = await world.find()
    assert (found.rest.minor, [each.id for each in found.refunds]) == (7980, [refund.id])


async def test_a_store_without_a_shop_refunds_as_any_other() -> None:
    """Nothing is asked of, or told to, anybody, and no poll withdraws what was pressed."""
    world = await ByHandWorld().start(platform=BY_HAND)
    refund = await world.press_here(12980)
    await world.run()
    await world.poll()
    world.rail.settle()
    await world.later(minutes=2)
    refund = await world.now(refund)
    assert (refund.state, refund.written_revision) == (State.REFUNDED, refund.revision)
    assert (world.platform.reads, world.platform.write_backs) == (0, 0)


async def test_the_order_hears_of_a_refund_that_was_pressed_here() -> None:
    """A known order is told of it beside the store's own refund, each under its own name."""
    world = await ByHandWorld().start()
    await world.press("15", 2000)
    await world.run()
    refund = await world.press_here(5000, rest=10980)
    await world.run()
    lines = world.platform.order("14").lines
    assert refund.order_id == "14"
    assert set(lines) == {"15", refund.platform_refund_id}
    assert lines[refund.platform_refund_id].amount == SOLES_50
    await world.deliver("15")
    await world.run()
    assert (await world.now(refund)).state is State.PENDING


async def test_without_an_order_nothing_is_written_to_the_store() -> None:
    """Nobody named an order, so the store is left alone, and nothing waits to be told."""
    world = await ByHandWorld().start()
    refund = await world.press_here(5000)
    await world.run()
    refund = await world.now(refund)
    assert (refund.state, refund.write_back_at) == (State.PENDING, None)
    assert world.platform.write_backs == 0


async def test_an_order_can_be_named() -> None:
    """An order that we don't know yet is taken as typed, without its number sign."""
    world = await ByHandWorld().start()
    world.platform.press("99", SOLES_50, at=world.clock.now(), order_id="77", ours=False)
    refund = await world.press_here(5000, order_number=" #77 ")
    await world.run()
    assert (refund.order_id, refund.order_number) == ("77", "77")
    assert set(world.platform.order("77").lines) == {refund.platform_refund_id}
    with pytest.raises(InvalidInput):
        await world.press_here(1000, rest=7980, order_number="../7", key="form-2")


async def test_a_stale_rest_is_refused_and_nothing_is_done() -> None:
    """Between the look and the press something went: the press does nothing at all."""
    world = await ByHandWorld().start()
    await world.press("15", 2000)
    await world.run()
    with pytest.raises(RestChanged):
        await world.press_here(5000, rest=12980)
    async with world.book.begin() as ledger:
        assert len(await ledger.list_refunds()) == 1
        assert await ledger.asked_refund("tienda-pe", own_id("form-1")) is None


async def test_what_was_asked_and_holds_no_money_yet_is_not_offered_again() -> None:
    """A refund that waits for its decision is no rest any more."""
    world = await ByHandWorld().start()
    await world.press_here(12000)
    found = await world.find()
    assert (found.asked.minor, found.rest.minor) == (12000, 980)
    with pytest.raises(RestChanged):
        await world.press_here(12000, key="form-2")
    with pytest.raises(AmountExceedsRest):
        await world.press_here(981, rest=980, key="form-2")


async def test_what_has_ended_unpaid_is_offered_again() -> None:
    """A refused refund gives its amount back to the rest."""
    world = await ByHandWorld().start()
    refund, _ = await world.refused_once()
    assert refund.state is State.FAILED
    assert (await world.find()).rest == PAID


async def test_a_double_click_is_one_refund() -> None:
    """The same form twice, the second after the first was paid: one refund, one payment."""
    world = await ByHandWorld().start()
    first = await world.press_here(5000)
    await world.run()
    second = await world.press_here(5000)
    await world.run()
    assert first.id == second.id
    assert world.rail.paid_out() == [f"{first.id}-1"]


async def test_one_key_is_one_refund_only() -> None:
    """Another amount, reason or payment under a used key is refused."""
    world = await ByHandWorld().start()
    await world.press_here(5000)
    world.rail.pay("22", PAID, world.clock.now())
    with pytest.raises(RequestIdReused):
        await world.press_here(6000, rest=7980)
    with pytest.raises(RequestIdReused):
        await world.press_here(5000, reason="Otro motivo")
    with pytest.raises(RequestIdReused):
        await world.press_here(5000, transaction_id="22")


async def test_what_can_be_no_refund_is_refused() -> None:
    """No amount, another currency, no reason, no name, no key, no such payment."""
    world = await ByHandWorld().start()
    with pytest.raises(InvalidInput):
        await world.press_here(0)
    with pytest.raises(CurrencyDiffers):
        await world.press_here(5000, amount=Money(5000, "USD"))
    for changes in ({"reason": " "}, {"person": ""}, {"key": ""}, {"transaction_id": "a b"}):
        with pytest.raises(InvalidInput):
            await world.press_here(5000, **changes)
    with pytest.raises(NotThere):
        await world.press_here(5000, transaction_id="404")
    with pytest.raises(NotThere):
        await world.find("404")


async def test_what_nobody_paid_has_nothing_to_refund() -> None:
    """A payment that the rail knows and nobody paid is said to be unpaid."""
    world = await ByHandWorld().start()
    world.rail.pay("31", PAID, world.clock.now())
    world.rail.reverse("31")
    with pytest.raises(InvalidInput):
        await world.find("31")


async def test_keys_of_another_mode_are_not_used() -> None:
    """A live store on a sandbox account finds nothing."""
    world = await ByHandWorld().start(mode=Mode.LIVE)
    with pytest.raises(KeysMixed):
        await world.find()


async def test_a_payment_that_the_bank_took_back_has_no_rest() -> None:
    """After an extorno nothing can be pressed."""
    world = await ByHandWorld().start()
    await world.press("15", 1000)
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP)
    await world.run()
    assert (await world.find()).rest.minor == 0


async def test_whoever_pressed_here_cannot_approve_it() -> None:
    """The one who pressed counts as its editor, as at any store."""
    world = await ByHandWorld().start(settings={"policy": {"name": "shop", "otherwise": "hold"}})
    refund = await world.press_here(5000)
    await world.run()
    assert (await world.now(refund)).state is State.HELD
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, refund.id, ROSA)


async def test_a_refund_pressed_here_can_be_tried_again() -> None:
    """After the rail's refusal a retry reads it from what was kept, and pays it."""
    world = await ByHandWorld().start()
    pressed = await world.press_here(5000)
    world.rail.refuse((Refusal.FINAL, "INVALID_AMOUNT"))
    await world.run()
    assert (await world.now(pressed)).state is State.FAILED
    await people.retry(world.ports, pressed.id, "Luis")
    await world.run()
    assert (await world.now(pressed)).state is State.PENDING


async def test_adapters_never_read_what_was_pressed_here() -> None:
    """A store that is read from kept refunds must not have one of them for its own."""
    world = await ByHandWorld().start()
    refund = await world.press_here(5000, order_number="14")
    store = await _store(world)
    records = connection(world.ports, store).records
    assert records is not None
    assert await records.refunds_of_order("14") == ()
    assert await records.refunds_since(world.clock.now() - timedelta(days=1)) == ()
    assert await records.refund(refund.platform_refund_id) is None


async def test_no_gateway_can_ask_under_a_name_of_ours() -> None:
    """An id made like ours would be hidden from its adapter, so it is refused."""
    world = await ByHandWorld().start()
    asked = AskedRefund(
        refund_id=own_id("form-1"),
        operation=Operation.REFUND,
        payment_id=None,
        amount=SOLES_50.decimal,
        currency="PEN",
        order_id="14",
    )
    store = await _store(world)
    async with world.book.begin() as ledger:
        with pytest.raises(InvalidInput):
            await keep_asked_refund(world.ports, ledger, store, asked)


async def test_what_another_store_took_is_refunded_there(memory_book: MemoryBook) -> None:
    """The payment's own store has the order; here only the rest is told."""
    world = await ByHandWorld(memory_book).start()
    async with memory_book.begin() as ledger:
        await settle_in(ledger)
        other = sample_store(id="otra-pe", identity="https://otra.pe", account_id="main")
        await ledger.add_store(other)
        await ledger.add_checkout(
            checkout(store_id="otra-pe", account_id="main", transaction_id=CIP)
        )
    assert (await world.find()).rest == PAID
    with pytest.raises(InvalidInput):
        await world.press_here(5000)


async def test_a_gateways_own_refunds_and_what_is_pressed_here_share_one_rest() -> None:
    """What it asked a moment ago is no rest here; what is pressed here it can't ask for again."""
    world = await ByHandWorld().start()
    store = await _store(world)
    taken = checkout(
        store_id=store.id, account_id="main", transaction_id=CIP, payment_id="P-1", amount=PAID
    )
    async with world.book.begin() as ledger:
        await ledger.add_checkout(taken)
        await keep_asked_refund(world.ports, ledger, store, _asked("R-1", Decimal("29.80")))
    found = await world.find()
    assert (found.rest.minor, found.order_number) == (10000, taken.order_number)
    refund = await world.press_here(4000, rest=10000)
    assert refund.order_id == taken.order_id
    async with world.book.begin() as ledger:
        rest = await keep_asked_refund(world.ports, ledger, store, _asked("R-2", None))
    assert rest.amount.minor == 6000


def _asked(refund_id: str, amount: Decimal | None) -> AskedRefund:
    """What a store's gateway asks about P-1; without an amount, for all that is left."""
    return AskedRefund(
        refund_id=refund_id,
        operation=Operation.REFUND,
        payment_id="P-1",
        amount=amount,
        currency="PEN",
    )


async def test_the_platform_without_a_shop_says_so() -> None:
    """It reads what was pressed, takes no delivery, and its checks pass."""
    world = await ByHandWorld().start(platform=BY_HAND)
    refund = await world.press_here(5000)
    here, platform = connection(world.ports, await _store(world)), ByHand()
    hint = Hint(kind=HintKind.REFUND_CREATED, refund_id=refund.platform_refund_id)
    (read,) = await platform.read(hint, here)
    assert (read.refund_id, read.amount, read.ours) == (hint.refund_id, SOLES_50, True)
    with pytest.raises(SourceMismatch):
        platform.receive(Delivery({}, b""), here)
    assert all(check.passed for check in await platform.connect(here))
    assert all(check.passed for check in await platform.check(here))
    assert is_own_id(refund.platform_refund_id)


async def _store(world: ByHandWorld) -> Store:
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found
