"""The shapes of what comes in, goes out and is kept: each bound and default as it was agreed.

A file holds them, so that a looser pattern, a longer text or another default is seen in a
review: the wire of PagoEfectivo, a policy, the settings of accounts and stores, the records.
"""

import dataclasses
import importlib
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from our_modules import modules

SHAPES = json.loads(Path(__file__).with_name("kept_shapes.json").read_text())


def classes() -> Iterator[type]:
    """Every class of the three rooms."""
    for module in modules():
        for thing in vars(importlib.import_module(module)).values():
            if isinstance(thing, type) and thing.__module__ == module:
                yield thing


def name_of(cls: type) -> str:
    """Its module and name, as the list has it."""
    return f"{cls.__module__.removeprefix('pef_adapters.')}.{cls.__name__}"


def model_shape(model: type[BaseModel]) -> dict[str, Any]:
    """What a model takes, in JSON Schema, and what it says of itself in a log."""
    schema = model.model_json_schema(by_alias=True)
    schema.pop("$defs", None)
    return {
        "schema": _without_words(schema),
        "frozen": bool(model.model_config.get("frozen")),
        "silent": sorted(name for name, field in model.model_fields.items() if not field.repr),
    }


def record_shape(record: type) -> dict[str, str]:
    """What a record says where nobody said anything, and what of it no log shows."""
    fields = dataclasses.fields(record)
    defaults = {f.name: _plain(f.default) for f in fields if f.default is not dataclasses.MISSING}
    silent = sorted(f.name for f in fields if not f.repr)
    return {**defaults, **({"(silent)": ", ".join(silent)} if silent else {})}


def _plain(value: object) -> str:
    return value.value if isinstance(value, StrEnum) else repr(value)


def _without_words(schema: Any) -> Any:
    """Descriptions are for readers and may change."""
    if isinstance(schema, dict):
        return {
            k: _without_words(v) for k, v in schema.items() if k not in {"description", "title"}
        }
    return [_without_words(item) for item in schema] if isinstance(schema, list) else schema


MODELS = {name_of(cls): cls for cls in classes() if issubclass(cls, BaseModel)}
RECORDS = {
    name_of(cls): cls for cls in classes() if dataclasses.is_dataclass(cls) and record_shape(cls)
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_takes_what_it_took(name: str) -> None:
    """Bounds, patterns, names on the wire and defaults are those of the list."""
    assert model_shape(MODELS[name]) == SHAPES["models"][name]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_without_more_says_what_it_said(name: str) -> None:
    """Rows from before a field was there are read with its default."""
    assert record_shape(RECORDS[name]) == SHAPES["records"][name]


def test_no_shape_was_forgotten() -> None:
    """A new model or record gets its lines in the list, and a removed one loses them."""
    assert sorted(SHAPES["models"]) == sorted(MODELS)
    assert sorted(SHAPES["records"]) == sorted(RECORDS)
