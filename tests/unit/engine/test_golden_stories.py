"""Whole stories, word for word: what the ledger, the order and the rail hold at the end.

A story that comes out otherwise is read by a person: `PEF_WRITE_STORIES=1` writes the files
again, and the difference is part of the change.
"""

import asyncio
import dataclasses
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import story_scenes_desk
import story_scenes_people
from engine_world import World
from file_scenes import FILE_SCENES
from gate_scenes import GATE_SCENES
from pef_adapters.core.money import Money
from pef_adapters.engine import dossier, story
from pef_adapters.engine.gate import today
from story_scenes import ROSA
from story_scenes import SCENES as STORIES

# These put their stories beside the others.
assert story_scenes_desk.scene is story_scenes_people.scene
SCENES = {**STORIES, **GATE_SCENES, **FILE_SCENES}
FOLDER = Path(__file__).with_name("golden_stories")
_TABLES = (
    "received",
    "payments",
    "refunds",
    "attempts",
    "timeline",
    "decided",
    "reviews",
    "acts",
    "links",
    "destinations",
    "batches",
    "payouts",
    "alarms",
    "costs",
    "checkouts",
    "asked_refunds",
    "audits",
    "healths",
)


@pytest.mark.parametrize("name", sorted(SCENES))
async def test_a_story_ends_as_it_is_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """States, money, evidence, alarms, notes and messages are exactly those of the file."""
    monkeypatch.setattr("secrets.token_urlsafe", counted())
    monkeypatch.setattr("secrets.token_hex", counted())
    told = written(await whole(await SCENES[name]()))
    path = FOLDER / f"{name}.json"
    if os.environ.get("PEF_WRITE_STORIES"):
        await asyncio.to_thread(path.write_text, told)
    assert told == await asyncio.to_thread(path.read_text)


def counted() -> Callable[[int], str]:
    """Tokens that nobody has to guess."""
    numbers = count(1)
    return lambda _: f"token{next(numbers)}-{'x' * 20}"


def written(kept: dict[str, Any]) -> str:
    """One row a line."""
    lines = []
    for name, rows in kept.items():
        pairs = rows.items() if isinstance(rows, dict) else enumerate(rows)
        told = [f'  "{key}": {json.dumps(row, ensure_ascii=False)}' for key, row in pairs]
        lines.append(f' "{name}": {{\n' + ",\n".join(told) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


async def whole(world: World) -> dict[str, Any]:
    """Everything that is to be seen of a world."""
    tables = world.memory._tables
    kept: dict[str, Any] = {name: _plain(getattr(tables, name)) for name in _TABLES}
    kept["order"] = _plain(world.platform.orders)
    kept["rail"] = [world.rail.sends, _plain(world.rail.bookings)]
    kept["told"] = [await _told(world, refund) for refund in list(tables.refunds)[:2]]
    kept["today"] = [_plain(await today.today(world.ports, ROSA))]
    kept["more"] = [_plain(getattr(world, name, [])) for name in ("said", "answers")]
    filled: dict[str, Any] = _filled(kept)
    for other in getattr(world, "told", []):
        filled |= {f"beside {name}": rows for name, rows in (await whole(other)).items()}
    return filled


async def _told(world: World, refund_id: str) -> Any:
    told = await story.tell(world.ports, refund_id, "es_PE")
    bundle = zipfile.ZipFile(io.BytesIO(await dossier.bundle(world.ports, refund_id, "en")))
    files = {
        f"{entry.filename} {entry.date_time}": json.loads(bundle.read(entry))
        for entry in bundle.infolist()
        # The first is kept above; the second tells of the machine.
        if not entry.filename.endswith(("decision.json", "versions.json"))
    }
    return [_plain(dataclasses.replace(told, refund=None)), _plain(files)]  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """As JSON can hold it, and a person can read it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Money):
        # What no log shows, no story shows.
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, map(_plain, value)))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return _plain_one(value)


def _plain_one(value: Any) -> Any:
    if isinstance(value, Money):
        return f"{value.minor} {value.currency}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | Decimal):
        return str(value)
    return value if isinstance(value, str | int | bool | None) else repr(value)


def _code_of(verdict: Any) -> str:
    """Of a verdict as it is kept, or as it is told."""
    return str(verdict["code"] if isinstance(verdict, dict) else verdict[-1])


def _filled(value: Any) -> Any:
    """Without what is empty, which most fields are."""
    if isinstance(value, dict):
        kept = {key: _filled(item) for key, item in value.items()}
        if "verdicts" in kept:
            kept["verdicts"] = " ".join(_code_of(each) for each in kept["verdicts"])
        return {key: item for key, item in kept.items() if item not in (None, "", [], {})}
    return [_filled(item) for item in value] if isinstance(value, list) else value
