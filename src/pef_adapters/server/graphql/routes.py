"""`POST /graphql`: reads a call within bounds, finds out who calls, and has it answered."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message
from strawberry.asgi import GraphQL
from strawberry.subscriptions import MULTIPART_SUBSCRIPTION_PROTOCOL
from strawberry.types import ExecutionResult

from pef_adapters.core.errors import PefError
from pef_adapters.server.bodies import read_body
from pef_adapters.server.graphql.callers import context_of
from pef_adapters.server.graphql.context import Context
from pef_adapters.server.graphql.limits import CODE, MAX_BODY_BYTES, MAX_SECONDS, Terms
from pef_adapters.server.graphql.schema import make_schema
from pef_adapters.settings import read_settings

_BAD_REQUEST: Final = 400
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class View(GraphQL[Context, None]):
    """Answers by the schema, in time."""

    def decode_json(self, data: str | bytes) -> object:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise HTTPException(_BAD_REQUEST, "The body is no JSON") from None
        if not isinstance(found, dict | list):
            raise HTTPException(_BAD_REQUEST, "The body is a JSON object with `query`")
        return found

    async def execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with anyio.fail_after(MAX_SECONDS):
                return await super().execute_operation(*args, **kwargs)
        except TimeoutError:
            said = f"the call took longer than {MAX_SECONDS:.0f} seconds; ask for less at once"
            late = GraphQLError(said, extensions={"code": CODE})
            return ExecutionResult(data=None, errors=[late])


async def serve(request: Request) -> Response:
    """Answer one call; whoever is not known gets no further than his name."""
    try:
        body = await read_body(request, MAX_BODY_BYTES)
        context = await context_of(request)
        response: Response = await _view(request).run(_again(request, body), context=context)
    except PefError as refused:
        return _refused(refused)
    except HTTPException as refused:
        said = {"message": refused.reason, "extensions": {"code": "BAD_REQUEST"}}
        return JSONResponse({"errors": [said]}, refused.status_code, headers=_HEADERS)
    response.headers.update(_HEADERS)
    return response


def _refused(refused: PefError) -> Response:
    told = {"code": refused.code, "retry": refused.retry.name, "helpPage": refused.help_page}
    said = {"message": str(refused), "extensions": told}
    headers = dict(_HEADERS)
    if refused.http_status == 401:  # noqa: PLR2004 -- the status that has to name a scheme
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"errors": [said]}, refused.http_status, headers=headers)


def _view(request: Request) -> View:
    """The view of this application, made at the first call."""
    state = request.app.state
    if not hasattr(state, "graphql"):
        settings = read_settings()
        terms = Terms(settings.graphql_introspection, settings.graphql_max_cost)
        state.graphql = View(
            make_schema(terms),
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(MULTIPART_SUBSCRIPTION_PROTOCOL,),
        )
    view: View = state.graphql
    return view


def _again(request: Request, body: bytes) -> Request:
    """The same request with its body, which was read within bounds, to be read once more."""
    return Request(request.scope, _replay(body, request.receive))


def _replay(
    body: bytes, after: Callable[[], Awaitable[Message]]
) -> Callable[[], Awaitable[Message]]:
    left = [body]

    async def receive() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await after()

    return receive


ROUTES = [Route("/graphql", serve, methods=["POST"])]
