"""Decorators that make a method a field, and arguments that many fields take."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

import strawberry
from strawberry import relay

_F = TypeVar("_F", bound=Callable[..., Any])

First = Annotated[int, strawberry.argument(description="How many at most: 1 to 100.")]
After = Annotated[
    str | None, strawberry.argument(description="The cursor behind which the list goes on.")
]
NodeId = Annotated[relay.GlobalID, strawberry.argument(description="Its id.")]
OwnerId = Annotated[
    relay.GlobalID, strawberry.argument(description="A store's id, or an agency's.")
]
StoreId = Annotated[relay.GlobalID, strawberry.argument(description="The store's id.")]
OneStore = Annotated[relay.GlobalID | None, strawberry.argument(description="Of this store only.")]
OneRefund = Annotated[
    relay.GlobalID | None, strawberry.argument(description="Of this refund only.")
]
Cip = Annotated[str, strawberry.argument(description="The payment's CIP.")]
AccountId = Annotated[relay.GlobalID, strawberry.argument(description="The merchant account's id.")]
PolicyText = Annotated[str, strawberry.argument(description="The draft, as YAML or JSON.")]
OneActor = Annotated[str | None, strawberry.argument(description="Of whoever has this name.")]
OneSubject = Annotated[
    str | None, strawberry.argument(description="About this, such as refund/NAME.")
]


def answers(description: str) -> Callable[[_F], _F]:
    """A field that a method answers."""
    return cast("Callable[[_F], _F]", strawberry.field(description=description))


def changes(description: str) -> Callable[[_F], _F]:
    """A field that changes something."""
    return cast("Callable[[_F], _F]", strawberry.mutation(description=description))


def tells(description: str) -> Callable[[_F], _F]:
    """A field that goes on telling."""
    return cast("Callable[[_F], _F]", strawberry.subscription(description=description))
