"""What is due when: the gateway's next calls and the hook's next deliveries.

The clock can be moved on (`advance`), so that nobody waits a day for a day to pass; what
falls due on the way is done at its own moment.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.hook import Hooks
from pef_adapters.testing.fake_vtex.state import Ask, VtexState


@dataclass(slots=True)
class Timetable:
    """Does what is due, one thing after the other."""

    state: VtexState
    now: Callable[[], datetime]
    gateway: Gateway
    hooks: Hooks
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something new may be due."""
        self._changed.set()

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            self._changed.clear()
            await self.run_due()
            soonest = self._soonest()
            wait = None if soonest is None else max(0.0, (soonest - self.now()).total_seconds())
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def run_due(self) -> int:
        """Do what is due by now; answers how much that was."""
        async with self._turn:
            due = sorted(self._waiting(), key=lambda ask: ask.due or self.now())
            calls = [ask for ask in due if ask.due and ask.due <= self.now()]
            for ask in calls:
                await self.gateway.perform(ask)
            return len(calls) + await self.hooks.run_due()

    async def retry_now(self) -> int:
        """Send at once what was sent before and waits to be sent again; how many."""
        async with self._turn:
            waiting = [ask for ask in self._waiting() if ask.tries]
            for ask in waiting:
                await self.gateway.perform(ask)
            return len(waiting)

    async def flush_hooks(self) -> int:
        """Deliver every event that waits, whether it is due or not."""
        async with self._turn:
            return await self.hooks.run_due(at_once=True)

    async def advance(self, step: timedelta) -> int:
        """Move the clock on, and do on the way what falls due; answers how much that was."""
        target, done = self.now() + step, 0
        while (soonest := await self._next()) is not None and soonest <= target:
            self._move_to(soonest)
            done += await self.run_due()
        self._move_to(target)
        done += await self.run_due()
        self.gateway.shop.keep()
        return done

    async def _next(self) -> datetime | None:
        """When something is due next, once what is being done just now is done."""
        async with self._turn:
            return self._soonest()

    def _move_to(self, moment: datetime) -> None:
        self.state.ahead += max(timedelta(0), moment - self.now())

    def _waiting(self) -> list[Ask]:
        return [ask for ask in self.state.asks if ask.is_open and ask.due is not None]

    def _soonest(self) -> datetime | None:
        moments = [ask.due for ask in self._waiting()] + [self.hooks.soonest()]
        return min((due for due in moments if due is not None), default=None)
