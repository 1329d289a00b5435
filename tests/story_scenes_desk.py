"""Scenes at the desk, by hand and at a gateway, for the golden stories."""

from by_hand_world import ByHandWorld
from desk_world import DeskWorld
from engine_world import CIP, PAID, World
from gateway_world import GatewayWorld
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import by_hand, costs, privacy
from pef_adapters.engine.gate import payouts, refunds
from pef_adapters.engine.watch import watch
from story_scenes import ROSA, opened, refused, scene


@scene
async def paid_out_by_hand() -> World:
    """An old payment: the buyer's details, two votes, a bank file, and the bank's yes."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.later(hours=1)
    await world.answer(await world.export(), "confirmed")
    await payouts.batches(world.ports, ROSA)
    refund = await world.refund()
    await costs.record_actual(world.ports, refund.id, Money(350, "PEN"), "comisión", "Rosa")
    return world


@scene
async def returned_by_the_bank() -> World:
    """The bank sends a payout back: new details, a second file."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.answer(await world.export(), "returned", reason="cuenta cerrada")
    await world.later(hours=1)
    sent = await payouts.ask_buyer(world.ports, ROSA, (await world.refund()).id)
    assert sent
    return world


@scene
async def buyer_never_answers() -> World:
    """The link expires, and a person hears of it."""
    world = await DeskWorld().open_old()
    await world.press("15", 5000)
    await world.run()
    for _ in range(12):
        await world.later(hours=24)
        await watch(world.ports)
    return world


@scene
async def buyer_mistypes() -> World:
    """Wrong details are refused, a few times; the right ones are taken, masked."""
    world = await DeskWorld().open_old()
    await world.press("15", 5000)
    await world.run()
    said = [await refused(world.give(account="00219310000000000118")) for _ in range(2)]
    said.append(await refused(world.give(document_number="1")))
    await world.give()
    world.said = said  # type: ignore[attr-defined]
    return world


@scene
async def forgotten_buyer() -> World:
    """The store asks for what is kept of a buyer, and then to forget him."""
    world = await DeskWorld().open_old()
    await world.until_due("15", 5000)
    await world.answer(await world.export(), "confirmed")
    store = await world.store()
    assert store is not None
    await privacy.finish_open_cases(world.ports)
    return world


@scene
async def pressed_by_hand() -> World:
    """Two presses here, one withdrawn in time."""
    world = await ByHandWorld().start(
        settings={"policy": {"name": "shop", "otherwise": "hold", "double_press_minutes": 0}}
    )
    first = await world.press_here(3000)
    await world.run()
    second = await world.press_here(2000, rest=9980, key="form-2")
    await world.run()
    await by_hand.withdraw(world.ports, first.id, "rosa@tienda.pe", "me equivoqué")
    await world.run()
    await refunds.look(world.ports, ROSA, second.id)
    return world


@scene
async def gateway_pays_and_refunds() -> World:
    """The gateway asks for a payment, then for a part of it back, and asks again how it is."""
    world = await GatewayWorld().open()
    await world.paid()
    world.answers = [  # type: ignore[attr-defined]
        await world.call("/refund", request="r1", amount="50.00"),
        await world.call("/refund", request="r1", amount="50.00"),
        await world.call("/refund", request="r2", amount="500.00"),
        await world.call("/refund", secret="wrong", request="r3", amount="1.00"),
    ]
    await world.run()
    world.rail.settle()
    await world.later(hours=1)
    world.answers.append(  # type: ignore[attr-defined]
        await world.call("/refund", request="r1", amount="50.00")
    )
    return world


@scene
async def gateway_payment_never_paid() -> World:
    """The buyer does not pay: looked at rarer and rarer, and over in the end."""
    world = await GatewayWorld().open()
    await world.ask_to_pay()
    for _ in range(8):
        await world.later(minutes=30)
    checkout = await world.checkout()
    world.rail.expire(checkout.transaction_id or "")
    for _ in range(4):
        await world.later(days=1)
    return world


@scene
async def limits_and_doubles() -> World:
    """The third of a day is held, and so is the same press twice."""
    world = await opened(limits=[{"per": "store", "days": 1, "count": 2}], double_press_minutes=30)
    for number in range(3):
        await world.press(str(30 + number), 1000 + 500 * number)
        await world.run()
    await world.press("40", 1000)
    await world.run()
    assert (await world.refund("30")).state is State.PENDING
    assert world.rail.payments[CIP].amount == PAID
    return world
