"""What answering a query would cost, in points: one for each object that could come.

A list that takes `first` counts for as many as are asked for, any other for a few. Looks at
the document, the schema and the variables only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)
from graphql.type.introspection import SchemaMetaFieldDef, TypeMetaFieldDef

MOST_AT_ONCE: Final = 100
_SHORT_LIST: Final = 5
_CHANGE: Final = 10
_META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, name: str | None, variables: Mapping[str, Any]
) -> int:
    """The points of the operation with this name, or of the only one; a valid document."""
    parts = document.definitions
    fragments = {p.name.value: p for p in parts if isinstance(p, FragmentDefinitionNode)}
    operations = [p for p in parts if isinstance(p, OperationDefinitionNode)]
    total = 0
    for each in operations:
        if name is None or (each.name is not None and each.name.value == name):
            root = schema.get_root_type(each.operation)
            counted = _Count(schema, fragments, {**_defaults(each), **variables})
            total += counted.of(each.selection_set, root)
            if each.operation is OperationType.MUTATION:
                total += _CHANGE * len(each.selection_set.selections)
    return total


@dataclass(slots=True)
class _Count:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, int] = field(default_factory=dict)

    def of(self, chosen: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        """The points of a selection in a type."""
        total = 0
        for each in chosen.selections if chosen else ():
            if isinstance(each, FieldNode):
                total += self._field(each, parent)
            elif isinstance(each, InlineFragmentNode):
                total += self.of(each.selection_set, self._type(each, parent))
            elif isinstance(each, FragmentSpreadNode):
                total += self._fragment(each.name.value)
        return total

    def _field(self, chosen: FieldNode, parent: GraphQLNamedType | None) -> int:
        found = _definition(chosen.name.value, parent)
        if found is None:
            return 0
        inside = get_named_type(found.type)
        if not is_composite_type(inside):
            return 0
        return 1 + self._times(chosen, found, parent) * self.of(chosen.selection_set, inside)

    def _times(
        self, chosen: FieldNode, found: GraphQLField, parent: GraphQLNamedType | None
    ) -> int:
        if "first" in found.args:
            return self._first(chosen, found.args["first"].default_value)
        if not is_list_type(get_nullable_type(found.type)):
            return 1
        # What a connection holds was counted by its `first`.
        return 1 if parent is not None and parent.name.endswith("Connection") else _SHORT_LIST

    def _first(self, chosen: FieldNode, usual: Any) -> int:
        given = next((a.value for a in chosen.arguments or () if a.name.value == "first"), None)
        number = usual
        if isinstance(given, IntValueNode):
            number = int(given.value)
        elif isinstance(given, VariableNode):
            number = self.variables.get(given.name.value, usual)
        if isinstance(number, bool) or not isinstance(number, int):
            return MOST_AT_ONCE
        return max(1, min(number, MOST_AT_ONCE))

    def _fragment(self, name: str) -> int:
        if name not in self.known:
            found = self.fragments[name]
            parent = self.schema.get_type(found.type_condition.name.value)
            self.known[name] = self.of(found.selection_set, parent)
        return self.known[name]

    def _type(
        self, chosen: InlineFragmentNode, parent: GraphQLNamedType | None
    ) -> GraphQLNamedType | None:
        if chosen.type_condition is None:
            return parent
        return self.schema.get_type(chosen.type_condition.name.value)


def _definition(name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return parent.fields.get(name) or _META.get(name)
    return None


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        each.variable.name.value: int(each.default_value.value)
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode)
    }
