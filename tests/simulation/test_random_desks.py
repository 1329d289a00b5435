"""Random histories in which refunds go by the rail and by hand.

`-k '[17]'` plays one again. After each step no refund may be paid by both lanes without
an alarm, and the payment's books must add up.
"""

import pytest
from test_random_worlds import wrongs_now

from engine_world import PAID
from pef_adapters.core.states import State
from pef_adapters.engine.attention import ALARMS
from random_desk_world import RandomDeskWorld

WORLDS = 40
STEPS = 100


async def desk_wrongs(world: RandomDeskWorld) -> list[str]:
    """What must hold at every moment where there is a payout desk."""
    wrongs = await wrongs_now(world)
    refunds = await world.refunds()
    for refund in refunds:
        lines = [b for b in world.bank.values() if b.refund == refund.id and b.paid is not False]
        ways = len(lines) + world.rail.lives_for(refund.id)
        if ways > 1 and not (refund.attention in ALARMS or world.rail_took_back_a_no):
            wrongs.append(f"{refund.platform_refund_id} is paid {ways} times, and nobody knows")
    paid = sum(r.amount.minor for r in refunds if world.lives_at_bank(r.id))
    paid += sum(dict(world.rail.bookings)[key].minor for key in world.rail.live())
    if paid > PAID.minor and not world.rail_took_back_a_no:
        wrongs.append(f"rail and bank pay {paid} of {PAID.minor}")
    return wrongs


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_two_lanes_never_pay_one_refund_twice(seed: int) -> None:
    """Paid at most once, by rail or by hand, in a random history with a payout desk."""
    world = await RandomDeskWorld(seed).open_desk()
    story: list[str] = []
    await world.press("15", 3000)
    for _ in range(STEPS):
        story.append(await world.step())
        assert not await desk_wrongs(world), story
    await world.heal_desk()
    assert not await desk_wrongs(world), story
    for refund in await world.refunds():
        paid = world.rail.lives_for(refund.id) or world.lives_at_bank(refund.id)
        known = refund.state is State.REFUNDED or refund.attention is not None
        assert known or not paid, (refund.platform_refund_id, refund.state, story)


async def test_random_desks_do_pay_by_hand() -> None:
    """The histories are no empty talk: most pay something by the bank, many get it returned."""
    by_hand = returned = 0
    for seed in range(40):
        world = await RandomDeskWorld(seed).open_desk()
        await world.press("15", 3000)
        for _ in range(STEPS):
            await world.step()
        by_hand += any(line.paid for line in world.bank.values())
        returned += any(line.paid is False for line in world.bank.values())
    assert by_hand > 5
    assert returned > 3
