"""Shopify's schemas, from which every document is validated; loaded once for each version."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from graphql import (
    ConstValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    StringValueNode,
    build_schema,
)

from pef_adapters.testing.fake_shopify.settings import NEWEST

_HOME: Final = "pef_shopify"
_FILES: Final = {"admin": "admin-{}.subset.graphql", "payments_apps": "payments-apps-{}.graphql"}


@lru_cache(maxsize=16)
def schema(api: str, version: str, older: Path | None) -> GraphQLSchema:
    """The schema of an API; of the newest version where the folder `older` is not given."""
    if version == NEWEST or older is None:
        place = files(_HOME) / "schemas" / _FILES[api].format(NEWEST)
        text = place.read_text(encoding="utf-8")
    else:
        text = (older / _FILES[api].format(version)).read_text(encoding="utf-8")
    built = build_schema(text, assume_valid=True)
    for name, read in _READERS.items():
        scalar = built.type_map.get(name)
        if isinstance(scalar, GraphQLScalarType):
            _read_by(scalar, read)
    return built


def _read_by(scalar: GraphQLScalarType, read: Any) -> None:
    def literal(node: ConstValueNode) -> Any:
        if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
            return read(node.value)
        raise GraphQLError(f"Invalid {scalar.name}.", node)

    scalar.coerce_input_value = read
    scalar.coerce_input_literal = literal


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise GraphQLError(f"{value!r} is not a decimal.") from None


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError(f"{value!r} is not a DateTime.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: Final = {"Decimal": _decimal, "Money": _decimal, "DateTime": _moment}
