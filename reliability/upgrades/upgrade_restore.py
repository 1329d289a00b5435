"""A backup taken while refunds are in flight is restored after the lost life has paid them.

The first life goes on from the backup and ends every refund. Then the backup comes back, some
time later, beside the same rail and the same store: whatever the lost life sent must not be
sent again in effect, also where the rail no longer recognises its id.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from golden_inflight import Dump, Heir, load
from golden_inflight_record import HOUSE_SECRET
from pef_adapters.core.states import MONEY, Position, State
from pef_adapters.engine.records import Refund
from pef_adapters.storage import migrations
from pef_adapters.storage.postgres import PostgresBook, open_pool
from pef_adapters.storage.queue import make_queue
from pef_adapters.storage.secrets import SecretBox
from random_world import ForgetfulRail


class Restored(Heir):
    """A life whose rail forgets ids; in the second one nobody pays out by hand.

    What left in a lost bank file no rail can tell: that is for people to compare.
    """

    by_hand = True

    async def _person(self, refund: Refund) -> None:
        if self.by_hand or refund.state is State.HELD:
            await super()._person(refund)


async def restored(dump: Dump, backup: str, lost: str, later: timedelta) -> list[str]:
    """Both lives; answers what was paid twice, or is told otherwise than the rail knows.

    `backup` and `lost` are empty databases; the second is the copy that the first life uses up.
    """
    for dsn in (backup, lost):
        load(dump, dsn)
        migrations.migrate(dsn)
    async with open_pool(lost, size=4) as pool:
        first = await _life(dump, pool, lost)
        await first.carry(6, minutes=10)
    async with open_pool(backup, size=4) as pool:
        second = await _life(dump, pool, backup, first)
        second.clock.advance(seconds=later.total_seconds())
        await second.carry(8, hours=7)
        return [*_twice(second), *await _untrue(second)]


async def _life(dump: Dump, pool: object, dsn: str, before: Heir | None = None) -> Restored:
    box = SecretBox(HOUSE_SECRET)
    book = PostgresBook(pool, box, make_queue(pool))  # type: ignore[arg-type]
    world = Restored.of(dump, book, dsn)
    if before is None:
        window = timedelta(seconds=world.ports.replay_window_seconds)
        rail = ForgetfulRail(world.clock, window)
        rail.payments, rail.bookings = world.rail.payments, world.rail.bookings
        rail.book = world.rail.book
        rail._booked_at = dict.fromkeys(rail.book, world.clock.now())
        rail.owners = {key: key.rsplit("-", 1)[0] for key in rail.book}
    else:
        world.by_hand = False
        rail, world.platform = before.rail, before.platform
        world.clock.advance(seconds=(before.clock.now() - world.clock.now()).total_seconds())
        rail._clock = world.clock
    world.rail = rail
    world.ports = replace(world.ports, rails=rail, platforms=world.platform)
    return world


def _twice(world: Heir) -> list[str]:
    booked = Counter(world.rail.owners[key] for key in world.rail.paid_out())
    return [f"{refund} was paid {times} times" for refund, times in booked.items() if times > 1]


async def _untrue(world: Heir) -> list[str]:
    """Refunds that the rail has paid, and the restored ledger does not count as paid."""
    live = {world.rail.owners[key] for key in world.rail.live()}
    refunds = await world.known()
    return [
        f"{world.scenes[each.platform_refund_id]['name']} is {each.state}, the rail has paid it"
        for each in refunds
        if each.id in live and MONEY[each.state] is Position.FREE
    ]
