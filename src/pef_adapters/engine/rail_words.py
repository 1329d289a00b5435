"""What the rail said, in words that people understand. Pure: reads records, translates, no more.

PagoEfectivo's words mislead: "Cancelado" on a CIP means that it is paid.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pef_adapters.core.texts import advise, explain, known
from pef_adapters.engine.records import Attempt, Exchange

_GROUPS = ("rail", "rail_status")
# Under these names an answer says what happened; a refund's and a CIP's own state words differ.
_TELLING = frozenset({"code", "status", "state", "statusdescription", "statedescription"})
_CIP_STATES = {"21", "22", "23", "25", "592", "593", "595"}


@dataclass(frozen=True, slots=True)
class RailWord:
    """One word or code of the rail, what it means, and what to do about it where there is any."""

    word: str
    means: str
    next_step: str


def of_attempt(attempt: Attempt, language: str) -> tuple[RailWord, ...]:
    """What the rail said last about this attempt."""
    return _explained([attempt.rail_status or "", attempt.rail_text or ""], language)


def of_exchange(exchange: Exchange, language: str) -> tuple[RailWord, ...]:
    """Every code and state in the rail's answer that has a meaning."""
    try:
        answer = json.loads(exchange.answer_body or "")
    except ValueError:
        return ()
    return _explained(_telling(answer), language)


def _explained(words: list[str] | Iterator[str], language: str) -> tuple[RailWord, ...]:
    found: dict[str, RailWord] = {}
    for word in words:
        key = _key(word)
        if key is not None:
            found[word] = RailWord(word, explain(key, language), advise(key, language))
    return tuple(found.values())


def _key(word: str) -> str | None:
    plain = word.rstrip(".")
    names = [f"{group}.{plain}" for group in _GROUPS]
    if plain in _CIP_STATES:
        names.append(f"rail_status.CIP_{plain}")
    return next((name for name in names if known(name)), None)


def _telling(value: Any) -> Iterator[str]:
    """The values under telling names, however deep; an answer of the rail is small."""
    if isinstance(value, list):
        for each in value:
            yield from _telling(each)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() in _TELLING and isinstance(inner, str | int):
                yield str(inner)
            else:
                yield from _telling(inner)
