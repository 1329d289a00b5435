"""Scenes of the policy and of people who decide or do not, for the golden stories."""

from datetime import timedelta

from engine_world import World
from pef_adapters.core.errors import (
    PlatformRefused,
    PlatformUnreachable,
)
from pef_adapters.core.money import Money
from pef_adapters.engine.gate import approvals, refunds
from pef_adapters.engine.records import Act
from pef_adapters.engine.watch import watch
from pef_adapters.platforms.contract import Hint, HintKind
from story_scenes import MARTA, ROSA, opened, scene


@scene
async def questions_of_the_policy() -> World:
    """More than is left, an order without a payment, a foreign currency, a live store's test."""
    world = await opened()
    await world.press("15", 13000)
    await world.press("16", 100, transaction_id=None)
    await world.press("17", 100, transaction_id="99999999")
    await world.press("18", 100, paid_by_gateway=True)
    await world.press("19", 100, payment_method="card")
    await world.press("20", 0)
    await world.run()
    await world.later(hours=2)
    return world


@scene
async def approved_by_two() -> World:
    """Held for two people: one comments, both agree, the second act sends it."""
    rules = [{"id": "two", "when": {"platforms": ["fake"]}, "then": "hold", "approvers": 2}]
    world = await opened(rules=rules)
    await world.press("15", 5000)
    await world.run()
    refund = await world.refund()
    seen = (await approvals.look(world.ports, ROSA, refund.id)).review.digest
    await approvals.speak(world.ports, ROSA, refund.id, Act.COMMENT, "Llamé al comprador")
    await approvals.approve(world.ports, ROSA, refund.id, seen, "De acuerdo")
    await world.run()
    await approvals.approve(world.ports, MARTA, refund.id, seen)
    await world.run()
    return world


@scene
async def declined() -> World:
    """A person says no, and says why."""
    world = await opened(otherwise="hold")
    await world.press("15", 5000)
    await world.run()
    await approvals.decline(world.ports, ROSA, (await world.refund()).id, "Ya lo cambiamos")
    await world.run()
    await world.later(hours=1)
    return world


@scene
async def nobody_decides() -> World:
    """A review is remembered, then expires."""
    world = await opened(otherwise="hold")
    await world.press("15", 5000)
    await world.run()
    for _ in range(10):
        await world.later(hours=12)
        await watch(world.ports)
    return world


@scene
async def store_refuses_our_keys() -> World:
    """The order can't be told: tried again and again, then told whole."""
    world = await opened()
    await world.press("15", 5000)
    world.platform.trouble = PlatformRefused("keys")
    await world.run()
    await world.later(hours=2)
    world.platform.trouble = PlatformUnreachable("down")
    await world.later(hours=2)
    world.platform.trouble = None
    await world.later(hours=2)
    return world


@scene
async def found_by_polling() -> World:
    """No webhook came; the poll finds what was pressed."""
    world = await opened()
    world.clock.advance(minutes=3)
    world.platform.press("15", Money(3000, "PEN"), at=world.clock.now())
    await world.poll()
    await world.hear(Hint(kind=HintKind.ORDER_CHANGED, order_id="14"))
    await world.run()
    return world


@scene
async def deadline_set() -> World:
    """A person says until when it has to be done; it passes."""
    world = await opened(otherwise="hold")
    await world.press("15", 5000)
    await world.run()
    refund = await world.refund()
    at = world.clock.now() + timedelta(hours=30)
    await refunds.set_deadline(world.ports, ROSA, refund.id, at)
    for _ in range(4):
        await world.later(hours=12)
        await watch(world.ports)
    return world
