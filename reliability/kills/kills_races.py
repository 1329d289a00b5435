"""Two workers on one refund, ten thousand times, on a real PostgreSQL (bar B6).

Each race is one refund that two workers believe to be theirs, each on connections of its own.
They run together, one falls asleep between promise and send until the other has taken it for
dead, one loses its connection while it holds locks, hears that a commit failed which is durable,
is killed anywhere, or hears the rail's notification meanwhile. Afterwards all trouble ends, the
refund is worked on until it rests, and the rail must have booked it exactly once.

The seed draws who meets what; how the database interleaves the two is its own.
"""

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from kills_race_world import AMOUNT, CountingRail, Lane, Pace, Side, lanes, paid_refund
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.engine.digest import digest, register
from pef_adapters.engine.identity import merchant_refund_id, refund_id
from pef_adapters.engine.ports import LedgerAway
from pef_adapters.engine.receive import keep as keep_received
from pef_adapters.engine.records import Refund, Source
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import migrate
from pef_adapters.testing.fake_platform import FakePlatform
from record import keep

_MOST_STEPS = 40
_CALLS = 45
_COMMITS = 14
_PAST_ANY_SEND = 120
_LANES = 4


@dataclass(slots=True)
class Race:
    """One refund and the two who want to pay it."""

    number: int
    dice: Random
    rail: CountingRail
    shop: FakePlatform
    sides: tuple[Side, Side]
    store: str
    refund: str = ""

    async def start(self) -> None:
        ports = self.sides[0].ports
        async with ports.book.begin() as ledger:
            store = await ledger.store(self.store)
        if store is None:
            raise LookupError(f"nobody opened {self.store}")
        self.refund = refund_id(store.identity, "fake", str(self.number))
        await register(ports, store, self.shop.refunds[str(self.number)])

    async def run(self, which: int, times: int = 1, seconds: float = 0) -> None:
        """One worker at the refund; what the database does to it ends this job and no other."""
        side = self.sides[which]
        for _ in range(times):
            side.clock.advance(seconds=seconds)
            with contextlib.suppress(LedgerAway):
                await advance(side.ports, self.refund)

    async def notify(self, which: int) -> None:
        """The rail's webhook about the refund comes to this side."""
        side, key = self.sides[which], merchant_refund_id(self.refund, 1)
        with contextlib.suppress(LedgerAway):
            received = await keep_received(
                side.ports,
                source=Source.RAIL,
                owner_id=self.store,
                topic="refund.changed",
                body=b"",
                hints=({"event": "refund.changed", "merchant_refund_id": key},),
            )
            await digest(side.ports, received)

    async def until_rest(self) -> Refund | None:
        """All trouble ends; both work on until the rail has said yes."""
        for side in self.sides:
            side.book.steady()
        self.rail.let_through = None
        for step in range(_MOST_STEPS):
            side = self.sides[step % 2]
            async with side.book.begin() as ledger:
                found: Refund | None = await ledger.refund(self.refund)
            if found is None or found.state is State.PENDING:
                return found
            late = (found.due_at or side.clock.now()) - side.clock.now()
            await self.run(step % 2, seconds=max(1.0, late.total_seconds()))
        return found


# --- the ways two can meet ----------------------------------------------------------


async def together(race: Race) -> None:
    """Both begin at the same moment."""
    await asyncio.gather(race.run(0), race.run(1))


async def split_brain(race: Race) -> None:
    """One sleeps between promise and send; the other takes it for dead, and then it wakes."""
    race.rail.let_through = gate = asyncio.Event()
    sleeper = asyncio.create_task(race.run(0))
    await race.rail.on_its_way.wait()
    other = asyncio.create_task(race.run(1, times=4, seconds=_PAST_ANY_SEND))
    if race.dice.random() < 0.5:
        await other
    else:
        await asyncio.sleep(race.dice.random() * 0.06)
    gate.set()
    await asyncio.gather(sleeper, other)


async def lost_lock(race: Race) -> None:
    """One is cut off by the server in the middle of a transaction; its locks are gone."""
    race.sides[0].book.cut_at = race.dice.randint(1, _CALLS)
    await asyncio.gather(race.run(0, times=2), race.run(1))


async def false_failure(race: Race) -> None:
    """One hears that its commit failed, which did not."""
    race.sides[0].book.lie_at = race.dice.randint(1, _COMMITS)
    await asyncio.gather(race.run(0, times=2), race.run(1))


async def killed(race: Race) -> None:
    """One ends anywhere; the other is told nothing and looks after two minutes."""
    first = asyncio.create_task(race.run(0))
    await asyncio.sleep(race.dice.random() * 0.08)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    await race.run(1, times=3, seconds=_PAST_ANY_SEND)


async def notified(race: Race) -> None:
    """The rail's own webhooks come in between."""
    await asyncio.gather(race.run(0), *(race.notify(1) for _ in range(3)), race.run(1))


KINDS: dict[str, Callable[[Race], Awaitable[None]]] = {
    "together": together,
    "split brain": split_brain,
    "lost lock": lost_lock,
    "commit reported failed though durable": false_failure,
    "killed anywhere": killed,
    "rail's webhooks in between": notified,
}


# Nobody is taken for dead and no answer is lost: one request must do.
_UNTROUBLED = ("together", "rail's webhooks in between")


@dataclass(slots=True)
class Score:
    """What the races came to."""

    races: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sends: Counter[int] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)

    @property
    def run(self) -> int:
        return self.races.total()

    def sentence(self) -> str:
        bad = len(self.twice) + len(self.wrong)
        return f"{self.run} races, {self.run - bad} paid exactly once, {len(self.twice)} twice" + (
            f", {len(self.wrong)} WRONG" if self.wrong else ""
        )


async def one_race(lane: Lane, seed: str, number: int, score: Score) -> None:
    """Run it, let it come to rest, and count what the rail has booked."""
    dice = Random(f"{seed}/{number}")
    kind = dice.choice(list(KINDS))
    rail = CountingRail(Pace(Random(f"{seed}/{number}/rail")))
    shop = paid_refund(number, rail)
    first, second = (
        lane.side(which, Random(f"{seed}/{number}/{which}"), rail, shop) for which in (0, 1)
    )
    race = Race(number, dice, rail, shop, (first, second), lane.name)
    await race.start()
    await KINDS[kind](race)
    name = f"{seed}/{number} ({kind})"
    _judge(score, kind, name, race, await race.until_rest())
    await _adds_up(score, name, race)
    score.races[kind] += 1
    score.sends[len(rail.sends)] += 1
    score.struck.update({"connection cut": first.book.cuts, "commit lied about": first.book.lies})


def _judge(score: Score, kind: str, name: str, race: Race, refund: Refund | None) -> None:
    booked = race.rail.bookings
    if len(booked) > 1:
        score.twice.append(f"{name}: booked {booked}")
    elif booked != [(merchant_refund_id(race.refund, 1), AMOUNT)]:
        score.wrong.append(f"{name}: booked {booked}")
    elif kind in _UNTROUBLED and len(race.rail.sends) != 1:
        score.wrong.append(f"{name}: sent {len(race.rail.sends)} times without need")
    elif refund is None or refund.state is not State.PENDING:
        score.wrong.append(f"{name}: the refund is {refund and refund.state}")


async def _adds_up(score: Score, name: str, race: Race) -> None:
    """The money is reserved once, under one id, and the order says so."""
    async with race.sides[0].book.begin() as ledger:
        refund = await ledger.refund(race.refund)
        attempts = await ledger.attempts(race.refund)
        payment = await ledger.payment(race.store, refund.transaction_id)
    told = race.shop.order(refund.order_id).lines.get(str(race.number))
    found = (len(attempts), payment.reserved, payment.refunded.minor, told and told.state)
    if found != (1, AMOUNT, 0, State.PENDING):
        score.wrong.append(f"{name}: {found}")


async def run_races(
    dsn: str, seed: str, numbers: Iterator[int], number_of_lanes: int = _LANES
) -> Score:
    """Run the races, some of them at a time."""
    score = Score()

    async def run_lane(lane: Lane) -> None:
        for number in numbers:
            await one_race(lane, seed, number, score)

    async with lanes(dsn, number_of_lanes) as opened:
        await asyncio.gather(*map(run_lane, opened))
    return score


def _until(races: int, minutes: float) -> Iterator[int]:
    ends = time.monotonic() + minutes * 60
    for number in range(races):
        if time.monotonic() > ends:
            return
        if number % 250 == 0:
            sys.stderr.write(f"{number} races\n")
        yield number


def _figures(score: Score, arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    return {
        "command": f"python reliability/kills/kills_races.py --seed {arguments.seed}",
        "seed": arguments.seed,
        "races": score.run,
        "races by kind": dict(score.races),
        "paid twice": len(score.twice),
        "wrong": len(score.wrong),
        "troubles that struck": dict(score.struck),
        "races by requests at the rail": {str(n): c for n, c in sorted(score.sends.items())},
        "seconds": round(seconds),
    }


def main() -> int:
    """Race; 1 where anything was paid twice, or never."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--races", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", default="1")
    arguments = parser.parse_args()
    started, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="pef-races-"))
    with EmbeddedPostgres(folder) as server:
        migrate(server.dsn)
        numbers = _until(arguments.races, arguments.minutes)
        score = asyncio.run(run_races(server.dsn, arguments.seed, numbers))
    shutil.rmtree(folder)
    for wrong in (*score.twice, *score.wrong):
        sys.stdout.write(f"{wrong}\n")
    keep("races", _figures(score, arguments, time.monotonic() - started))
    sys.stdout.write(f"races: {score.sentence()}\n")
    return 1 if score.twice or score.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
