"""Random histories of a store, a rail and their troubles; our promise in each.

A history is made by its seed alone: `-k '[17]'` plays one again. After each step the
books are compared; after healing, every refund is at its end or in a person's hands,
its order knows, and nothing goes on being noted.
"""

from collections import Counter

import pytest

from engine_world import CIP, PAID
from pef_adapters.core.states import CARE, MONEY, Owner, Position, State
from pef_adapters.engine.attention import ALARMS
from pef_adapters.engine.records import Refund
from random_world import ORDER, REFUNDS, RandomWorld

WORLDS = 40
STEPS = 35


async def wrongs_now(world: RandomWorld) -> list[str]:
    """What must hold at every moment and does not."""
    refunds = await world.refunds()
    return [
        *world.wrongs,
        *_wrong_payments(world),
        *await _wrong_money(world, refunds),
        *(
            f"{r.platform_refund_id} is {r.state}, and nobody will look"
            for r in refunds
            if not CARE[r.state].final and r.next_action_at is None
        ),
    ]


def _wrong_payments(world: RandomWorld) -> list[str]:
    rail = world.rail
    twice = [key for key, times in Counter(rail.paid_out()).items() if times > 1]
    live = Counter(REFUNDS[rail.owners[key]] for key in rail.live())
    wrongs = [f"{key} was booked twice" for key in twice]
    wrongs += [f"{number} is paid {times} times" for number, times in live.items() if times > 1]
    amounts = dict(rail.bookings)
    paid = sum(amounts[key].minor for key in rail.live())
    # Whoever says no and then pays may pay what was promised to somebody else meanwhile.
    if paid > PAID.minor and not world.rail_took_back_a_no:
        wrongs.append(f"paid {paid} of {PAID.minor}")
    return wrongs


async def _wrong_money(world: RandomWorld, refunds: list[Refund]) -> list[str]:
    async with world.book.begin() as ledger:
        payment = await ledger.payment("main", CIP)
    stands = Counter[Position]()
    for refund in refunds:
        stands[MONEY[refund.state]] += refund.amount.minor
    kept = (payment.reserved.minor, payment.refunded.minor) if payment else (0, 0)
    due = (stands[Position.RESERVED], stands[Position.REFUNDED])
    return [] if kept == due else [f"the payment holds {kept}, its refunds {due}"]


async def wrongs_at_the_end(world: RandomWorld) -> list[str]:
    """What must hold once everybody is well again, and does not."""
    wrongs = []
    for refund in await world.refunds():
        number, state = refund.platform_refund_id, refund.state
        care, live = CARE[state], world.rail.lives_for(refund.id)
        if not (care.final or care.owner is Owner.PERSON or refund.attention):
            wrongs.append(f"{number} is {state}, and nobody knows")
        if live != (state is State.REFUNDED) and refund.attention is None:
            wrongs.append(f"{number} is {state}, its money {'left' if live else 'did not leave'}")
        if live and state is not State.REFUNDED and refund.attention not in ALARMS:
            wrongs.append(f"{number} is {state}, paid, and no alarm stands: {refund.attention}")
        if state is State.CANCELLED and number in world.platform.refunds:
            wrongs.append(f"{number} is cancelled, though the store has it")
        line = world.platform.order(ORDER).lines.get(number)
        if line is None or line.state != state:
            wrongs.append(f"{number} is {state}, its order says {line and line.state}")
    return wrongs


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_whatever_happens_the_promise_holds(seed: int) -> None:
    """Paid at most once, never lost, and the order tells the truth, in a random history."""
    world = await RandomWorld(seed).open()
    story: list[str] = []
    await world.press("15", 5000)
    for _ in range(STEPS):
        story.append(await world.step())
        assert not await wrongs_now(world), story
    await world.heal()
    assert not await wrongs_now(world), story
    assert not await wrongs_at_the_end(world), story
    noted = await world.entries()
    await world.later(hours=1)
    assert await world.entries() == noted, story
