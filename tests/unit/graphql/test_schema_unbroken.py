"""The schema in the repository is the one programs were written for: it only grows.

Who means to break it writes a fragment `changes/*.breaking.md` that says so, for people.
"""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes

from pef_adapters.server.graphql.schema import schema_text

HOME = Path(__file__).parents[3]
COMMITTED = HOME / "docs" / "reference" / "schema.graphql"


def broken(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """What programs that were written for `before` can't ask of `after`."""
    return [change.description for change in find_breaking_changes(before, after)]


def test_no_program_is_broken() -> None:
    """Whatever could be asked of the committed schema can be asked still."""
    if list(HOME.glob("changes/*.breaking.md")):
        pytest.skip("the break is meant: changes/*.breaking.md says so")
    found = broken(build_schema(COMMITTED.read_text(encoding="utf-8")), build_schema(schema_text()))
    assert found == [], "mend it, or say why in changes/NAME.breaking.md and run `make docs`"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("type Query { a: Int b: Int }", "type Query { a: Int }"),
        ("type Query { a: Int! }", "type Query { a: Int }"),
        ("type Query { a(x: Int): Int }", "type Query { a(x: Int!): Int }"),
    ],
)
def test_a_break_is_noticed(before: str, after: str) -> None:
    """A field that goes, may be null or takes more is a break."""
    assert broken(build_schema(before), build_schema(after))
