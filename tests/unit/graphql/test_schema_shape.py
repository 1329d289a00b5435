"""The schema keeps the field's conventions: Relay's, and a word about everything in it."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
)

from pef_adapters.core import errors
from pef_adapters.core.errors import PefError
from pef_adapters.core.states import State
from pef_adapters.core.texts import LANGUAGES, explain
from pef_adapters.server.graphql import refusals
from pef_adapters.server.graphql.schema import schema_text

SCHEMA = build_schema(schema_text())
CHANGES = SCHEMA.mutation_type
assert CHANGES is not None


def undescribed() -> Iterator[str]:
    """The names of everything that says nothing about itself."""
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from (f"{name}.{f}" for f, found in kind.fields.items() if not found.description)
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{v}" for v, found in kind.values.items() if not found.description)


def tree(root: type[PefError] = PefError) -> Iterator[type[PefError]]:
    """The core's error tree."""
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith(errors.__name__):
            yield from tree(child)


def test_everything_says_what_it_is() -> None:
    """Each type, field and value has a description."""
    assert list(undescribed()) == []


def test_states_are_told_in_the_words_of_the_texts() -> None:
    """Each state of a refund is a value, described as in the texts."""
    found = SCHEMA.type_map["RefundState"]
    assert isinstance(found, GraphQLEnumType)
    assert {name: value.description for name, value in found.values.items()} == {
        state.name: explain(f"state.{state}", "en") for state in State
    }


@pytest.mark.parametrize("name", sorted(CHANGES.fields))
def test_a_change_has_a_key_and_answers_with_a_result_or_a_refusal(name: str) -> None:
    """Each change takes one input with a key, and answers with a union over all refusals."""
    field = CHANGES.fields[name]
    given = field.args["input"].type.of_type  # type: ignore[union-attr] # never null
    assert "idempotencyKey" in given.fields
    answer, interface = SCHEMA.type_map[str(field.type).rstrip("!")], SCHEMA.type_map["UserError"]
    assert isinstance(answer, GraphQLUnionType)
    assert isinstance(interface, GraphQLInterfaceType)
    answered = {kind.name for kind in answer.types}
    refused = {kind.name for kind in SCHEMA.get_implementations(interface).objects}
    assert refused < answered
    assert len(answered - refused) == 1


@pytest.mark.parametrize("error", list(tree()), ids=lambda error: error.__name__)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_is_told_by_its_nearest_type(error: type[PefError], language: str) -> None:
    """Each error of the tree becomes a refusal of its own name, or of one above it."""
    told = refusals.told(error("what exactly"), language)
    above = [cls.__name__ for cls in error.__mro__]
    assert type(told).__name__ in {*above, "OtherRefusal"}
    assert (told.code, told.detail, told.retry) == (error.code, "what exactly", error.retry)
    assert told.message == explain(f"error.{error.code}", language)


def test_a_connection_pages_by_relay() -> None:
    """A connection has edges with cursors, and says whether more follows."""
    text = schema_text()
    assert "type RefundConnection {" in text
    assert "refunds(" in text
    assert "edges: [RefundEdge!]!" in text
    assert "pageInfo: PageInfo!" in text
