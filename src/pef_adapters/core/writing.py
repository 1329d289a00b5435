"""Policies and costs as the YAML that an owner would write, and can give back."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from pef_adapters.core.costs import CostSettings
from pef_adapters.core.policy import Policy

# Names whose values are amounts; they are written without quotes, as people write them.
_AMOUNTS = frozenset(
    {"min", "max", "amount", "one_up_to", "fixed", "minimum", "refund_fee", "rate"}
)
_PLAIN_AMOUNT = re.compile(r"[0-9]+\.[0-9]+\Z")
# A rule is known by its id and read by its description; an answer comes last.
_FIRST = ("id", "name", "description", "when")
# The version is the publication's, and who stands above is the store's: neither is written.
_NOT_WRITTEN = frozenset({"version", "under"})
_WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Safe YAML with exact amounts."""


_Dumper.add_representer(
    Decimal,
    lambda dumper, amount: dumper.represent_scalar("tag:yaml.org,2002:float", format(amount, "f")),
)


def policy_whole(policy: Policy) -> str:
    """Everything that the policy says, its defaults too; `read_policy` reads it again."""
    return _dumped(_without_version(policy.model_dump(mode="json", exclude_none=True)))


def policy_as_written(policy: Policy) -> str:
    """What its owner wrote; what was left open stays open."""
    return _dumped(_without_version(policy.as_written()))


def costs_as_written(costs: CostSettings) -> str:
    """The fees and rates; what costs nothing is left out."""
    return _dumped(costs.model_dump(mode="json", exclude_defaults=True))


def _without_version(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _NOT_WRITTEN}


def _dumped(body: Mapping[str, Any]) -> str:
    text: str = yaml.dump(
        _tidy(body, ""), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text


def _tidy(value: Any, name: str) -> Any:
    match value:
        case dict():
            body = {key: _tidy(inside, key) for key, inside in value.items()}
            return {key: body[key] for key in _ordered(body) if not _says_nothing(key, body[key])}
        case list():
            return [_tidy(inside, "") for inside in value]
        case str() if name in _AMOUNTS and _PLAIN_AMOUNT.match(value):
            return Decimal(value)
        case _:
            return value


def _ordered(body: Mapping[str, Any]) -> list[str]:
    return sorted(body, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))


def _says_nothing(name: str, value: Any) -> bool:
    return value == "" or (name == "description" and value == {})


class _SpelledOut(yaml.SafeDumper):
    """Writes what stands twice twice: a person edits one place and means that one."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def stores_as_written(body: Mapping[str, Any]) -> str:
    """A file of stores, each value as it is kept."""
    text: str = yaml.dump(
        dict(body), Dumper=_SpelledOut, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text
