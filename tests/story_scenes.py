"""Scenes of refunds' lives, from the button to the end, for the golden stories."""

from collections.abc import Awaitable, Callable
from typing import Any

from engine_world import CIP, World
from pef_adapters.core.access import HOUSE, Actor, ActorKind, Grant, Role, powers_of
from pef_adapters.core.errors import (
    MaybeSent,
    NotSent,
    PefError,
)
from pef_adapters.engine.gate import refunds
from pef_adapters.engine.ports import RailStatus, Refusal
from pef_adapters.engine.watch import watch
from pef_adapters.platforms.contract import HintKind
from pef_adapters.testing.hostile_rail import (
    LOST_ANSWER,
    LOST_REQUEST,
    NONSENSE,
    REFUSED_CONNECTION,
)

Scene = Callable[[], Awaitable[World]]
SCENES: dict[str, Scene] = {}


def owner(name: str) -> Actor:
    """Somebody who may do everything everywhere."""
    grants = (Grant(Role.AGENCY_ADMINISTRATOR, HOUSE),)
    return Actor(f"{name}@tienda.pe", ActorKind.PERSON, powers_of(grants), user_id=f"U-{name}")


ROSA, MARTA = owner("rosa"), owner("marta")


def scene(made: Scene) -> Scene:
    """One more story."""
    SCENES[made.__name__] = made
    return made


async def opened(**policy: Any) -> World:
    """The usual store, with a policy of its own where parts of it are given."""
    own = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0, **policy}
    return await World().open(settings={"policy": own} if policy else {})


async def refused(deed: Awaitable[object]) -> str:
    """The code with which a deed is refused."""
    try:
        await deed
    except PefError as fault:
        return fault.code
    return "done"


@scene
async def paid_and_confirmed() -> World:
    """The plain way: pressed, sent, refunded, looked at once more, told."""
    world = await opened()
    await world.press("15", 5000, requested_by="7", reason="Talla equivocada")
    await world.run()
    await world.later(minutes=5)
    world.rail.settle()
    await world.later(hours=1)
    await world.later(days=1, minutes=5)
    await world.press("16", 7980)
    await world.run()
    world.rail.settle()
    await world.later(hours=2)
    return world


@scene
async def answer_lost() -> World:
    """The answer got lost; a query finds the refund."""
    world = await opened()
    world.rail.fail_sends(LOST_ANSWER)
    await world.press("15", 5000)
    await world.run()
    await world.later(seconds=10)
    world.rail.settle()
    await world.later(minutes=10)
    return world


@scene
async def request_lost_and_nonsense() -> World:
    """The request got lost, its repetition was answered with nonsense, then it is found."""
    world = await opened()
    world.rail.fail_sends(LOST_REQUEST, NONSENSE)
    await world.press("15", 5000)
    await world.run()
    for _ in range(4):
        await world.later(minutes=2)
    return world


@scene
async def rail_down_then_up() -> World:
    """Nobody listens for an hour."""
    world = await opened()
    world.rail.down = NotSent("nobody listens")
    await world.press("15", 5000)
    await world.run()
    for _ in range(6):
        await world.later(minutes=10)
    world.rail.down = None
    await world.later(minutes=20)
    world.rail.fail_sends(REFUSED_CONNECTION)
    await world.press("16", 1000)
    await world.run()
    await world.later(minutes=20)
    return world


@scene
async def unknown_for_days() -> World:
    """A lost request, a rail that can't be asked, the replay window closed, a person's word."""
    world = await opened()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    world.rail.find_faults.extend([MaybeSent("no answer")] * 500)
    for _ in range(8):
        await world.later(hours=4)
    world.rail.find_faults.clear()
    await world.later(hours=2)
    refund = await world.refund()
    await refunds.settle(world.ports, ROSA, refund.id, paid=False)
    await world.run()
    await refunds.retry(world.ports, ROSA, refund.id)
    await world.run()
    return world


@scene
async def confirmed_by_a_person() -> World:
    """The bank shows the money as paid though nobody answered."""
    world = await opened()
    world.rail.fail_sends(LOST_REQUEST)
    await world.press("15", 5000)
    await world.run()
    await refunds.settle(world.ports, ROSA, (await world.refund()).id, paid=True)
    await world.run()
    return world


@scene
async def refused_for_good_then_retried() -> World:
    """A final no; a person tries again under a new id."""
    world = await opened()
    refund, _ = await world.refused_once()
    await refunds.retry(world.ports, ROSA, refund.id)
    await world.run()
    world.rail.settle()
    await world.later(hours=1)
    return world


@scene
async def every_kind_of_refusal() -> World:
    """Busy, the owner's affair, the buyer's details, a disputed id, a final no."""
    world = await opened()
    for number, refusal in enumerate(Refusal):
        world.rail.refuse((refusal, "LIMIT_EXCEEDED"))
        await world.press(str(20 + number), 1000 + number)
        await world.run()
    await world.later(minutes=30)
    await world.later(hours=6)
    return world


@scene
async def sent_back_by_the_bank() -> World:
    """Paid, and a day later returned: the buyer is asked where else."""
    world = await opened()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle()
    await world.later(hours=1)
    world.rail.settle(RailStatus.RETURNED, "RETURNED")
    await world.later(days=1, minutes=1)
    return world


@scene
async def failed_at_the_rail() -> World:
    """Accepted first, rejected by the bank later."""
    world = await opened()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle(RailStatus.REFUSED, "REJECTED")
    await world.later(hours=1)
    return world


@scene
async def overdue() -> World:
    """The money should have arrived days ago."""
    world = await opened()
    await world.press("15", 5000)
    await world.run()
    for _ in range(20):
        await world.later(days=1)
    await watch(world.ports)
    return world


@scene
async def deleted_in_the_store() -> World:
    """Deleted while held, and while the money is on its way."""
    world = await opened(otherwise="hold")
    await world.press("15", 5000)
    await world.run()
    world.platform.delete("15")
    await world.deliver("15", HintKind.REFUND_DELETED)
    await world.run()
    other = await opened()
    await other.press("16", 2000)
    await other.run()
    other.platform.delete("16")
    await other.deliver("16", HintKind.REFUND_DELETED)
    await other.run()
    await other.later(hours=1)
    world.told = [other]  # type: ignore[attr-defined]
    return world


@scene
async def extorno() -> World:
    """The bank takes the buyer's payment back while a refund waits, and after another left."""
    world = await opened(
        rules=[{"id": "big", "when": {"reason": {"contains": ["grande"]}}, "then": "hold"}]
    )
    await world.press("15", 2000)
    await world.press("16", 9000, reason="Es muy grande")
    await world.run()
    world.rail.reverse(CIP)
    await world.notify("cip.refunded", cip=CIP, operation="77")
    await world.run()
    await world.later(hours=1)
    return world


@scene
async def rail_tells_first() -> World:
    """A notification brings the news before anybody asks."""
    world = await opened()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle()
    refund = await world.refund()
    await world.notify("refund.completed", merchant_refund_id=f"{refund.id}-1")
    await world.run()
    await world.notify("refund.completed", merchant_refund_id="not ours")
    await world.run()
    return world
