"""How a REST route of the fake store is asked: keys, errors, paging, JSON, moods.

The routes themselves stand in `rest_orders` and `rest_site`; they return data or
raise `RestError`, and never see a response.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_woocommerce.auth import Doorman, RestError
from pef_adapters.testing.fake_woocommerce.hookshot import Hookshot
from pef_adapters.testing.fake_woocommerce.php_json import php_json
from pef_adapters.testing.fake_woocommerce.settings import StoreSettings
from pef_adapters.testing.fake_woocommerce.shop import Shop
from pef_adapters.testing.fake_woocommerce.state import Order
from pef_adapters.testing.fake_woocommerce.wire import Json, Wire

_Item = TypeVar("_Item")

_MAX_PER_PAGE: Final = 100
_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a route may need."""

    settings: StoreSettings
    shop: Shop
    hookshot: Hookshot
    wire: Wire
    doorman: Doorman

    def order(self, request: Request) -> Order:
        """The order in the path.

        Raises:
            RestError: there is none.
        """
        order = self.shop.state.orders.get(int(request.path_params["order"]))
        if order is None:
            raise RestError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
        return order

    def decimals(self, request: Request) -> int:
        return int(request.query_params.get("dp", self.shop.state.moods.decimals))


@dataclass(frozen=True, slots=True)
class Result:
    """What a route answers."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Site, Request], Awaitable[Result]]


def route(site: Site, path: str, method: str, handler: Handler, *, public: bool = False) -> Route:
    """A route under `/wp-json`, behind the store's keys unless `public`."""

    async def endpoint(request: Request) -> Response:
        stopped = await _moods(site)
        if stopped is not None:
            return stopped
        try:
            if not public:
                stripped = site.shop.state.moods.strip_authorization
                site.doorman.admit(request, header_stripped=stripped)
            result = await handler(site, request)
        except RestError as error:
            return _json({"code": error.code, "message": error.message, "data": error.data}, error)
        return _lost(site, request) or _json(_selected(result.data, request), result)

    return Route(f"/wp-json{path}", endpoint, methods=[method])


async def body_of(request: Request) -> Json:
    """The request's JSON object.

    Raises:
        RestError: it is none.
    """
    try:
        body = json.loads(await request.body() or b"{}", parse_float=str)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RestError("rest_invalid_json", "Invalid JSON body passed.", 400)
    return body


def paged(items: Sequence[_Item], request: Request) -> tuple[Sequence[_Item], dict[str, str]]:
    """One page of `items`, and the headers that tell how many there are."""
    size = min(int(request.query_params.get("per_page", 10)), _MAX_PER_PAGE)
    page = int(request.query_params.get("page", 1))
    pages = -(-len(items) // size)
    headers = {"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)}
    return items[(page - 1) * size : page * size], headers


def moment(request: Request, name: str) -> datetime | None:
    """A time in the query; without `dates_are_gmt` WooCommerce takes it as the site's own.

    Raises:
        RestError: the site's own time, which this store does not offer, or no time at all.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise invalid(name) from None
    if request.query_params.get("dates_are_gmt") != "true":
        raise invalid("dates_are_gmt")
    return parsed


def invalid(name: str) -> RestError:
    """The answer to a parameter that can't be used."""
    return RestError("rest_invalid_param", f"Invalid parameter(s): {name}", 400)


def no_route() -> RestError:
    """The answer where this version of WooCommerce has no such route."""
    message = "No route was found matching the URL and request method."
    return RestError("rest_no_route", message, 404)


def created(data: Json) -> Result:
    """The answer 201 with what was made."""
    return Result(data, _CREATED)


async def _moods(site: Site) -> Response | None:
    moods = site.shop.state.moods
    if moods.slow_seconds:
        await asyncio.sleep(moods.slow_seconds)
    if moods.down:
        return HTMLResponse("<h1>Error establishing a database connection</h1>", 503)
    if moods.plain_permalinks:
        return HTMLResponse("<!DOCTYPE html><title>Página no encontrada</title>", 404)
    return None


def _lost(site: Site, request: Request) -> Response | None:
    """A write that took effect and whose answer never comes."""
    moods = site.shop.state.moods
    if request.method == "GET" or moods.lose_answers <= 0:
        return None
    moods.lose_answers -= 1
    return HTMLResponse("<h1>504 Gateway Time-out</h1>", 504)


def _selected(data: Any, request: Request) -> Any:
    """`data` with the top-level fields that `_fields` names."""
    fields = request.query_params.get("_fields")
    if fields is None:
        return data
    names = set(fields.split(","))
    if isinstance(data, list):
        return [{k: v for k, v in item.items() if k in names} for item in data]
    return {k: v for k, v in data.items() if k in names}


def _json(data: Any, outcome: Result | RestError) -> Response:
    headers = outcome.headers if isinstance(outcome, Result) else {}
    return Response(
        php_json(data),
        outcome.status,
        headers=headers,
        media_type="application/json; charset=UTF-8",
    )
