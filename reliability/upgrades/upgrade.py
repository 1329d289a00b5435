"""Upgrades while refunds are pressed: old code, then the new schema under it, then new code.

Positions of a play, with load in each:
1. old code on the old schema,
2. old code on the new schema: migrated while it works,
3. both codes on the new schema,
4. new code alone.
In a play of the second kind nobody migrates: new code is started on the old schema, two
webs and two workers at once, while the old one works.

    upgrade.py [--refunds 2000] [--pace 12] [--seed 1] [--size 2] [--only 0003]
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from psycopg.conninfo import make_conninfo

import record
from pef_adapters.demo.processes import free_port
from pef_adapters.storage.embedded import EmbeddedPostgres
from upgrade_front import Front, front
from upgrade_processes import Fleet, Ground, pef
from upgrade_releases import COMMITS, Code, history_fault, new_code, old_code
from upgrade_verdict import events, loud_lines, settled, strange_warnings, verdict
from upgrade_world import Outside, connect, outside_world

_PATIENCE_SECONDS = 900
_FAULTS = (
    *("lost", "doubled", "strange", "not_final", "not_told", "wrong_amount"),
    *("wrong_books", "unheard"),
)


@dataclass(slots=True)
class Play:
    """One upgrade from `old`: the figures of its end, and what went wrong."""

    old: str
    by_start: bool
    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.old} to new, {'new code on old schema' if self.by_start else 'migrated'}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one play uses; `size` is how many webs and how many workers."""

    ground: Ground
    world: Outside
    proxy: Front
    old: Code
    new: Code
    pace: float
    size: int


async def upgrade(scene: Scene, refunds: int, *, by_start: bool) -> dict[str, Any]:
    """Walk through the positions under load; answers the figures of the end."""
    older = Fleet(scene.ground, scene.old, "old")
    newer = Fleet(scene.ground, scene.new, "new")
    try:
        figures = await _walk(scene, older, newer, refunds, by_start=by_start)
    finally:
        for fleet in (older, newer):
            await asyncio.to_thread(fleet.stop)
    return {**figures, "killed": [*older.killed, *newer.killed]}


async def _walk(
    scene: Scene, older: Fleet, newer: Fleet, refunds: int, *, by_start: bool
) -> dict[str, Any]:
    await asyncio.to_thread(pef, scene.ground, scene.old, "migrate")
    older.start(scene.size, scene.size)
    await asyncio.to_thread(older.wait)
    scene.proxy.homes[:] = older.homes
    await connect(scene.world, scene.ground, scene.old)
    part, steps, dsn = refunds // 4, [], scene.ground.dsn
    await _load(scene, part)
    steps.append(await events(dsn))
    async with _loading(scene, part):  # old code on the new schema, but by start: on the old one
        migrated_in = 0.0 if by_start else await _migrate(scene)
    steps.append(await events(dsn))
    async with _loading(scene, part):  # both
        started_in = await _join(scene, newer)
    steps.append(await events(dsn))
    dead = older.dead()
    async with _loading(scene, refunds - 3 * part):  # the old one leaves, the new one goes on
        scene.proxy.homes[:] = newer.homes
        await asyncio.to_thread(older.stop)
    await settled(scene.world, dsn, _PATIENCE_SECONDS)
    steps.append(await events(dsn))
    return {
        **await verdict(scene.world, dsn),
        "died": [*dead, *newer.dead()],
        "steps_by_position": [after - before for before, after in pairwise([0, *steps])],
        "migrated_in_seconds": round(migrated_in, 2),
        "new_started_in_seconds": round(started_in, 2),
        **_web(scene.proxy),
    }


async def _join(scene: Scene, newer: Fleet) -> float:
    """Start the new processes beside the old ones; answers how long it took."""
    began = time.monotonic()
    newer.start(scene.size, scene.size)
    await asyncio.to_thread(newer.wait)
    scene.proxy.homes.extend(newer.homes)
    return time.monotonic() - began


async def _migrate(scene: Scene) -> float:
    began = time.monotonic()
    await asyncio.to_thread(pef, scene.ground, scene.new, "migrate")
    return time.monotonic() - began


async def _load(scene: Scene, count: int) -> None:
    await scene.world.press_many(count, scene.pace)


@asynccontextmanager
async def _loading(scene: Scene, count: int) -> AsyncIterator[None]:
    """What stands inside happens while refunds are pressed; it ends when all are."""
    pressing = asyncio.create_task(_load(scene, count))
    try:
        await asyncio.sleep(0.3)
        yield
        await pressing
    finally:
        pressing.cancel()


async def play(
    play: Play, server: str, codes: Path, refunds: int, *, pace: float, seed: int, size: int
) -> None:
    """One upgrade on a database of its own; its figures and faults stand in `play`."""
    folder = Path(tempfile.mkdtemp(prefix="pef-upgrade-"))
    dsn = _database(server, f"upgrade_{play.old}_{int(play.by_start)}")
    port = free_port()
    ground = Ground(dsn, Fernet.generate_key().decode(), f"http://127.0.0.1:{port}", folder)
    async with outside_world(folder, seed) as world, front(port) as proxy:
        old, new = old_code(play.old, codes), new_code(codes)
        scene = Scene(ground, world, proxy, old, new, pace, size)
        settling = asyncio.create_task(world.keep_settling())
        try:
            play.figures = await upgrade(scene, refunds, by_start=play.by_start)
        finally:
            settling.cancel()
    errors, warnings = loud_lines(folder)
    play.figures |= {"log_errors": len(errors), "warnings": dict(warnings)}
    play.wrong = [
        *(f"{name}: {play.figures[name]}" for name in _FAULTS if play.figures[name]),
        *(f"the web answered {failure}" for failure in play.figures.pop("web_failed")),
        *(f"{name} ended by itself" for name in play.figures["died"]),
        *(f"{name} did not end when told to" for name in play.figures["killed"]),
        *errors,
        *strange_warnings(warnings),
    ]
    if not play.wrong:
        shutil.rmtree(folder, ignore_errors=True)


def _web(proxy: Front) -> dict[str, Any]:
    slow = sorted(proxy.seconds)
    return {
        "web_calls": len(slow),
        "web_failed": list(proxy.failures),
        "web_failures": len(proxy.failures),
        "web_p99_seconds": round(slow[int(len(slow) * 0.99)], 3),
        "web_slowest_seconds": round(slow[-1], 3),
    }


def _database(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return make_conninfo(server, dbname=name)


def _hurry(server: str) -> None:
    """No power cut is played here, so nothing has to reach the disk at once."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")


async def run(plays: list[Play], refunds: int, *, pace: float, seed: int, size: int) -> None:
    """All plays on one server, one after the other."""
    folder = Path(tempfile.mkdtemp(prefix="pef-upgrades-"))
    try:
        with EmbeddedPostgres(folder) as server:
            _hurry(server.dsn)
            for number, each in enumerate(plays):
                server_and_codes = server.dsn, folder / "codes"
                await play(
                    each, *server_and_codes, refunds, pace=pace, seed=seed + number, size=size
                )
                print(f"{each.name}: {each.figures}", flush=True)
                for fault in each.wrong[:20]:
                    print(f"  WRONG {fault}", flush=True)
                # After each: a run that is cut short has told what it saw.
                record.keep("upgrade", _figures(plays[: number + 1], seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(plays: list[Play], seed: int) -> dict[str, Any]:
    told = {each.name: {**each.figures, "wrong": len(each.wrong)} for each in plays}
    return {"positions": 4, "seed": seed, "plays": told, "closing": closing(plays)}


def closing(plays: list[Play]) -> str:
    """The one line that a run ends with."""
    total = {name: sum(each.figures[name] for each in plays) for name in ("refunds", *_FAULTS)}
    return (
        f"upgrade: 4 positions, {total['refunds']} refunds, {total['lost']} lost, "
        f"{total['doubled']} doubled"
    )


def main() -> int:
    """Every older schema, each in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refunds", type=int, default=2000, help="of all plays together")
    parser.add_argument("--pace", type=float, default=12, help="presses a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=2, help="webs and workers of each release")
    parser.add_argument("--only", choices=[*COMMITS], nargs="*", default=[*COMMITS])
    chosen = parser.parse_args()
    if fault := history_fault():
        print(f"upgrade: not run: {fault}")
        return 2
    plays = [Play(old, by_start) for by_start in (False, True) for old in chosen.only]
    many = chosen.refunds // len(plays)
    asyncio.run(run(plays, many, pace=chosen.pace, seed=chosen.seed, size=chosen.size))
    print(closing(plays))
    return int(any(each.wrong for each in plays))


if __name__ == "__main__":
    sys.exit(main())
