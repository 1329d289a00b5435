"""What stands around every answer of Shopify's GraphQL: data, errors, cost. Shapes only.

Points are no money: they may be floats.
"""

from typing import Annotated, Any

from pydantic import Field

from pef_shopify.wire import Graph


class ThrottleStatus(Graph):
    """The bucket of points that each app has at each shop."""

    currently_available: float
    restore_rate: Annotated[float, Field(gt=0)]
    maximum_available: float


class Cost(Graph):
    """What a question costs, and what is left."""

    requested_query_cost: float | None = None
    throttle_status: ThrottleStatus | None = None


class Extensions(Graph):
    """What comes beside an answer."""

    cost: Cost | None = None


class ErrorExtensions(Graph):
    """What kind of error it is."""

    code: str | None = None


class GraphError(Graph):
    """One of GraphQL's errors."""

    message: str = ""
    extensions: ErrorExtensions = ErrorExtensions()


class Envelope(Graph):
    """Every answer of Shopify's GraphQL."""

    data: dict[str, Any] | None = None
    errors: tuple[GraphError, ...] = ()
    extensions: Extensions = Extensions()
