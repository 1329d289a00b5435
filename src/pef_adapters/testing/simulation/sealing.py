"""I9: the evidence of a world is sealed as it goes on, and the chain of seals verifies.

It has dice, weather and a process of its own, so that sealing moves no other choice of a seed.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random

from pef_adapters.engine.evidence import seal, verify
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import BookVerified, Head
from pef_adapters.storage.memory import MemoryBook
from pef_adapters.testing.simulation.computer import (
    DatabaseTrouble,
    FailingBook,
    Killed,
    Process,
)
from pef_adapters.testing.simulation.palette import Weather, happens
from pef_adapters.testing.simulation.story import Story

_DOOMED = 0.1


class Sealing:
    """Seals after each sweep, fails while the weather is bad, and keeps every head it made."""

    def __init__(self, seed: int, ports: Ports, memory: MemoryBook, story: Story) -> None:
        self._dice = Random(f"seals of {seed}")  # noqa: S311 - as the seed, no secret
        self._story = story
        self._weather = Weather(self._dice, story.tell)
        self._process = Process(self._dice)
        self._book = FailingBook(memory, self._process, self._weather)
        self._ports = replace(ports, book=self._book)
        self._heads: list[Head] = []

    async def go_on(self) -> None:
        """What the worker does after each sweep."""
        self._book.disk_is_full = False
        if happens(self._dice, _DOOMED):
            self._process.doom()
        try:
            await self._seal()
        except (Killed, DatabaseTrouble) as fault:
            self._story.tell(f"sealing: {type(fault).__name__}: {fault}")
        self._process.spare()

    def calm(self) -> None:
        """Nothing fails any more."""
        self._weather.calm()

    async def at_the_end(self) -> list[str]:
        """What does not hold of the chain after a last seal."""
        self._book.disk_is_full = False
        await self._seal(timedelta(0))
        return [wrong for each in await verify(self._ports, self._heads) for wrong in _wrongs(each)]

    async def _seal(self, *pause: timedelta) -> None:
        made = await seal(self._ports, *pause)
        self._heads += [Head(each.book, each.number, each.digest) for each in made]


def _wrongs(found: BookVerified) -> list[str]:
    broken, wrongs = found.broken, []
    if broken is not None:
        wrongs.append(f"I9: seal {broken.number} of {found.book}: {broken.wrong}")
    if found.unsealed:
        wrongs.append(f"I9: {found.unsealed} rows of {found.book} stay outside the seals")
    return wrongs
