"""What became of every refund of a play, by ledger, rail and store; and what the logs say."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from upgrade_world import Outside

_LOUD = ("error", "critical", "exception")
# A line that may stand in a log of an upgrade, and why.
ALLOWED = {
    "no_administrator_yet": "nobody signs in to the console in this play",
    "delivery_postponed": "the store or the rail was slow on a busy machine; it is tried again",
    "query cancellation interrupted": "a worker that is told to end cancels its queries",
    "discarding closed connection": "and closes what they ran on",
    "schema_newer_than_code": "an older release was started on the newer schema",
}
_REFUNDS = "SELECT platform_refund_id, id, amount, state, written_revision = revision FROM refunds"
_OPEN = "SELECT count(*) FROM received WHERE outcome IS NULL"
_LOOK_SECONDS = 0.5
_HINTS = ("Traceback", "Error:", "psycopg.errors")


async def settled(world: Outside, dsn: str, seconds: float) -> None:
    """Wait until every pressed refund is refunded, told and nothing is unheard, or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await world.deliver_all()
        done = {row[0] for row in await _rows(dsn, _REFUNDS) if row[3:] == ("refunded", True)}
        if done >= set(world.pressed) and not (await _rows(dsn, _OPEN))[0][0]:
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def verdict(world: Outside, dsn: str) -> dict[str, Any]:
    """Counts: what is lost, doubled, not final, not told, or not as the books say."""
    rows = {row[0]: row for row in await _rows(dsn, _REFUNDS)}
    payments, told = await world.payments(), await world.told()
    times = _times(rows, payments)
    return {
        "refunds": len(world.pressed),
        "lost": sum(key not in rows or not times[key] for key in world.pressed),
        "doubled": sum(n > 1 for n in times.values()),
        "strange": len(set(rows) - set(world.pressed)),
        "not_final": sum(row[3] != "refunded" for row in rows.values()),
        "not_told": sum(told.get(key) != "refunded" for key in world.pressed),
        "wrong_amount": sum(
            row[2] != int(Decimal(world.amounts[key]) * 100) for key, row in rows.items()
        ),
        "wrong_books": len(await _rows(dsn, _WRONG_BOOKS)),
        "unheard": (await _rows(dsn, _OPEN))[0][0],
    }


# Each payment of a play is refunded whole, once.
_WRONG_BOOKS = "SELECT 1 FROM payments WHERE reserved <> 0 OR refunded <> paid"


def _times(rows: dict[str, Any], payments: dict[str, int]) -> dict[str, int]:
    """How often each refund was paid, under whichever of its ids."""
    of_ours: Counter[str] = Counter()
    for key, times in payments.items():
        of_ours[key.rsplit("-", 1)[0]] += times
    return {key: of_ours[row[1]] for key, row in rows.items()}


def loud_lines(folder: Path) -> tuple[list[str], Counter[str]]:
    """Lines of our processes' logs that tell of an error, and warnings by name."""
    errors: list[str] = []
    warnings: Counter[str] = Counter()
    for log in sorted(folder.glob("*-*.log")):
        for line in log.read_text(errors="replace").splitlines():
            level, event = _level(line)
            if level in _LOUD:
                errors.append(f"{log.name}: {line[:2000]}")
            elif level == "warning":
                warnings[event] += 1
    return errors, warnings


def _level(line: str) -> tuple[str, str]:
    """The level and the event of a line; one that is no JSON and looks bad is an error."""
    try:
        told = json.loads(line)
    except ValueError:
        return ("error" if any(hint in line for hint in _HINTS) else "", line)
    return str(told.get("level", "")), str(told.get("event", ""))


def strange_warnings(warnings: Counter[str]) -> Iterator[str]:
    """Warnings that nobody has given a reason for."""
    for name, times in warnings.items():
        if not name.startswith(tuple(ALLOWED)):
            yield f"{times} x {name}"


async def events(dsn: str) -> int:
    """How many steps all refunds have taken so far."""
    return int((await _rows(dsn, "SELECT count(*) FROM timeline"))[0][0])


async def _rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        return await (await conn.execute(query)).fetchall()
