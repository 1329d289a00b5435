"""The whole schema, and its text for the docs."""

from collections.abc import Callable

from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from pef_adapters.server.graphql.answers import Answers, TellingSchema
from pef_adapters.server.graphql.limits import Limits, Memory, Terms
from pef_adapters.server.graphql.mutations import Mutation
from pef_adapters.server.graphql.queries import Query
from pef_adapters.server.graphql.scalars import SCALARS
from pef_adapters.server.graphql.subscriptions import Subscription


def make_schema(terms: Terms) -> TellingSchema:
    """The schema, its limits by these terms."""
    memory = Memory()
    extensions: list[Callable[[], SchemaExtension]] = [Answers, lambda: Limits(terms, memory)]
    return TellingSchema(
        Query,
        Mutation,
        Subscription,
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


def schema_text() -> str:
    """The schema in GraphQL's own language."""
    return make_schema(Terms(introspection=False, max_cost=0)).as_str() + "\n"
