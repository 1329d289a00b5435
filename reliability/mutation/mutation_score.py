"""What became of the mutants: kept between runs, counted by room, compared with the reasons.

A survivor that makes no difference anybody could see, or none worth a test, is listed
with its reason in `record/mutation_survivors.toml`; all others are unexplained.
"""

import hashlib
import json
import math
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from mutation_mutants import ROOMS, Mutant
from mutation_watch import ROOT, digest_of, file_of, source_name

RESULTS = ROOT / "build" / "mutation" / "results.jsonl"
REASONS = Path(__file__).parents[1] / "record" / "mutation_survivors.toml"
NOTICED = ("killed", "timeout")


class Results:
    """The answers so far, one line each; the last about a mutant counts."""

    def __init__(self, path: Path = RESULTS) -> None:
        self._path = path
        self.by_id: dict[str, dict[str, Any]] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            kept = json.loads(line)
            self.by_id[kept["id"]] = kept

    def knows(self, mutant: Mutant, tests: list[str]) -> bool:
        """Whether it was looked at already, with this code, and survivors with these tests."""
        kept = self.by_id.get(mutant.id)
        if kept is None or kept["code"] != _digest_now(source_name(mutant.file)):
            return False
        return kept["status"] in NOTICED or kept["looked"] == _digest(tests)

    def add(self, mutant: Mutant, answer: dict[str, Any]) -> None:
        """Keep it; what broke in the machinery is no answer."""
        if answer["status"] == "broken":
            print(f"broken: {mutant.id}: {answer['by']}", flush=True)
            return
        tests = answer.pop("tests", [])
        code = _digest_now(source_name(mutant.file))
        looked = _digest(tests)
        kept = {"id": mutant.id, "line": mutant.line, "change": mutant.change, **answer}
        self.by_id[mutant.id] = {**kept, "could": len(tests), "code": code, "looked": looked}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as out:
            out.write(json.dumps(self.by_id[mutant.id], ensure_ascii=False) + "\n")


# What was imported stays as it is, whatever happens to the file meanwhile.
_digest_now = lru_cache(maxsize=None)(digest_of)


def _digest(tests: list[str]) -> str:
    """The tests and what is in their files."""
    paths = sorted({file_of(test) for test in tests})
    text = "\n".join([*sorted(tests), *(_digest_now(path) for path in paths)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def reasons(path: Path = REASONS) -> dict[str, str]:
    """The survivors that are explained, by their id."""
    if not path.exists():
        return {}
    groups = tomllib.loads(path.read_text()).get("survivors", [])
    return {mutant: group["reason"] for group in groups for mutant in group["mutants"]}


def figures(
    chosen: Iterable[Mutant], results: Results, explained: dict[str, str], everything: Counter[str]
) -> dict[str, Any]:
    """The score of each room, with the interval in which the whole room's lies."""
    looked = [m for m in chosen if m.id in results.by_id]
    rooms = {}
    for room in ROOMS:
        ids = [mutant.id for mutant in looked if mutant.room == room]
        rooms[room] = _room(ids, results, explained, everything[room])
    return {"rooms": rooms, "unexplained": unexplained(looked, results, explained)}


def _room(
    ids: list[str], results: Results, explained: dict[str, str], everything: int
) -> dict[str, Any]:
    ends = Counter(results.by_id[name]["status"] for name in ids)
    noticed = sum(ends[status] for status in NOTICED)
    low, high = interval(noticed, len(ids), everything)
    survived = [name for name in ids if results.by_id[name]["status"] not in NOTICED]
    return {
        "mutants": everything,
        "looked_at": len(ids),
        "killed": ends["killed"],
        "timeout": ends["timeout"],
        "survived": len(survived),
        "survived_for_a_reason": sum(name in explained for name in survived),
        "score_percent": round(100 * noticed / len(ids), 1) if ids else 0.0,
        "interval_95_percent": [round(100 * low, 1), round(100 * high, 1)],
    }


def unexplained(looked: Iterable[Mutant], results: Results, explained: dict[str, str]) -> list[str]:
    """Survivors without a reason."""
    return [
        mutant.id
        for mutant in looked
        if results.by_id[mutant.id]["status"] not in NOTICED and mutant.id not in explained
    ]


def interval(good: int, of: int, everything: int) -> tuple[float, float]:
    """Wilson's, at 95 %, narrowed by how much of the whole was looked at."""
    if not of:
        return 0.0, 1.0
    share, seen = good / of, min(1.0, of / max(everything, 1))
    z = 1.96 * math.sqrt(1 - seen)
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)
