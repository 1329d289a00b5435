"""Replays recorded histories by this release's state table: the same states, the same money.

Pure: a history is what a release kept about the refunds of one payment. Where a later
release took a cell of the table away, its name stands here with the reason.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pef_adapters.core.errors import TransitionRefused
from pef_adapters.core.states import MONEY, Event, Position, State, next_state

CORPUS = Path(__file__).parents[2] / "tests" / "golden_histories"
_EVENTS = {event.value for event in Event}
# (the last schema whose release had it, state, event): why it is gone.
RETIRED: Mapping[tuple[str, str, str], str] = {
    ("0001", "held", "approved"): "approvals are facts of a new decision (ADR 0010)",
    ("0001", "awaiting_beneficiary", "beneficiary_given"): (
        "given details go to a new decision, which may ask for approval (ADR 0010)"
    ),
}

History = dict[str, Any]


def corpus(folder: Path = CORPUS) -> dict[str, History]:
    """Every recorded history by its name; a file for each schema."""
    found: dict[str, History] = {}
    for path in sorted(folder.glob("*.json")):
        found |= json.loads(path.read_text())
    return found


def differences(history: History) -> list[str]:
    """How this release's replay ends otherwise than the release that recorded it."""
    found: list[str] = []
    money: Counter[Position] = Counter()
    for refund, entries in history["entries"].items():
        state = None
        for number, entry in enumerate(entries):
            fault, state = _step(history["schema"], state, entry)
            found += [f"{refund} step {number}: {fault}"] if fault else []
        kept = history["refunds"][refund]
        if state != kept["state"]:
            found.append(f"{refund} ends {state}, was {kept['state']}")
        if state is not None:
            money[MONEY[State(state)]] += kept["amount"]
    return [*found, *_books(history["payment"], money)]


def cells(history: History) -> Iterator[tuple[str, str]]:
    """The cells of the table that a history shows."""
    for entries in history["entries"].values():
        for entry in entries:
            if entry["from"] and entry["what"] in _EVENTS:
                yield entry["from"], entry["what"]


def _step(schema: str, state: str | None, entry: Mapping[str, Any]) -> tuple[str, str | None]:
    """What is wrong with a step, and the state after it."""
    source, what, target = entry["from"], entry["what"], entry["to"]
    if source != state:
        return f"{what} begins at {source}, the replay is at {state}", target
    if what not in _EVENTS or state is None:
        changed = state is not None and target not in (state, None)
        return (f"{what} is no event and goes to {target}" if changed else ""), target or state
    try:
        goes_to = next_state(State(state), Event(what)).value
    except TransitionRefused as refused:
        goes_to = f"nowhere: {refused}"
    same = goes_to == target or (schema, state, what) in RETIRED
    return ("" if same else f"{state} × {what} goes to {goes_to}, went to {target}"), target


def _books(kept: Mapping[str, int], money: Counter[Position]) -> Iterator[str]:
    replayed = {"reserved": money[Position.RESERVED], "refunded": money[Position.REFUNDED]}
    for name, amount in replayed.items():
        if amount != kept.get(name, 0):
            yield f"the payment has {amount} {name}, had {kept.get(name, 0)}"
