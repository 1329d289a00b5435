"""What leaves as an error: our own with its code, everything unexpected masked and logged."""

import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from pef_adapters.core.errors import PefError

_log = structlog.get_logger(__name__)
MASKED = "Something unexpected went wrong; it was logged, and nothing about it is shown here."


def told_error(error: GraphQLError) -> GraphQLError:
    """The error as it leaves."""
    cause = error.original_error
    if isinstance(cause, PefError):
        told = {"code": cause.code, "retry": cause.retry.name, "helpPage": cause.help_page}
        return _like(error, error.message, told)
    # Without a path nothing of ours ran: a reader's or validator's word about the query.
    if cause is None or (error.path is None and isinstance(cause, ValueError | TypeError)):
        return error
    return _like(error, MASKED, {"code": "UNEXPECTED"})


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class Answers(SchemaExtension):
    """Tells each error of a result as it may be told."""

    def on_operation(self) -> Iterator[None]:
        yield
        _tell(self.execution_context.result)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        _tell(result)
        yield


def _tell(result: Any) -> None:
    if getattr(result, "errors", None):
        result.errors = [told_error(error) for error in result.errors]


class TellingSchema(Schema):
    """A schema that logs what went wrong in a line, and never a document or a variable."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        del execution_context
        for error in errors:
            cause = error.original_error
            if isinstance(cause, PefError):
                _log.info("graphql_refused", path=_path(error), code=cause.code)
            elif cause is not None and error.path is not None:
                _log.error("graphql_broken", path=_path(error), **_where(cause))


def _where(cause: BaseException) -> dict[str, Any]:
    """What broke and in which lines; its words could hold what somebody sent."""
    frames = traceback.extract_tb(cause.__traceback__)
    at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"fault": type(cause).__name__, "at": at}


def _path(error: GraphQLError) -> str:
    return ".".join(map(str, error.path or ()))
