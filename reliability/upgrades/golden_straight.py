"""Histories that walk straight to one cell of the state table, by the engine's own `move`.

For cells that no random world has reached: the steps are kept by the same code that keeps
them in production, though nobody outside caused them.
"""

from collections import deque
from typing import Any

from engine_world import World
from pef_adapters.core.states import TABLE, Event, State
from pef_adapters.engine.digest import digest
from pef_adapters.engine.transition import move

_OTHER, _OURS = ("16", 1000), ("15", 5000)


async def straight(state: State, event: Event) -> World:
    """A world whose refund took the shortest way to `state`, and then the step `event`."""
    world = await World().open()
    # Another refund runs the whole road first, so that the payment is known and used.
    await world.press(*_OTHER)
    await world.run()
    await world.press(*_OURS)
    await _digest(world)
    for each in (*way_to(state), event):
        world.clock.advance(seconds=1)
        refund = await world.refund(_OURS[0])
        async with world.book.begin() as ledger:
            locked = await ledger.lock_refund(refund.id)
            await move(ledger, locked, each, world.clock.now())
    return world


def way_to(state: State) -> list[Event]:
    """The shortest way from `received`."""
    ways: dict[State, list[Event]] = {State.RECEIVED: []}
    queue = deque([State.RECEIVED])
    while queue:
        here = queue.popleft()
        for event, target in TABLE[here].items():
            if target not in ways:
                ways[target] = [*ways[here], event]
                queue.append(target)
    return ways[state]


async def _digest(world: Any) -> None:
    for wake in world._due_jobs():
        if wake.task == "digest":
            await digest(world.ports, int(wake.subject))
