"""Attacks on what gateways and stores bring in: nothing is paid twice, lost or untrue."""

import random
import string
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine_world import World
from gateway_world import GatewayWorld
from pef_adapters.core.errors import InvalidInput, InvalidMoney
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import installs
from pef_adapters.engine.advance import advance
from pef_adapters.engine.asked_refunds import keep_asked_refund
from pef_adapters.engine.departures import digest_departure, has_left
from pef_adapters.engine.digest import register
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Store
from pef_adapters.platforms.asked import AskedRefund, CheckoutState, Operation
from pef_adapters.platforms.contract import Hint, HintKind, Provider
from pef_adapters.testing.fake_gateway import FakeGatewayPlatform
from pef_adapters.testing.fake_platform import FakePlatform

ADDRESS = "https://tienda.pe"
PAID = Money(12980, "PEN")


async def store_of(world: World) -> Store:
    """The world's store as it is kept now."""
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


# --- stores that leave and come back -------------------------------------------------


async def tokens() -> dict[str, str]:
    """What the platform gives at an installation."""
    return {"access_token": "new"}


@pytest.mark.parametrize(("seconds_after", "left"), [(-60, False), (0, False), (1, True)])
async def test_a_departure_counts_only_after_the_last_installation(
    book: LedgerBook,
    seconds_after: int,
    left: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Removed, installed again and only then told: the store is not cut off, nor erased later."""
    world = await World(book).open()
    world.clock.advance(minutes=5)
    await installs.arrive(world.ports, "fake", ADDRESS, tokens)
    removed_at = world.clock.now() + timedelta(seconds=seconds_after)
    world.clock.advance(minutes=5)
    hint = Hint(kind=HintKind.UNINSTALLED, at=removed_at)
    await digest_departure(world.ports, await store_of(world), hint)
    assert has_left(await store_of(world)) is left


# --- a store that is connected another way ---------------------------------------------


class OtherWay(FakePlatform):
    """A platform under another name, which knows nothing of what an earlier one told."""

    def named(self, platform: str) -> FakePlatform:
        assert platform == "other"
        return self


async def connect_as_another(world: World) -> None:
    """The same store, under another platform from now on."""
    store = await store_of(world)
    async with world.book.begin() as ledger:
        await ledger.add_store(replace(store, platform="other"))
    world.ports = replace(world.ports, platforms=OtherWay(world.clock.now))


@pytest.mark.parametrize("refund_id", [None, "15"])
async def test_what_an_earlier_platform_told_is_not_withdrawn_by_the_next(
    refund_id: str | None,
) -> None:
    """That the next platform does not show a refund on its way is no deletion."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    before = await world.refund()
    await connect_as_another(world)
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14", refund_id=refund_id))
    await world.run()
    after = await world.refund()
    assert (after.state, after.attention) == (before.state, before.attention)


async def test_a_waiting_refund_of_an_earlier_platform_waits_on() -> None:
    """Not yet sent when the store was connected another way: it is shown, not dropped."""
    world = await World().open()
    world.rail.payments.clear()  # no payment is known: the refund waits for a person
    await world.press("15", 5000)
    await world.run()
    assert (await world.refund()).state is State.HELD
    await connect_as_another(world)
    for _ in range(3):
        await world.later(days=1)
    refund = await world.refund()
    assert (refund.state, refund.attention) == (State.HELD, "code.STORE_REFUSES_KEYS")


# --- payments ----------------------------------------------------------------------------


async def test_a_payment_known_by_its_code_is_found_by_its_notification() -> None:
    """Where the account's payments go by transaction codes, a CIP's number finds nothing."""
    world = await GatewayWorld().open()
    await world.ask_to_pay()
    checkout = await world.checkout()
    async with world.book.begin() as ledger:
        await ledger.save_checkout(replace(checkout, transaction_id=checkout.id))
    world.rail.pay(checkout.id, PAID, world.clock.now())
    await world.notify("cip.paid", cip="7654321", transaction_code=checkout.id)
    await world.run()
    assert (await world.checkout()).state is CheckoutState.PAID


class WithoutProvider(FakeGatewayPlatform):
    """The store's platform of today calls nobody."""

    @property
    def provider(self) -> Provider | None:  # type: ignore[override] # what the contract allows
        return None


async def test_a_payment_that_nobody_can_be_told_of_wakes_nobody_each_minute() -> None:
    """A store that is connected another way is not looked after in every sweep for ever."""
    world = await GatewayWorld().open()
    await world.ask_to_pay()
    world.ports = replace(world.ports, platforms=WithoutProvider(world.clock.now))
    cip = (await world.checkout()).transaction_id or ""
    world.rail.pay(cip, PAID, world.clock.now())
    await world.notify("cip.paid", cip=cip)
    for _ in range(20):
        await world.later(minutes=1)
    async with world.book.begin() as ledger:
        assert await ledger.due_checkouts(world.clock.now(), 10) == []
    assert (await world.checkout()).told is not CheckoutState.PAID


async def test_a_refund_and_a_cancellation_pay_what_came_in_once() -> None:
    """Asked for both ways, part by part and under new ids, no more goes back than was paid."""
    world = await GatewayWorld().open()
    await world.paid()
    for request, amount in (("r1", "50.00"), ("r2", "50.00"), ("r3", "129.80"), ("r4", "29.80")):
        await world.call("/refund", request=request, amount=amount)
    for request in ("c1", "c2"):
        await world.call("/cancel", request=request)
    await world.run()
    world.rail.settle()
    await world.later(hours=1)
    booked = sum(amount.minor for _, amount in world.rail.bookings)
    assert booked <= PAID.minor


# --- poison ------------------------------------------------------------------------------


def long_text(letters: int) -> str:
    """Text that no index makes short."""
    dice = random.Random(7)
    return "".join(dice.choices(string.ascii_letters, k=letters))


async def test_a_reference_of_any_length_keeps_the_refund(book: LedgerBook) -> None:
    """Buyers write into some fields: a refund with 10 kB of reference waits for a person."""
    world = await World(book).open()
    store = await store_of(world)
    world.platform.press("15", PAID, at=world.clock.now(), transaction_id=long_text(10_000))
    (found,) = world.platform.refunds.values()
    await register(world.ports, store, found)
    refund = await world.refund()
    await advance(world.ports, refund.id)
    refund = await world.refund()
    assert (refund.state, refund.transaction_id) == (State.HELD, None)


@pytest.mark.parametrize("exponent", [999_999_999, -999_999_999, 41, -41])
def test_an_amount_of_few_letters_takes_no_gigabyte(exponent: int) -> None:
    """A number with a huge exponent is refused before it is written out."""
    amount = Decimal((0, (1,), exponent))
    with pytest.raises(InvalidMoney) as caught:
        Money.parse(amount, "PEN")
    assert len(str(caught.value)) < 200


def test_an_unreadable_amount_is_not_repeated_whole() -> None:
    """What a stranger sent stands shortened in the error, which is logged and answered."""
    with pytest.raises(InvalidMoney) as caught:
        Money.parse("9" * 100_000, "PEN")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["refund_id", "order_id", "payment_reference"])
async def test_a_name_of_any_length_is_not_kept(book: LedgerBook, name: str) -> None:
    """A webhook whose ids no index could hold is refused as what it is, not as a mishap."""
    world = await World(book).open()
    asked = AskedRefund(
        refund_id="1",
        operation=Operation.REFUND,
        payment_id=None,
        amount=Decimal("1.00"),
        currency="PEN",
        order_id="2",
    )
    async with book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        assert store is not None
        long = replace(asked, **{name: long_text(10_000)})
        with pytest.raises(InvalidInput):
            await keep_asked_refund(world.ports, ledger, store, long)
