"""The GraphQL API at `POST /graphql`: the gate's use cases for programs.

Translates only: who asks is found out here, what is allowed is decided in `engine.gate`,
and every call is measured against limits before any of it is worked on.
"""

# Before any type that uses one: the core's enums have to be known by their names here.
from pef_adapters.server.graphql import enums

__all__ = ["enums"]
