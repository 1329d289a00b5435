"""The words that are stored, sent and shown: each is as old as the first row that holds it."""

import importlib
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from our_modules import modules
from pef_adapters.core.errors import PefError

WORDS = tomllib.loads(Path(__file__).with_name("kept_words.toml").read_text())


def enums() -> dict[str, type[StrEnum]]:
    """Each enumeration of words, by its module and name."""
    return {
        f"{module.removeprefix('pef_adapters.')}.{thing.__name__}": thing
        for module in modules()
        for thing in vars(importlib.import_module(module)).values()
        if isinstance(thing, type)
        and issubclass(thing, StrEnum)
        and thing.__module__ == module
        and list(thing)
    }


def errors() -> dict[str, type[PefError]]:
    """Each error of core, by its name."""
    found: dict[str, type[PefError]] = {}
    todo = [PefError]
    while todo:
        cls = todo.pop()
        if cls.__module__.startswith("pef_adapters.core."):
            found[cls.__name__] = cls
        todo += cls.__subclasses__()
    return found


ENUMS, ERRORS = enums(), errors()


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_a_kept_word_stays_as_it_is(name: str) -> None:
    """Rows, webhooks, tokens and API clients hold these words; another word would orphan them."""
    assert {member.name: member.value for member in ENUMS[name]} == WORDS["words"][name]


def test_no_enumeration_was_forgotten() -> None:
    """A new enumeration gets its line in the list, and a removed one loses it."""
    assert sorted(WORDS["words"]) == sorted(ENUMS)


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_keeps_its_code_its_status_and_its_advice(name: str) -> None:
    """A client that learned the code, the HTTP status and whether to retry may rely on them."""
    cls = ERRORS[name]
    assert [cls.code, cls.http_status, cls.retry.value] == WORDS["errors"][name]


def test_no_error_was_forgotten() -> None:
    """A new error gets its line in the list, and a removed one loses it."""
    assert sorted(WORDS["errors"]) == sorted(ERRORS)
