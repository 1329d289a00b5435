"""Real kills: web and worker die by `kill -9` under load, PostgreSQL restarts under them.

Bars B4 and B5, and the process half of B6. Everything is real: PostgreSQL (our own, embedded),
the web half and the workers as processes of their own, a rail and a store behind HTTP that
nobody kills, webhooks over the network. Each round has a database, a rail and a store of its
own and is drawn from the seed; at its end the house heals and the three books are compared,
refund by refund. A round that is done stands in the progress file, so a long run that was
interrupted goes on where it was with the same command.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from kills_audit import Audit, audit
from kills_chaos import RESTART_EVERY, Chaos
from kills_load import Load, settling, until
from kills_stage import Database, Stage, stage, supervisor
from record import keep

PROGRESS = Path(__file__).parents[2] / "build" / "kills.jsonl"
# Past the time after which a send counts as dead; then past the longest wait after troubles.
_AHEAD = (100.0, 1_000.0, 5_000.0)
_HEALING = 200.0


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")
    sys.stderr.flush()


async def one_round(
    *,
    seed: str,
    kills: int,
    restarts: int,
    refunds: int,
    folder: Path,
    workers: int = 2,
    delay: float = 4.0,
    restart_every: tuple[float, float] = RESTART_EVERY,
    most_restarts: int | None = None,
) -> dict[str, Any]:
    """A round from an empty ledger to the audit; answers what it came to."""
    started = time.monotonic()
    database = Database(folder)
    try:
        async with (
            supervisor(folder) as keeper,
            stage(folder, database, keeper, workers=workers, delay=delay) as here,
        ):
            dice = Random(seed)
            load = Load(here, Random(f"{seed}/load"), refunds)
            chaos = Chaos(here, load, dice, kills, restarts, restart_every, most_restarts)
            await load.sell()
            _say(f"{seed}: {len(load.orders)} orders sold")
            here.open()
            await here.is_served()
            loaded = time.monotonic()
            found = await _hurt_and_heal(here, load, chaos)
            deaths = dict(keeper.deaths)
    finally:
        database.close()
    return _told(seed, load, chaos, found) | {
        "deaths": deaths,
        "seconds under load": round(time.monotonic() - loaded),
        "seconds": round(time.monotonic() - started),
    }


async def _hurt_and_heal(here: Stage, load: Load, chaos: Chaos) -> Audit:
    beside = [asyncio.create_task(settling(here.rail)), asyncio.create_task(load.follow(_say))]
    try:
        await chaos.run()
        healed_at = datetime.now(UTC)
        _say(f"healing; {dict(chaos.counts)}")
        for ahead in _AHEAD:
            here.open(ahead=ahead)
            if await until(lambda: load.done >= len(load.pressed), _HEALING):
                break
            _say(f"not everything is at rest, {ahead:g} s ahead")
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    return await audit(here, load, healed_at)


def _told(seed: str, load: Load, chaos: Chaos, found: Audit) -> dict[str, Any]:
    return {
        "seed": seed,
        "restart every": chaos.restart_every,
        "refunds": len(load.pressed),
        "counts": dict(chaos.counts),
        "lost": found.lost,
        "doubled": found.doubled,
        "wrongs": found.wrongs,
        "figures": found.figures,
        "waits": [round(wait, 1) for wait in found.waits],
        "unknown for": [round(wait, 1) for wait in found.unknown_for],
    }


def _rounds(arguments: argparse.Namespace) -> Iterable[tuple[str, int, int, int]]:
    """Seed, kills, restarts and refunds of each round; the same for the same arguments."""
    number = max(1, round(arguments.refunds / arguments.round))
    for turn in range(number):
        share = (turn + 1, turn)
        kills, refunds, restarts = (
            total * share[0] // number - total * share[1] // number
            for total in (arguments.kills, arguments.refunds, arguments.restarts)
        )
        yield f"{arguments.seed}/{arguments.round}/{turn + 1}", kills, restarts, refunds


def _done(progress: Path) -> dict[str, dict[str, Any]]:
    """The rounds of earlier calls, by seed."""
    lines = progress.read_text().splitlines() if progress.exists() else []
    return {each["seed"]: each for each in map(json.loads, lines)}


def _run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    ends = time.monotonic() + arguments.minutes * 60
    arguments.progress.parent.mkdir(parents=True, exist_ok=True)
    known = _done(arguments.progress)
    told: list[dict[str, Any]] = []
    for seed, kills, restarts, refunds in _rounds(arguments):
        if seed not in known and time.monotonic() < ends:
            folder = Path(tempfile.mkdtemp(prefix="pef-kills-"))
            known[seed] = asyncio.run(
                one_round(
                    seed=seed,
                    kills=kills,
                    restarts=restarts,
                    refunds=refunds,
                    folder=folder,
                    restart_every=tuple(arguments.restart_every),
                )
            )
            with arguments.progress.open("a") as file:
                file.write(json.dumps(known[seed]) + "\n")
            _say(f"{seed}: {_sentence([known[seed]])}")
            if not arguments.keep:
                shutil.rmtree(folder)
        if seed in known:
            told.append(known[seed])
    return told


def _killed(told: list[dict[str, Any]]) -> Counter[str]:
    return sum((Counter(each["counts"]) for each in told), Counter())


def _sentence(told: list[dict[str, Any]]) -> str:
    counts = _killed(told)
    kills = sum(number for what, number in counts.items() if what.startswith("kill -9"))
    lost, doubled, wrongs = (sum(len(r[k]) for r in told) for k in ("lost", "doubled", "wrongs"))
    line = (
        f"{kills} kills, {counts['database restart']} database restarts, "
        f"{sum(each['refunds'] for each in told)} refunds, {lost} lost, {doubled} doubled"
    )
    return line + (f", {wrongs} WRONG" if wrongs else "")


def _figures(told: list[dict[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    summed = Counter[str]()
    states, deaths, attention = Counter[str](), Counter[str](), Counter[str]()
    for each in told:
        states.update(each["figures"]["states"])
        attention.update(each["figures"]["attention"])
        deaths.update(each["deaths"])
        summed.update({k: v for k, v in each["figures"].items() if isinstance(v, int)})
    return {
        "command": f"make kills, with --seed {arguments.seed} --round {arguments.round}",
        "seed": arguments.seed,
        "rounds": len(told),
        "seconds between restarts": sorted({tuple(each["restart every"]) for each in told}),
        "refunds": sum(each["refunds"] for each in told),
        "refunds by final state": dict(states),
        "refunds with a remark for people": dict(attention),
        "what happened": dict(_killed(told)),
        "process deaths by exit": dict(deaths),
        **summed,
        "lost": sum(len(each["lost"]) for each in told),
        "doubled": sum(len(each["doubled"]) for each in told),
        "wrong": sum(len(each["wrongs"]) for each in told),
        "seconds from press to refunded": _percentiles(each["waits"] for each in told),
        "seconds unknown": _percentiles(each["unknown for"] for each in told),
        "seconds under load": sum(each["seconds under load"] for each in told),
        "seconds": sum(each["seconds"] for each in told),
    }


def _percentiles(lists: Iterable[list[float]]) -> dict[str, float]:
    waits = sorted(wait for each in lists for wait in each)
    if not waits:
        return {}
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    found = {name: waits[int(share * (len(waits) - 1))] for name, share in places.items()}
    return {"number": len(waits), **found, "longest": waits[-1]}


def main() -> int:
    """Run what is not done yet; 1 where anything is lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=60, help="at least so many of the database")
    parser.add_argument("--refunds", type=int, default=20_000)
    parser.add_argument(
        "--restart-every",
        type=float,
        nargs=2,
        default=RESTART_EVERY,
        metavar="SECONDS",
        help="the database, at random between these two; longer on a machine that is busy",
    )
    parser.add_argument("--round", type=int, default=1000, help="refunds to a round")
    parser.add_argument("--minutes", type=float, default=120, help="no new round after this")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--progress", type=Path, default=PROGRESS)
    parser.add_argument("--keep", action="store_true", help="keep each round's logs and database")
    arguments = parser.parse_args()
    # Told to end, it takes its processes and its database along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    told = _run(arguments)
    for each in told:
        for wrong in (*each["lost"], *each["doubled"], *each["wrongs"]):
            sys.stdout.write(f"{each['seed']}: {wrong}\n")
    keep("kills", _figures(told, arguments))
    sys.stdout.write(f"kills: {_sentence(told)}\n")
    return 1 if any(r["lost"] or r["doubled"] or r["wrongs"] for r in told) else 0


if __name__ == "__main__":
    sys.exit(main())
