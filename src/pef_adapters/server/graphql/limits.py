"""How much one call may ask for, measured on its text before any of it is worked on.

Size, depth, aliases and the like are read off the document alone, so that a hostile one
costs little more than its reading; then comes GraphQL's own validation, then the cost with
the variables given. Documents that were read before are remembered with what was found.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from pef_adapters.server.graphql.cost import cost_of

MAX_BODY_BYTES: Final = 256 * 1024
"""A whole call; a policy to publish has at most 200 000 letters."""
MAX_TOKENS: Final = 2000
MAX_DEPTH: Final = 15
MAX_FIELDS: Final = 1000
MAX_ALIASES: Final = 30
MAX_ROOT_FIELDS: Final = 10
MAX_DIRECTIVES: Final = 20
MAX_SPREADS: Final = 30
MAX_SAME_FIELD: Final = 5
MAX_SECONDS: Final = 20.0
_REMEMBERED: Final = 256
_LONGEST_REMEMBERED: Final = 20_000
CODE: Final = "LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say about the API."""

    introspection: bool
    max_cost: int


@dataclass(slots=True)
class _Size:
    """What stands in a selection, its fragments written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: int = 0
    same: int = 0

    def add(self, other: "_Size", *, deeper: int = 0) -> None:
        self.depth = max(self.depth, other.depth + deeper)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.spreads += other.spreads
        self.same = max(self.same, other.same)


@dataclass(slots=True)
class _Measure:
    """Measures the selections of one document; a fragment is measured once."""

    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, _Size] = field(default_factory=dict)

    def of(self, chosen: SelectionSetNode | None) -> _Size:
        size = _Size()
        if chosen is None:
            return size
        names: Counter[str] = Counter()
        for each in chosen.selections:
            size.directives += len(each.directives or ())
            if isinstance(each, FieldNode):
                names[(each.alias or each.name).value] += 1
                size.add(self._field(each), deeper=1)
            elif isinstance(each, InlineFragmentNode):
                size.add(self.of(each.selection_set))
            elif isinstance(each, FragmentSpreadNode):
                size.spreads += 1
                size.add(self._fragment(each.name.value))
        size.same = max(size.same, max(names.values(), default=0))
        return size

    def _field(self, chosen: FieldNode) -> _Size:
        size = self.of(chosen.selection_set)
        size.fields += 1
        size.aliases += chosen.alias is not None
        return size

    def _fragment(self, name: str) -> _Size:
        if name not in self.known:
            self.known[name] = _Size()  # one that names itself: validation refuses it
            found = self.fragments.get(name)
            self.known[name] = self.of(found.selection_set) if found else _Size()
        return self.known[name]


def too_large(document: DocumentNode) -> list[GraphQLError]:
    """Why this document is refused by its size alone; empty where it is not."""
    parts = document.definitions
    fragments = {p.name.value: p for p in parts if isinstance(p, FragmentDefinitionNode)}
    measure, whole, roots = _Measure(fragments), _Size(), 0
    for part in parts:
        if isinstance(part, OperationDefinitionNode):
            whole.directives += len(part.directives or ())
            whole.add(measure.of(part.selection_set))
            roots = max(roots, len(part.selection_set.selections))
        elif isinstance(part, FragmentDefinitionNode):
            whole.add(_Size(same=measure.of(part.selection_set).same))
    return [
        _refused(what, found, most) for what, found, most in _found(whole, roots) if found > most
    ]


def _found(size: _Size, roots: int) -> Iterator[tuple[str, int, int]]:
    yield "levels", size.depth, MAX_DEPTH
    yield "fields", size.fields, MAX_FIELDS
    yield "aliases", size.aliases, MAX_ALIASES
    yield "root fields", roots, MAX_ROOT_FIELDS
    yield "directives", size.directives, MAX_DIRECTIVES
    yield "fragment spreads", size.spreads, MAX_SPREADS
    yield "times the same field", size.same, MAX_SAME_FIELD


def _refused(what: str, found: int, most: int) -> GraphQLError:
    shown = str(found) if found < 10**6 else "too many"
    said = f"the query asks for {shown} {what}; at most {most} are served: ask in several calls"
    return GraphQLError(said, extensions={"code": CODE})


@dataclass(slots=True)
class Read:
    """A document and what is wrong with it."""

    document: DocumentNode
    errors: list[GraphQLError]


class Memory:
    """The documents read lately; the one used longest ago is forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Read] = OrderedDict()

    def find(self, query: str | None) -> Read | None:
        """What was read under this text."""
        if query is None or query not in self._kept:
            return None
        self._kept.move_to_end(query)
        return self._kept[query]

    def keep(self, query: str, read: Read) -> None:
        """Remember it, unless its text is long."""
        if len(query) <= _LONGEST_REMEMBERED:
            self._kept[query] = read
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)


class Limits(SchemaExtension):
    """Refuses what is too much; one for each call, with the memory of all."""

    def __init__(self, terms: Terms, memory: Memory) -> None:
        self._terms, self._memory = terms, memory

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        read = self._memory.find(self.execution_context.query)
        if read is not None:
            self.execution_context.graphql_document = read.document
        yield

    def on_validate(self) -> Iterator[None]:
        called = self.execution_context
        document = called.graphql_document
        if document is not None:
            errors = self._errors(document)
            called.pre_execution_errors = errors or self._too_costly(document)
        yield

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        called = self.execution_context
        read = self._memory.find(called.query)
        if read is None:
            read = Read(document, too_large(document) or self._invalid(document))
            self._memory.keep(called.query or "", read)
        return list(read.errors)

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        called = self.execution_context
        rules = called.validation_rules
        if not self._terms.introspection:
            rules = (*rules, NoSchemaIntrospectionCustomRule)
        return validate_document(called.schema._schema, document, rules)  # noqa: SLF001 -- strawberry's own way to it

    def _too_costly(self, document: DocumentNode) -> list[GraphQLError]:
        called = self.execution_context
        variables: Mapping[str, Any] = called.variables or {}
        schema = called.schema._schema  # noqa: SLF001 -- as above
        cost = cost_of(schema, document, called.operation_name, variables)
        if cost <= self._terms.max_cost:
            return []
        return [_refused("points of cost", cost, self._terms.max_cost)]
