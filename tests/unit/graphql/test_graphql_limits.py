"""What is too much is refused before any of it is worked on."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from console_world import ConsoleWorld
from graphql_world import HOUSEKEEPER
from pef_adapters.engine.gate.once import DIES_AFTER
from pef_adapters.server.graphql import limits
from pef_adapters.server.graphql.context import Context
from pef_adapters.server.graphql.limits import CODE, MAX_ALIASES, MAX_DEPTH, Terms
from pef_adapters.server.graphql.schema import make_schema
from pef_adapters.server.live import Newsroom

PAGE = "refunds(first: 100) { edges { node { timeline { at } payment { rest { minor } } } } }"
# Two spreads of the fragment before, thirty times over: a thousand million fields.
LAUGHS = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(14))
HOSTILE = {
    "aliases": "{ viewer { " + " ".join(f"a{n}: name" for n in range(MAX_ALIASES + 1)) + " } }",
    "roots": "{ " + " ".join(f"v{n}: viewer {{ name }}" for n in range(11)) + " }",
    "same field": "{ viewer { " + "name " * 6 + "} }",
    "directives": "{ viewer { name " + "@include(if: true) " * 21 + "} }",
    "fragments that multiply": LAUGHS + "fragment f14 on Query { viewer { name } } { ...f0 }",
    "a fragment of itself": "{ ...f } fragment f on Query { viewer { name } ...f }",
    "tokens": "{ viewer { " + "name " * 2100 + "} }",
    "brackets": "{" * 900,
    "cost": "{ " + " ".join(f"p{n}: {PAGE}" for n in range(10)) + " }",
    "introspection": "{ __schema { types { name } } }",
}


class Count(SchemaExtension):
    """Counts the resolvers that were called."""

    calls = 0

    def resolve(
        self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any
    ) -> Any:
        type(self).calls += 1
        return _next(root, info, *args, **kwargs)


async def asked(
    query: str, terms: Terms | None = None, **variables: Any
) -> tuple[list[dict[str, Any]], int]:
    """The errors of a query, and how many resolvers it took."""
    world = await ConsoleWorld().open()
    schema = make_schema(terms or Terms(introspection=False, max_cost=5000))
    counted = type("Counted", (Count,), {"calls": 0})
    schema.extensions = (*schema.extensions, counted)

    async def again() -> Any:
        return HOUSEKEEPER

    context = Context(world.ports, HOUSEKEEPER, "en", again, Newsroom(world.ports))
    found = await schema.execute(query, variable_values=variables, context_value=context)
    return [dict(error.formatted) for error in found.errors or ()], counted.calls


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_query_reaches_no_resolver(query: str) -> None:
    """It is refused with a reason, and not one resolver is called."""
    errors, calls = await asked(query)
    assert errors
    assert all(error["message"] for error in errors)
    assert calls == 0


async def test_depth_is_bounded() -> None:
    """A selection deeper than the limit is refused by its depth."""
    chain = 'node(id: "UmVmdW5kOng=") { ' + "... on Refund { store { id } }" + " }"
    deep = "{ a " * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1)
    errors, calls = await asked(deep)
    assert [e["extensions"]["code"] for e in errors] == [CODE]
    assert calls == 0
    assert (await asked(f"{{ {chain} }}"))[0] == []


async def test_cost_counts_what_a_variable_asks_for() -> None:
    """`first` counts as much in a variable as in the query itself."""
    query = f"query($n: Int!) {{ {PAGE.replace('100', '$n')} }}"
    terms = Terms(introspection=False, max_cost=200)
    assert (await asked(query, terms, n=3))[0] == []
    errors, calls = await asked(query, terms, n=100)
    assert [e["extensions"]["code"] for e in errors] == [CODE]
    assert calls == 0


async def test_a_query_remembered_is_measured_anew_by_its_variables() -> None:
    """That a text was served before does not let a costlier call of it pass."""
    world = await ConsoleWorld().open()
    schema = make_schema(Terms(introspection=False, max_cost=200))

    async def again() -> Any:
        return HOUSEKEEPER

    query = f"query($n: Int!) {{ {PAGE.replace('100', '$n')} }}"
    answers = []
    for number in (3, 100, 3):
        context = Context(world.ports, HOUSEKEEPER, "en", again, Newsroom(world.ports))
        found = await schema.execute(query, variable_values={"n": number}, context_value=context)
        answers.append(found.errors is None)
    assert answers == [True, False, True]


async def test_introspection_is_served_where_it_is_switched_on() -> None:
    """The standard introspection query passes the other limits."""
    errors, calls = await asked(get_introspection_query(), Terms(introspection=True, max_cost=5000))
    assert errors == []
    assert calls > 0


async def test_a_query_is_read_and_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text again is remembered with what was found, good or bad."""
    validated = []

    def counted(*given: Any) -> Any:
        validated.append(given)
        return validate_document(*given)

    monkeypatch.setattr(limits, "validate_document", counted)
    world = await ConsoleWorld().open()
    schema = make_schema(Terms(introspection=False, max_cost=200))

    async def again() -> Any:
        return HOUSEKEEPER

    for query in ("{ viewer { name } }", "{ viewer { nothing } }") * 3:
        context = Context(world.ports, HOUSEKEEPER, "en", again, Newsroom(world.ports))
        found = await schema.execute(query, context_value=context)
        assert (found.errors is None) == ("nothing" not in query)
    assert len(validated) == 2


def test_memory_is_bounded() -> None:
    """However many texts come, a bounded number is kept, and long ones never."""
    memory = limits.Memory()
    read = limits.Read(parse("{ a }"), [])
    for number in range(1000):
        memory.keep(f"{{ a{number} }}", read)
    memory.keep("#" * 100_000, read)
    kept = [n for n in range(1000) if memory.find(f"{{ a{n} }}") is not None]
    assert 0 < len(kept) < 1000
    assert kept[-1] == 999
    assert memory.find("#" * 100_000) is None


def test_a_claim_outlives_every_call() -> None:
    """Whoever takes over a dead claim can't meet the one who made it still at work."""
    assert DIES_AFTER.total_seconds() > limits.MAX_SECONDS
