"""The webhook battery's long form: every door, every order, several seeds; kept as a record.

    python reliability/webhooks/webhook_battery.py [SEEDS]

Hostile deliveries, replays across restarts, 120 orders of five events, and no webhook at all,
for each adapter, over real HTTP and on PostgreSQL.
"""

import asyncio
import logging
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg
import structlog

from database_server import TEMPLATE, Server
from pef_adapters.storage.embedded import EmbeddedPostgres
from pef_adapters.storage.migrations import migrate
from record import keep
from webhook_hostile import Findings, besiege
from webhook_house import open_house
from webhook_log import stumbles
from webhook_lost import MOST_MINUTES, Recovered, silence_after, without_webhooks
from webhook_orders import Ordered, shuffle_events
from webhook_replay import Repeated, names_kept, replay, rotation

_SEEDS: Final = 2
_TIMES: Final = 100
_HOURS_OF_SILENCE: Final = (1, 6, 24)
# The bars: half of all refusals within this, and no bomb unpacked (it holds 256 MB).
MOST_MILLISECONDS: Final = 50.0
MOST_MEGABYTES: Final = 160.0


@dataclass(slots=True)
class Battery:
    """What all seeds together measured."""

    hostile: list[Findings] = field(default_factory=list)
    repeated: list[Repeated] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    recovered: list[Recovered] = field(default_factory=list)
    rotated: int = 0
    silence: dict[int, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        parts = (*self.hostile, *self.repeated, *self.ordered, *self.recovered)
        return [*self.wrong, *(told for part in parts for told in part.wrong), *self._bars()]

    def _bars(self) -> Iterator[str]:
        for each in self.hostile:
            if each.milliseconds(0.5) > MOST_MILLISECONDS:
                yield f"half of the refusals took more than {each.milliseconds(0.5)} ms"
            if each.memory_megabytes > MOST_MEGABYTES:
                yield f"the attacks took {each.memory_megabytes} MB"


async def run_seed(server: Server, seed: int, battery: Battery) -> None:
    """All parts, each in a house of its own where one could disturb another."""
    with server.fresh() as dsn:
        async with open_house(dsn) as house:
            battery.hostile.append(await besiege(house, seed))
            _say(seed, f"{battery.hostile[-1].deliveries} hostile deliveries", battery)
    with server.fresh() as dsn, stumbles(battery.wrong):
        async with open_house(dsn) as house:
            battery.repeated.append(await replay(house, seed, refunds=1, times=_TIMES, restarts=3))
            _say(seed, f"{battery.repeated[-1].deliveries} replays", battery)
            number, wrong = await rotation(house, seed)
            battery.rotated += number
            battery.wrong += wrong
            battery.recovered.append(await without_webhooks(house, seed))
            _say(seed, f"{battery.recovered[-1].refunds} refunds without webhooks", battery)
            battery.wrong += await names_kept(house)


async def run_orders(server: Server, seed: int, battery: Battery) -> None:
    """All 120 orders for all; once, because a seed only moves the duplicates."""
    with server.fresh() as dsn, stumbles(battery.wrong):
        async with open_house(dsn) as house:
            battery.ordered.append(await shuffle_events(house, seed))
            _say(seed, f"{battery.ordered[-1].orders} orders", battery)
            battery.silence = await silence_after(house, _HOURS_OF_SILENCE)


def figures(battery: Battery, seeds: list[int]) -> dict[str, Any]:
    """What the release record keeps."""
    sent: dict[str, Counter[str]] = {}
    for each in battery.hostile:
        for door, kinds in each.sent.items():
            sent.setdefault(door, Counter()).update(kinds)
    violations = battery.violations
    return {
        "seeds": seeds,
        "deliveries": _deliveries(battery),
        "hostile": {door: {"all": n.total(), **n} for door, n in sent.items()},
        "hostile_deliveries": sum(n.total() for n in sent.values()),
        "accepted_wrongly": sum(len(each.wrong) for each in battery.hostile),
        "genuine_accepted_after": sum(each.genuine for each in battery.hostile),
        "refused_within_ms": {
            name: max(each.milliseconds(share) for each in battery.hostile)
            for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        },
        "memory_growth_mb": max(each.memory_megabytes for each in battery.hostile),
        **_of_repetition(battery),
        **_of_orders(battery),
        **_of_loss(battery),
        "violations": violations,
    }


def _deliveries(battery: Battery) -> int:
    parts = (*battery.hostile, *battery.repeated, *battery.ordered)
    return sum(part.deliveries for part in parts) + battery.rotated


def _of_repetition(battery: Battery) -> dict[str, Any]:
    told = Counter[str]()
    for each in battery.repeated:
        told.update(each.sent)
    return {
        "replayed": dict(told),
        "replays": told.total(),
        "replayed_refunds": sum(each.refunds for each in battery.repeated),
        "restarts": sum(each.restarts for each in battery.repeated),
        "rotation_deliveries": battery.rotated,
    }


def _of_orders(battery: Battery) -> dict[str, Any]:
    kinds = {kind: ends for each in battery.ordered for kind, ends in each.ends.items()}
    shown = {kind: dict(told) for each in battery.ordered for kind, told in each.shown.items()}
    return {
        "orders": sum(ends.total() for ends in kinds.values()),
        "ends": {kind: [str(end) for end in ends] for kind, ends in kinds.items()},
        "shown_to_people": shown,
    }


def _of_loss(battery: Battery) -> dict[str, Any]:
    truth = [minutes for each in battery.recovered for minutes in each.until_truth]
    sent = [m for each in battery.recovered for ms in each.until_sent.values() for m in ms]
    return {
        "recovered_without_webhooks": len(truth),
        "minutes_until_sent": max(sent, default=0),
        "minutes_until_truth": {"p50": median(truth or [0]), "max": max(truth, default=0)},
        "most_minutes_allowed": MOST_MINUTES,
        "minutes_until_truth_after_hours": battery.silence,
    }


@contextmanager
def database_server() -> Iterator[Server]:
    """A private PostgreSQL that is gone afterwards, with a migrated template."""
    folder = Path(tempfile.mkdtemp(prefix="pef-webhooks-"))
    with (
        EmbeddedPostgres(folder) as embedded,
        psycopg.connect(embedded.dsn, autocommit=True) as admin,
    ):
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
        server = Server(embedded.dsn, admin)
        migrate(server.dsn_of(TEMPLATE))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def _say(seed: int, what: str, battery: Battery) -> None:
    print(f"seed {seed}: {what}; {len(battery.violations)} violations", flush=True)


def main(arguments: list[str]) -> int:
    """Run, keep the record, and say in one line what came of it."""
    seeds, battery = list(range(1, int(arguments[0]) + 1 if arguments else _SEEDS + 1)), Battery()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with database_server() as server:
        for seed in seeds:
            asyncio.run(run_seed(server, seed, battery))
        asyncio.run(run_orders(server, seeds[0], battery))
    found = figures(battery, seeds)
    keep("webhooks", found)
    for told in found["violations"]:
        print(told)
    print(
        f"webhooks: {found['deliveries']} deliveries, {found['accepted_wrongly']} accepted "
        f"wrongly; {found['replays']} replays, {found['orders']} orders, "
        f"{found['recovered_without_webhooks']} refunds found without webhooks; "
        f"{len(found['violations'])} violations"
    )
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
