"""Plays one scenario: killed at one crossing, started again, one fault after that, then healed."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import structlog

from crash_acts import Act
from crash_checks import at_rest, ends, restless, wrongs
from crash_faults import FAULTS, JOB_LOST, Blow, Fault
from crash_ports import Crossing, LedgerGoneError, Way
from crash_scenarios import Scenario
from crash_stage import NotYetError, RestlessError, Stage
from engine_world import Killed
from pef_adapters.core.errors import PefError
from pef_adapters.engine.janitor import poll_stores, sweep

_ROUNDS: tuple[dict[str, float], ...] = (
    *({"minutes": 2}, {"minutes": 20}, {"hours": 2}, {"hours": 8}),
    *({"days": 1}, {"days": 1, "hours": 1}, {"days": 1, "hours": 1}),
)
_AFTER_LATE: tuple[dict[str, float], ...] = ({"minutes": 20}, {"hours": 3}, {"days": 1, "hours": 1})
_MOST_KILLS, _FEWEST_ROUNDS = 8, 1


@dataclass(slots=True)
class Played:
    """How one run went. `log` has every crossing of a run that nobody killed."""

    way: Way | None = None
    places: tuple[str, ...] = ()
    wrongs: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    log: list[Crossing] = field(default_factory=list)


async def play(
    scenario: Scenario, kill_at: int = 0, fault: Fault = FAULTS[0], seed: int = 0
) -> Played:
    """One run; without `kill_at` nobody is killed, nothing fails, and every crossing is noted."""
    played = Played()
    stage = await scenario.open()
    stage.meter.stop_at, stage.loses_jobs = kill_at, fault is JOB_LOST
    if not kill_at:
        stage.meter.log = played.log
    player = _Player(stage, fault, Random(f"{scenario.name}/{kill_at}/{fault.name}/{seed}"))
    try:
        with _stumbles(stage, played.wrongs):
            await player.perform(scenario.acts)
            stage.meter.log = None
            await player.heal()
            played.wrongs += await wrongs(stage)
    except RestlessError:
        played.wrongs.append("the engine does not come to rest")
    except Exception as broken:  # noqa: BLE001 - whatever escapes is what we look for
        played.wrongs.append(
            f"escaped: {broken!r} at {traceback.extract_tb(broken.__traceback__)[-1]}"
        )
    played.way, played.places = player.way, player.places
    played.ends = ends(stage)
    return played


class _Player:
    """Does what the world does, and starts the product again whenever it died."""

    def __init__(self, stage: Stage, fault: Fault, dice: Random) -> None:
        self._stage, self._fault, self._dice = stage, fault, dice
        self._left: list[Act] = []
        self._struck = False
        self.way: Way | None = None
        self.places: tuple[str, ...] = ()

    async def perform(self, acts: tuple[Act, ...]) -> None:
        for act in acts:
            await self._do(act)
            await self._work()

    async def _do(self, act: Act) -> None:
        """Whoever hears nothing does it again; what can't be done yet is left for later."""
        for _ in range(_MOST_KILLS):
            try:
                await act(self._stage)
            except (Killed, LedgerGoneError):
                await self._rise()
            except (PefError, NotYetError):
                await self._rise_if_struck()
                self._left.append(act)
                return
            else:
                await self._rise_if_struck()
                return

    async def _work(self) -> None:
        for _ in range(_MOST_KILLS):
            try:
                await self._stage.run()
            except Killed:
                await self._rise()
            else:
                if not await self._rise_if_struck():
                    return

    async def _rise_if_struck(self) -> bool:
        """A process that lived on after its ledger failed meets the fault, too."""
        if self._stage.meter.stopped and not self._struck:
            await self._rise()
            return True
        return False

    async def _rise(self) -> None:
        self._stage.restart()
        if self._struck or not self._stage.meter.stopped:
            return
        self._struck = True
        self.way, self.places = self._stage.meter.stopped[0], self._stage.meter.places
        await self._fall(self._fault.now)

    async def _fall(self, blow: Blow) -> None:
        """The fault's own deliveries may be killed, too, and are repeated then."""
        for _ in range(_MOST_KILLS):
            try:
                await blow(self._stage, self._dice)
            except Killed:
                self._stage.restart()
            except (LedgerGoneError, PefError):
                continue
            else:
                return

    async def heal(self) -> None:
        """Nobody fails any more, and everybody does what is left to do."""
        self._stage.well_again()
        await self._rounds(_ROUNDS)
        if self._fault.later is not None and self._struck:
            await self._fall(self._fault.later)
            await self._work()
            await self._rounds(_AFTER_LATE)
        noted = restless(self._stage)
        await self._round({"hours": 1}, poll=True)
        if restless(self._stage) != noted:
            raise RestlessError

    async def _rounds(self, steps: tuple[dict[str, float], ...]) -> None:
        for number, step in enumerate(steps):
            with suppress(NotYetError):
                self._stage.rail_ends()
            await self._round(step, poll=number % 3 == 0)
            left, self._left = self._left, []
            for act in left:
                await self._do(act)
                await self._work()
            if number >= _FEWEST_ROUNDS and not self._left and at_rest(self._stage):
                return

    async def _round(self, step: dict[str, float], *, poll: bool) -> None:
        self._stage.clock.advance(**step)
        await self._do(_sweep)
        await self._work()
        if poll:
            await self._do(_poll)
            await self._work()


async def _sweep(stage: Stage) -> None:
    await sweep(stage.ports)


async def _poll(stage: Stage) -> None:
    await poll_stores(stage.ports)


@contextmanager
def _stumbles(stage: Stage, found: list[str]) -> Iterator[None]:
    """Where the engine stumbles over a mistake of its own, and only there, somebody should see."""

    def listen(_: object, __: str, event: Any) -> Any:
        if event["event"] == "refund_stumbled":
            fault = sys.exc_info()[1]
            planned = isinstance(fault, ZeroDivisionError) and stage.may_stumble
            if not (planned or isinstance(fault, LedgerGoneError)):
                found.append(f"the engine stumbled: {fault!r}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[listen], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
