"""What each state, code and note means, in es_PE, en and zh_Hans.

One folder a language, in it one TOML file a subject, the same keys in each language (a
test holds them together).
An entry has `means` (what happened) and, where somebody can act, `next`. Texts
are whole sentences with named figures; none is glued together in code.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

LANGUAGES = ("es_PE", "en", "zh_Hans")
DEFAULT_LANGUAGE = "es_PE"

# Every figure that a text may name; a test refuses any other.
FIGURES = frozenset(
    (
        "account",
        "actual",
        "age",
        "amount",
        "asked",
        "at",
        "condition",
        "day",
        "expected_on",
        "limit",
        "link",
        "order",
        "original_route",
        "other",
        "paid",
        "payout",
        "people",
        "policy",
        "refund",
        "rest",
        "rule",
        "store",
        "transaction",
        "used",
        "wanted",
        "window",
    )
)


def explain(key: str, language: str, figures: Mapping[str, str] | None = None) -> str:
    """The sentence that says what `key` (such as "state.pending") means.

    Raises:
        KeyError: no text has this key; tests make sure that none is missing.
    """
    return _entry(key, language)["means"].format_map(_Figures(figures or {}))


def advise(key: str, language: str, figures: Mapping[str, str] | None = None) -> str:
    """What to do next about `key`; empty where nobody has to do anything."""
    return _entry(key, language).get("next", "").format_map(_Figures(figures or {}))


def keys(language: str) -> frozenset[str]:
    """Every key that has a text in `language`, such as "state.pending"."""
    return frozenset(
        f"{group}.{name}" for group, entries in _load(language).items() for name in entries
    )


def known(key: str) -> bool:
    """Whether `key` has a text."""
    return key in keys(DEFAULT_LANGUAGE)


class _Figures(dict[str, str]):
    """A figure that an old record lacks is shown as an ellipsis, not as a crash."""

    def __missing__(self, key: str) -> str:
        return "…"


def _entry(key: str, language: str) -> dict[str, str]:
    group, _, name = key.partition(".")
    entry: dict[str, str] = _load(language)[group][name]
    return entry


@cache
def _load(language: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in sorted(_files(language), key=lambda file: file.name):
        for group, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            merged.setdefault(group, {}).update(entries)
    return merged


def _files(language: str) -> Iterator[Traversable]:
    folder = files(__package__).joinpath(language)
    return (file for file in folder.iterdir() if file.name.endswith(".toml"))
