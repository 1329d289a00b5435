"""Refusals as data: one type for each kind of error that a change can answer with.

Each is named like the error it tells of. An error that has no type of its own is told as
the nearest one above it in the tree, so that a new error breaks no program.
"""

from collections.abc import Callable
from typing import TypeVar

import strawberry

from pef_adapters.core import errors
from pef_adapters.core.errors import PefError, Retry
from pef_adapters.core.texts import advise, explain

_C = TypeVar("_C", bound=type)


@strawberry.interface(description="Why a change was not made; nothing is half done.")
class UserError:
    """See the schema's description."""

    code: str = strawberry.field(description="Stable name of the error.")
    message: str = strawberry.field(description="What happened, for people, in their language.")
    next: str = strawberry.field(description="What to do about it; empty where nothing helps.")
    detail: str = strawberry.field(description="What exactly, in English, for a log.")
    retry: Retry = strawberry.field(description="Whether the same call can succeed later.")
    help_page: str = strawberry.field(description="Its page, relative to the docs' root.")


_TYPES: dict[type[PefError], type[UserError]] = {}


def _tells(error: type[PefError]) -> Callable[[_C], _C]:
    """Register a type under the error it tells of, described by that error's own words."""

    def made(cls: _C) -> _C:
        told = strawberry.type(cls, description=error.default_message())
        _TYPES[error] = told
        return told

    return made


@_tells(errors.NotThere)
class NotThere(UserError):
    """See `core.errors`."""


@_tells(errors.NotAllowed)
class NotAllowed(UserError):
    """See `core.errors`."""


@_tells(errors.InvalidInput)
class InvalidInput(UserError):
    """See `core.errors`."""


@_tells(errors.PolicyUnreadable)
class PolicyUnreadable(UserError):
    """See `core.errors`."""


@_tells(errors.RequestIdReused)
class RequestIdReused(UserError):
    """See `core.errors`."""


@_tells(errors.CallUnderWay)
class CallUnderWay(UserError):
    """See `core.errors`."""


@_tells(errors.RestChanged)
class RestChanged(UserError):
    """See `core.errors`."""


@_tells(errors.AmountExceedsRest)
class AmountExceedsRest(UserError):
    """See `core.errors`."""


@_tells(errors.TransitionRefused)
class TransitionRefused(UserError):
    """See `core.errors`."""


@_tells(errors.ApprovalRefused)
class ApprovalRefused(UserError):
    """See `core.errors`."""


@_tells(errors.TooManyTries)
class TooManyTries(UserError):
    """See `core.errors`."""


@_tells(errors.PlatformError)
class PlatformError(UserError):
    """See `core.errors`."""


@_tells(errors.RailError)
class RailError(UserError):
    """See `core.errors`."""


@_tells(errors.PefError)
class OtherRefusal(UserError):
    """Any error without a type of its own; see `core.errors`."""


Refusal = (
    NotThere
    | NotAllowed
    | InvalidInput
    | PolicyUnreadable
    | RequestIdReused
    | CallUnderWay
    | RestChanged
    | AmountExceedsRest
    | TransitionRefused
    | ApprovalRefused
    | TooManyTries
    | PlatformError
    | RailError
    | OtherRefusal
)


def told(error: PefError, language: str) -> Refusal:
    """The refusal that tells of an error, its texts in `language`."""
    found = next(_TYPES[cls] for cls in type(error).__mro__ if cls in _TYPES)
    made: Refusal = found(
        code=error.code,
        message=explain(error.text_key, language),
        next=advise(error.text_key, language),
        detail=str(error),
        retry=error.retry,
        help_page=error.help_page,
    )  # type: ignore[assignment] # every type of the table is one of the union
    return made
