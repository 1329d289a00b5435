"""A gateway asks us to take a payment: one CIP is shown, and its end is told."""

import asyncio

import pytest

from gateway_world import GatewayWorld
from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.engine import checkouts
from pef_adapters.engine.store_records import LedgerRecords
from pef_adapters.platforms.asked import CheckoutState


@pytest.fixture
async def world() -> GatewayWorld:
    """A connected store whose gateway calls."""
    return await GatewayWorld().open()


async def test_the_same_payment_id_is_shown_the_same_page(world: GatewayWorld) -> None:
    """However often a gateway asks for one payment, one CIP is made and shown."""
    first = await world.ask_to_pay()
    again = await world.ask_to_pay()
    assert first == again
    assert first["state"] == CheckoutState.WAITING
    assert first["pay_url"]
    assert len(world.rail.created) == 1


async def test_one_payment_id_is_one_amount(world: GatewayWorld) -> None:
    """A payment id that comes back with another amount is refused, and nothing changes."""
    await world.ask_to_pay("129.80")
    status, said = await world.call("/payment", order="G-1", amount="12.98")
    assert (status, said["code"]) == (409, "REQUEST_ID_REUSED")
    assert (await world.checkout()).amount == Money(12980, "PEN")


async def test_a_forged_call_keeps_nothing(world: GatewayWorld) -> None:
    """A caller without the store's secret is refused before anything is kept."""
    status, said = await world.call("/payment", secret="guess", order="G-1", amount="1.00")
    assert (status, said["code"]) == (401, "SIGNATURE_INVALID")
    async with world.book.begin() as ledger:
        assert await ledger.find_checkout("tienda-pe", "pay-1") is None


async def test_a_test_payment_never_reaches_the_live_rail() -> None:
    """A live store's test payment is refused, and so is a sandbox store's live one."""
    live = await GatewayWorld().open(mode=Mode.LIVE)
    assert (await live.call("/payment", order="1", amount="5", test=True))[1][
        "code"
    ] == "KEYS_MIXED"
    sandbox = await GatewayWorld().open()
    said = await sandbox.call("/payment", order="1", amount="5", test=False)
    assert said[1]["code"] == "KEYS_MIXED"
    assert live.rail.created == sandbox.rail.created == []


async def test_the_payment_is_told_once_it_is_paid(world: GatewayWorld) -> None:
    """PagoEfectivo's notification makes us ask it, and the gateway hears "paid" once."""
    await world.paid()
    await world.notify("cip.paid", cip=(await world.checkout()).transaction_id or "")
    await world.run()
    assert world.gateway.told == [
        ("pay-1", CheckoutState.WAITING),
        ("pay-1", CheckoutState.PAID),
    ]


async def test_a_lost_notification_costs_minutes(world: GatewayWorld) -> None:
    """Without any notification the payment is found by looking."""
    await world.ask_to_pay()
    cip = (await world.checkout()).transaction_id or ""
    world.rail.pay(cip, Money(12980, "PEN"), world.clock.now())
    for _ in range(4):
        await world.later(minutes=2)
    assert (await world.checkout()).state is CheckoutState.PAID


async def test_a_gateway_that_is_down_hears_it_later(world: GatewayWorld) -> None:
    """Telling is repeated in the platform's rhythm until it is acknowledged."""
    await world.ask_to_pay()
    world.gateway.telling_fails = [PlatformUnreachable(), PlatformUnreachable()]
    world.rail.pay(
        (await world.checkout()).transaction_id or "", Money(12980, "PEN"), world.clock.now()
    )
    await world.notify("cip.paid", cip=(await world.checkout()).transaction_id or "")
    await world.run()
    assert (await world.checkout()).told is CheckoutState.WAITING
    for _ in range(3):
        await world.later(seconds=15)
    assert (await world.checkout()).told is CheckoutState.PAID


async def test_an_expired_cip_is_told(world: GatewayWorld) -> None:
    """A CIP that nobody paid in time ends the payment, and the gateway hears so."""
    await world.ask_to_pay()
    world.rail.expire((await world.checkout()).transaction_id or "")
    await world.later(hours=2)
    assert (await world.checkout()).told is CheckoutState.EXPIRED


async def test_a_cip_that_nobody_was_shown_still_pays(world: GatewayWorld) -> None:
    """The answer with the CIP was lost; the mail reached the buyer, whose payment counts."""
    world.rail.lose_created = 1
    status, _ = await world.call("/payment", order="G-1", amount="129.80")
    assert status == 502
    await world.ask_to_pay()
    lost, shown = world.rail.created
    checkout = await world.checkout()
    assert checkout.transaction_id == shown
    world.rail.pay(lost, Money(12980, "PEN"), world.clock.now())
    await world.notify("cip.paid", cip=lost, transaction_code=checkout.id)
    await world.run()
    assert (await world.checkout()).transaction_id == lost
    assert world.gateway.told[-1] == ("pay-1", CheckoutState.PAID)


async def test_money_that_nobody_waits_for_is_an_alarm(world: GatewayWorld) -> None:
    """A payment that is cancelled at the gateway and paid all the same is shown to a person."""
    await world.ask_to_pay()
    checkout = await world.checkout()
    await world.call("/cancel", request="c1")
    world.rail.pay(checkout.transaction_id or "", Money(12980, "PEN"), world.clock.now())
    await world.notify("cip.paid", cip=checkout.transaction_id or "")
    await world.run()
    assert (await world.checkout()).state is CheckoutState.CANCELLED
    assert [alarm.code for alarm in await world.alarms()] == ["code.CHECKOUT_PAID_TWICE"]


async def test_a_settlement_asks_whether_money_came(world: GatewayWorld) -> None:
    """A settlement is answered by PagoEfectivo's word, not by what we knew before."""
    await world.ask_to_pay()
    assert (await world.call("/settlement", amount="129.80"))[1]["state"] == "waiting"
    cip = (await world.checkout()).transaction_id or ""
    world.rail.pay(cip, Money(12980, "PEN"), world.clock.now())
    assert (await world.call("/settlement", amount="129.80"))[1]["state"] == "paid"
    assert (await world.checkout()).settled_at is not None


async def test_cancelling_an_unpaid_payment_withdraws_its_cip(world: GatewayWorld) -> None:
    """Nothing was paid in, so nothing is refunded; the buyer can't pay any more."""
    await world.ask_to_pay()
    _, said = await world.call("/cancel", request="c1")
    assert said["not_paid"]
    again = await world.call("/cancel", request="c1")
    assert again[1]["not_paid"]
    found = await world.rail.find_payment((await world.checkout()).transaction_id or "")
    assert found is not None
    assert found.over


async def test_a_settlement_of_less_is_shown_to_a_person(world: GatewayWorld) -> None:
    """The buyer paid more than the gateway wants: somebody has to give the rest back."""
    await world.paid()
    await world.call("/settlement", amount="100.00")
    assert [alarm.code for alarm in await world.alarms()] == ["code.SETTLED_LESS"]
    await world.call("/settlement", amount="100.00")
    assert len(await world.alarms()) == 1


async def test_a_cip_that_can_still_be_paid_is_not_cancelled(world: GatewayWorld) -> None:
    """PagoEfectivo refuses to withdraw it: the gateway hears no "cancelled", and asks again."""
    await world.ask_to_pay()
    world.rail.keep_cips = True
    status, said = await world.call("/cancel", request="c1")
    assert (status, said["code"]) == (502, "RAIL_ERROR")
    world.rail.keep_cips = False
    assert (await world.call("/cancel", request="c1"))[1]["not_paid"]


async def test_what_was_paid_back_counts_confirmed_refunds_only(world: GatewayWorld) -> None:
    """Under way is not paid back; confirmed is."""
    await world.paid()
    records = LedgerRecords(world.book, "tienda-pe")
    await world.call("/refund", request="r1", amount="20.00")
    await world.run()
    assert await records.paid_back("pay-1") == Money(0, "PEN")
    world.rail.settle()
    await world.later(minutes=5)
    assert await records.paid_back("pay-1") == Money(2000, "PEN")
    assert await records.paid_back("another") is None


@pytest.mark.parametrize("call", ["create_payment", "cancel_payment", "find_payment"])
async def test_a_slow_rail_never_keeps_a_gateway_waiting(
    world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """What takes too long counts as lost; the gateway hears so in time, and may call again."""
    if call != "create_payment":
        await world.ask_to_pay()

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as slow:
        slow.setattr(world.rail, call, never)
        slow.setattr(checkouts, "CREATE_SECONDS", 0.01)
        slow.setattr(checkouts, "ASK_SECONDS", 0.01)
        asked = {
            "create_payment": ("/payment", {"order": "G-1", "amount": "129.80"}),
            "cancel_payment": ("/cancel", {"request": "c1"}),
            "find_payment": ("/settlement", {"amount": "129.80"}),
        }
        path, body = asked[call]
        status, said = await world.call(path, **body)
        assert (status, said["code"]) == (502, "RAIL_MAYBE_SENT")
    assert (await world.ask_to_pay())["state"] == CheckoutState.WAITING
