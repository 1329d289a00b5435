"""A store's settings as fields of a form, by what its adapter says of them, and back again.

What is left empty is not the store's own: it is inherited, or the default holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pef_adapters.engine.gate.stores import StoreView
from pef_adapters.engine.ports import Ports
from pef_adapters.platforms.settings_model import setting_schema

PREFIX = "setting."


class Kind(StrEnum):
    """How a setting is typed in."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    LIST = "list"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting: what the store itself says of it, as text; empty where it says nothing."""

    name: str
    kind: Kind
    own: str
    choices: tuple[str, ...] = ()


def fields_of(ports: Ports, view: StoreView) -> list[SettingField]:
    """Every setting that the store's adapter knows, and what the store says of it."""
    schema = setting_schema(ports.platforms.named(view.standing.head.platform))
    return [
        SettingField(name, _kind(said), _text(view.own.get(name)), _choices(said))
        for name, said in schema.items()
    ]


def settings_in(fields: list[SettingField], form: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, without what was left empty; the adapter judges it later."""
    typed = {field: form.get(PREFIX + field.name, "").strip() for field in fields}
    return {field.name: _value(field.kind, text) for field, text in typed.items() if text}


def _value(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.YES_NO:
            return text == "true"
        case Kind.LIST:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case Kind.NUMBER if text.lstrip("-").isdecimal():
            return int(text)
        case _:
            return text


def _kind(said: Mapping[str, Any]) -> Kind:
    if "enum" in said:
        return Kind.CHOICE
    kinds = {"boolean": Kind.YES_NO, "array": Kind.LIST, "integer": Kind.NUMBER}
    return kinds.get(str(said.get("type")), Kind.TEXT)


def _choices(said: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(each) for each in said.get("enum", ()))


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "\n".join(map(str, value))
        case _:
            return str(value)
