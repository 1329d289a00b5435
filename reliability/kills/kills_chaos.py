"""What happens to the house meanwhile: kills by the work done, everything else by the clock."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import psycopg

from kills_load import Load
from kills_roles import STALLED_AFTER
from kills_stage import Stage

RESTART_EVERY = (5.0, 40.0)
_DOWN = 2.0
_TROUBLE = 9.0
# A send that is longer under way than this is given up by everybody else.
_PAST_ANY_SEND = (95.0, 110.0)
_RARELY = 0.12
_HOLD = (1.0, 5.0)
_VICTIMS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


@dataclass(slots=True)
class Chaos:
    """Everything is drawn from `dice`; `counts` is what really happened."""

    stage: Stage
    load: Load
    dice: Random
    kills: int
    restarts: int
    restart_every: tuple[float, float] = RESTART_EVERY
    most_restarts: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    stopped: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Until every kill and every refund has been; heals what it hurt."""
        beside = [asyncio.create_task(each()) for each in (self._restart_all, self._trouble_all)]
        try:
            await asyncio.gather(self._kill_all(), self.load.press_all(), self._enough_restarts())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            for name in self.stage.worker_names:
                self.stage.kill(name, signal.SIGCONT)

    @property
    def killed(self) -> int:
        return sum(number for what, number in self.counts.items() if what.startswith("kill -9"))

    async def _enough_restarts(self) -> None:
        while self.counts["database restart"] < self.restarts:  # noqa: ASYNC110 - the count is another task's
            await asyncio.sleep(0.1)

    async def _kill_all(self) -> None:
        """A kill after so many presses, exponentially spread; then at any moment of the work."""
        rate, due = self.kills / self.load.wanted, 0.0
        while self.killed < self.kills:
            due += self.dice.expovariate(rate)
            while len(self.load.pressed) < due and not self.load.enough:  # noqa: ASYNC110 - a count
                await asyncio.sleep(0.05)
            await asyncio.sleep(self.dice.random() * 0.5)
            self._kill()

    def _kill(self) -> None:
        """One that is not stopped for long: who is to come back must live."""
        workers = [name for name in self.stage.worker_names if name not in self.stopped]
        name = self.dice.choice(["web", *workers])
        if self.stage.kill(name):
            self.stage.keeper.pids.pop(name, None)
            self.counts[f"kill -9 {name.partition('-')[0]}"] += 1

    async def _restart_all(self) -> None:
        """As a database may: in order or at once, in turn, and away for up to two seconds."""
        while self.counts["database restart"] != self.most_restarts:
            await asyncio.sleep(self.dice.uniform(*self.restart_every))
            fast = self.counts["database restart"] % 2 == 0
            how = signal.SIGINT if fast else signal.SIGQUIT
            restarting = asyncio.create_task(
                self.stage.database.restart(how, self.dice.random() * _DOWN)
            )
            try:
                await asyncio.shield(restarting)
            finally:
                await restarting  # whoever ends this does not leave the database down
            self.counts["database restart"] += 1
            self.counts[f"database restart, {'fast' if fast else 'immediate'}"] += 1

    async def _trouble_all(self) -> None:
        kinds: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self._drop_connections, self._hold_rows, self._hold_tables, self._stop_worker),
        )
        while True:
            await asyncio.sleep(self.dice.expovariate(1 / _TROUBLE))
            # What needs the database while it is away does not happen.
            with suppress(psycopg.OperationalError):
                await self.dice.choice(kinds)()

    async def _drop_connections(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.stage.dsn) as conn:
            found = await conn.execute(_VICTIMS, (conn.info.backend_pid,))
            pids = [row[0] for row in await found.fetchall()]
            for pid in self.dice.sample(pids, min(len(pids), self.dice.randint(1, 6))):
                await conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
                self.counts["connection drop"] += 1

    async def _hold_rows(self) -> None:
        """A transaction that stalls with rows in hand: whoever needs them runs into timeouts."""
        await self._hold("SELECT FROM refunds ORDER BY seq DESC LIMIT 40 FOR UPDATE")
        self.counts["stalled transaction on rows"] += 1

    async def _hold_tables(self) -> None:
        tables = ("payments", "attempts", "received", "procrastinate_jobs", "timeline")
        await self._hold(f"LOCK TABLE {self.dice.choice(tables)} IN EXCLUSIVE MODE")
        self.counts["stalled transaction on a table"] += 1

    async def _hold(self, statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(self.stage.dsn) as conn:
            await conn.execute(statement.encode())
            await asyncio.sleep(self.dice.uniform(*_HOLD))

    async def _stop_worker(self) -> None:
        """Longer silent than its heartbeat allows; its jobs go to others, and it comes back."""
        free = [name for name in self.stage.worker_names if name not in self.stopped]
        name = self.dice.choice(free) if len(free) > 1 else ""
        if not self.stage.kill(name, signal.SIGSTOP):
            return
        long = not self.stopped and self.dice.random() < _RARELY
        seconds = (
            self.dice.uniform(*_PAST_ANY_SEND)
            if long
            else STALLED_AFTER * self.dice.uniform(1.2, 2)
        )
        self.stopped.add(name)
        self.counts[
            f"worker stopped for {'over 90 s' if long else 'longer than its heartbeat'}"
        ] += 1
        asyncio.get_running_loop().call_later(seconds, self._let_go, name)

    def _let_go(self, name: str) -> None:
        self.stage.kill(name, signal.SIGCONT)
        self.stopped.discard(name)
