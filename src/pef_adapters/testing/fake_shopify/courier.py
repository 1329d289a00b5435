"""A queue that carries what is due, tries again what failed, and never loses a parcel.

It owns the waiting. What a parcel is, when it is due again and when it is done, its
owner decides; the parcels themselves live in the state, so that they outlive a kill.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Parcel(Protocol):
    """Something that waits until it is due."""

    due: datetime


P = TypeVar("P", bound=Parcel)


@dataclass(slots=True)
class Courier(Generic[P]):
    """Carries parcels. `waiting` lists those not done, `carry` makes one try with one."""

    waiting: Callable[[], Sequence[P]]
    carry: Callable[[P], Awaitable[None]]
    now: Callable[[], datetime]
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wake(self) -> None:
        """Look again at what waits."""
        self._wake.set()

    async def run(self) -> None:
        """Carry what is due, until cancelled."""
        while True:
            self._wake.clear()
            await self._carry_all(self._due)
            try:
                async with asyncio.timeout(self._seconds_until_next()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def flush(self) -> None:
        """Make one try with everything that waits, due or not."""
        await self._carry_all(self.waiting)

    def _due(self) -> Sequence[P]:
        return [parcel for parcel in self.waiting() if parcel.due <= self.now()]

    async def _carry_all(self, which: Callable[[], Sequence[P]]) -> None:
        async with self._busy:
            for parcel in tuple(which()):
                await self.carry(parcel)

    def _seconds_until_next(self) -> float | None:
        soonest = min((parcel.due for parcel in self.waiting()), default=None)
        return None if soonest is None else max(0.0, (soonest - self.now()).total_seconds())
