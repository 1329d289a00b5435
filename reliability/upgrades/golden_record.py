"""Records histories with whichever release stands first on PYTHONPATH, as JSON on stdout.

    golden_record.py SEEDS

It plays that release's own random worlds (its `tests/` folder must be on the path too) and
keeps, for each cell of its state table, the shortest history in which the cell is used.
Nothing here may need what the first release did not have.
"""

import asyncio
import json
import logging
import sys
from dataclasses import dataclass
from typing import Any

import structlog

from engine_world import CIP
from golden_straight import straight
from pef_adapters.core.states import Event, moves
from random_world import RandomWorld

_STEPS = 60
_EVENTS = {event.value for event in Event}
Cell = tuple[str, str]
Kept = dict[Cell, dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A sort of world, and how to open one."""

    name: str
    make: Any
    open: str


def kinds() -> list[Kind]:
    """The random worlds of this release; the first one had no desk."""
    found = [Kind("random", RandomWorld, "open")]
    try:
        from random_desk_world import RandomDeskWorld  # noqa: PLC0415
    except ImportError:
        return found
    return [*found, Kind("random desk", RandomDeskWorld, "open_desk")]


async def recorded(seeds: range) -> list[dict[str, Any]]:
    """The shortest history for each cell, and no history twice."""
    kept: Kept = {}
    for seed in seeds:
        for kind in kinds():
            await _play(kind, seed, kept)
    for state, event, _ in moves():
        if (state.value, event.value) not in kept:
            walked = await _history(await straight(state, event))
            kept[state.value, event.value] = {"world": "straight", **walked}
    return _few(kept)


async def _play(kind: Kind, seed: int, kept: Kept) -> None:
    world = kind.make(seed)
    await getattr(world, kind.open)()
    known = 0
    for step in range(1, _STEPS + 1):
        await world.step()
        if (entries := await world.entries()) == known:
            continue
        known = entries
        history = {"world": kind.name, "seed": seed, "steps": step, **await _history(world)}
        for cell in _cells(history):
            if cell not in kept or _length(history) < _length(kept[cell]):
                kept[cell] = history


async def _history(world: Any) -> dict[str, Any]:
    refunds, told = {}, {}
    async with world.book.begin() as ledger:
        known = await ledger.list_refunds()
    for refund in known:
        async with world.book.begin() as ledger:
            entries = await ledger.timeline(refund.id)
            payment = await ledger.payment("main", CIP)
        refunds[refund.id] = {"amount": refund.amount.minor, "state": refund.state.value}
        told[refund.id] = [_entry(entry) for entry in entries]
    books = {} if payment is None else _books(payment)
    return {"refunds": refunds, "entries": told, "payment": books}


def _books(payment: Any) -> dict[str, int]:
    return {name: getattr(payment, name).minor for name in ("paid", "reserved", "refunded")}


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "what": entry.what,
        "from": entry.from_state and entry.from_state.value,
        "to": entry.to_state and entry.to_state.value,
        "actor": entry.actor,
        "detail": dict(entry.detail),
    }


def _cells(history: dict[str, Any]) -> set[Cell]:
    return {
        (entry["from"], entry["what"])
        for entries in history["entries"].values()
        for entry in entries
        if entry["from"] and entry["what"] in _EVENTS
    }


def _length(history: dict[str, Any]) -> int:
    return sum(map(len, history["entries"].values()))


def _few(kept: Kept) -> list[dict[str, Any]]:
    """Cells that are hard to reach first: their histories show many others on the way."""
    shown: set[Cell] = set()
    chosen = []
    for cell, history in sorted(kept.items(), key=lambda item: (-_length(item[1]), item[0])):
        if cell not in shown:
            chosen.append({"shows": list(cell), **history})
            shown |= _cells(history)
    return chosen


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    histories = asyncio.run(recorded(range(int(sys.argv[1]))))
    sys.stdout.write(json.dumps(histories, default=str))
