"""One seed, played from its first press to the end of its healing."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.chance import from_dice
from pef_adapters.testing.simulation.invariants import Watch
from pef_adapters.testing.simulation.life import Life
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.world import World

STEPS = 24


@dataclass(slots=True)
class Played:
    """How a seed went. `wrongs` are the sentences of what did not hold, none if all did."""

    seed: int
    wrongs: list[str]
    trace: str = field(repr=False)
    fired: Counter[tuple[Fault, State | None]] = field(repr=False)
    refunds: int = 0
    seconds: float = 0.0


def play(seed: int) -> Played:
    """Play a seed; the same seed gives the same trace, byte for byte."""
    # Drawn from dice of their own, so that one more token moves no other choice.
    with from_dice(Random(f"tokens of {seed}")):  # noqa: S311 - as the seed, no secret
        world = World(seed)
        with world.network.installed(), world.story.hearing_the_log():
            wrongs = asyncio.run(_live(world))
    seconds = (world.clock.now() - world.began).total_seconds()
    return Played(seed, wrongs, world.story.trace, world.weather.fired, len(world.refunds), seconds)


async def _live(world: World) -> list[str]:
    try:
        return await _lived(world)
    except Exception as crash:  # noqa: BLE001 - whatever it is, it must not happen
        world.story.tell(f"CRASH {type(crash).__name__}: {crash}")
        return [f"crash: {type(crash).__name__}: {crash}"]


async def _lived(world: World) -> list[str]:
    await world.open()
    life, watch = Life(world), Watch(world)
    await life.begin()
    for _ in range(STEPS):
        await life.step()
        if wrongs := watch.now():
            return _told(world, wrongs)
    await life.heal()
    ends = [*watch.now(), *watch.at_the_end(), *await world.sealing.at_the_end()]
    return _told(world, ends)


def _told(world: World, wrongs: list[str]) -> list[str]:
    for wrong in wrongs:
        world.story.tell(f"VIOLATION {wrong}")
    return wrongs
