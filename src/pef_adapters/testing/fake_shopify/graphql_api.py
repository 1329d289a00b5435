"""The two GraphQL APIs as routes: version, token, throttle, validation, execution.

Whatever the outcome of a query, it is HTTP 200; only a token that is not good gets 401. A
field that a real shop has and this one does not know is an error, never a silent null.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_shopify.auth import Caller
from pef_adapters.testing.fake_shopify.costs import MOST_FOR_ONE, CostOf, objects_in
from pef_adapters.testing.fake_shopify.schemas import schema
from pef_adapters.testing.fake_shopify.settings import Limits
from pef_adapters.testing.fake_shopify.site import Site

_VERSION: Final = re.compile(r"20[0-9]{2}-(01|04|07|10)\Z")
_UNRECOGNIZED: Final = (
    "[API] Invalid API key or access token (unrecognized login or wrong password)"
)
_RATE_PAGE: Final = "https://shopify.dev/api/usage/rate-limits"

Resolver = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """What a resolver may know: the shop, who asks, in which version."""

    site: Site
    caller: Caller
    version: str

    def require(self, scope: str, what: str) -> None:
        """Let the query fail unless the app has the scope.

        Raises:
            GraphQLError: it has not.
        """
        if scope not in self.caller.scopes:
            text = f"Access denied for {what} field. Required access: `{scope}` access scope."
            raise denied(text)


Info = GraphQLResolveInfo[Asking]


@dataclass(frozen=True, slots=True)
class Api:
    """One API: its name in the path, who may use it, what it resolves."""

    name: str
    path: str
    limits: Limits
    scope: str | None
    queries: Mapping[str, Resolver]
    mutations: Mapping[str, Resolver]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was understood: one operation of a valid document."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]

    @property
    def fields(self) -> Sequence[str]:
        selected = self.operation.selection_set.selections
        return [node.name.value for node in selected if hasattr(node, "name")]

    @property
    def writes(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


def api_route(site: Site, api: Api) -> Route:
    """The API's one address, for all versions."""

    async def endpoint(request: Request) -> Response:
        version = live_version(request.path_params["version"], site.settings.live_versions)
        if version is None:
            return JSONResponse({"errors": "Not Found"}, HTTPStatus.NOT_FOUND)
        stopped = await site.stopped()
        if stopped is not None:
            return stopped
        answer = _answer(site, api, version, request, await request.body())
        answer.headers["X-Shopify-API-Version"] = version
        answer.headers["X-Request-Id"] = secrets.token_hex(16)
        return answer

    return Route(f"{api.path}/api/{{version}}/graphql.json", endpoint, methods=["POST"])


def live_version(asked: str, live: Sequence[str]) -> str | None:
    """The version that answers: the asked one, or the oldest live one; None is no version."""
    if asked in live:
        return asked
    return live[0] if _VERSION.match(asked) else None


def denied(text: str) -> GraphQLError:
    """The error of a query that this app may not make."""
    return GraphQLError(text, extensions={"code": "ACCESS_DENIED"})


def _answer(site: Site, api: Api, version: str, request: Request, body: bytes) -> Response:
    caller = site.doorman.admit(request.headers.get("x-shopify-access-token", ""))
    if caller is None:
        return JSONResponse({"errors": _UNRECOGNIZED}, HTTPStatus.UNAUTHORIZED)
    if api.scope and api.scope not in caller.scopes:
        return _errors([denied(f"Access denied. Required access: `{api.scope}`.")])
    try:
        asked = _understood(_schema(site, api, version), body)
    except GraphQLError as error:
        return _errors([error])
    except _Invalid as invalid:
        return _errors(invalid.errors)
    if isinstance(asked, str):
        return JSONResponse({"errors": asked}, HTTPStatus.BAD_REQUEST)
    return _throttled_answer(site, api, Asking(site, caller, version), asked)


class _Invalid(Exception):
    """The document does not fit the schema."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def _schema(site: Site, api: Api, version: str) -> GraphQLSchema:
    built = schema(api.name, version, site.settings.older_schemas)
    _resolve_by(built.query_type, api.queries)
    _resolve_by(built.mutation_type, api.mutations)
    return built


def _resolve_by(root: GraphQLObjectType | None, resolvers: Mapping[str, Resolver]) -> None:
    for name, resolver in resolvers.items():
        if root is not None and name in root.fields:
            root.fields[name].resolve = resolver


def _understood(built: GraphQLSchema, body: bytes) -> _Asked | str:
    """The operation in a body, or what is wrong with the request as such.

    Raises:
        GraphQLError: the document can't be parsed.
        _Invalid: it does not fit the schema.
    """
    try:
        posted = json.loads(body, parse_float=str)
        document, errors = _checked(built, posted["query"])
    except (ValueError, KeyError, TypeError):
        return "Bad Request"
    if errors:
        raise _Invalid(errors)
    operation = get_operation_ast(document, posted.get("operationName"))
    if operation is None:
        return "An operation name is required"
    return _Asked(built, document, operation, posted.get("variables") or {})


@lru_cache(maxsize=256)
def _checked(built: GraphQLSchema, text: str) -> tuple[DocumentNode, tuple[GraphQLError, ...]]:
    """A document and its faults; the same few are asked all the time.

    Raises:
        GraphQLError: it can't be parsed.
    """
    document = parse(text)
    return document, tuple(validate(built, document))


def _throttled_answer(site: Site, api: Api, asking: Asking, asked: _Asked) -> Response:
    moods, key = site.state.moods, (asking.caller.app.client_id, api.name)
    try:
        cost = CostOf(asked.schema, asked.document, asked.variables).operation(asked.operation)
    except GraphQLError as error:
        return _errors([error])
    available = site.buckets.available(key, api.limits)
    if moods.throttle_answers > 0 or cost > available or cost > MOST_FOR_ONE:
        moods.throttle_answers = max(0, moods.throttle_answers - 1)
        return _refused(api.limits, cost, available)
    result = _executed(asking, asked)
    paid = cost if asked.writes else min(cost, objects_in(result.data))
    site.buckets.spend(key, paid)
    answer = result.formatted | _cost(api.limits, cost, paid, available - paid)
    return site.lost(asked.fields, writes=asked.writes) or _json(answer)


def _executed(asking: Asking, asked: _Asked) -> ExecutionResult:
    return execute_sync(
        asked.schema,
        asked.document,
        context_value=asking,
        variable_values=dict(asked.variables),
        operation_name=asked.operation.name.value if asked.operation.name else None,
        field_resolver=_known_field,
    )


def _known_field(source: Any, info: Info, **given: Any) -> Any:
    name = info.field_name
    if not isinstance(source, Mapping) or name not in source:
        raise GraphQLError(f"The fake shop does not know {info.parent_type.name}.{name}.")
    value = source[name]
    return value(**given) if callable(value) else value


def _refused(limits: Limits, cost: int, available: int) -> Response:
    code, text = "THROTTLED", "Throttled"
    if cost > MOST_FOR_ONE:
        code = "MAX_COST_EXCEEDED"
        text = f"Query cost is {cost}, which exceeds the single query max cost limit"
    error = {"message": text, "extensions": {"code": code, "documentation": _RATE_PAGE}}
    return _json({"errors": [error]} | _cost(limits, cost, None, min(available, cost - 1)))


def _cost(limits: Limits, cost: int, paid: int | None, available: int) -> dict[str, Any]:
    throttle = {
        "maximumAvailable": limits.maximum_available,
        "currentlyAvailable": max(0, available),
        "restoreRate": limits.restore_rate,
    }
    told = {"requestedQueryCost": cost, "actualQueryCost": paid, "throttleStatus": throttle}
    return {"extensions": {"cost": told}}


def _errors(errors: Sequence[GraphQLError]) -> Response:
    return _json({"errors": [error.formatted for error in errors]})


def _json(answer: Any) -> Response:
    return JSONResponse(json.loads(json.dumps(answer, default=str)))
