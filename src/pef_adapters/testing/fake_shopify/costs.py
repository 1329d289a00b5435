"""What a query costs, and the buckets that points flow back into (section 2).

A plain model of Shopify's: an object is 1 point, a mutation 10, a connection 2 and its
children as often as are asked for; what is paid in the end is what came.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from pef_adapters.testing.fake_shopify.settings import Limits

_Fields = GraphQLObjectType | GraphQLInterfaceType
_MUTATION: Final = 10
_CONNECTION: Final = 2
MOST_FOR_ONE: Final = 1000


@dataclass(slots=True)
class _Bucket:
    available: float
    filled_at: float


@dataclass(slots=True)
class Buckets:
    """The buckets of all apps, by app and API; kept in memory only."""

    seconds: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    _empty_until: float = 0.0

    def throttle(self, seconds: float) -> None:
        """Let every bucket be empty for so long."""
        self._empty_until = self.seconds() + seconds

    def available(self, key: tuple[str, str], limits: Limits) -> int:
        """How many points an app may spend now."""
        now = self.seconds()
        if now < self._empty_until:
            return 0
        bucket = self._buckets.setdefault(key, _Bucket(limits.maximum_available, now))
        gained = (now - bucket.filled_at) * limits.restore_rate
        bucket.available = min(limits.maximum_available, bucket.available + gained)
        bucket.filled_at = now
        return int(bucket.available)

    def spend(self, key: tuple[str, str], points: int) -> None:
        """Take points out; `available` was asked before."""
        if key in self._buckets:
            self._buckets[key].available -= points


@dataclass(frozen=True, slots=True)
class CostOf:
    """Counts what one document asks for."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any]

    def operation(self, operation: OperationDefinitionNode) -> int:
        """The points of an operation before it runs.

        Raises:
            GraphQLError: a variable is missing or of another type.
        """
        given = self._given(operation)
        if operation.operation is OperationType.MUTATION:
            return _MUTATION * len(operation.selection_set.selections)
        root = self.schema.query_type
        return self._of(operation.selection_set, root, given) if root else 0

    def _given(self, operation: OperationDefinitionNode) -> VariableValues:
        asked = operation.variable_definitions or ()
        given = get_variable_values(self.schema, asked, dict(self.variables))
        if isinstance(given, list):
            raise given[0]
        return given

    def _of(
        self, selected: SelectionSetNode, parent: GraphQLNamedType | None, given: VariableValues
    ) -> int:
        total = 0
        for node in selected.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, given)
            elif isinstance(node, InlineFragmentNode):
                total += self._of(node.selection_set, self._narrowed(node, parent), given)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragment(node.name.value)
                total += self._of(fragment.selection_set, self._narrowed(fragment, parent), given)
        return total

    def _field(
        self, node: FieldNode, parent: GraphQLNamedType | None, given: VariableValues
    ) -> int:
        found = parent.fields.get(node.name.value) if isinstance(parent, _Fields) else None
        if found is None or node.selection_set is None:
            return 0
        kind = get_named_type(found.type)
        children = self._of(node.selection_set, kind, given)
        if kind.name.endswith("Connection"):
            return _CONNECTION + _size(found, node, given) * max(children, 1)
        if kind.name.endswith("Edge") or kind.name == "PageInfo":
            return children
        return (_size(found, node, given) if _is_list(found.type) else 1) * (1 + children)

    def _narrowed(
        self, node: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLNamedType | None
    ) -> GraphQLNamedType | None:
        named: NamedTypeNode | None = node.type_condition
        return self.schema.get_type(named.name.value) if named is not None else parent

    def _fragment(self, name: str) -> FragmentDefinitionNode:
        return next(
            d
            for d in self.document.definitions
            if isinstance(d, FragmentDefinitionNode) and d.name.value == name
        )


def objects_in(data: Any) -> int:
    """How many objects came back; wrappers of lists count nothing."""
    if isinstance(data, Mapping):
        wrapper = {"nodes", "edges", "pageInfo"} & set(data)
        return (0 if wrapper else 1) + sum(objects_in(value) for value in data.values())
    if isinstance(data, list):
        return sum(objects_in(item) for item in data)
    return 0


def _size(found: GraphQLField, node: FieldNode, given: VariableValues) -> int:
    asked = get_argument_values(found, node, given)
    return int(asked.get("first") or asked.get("last") or 1)


def _is_list(kind: GraphQLOutputType) -> bool:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)
