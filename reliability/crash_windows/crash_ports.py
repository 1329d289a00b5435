"""Ports that a process can die at: each call in or out is a crossing, and each is numbered.

Around every call of the ledger, the rail and the store, before it and, where it has an
effect of its own, after it. A killed process touches nothing any more, not even in its
`finally` blocks, until it is started again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

from crash_stack import standing_at
from engine_world import Killed
from pef_adapters.core.errors import DatabaseUnavailable


class Way(StrEnum):
    """What happens at a crossing when its number is up."""

    NO_CONNECTION = "no connection to the ledger"
    BEGIN = "killed before a transaction"
    CALL = "killed inside a transaction"
    UNCOMMITTED = "killed before the commit"
    LOST = "commit lost"
    LIED = "commit reported failed though durable"
    COMMITTED = "killed after the commit"
    RAIL_ASKED = "killed before the rail heard"
    RAIL_ANSWERED = "killed before the rail's answer was heard"
    STORE_ASKED = "killed before the store heard"
    STORE_ANSWERED = "killed before the store's answer was heard"


class LedgerGoneError(Exception):
    """The database broke off; whether it kept what was written is unknown."""


# Here the process goes on living and sees an error; everywhere else it dies.
_SURVIVED = {
    Way.NO_CONNECTION: DatabaseUnavailable,
    Way.LOST: LedgerGoneError,
    Way.LIED: LedgerGoneError,
}


@dataclass(frozen=True, slots=True)
class Crossing:
    """One crossing, and the places of the code that stood on the stack.

    Where nothing `changes`, to die here is as to die at the crossing before.
    """

    way: Way
    places: tuple[str, ...]
    changes: bool


_WRITES = (
    *("add_", "save_", "close_", "postpone_", "wake", "forget_", "raise_", "clear_", "end_"),
    *("erase_", "take_", "claim_", "answer_", "drop_", "set_", "keep_", "remove_", "count_"),
)


class Meter:
    """Counts crossings; at number `stop_at` what belongs to that crossing happens.

    `places` are those of the code that stood on the stack then. With `log` set, each
    crossing is noted with its places. With `crowded`, others may run at each crossing.
    """

    def __init__(self) -> None:
        self.count = 0
        self.stop_at = 0
        self.stopped: list[Way] = []
        self.places: tuple[str, ...] = ()
        self.log: list[Crossing] | None = None
        self.dead = False
        self.crowded = False

    def cross(self, way: Way, *, changes: bool = True) -> None:
        """Pass, or die here; `changes` says that something durable is new since the last one."""
        if self.dead:
            raise Killed(way)
        self.count += 1
        if self.log is not None:
            self.log.append(Crossing(way, standing_at(), changes))
        if self.count == self.stop_at:
            self.stop_at = 0
            self.stopped.append(way)
            self.places = standing_at()
            fault = _SURVIVED.get(way)
            if fault is not None:
                raise fault
            self.dead = True
            raise Killed(way)

    async def let_others(self) -> None:
        """A second worker may run in between."""
        if self.crowded:
            await asyncio.sleep(0)


class CrashBook:
    """A ledger book whose every call and commit is a crossing."""

    def __init__(self, book: Any, meter: Meter) -> None:
        self._book, self._meter = book, meter

    def begin(self) -> "CrashTransaction":
        return CrashTransaction(self._book, self._meter)


class CrashTransaction:
    """One transaction; what its commit was told to do shows on leaving."""

    def __init__(self, book: Any, meter: Meter) -> None:
        self._meter, self._open = meter, book.begin()

    async def __aenter__(self) -> "CrashLedger":
        self._meter.cross(Way.NO_CONNECTION, changes=False)
        self._meter.cross(Way.BEGIN, changes=False)
        await self._meter.let_others()
        self._ledger = CrashLedger(await self._open.__aenter__(), self._meter)
        return self._ledger

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        if fault is not None:
            ended: bool | None = await self._open.__aexit__(kind, fault, trace)
            return ended
        for way in (Way.UNCOMMITTED, Way.LOST):
            try:
                self._meter.cross(way, changes=False)
            except BaseException as end:
                await self._open.__aexit__(type(end), end, None)
                raise
        await self._open.__aexit__(None, None, None)
        self._meter.cross(Way.LIED, changes=self._ledger.wrote)
        self._meter.cross(Way.COMMITTED, changes=self._ledger.wrote)
        return None


class CrashLedger:
    """An open transaction; a process can die before each of its calls."""

    def __init__(self, ledger: Any, meter: Meter) -> None:
        self._ledger, self._meter, self.wrote = ledger, meter, False

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call, meter = getattr(self._ledger, name), self._meter

        async def crossing(*args: Any, **named: Any) -> Any:
            meter.cross(Way.CALL, changes=False)
            self.wrote = self.wrote or name.startswith(_WRITES)
            return await call(*args, **named)

        return crossing


class CrashRails:
    """Finds the one rail there is, with crossings around each of its calls."""

    def __init__(self, rail: Any, meter: Meter) -> None:
        self._rail = Outside(rail, meter, (Way.RAIL_ASKED, Way.RAIL_ANSWERED))

    def of(self, account: Any) -> Any:
        del account
        return self._rail


class CrashPlatforms:
    """Finds platforms, with crossings around each of their calls."""

    def __init__(self, platforms: Any, meter: Meter) -> None:
        self._platforms, self._meter = platforms, meter

    def named(self, platform: str) -> Any:
        found = self._platforms.named(platform)
        return Outside(found, self._meter, (Way.STORE_ASKED, Way.STORE_ANSWERED))


_CALLS = frozenset(
    {
        *("find_payment", "create_payment", "cancel_payment", "send", "find_refund"),
        *("read", "find_changes", "write_back", "connect", "check"),
        *("tell_buyer", "tell_payment"),
    }
)
_PARTS = frozenset({"buyer_messages", "provider"})


class Outside:
    """Somebody outside: a process can die before he hears, and before he is heard."""

    def __init__(self, other: Any, meter: Meter, ways: tuple[Way, Way]) -> None:
        self._other, self._meter, self._ways = other, meter, ways

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._other, name)
        if name in _PARTS and found is not None:
            return Outside(found, self._meter, self._ways)
        # A provider's `read` only reads a body: it answers at once, and calls nobody.
        is_call = name in _CALLS and asyncio.iscoroutinefunction(found)
        return self._crossing(found) if is_call else found

    def _crossing(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        asked, answered = self._ways

        async def crossing(*args: Any, **named: Any) -> Any:
            self._meter.cross(asked)
            await self._meter.let_others()
            answer = await call(*args, **named)
            await self._meter.let_others()
            self._meter.cross(answered)
            return answer

        return crossing
