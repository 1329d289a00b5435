"""WooCommerce's REST API: signs, asks, sorts the answers. Knows no refund.

Errors name the store and what to mend; a key never stands in one.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import httpx
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from pef_adapters.core.errors import (
    PlatformNonsense,
    PlatformRefused,
    PlatformUnreachable,
    SettingInvalid,
    UnsafeAddress,
)
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import date_of, guarded_client
from pef_woocommerce.signing import signer
from pef_woocommerce.wire import Trouble

Params = Mapping[str, str | int]
_Model = TypeVar("_Model", bound=BaseModel)
_Item = TypeVar("_Item")

# Without it amounts are rounded to the decimals that the store displays (section 3).
EXACT: Final[Params] = {"dp": 2}
PER_PAGE: Final = 100
MAX_PAGES: Final = 1000
# More of them are too many pages as well, and thousands of them would be no number to Python.
_PAGE_DIGITS: Final = 9
NO_ROUTE: Final = "rest_no_route"
_MEND: Final = {
    "woocommerce_rest_authentication_error": (
        "the keys are wrong or may only read: make keys with read/write permission"
    ),
    "woocommerce_rest_cannot_view": (
        "the store does not know the keys, or its web server strips the Authorization "
        'header: check the keys, then try the setting auth = "query"'
    ),
}
_MEND_OTHERWISE: Final = "the keys' user needs the role Administrator or Shop manager"
# How OpenSSL begins its refusal of a certificate.
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_MAY_NOT: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_SAID_BY_WOOCOMMERCE: Final = "woocommerce_rest_"
_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; or, with `missing` set, a 404 and WordPress' code for what is missing."""

    body: bytes
    headers: httpx.Headers
    missing: str | None = None

    @property
    def total_pages(self) -> int:
        text = self.headers.get("X-WP-TotalPages", "1")
        return int(text[:_PAGE_DIGITS]) if text.isdecimal() else 1

    @property
    def date(self) -> datetime | None:
        """The store's own clock."""
        return date_of(self.headers)

    def read(self, model: type[_Model]) -> _Model:
        return self.read_as(TypeAdapter(model))

    def read_as(self, shape: TypeAdapter[_Item]) -> _Item:
        try:
            return shape.validate_json(self.body)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"])) or "its beginning"
            raise PlatformNonsense(f"the store's answer can't be read at {place}") from None


@dataclass(frozen=True, slots=True)
class Listing(Generic[_Item]):
    """All pages of a list, when they were asked for, or what is missing instead."""

    items: tuple[_Item, ...]
    date: datetime | None
    missing: str | None = None


class Api:
    """The REST API of one store, while a connection to it is open."""

    def __init__(self, client: httpx.AsyncClient, address: str) -> None:
        self._client = client
        self._root = address.rstrip("/") + "/wp-json/"

    async def index(self) -> Answer:
        """What the site says about itself; it stands only under pretty permalinks."""
        return await self._ask("GET", "", {}, None)

    async def get(self, path: str, params: Params | None = None) -> Answer:
        return await self.call("GET", path, params)

    async def get_if_allowed(self, path: str, params: Params) -> Answer | None:
        """As `get`; None where WooCommerce itself says that the keys may not read this."""
        response = await self._send("GET", f"wc/v3/{path}", params, None)
        if response.status_code in _MAY_NOT:
            _trouble(response)
            return None
        return _sorted(response)

    async def call(
        self, method: str, path: str, params: Params | None = None, body: JsonValue = None
    ) -> Answer:
        """Ask `wc/v3/{path}`.

        Raises:
            PlatformUnreachable: no answer, a 5xx or "too many requests".
            PlatformRefused: keys or rights, or a request that the store won't take.
            PlatformNonsense: not an answer of WooCommerce.
        """
        return await self._ask(method, f"wc/v3/{path}", params or {}, body)

    async def write(self, method: str, path: str, body: JsonValue) -> Answer:
        """Ask `wc/v3/{path}` to store `body`, with exact amounts in the answer.

        Raises:
            PlatformRefused: also where there is nothing to write on.
        """
        answer = await self.call(method, path, EXACT, body)
        if answer.missing:
            raise PlatformRefused(f"the store has no {path} any more ({answer.missing})")
        return answer

    async def pages(
        self, path: str, params: Params, shape: TypeAdapter[tuple[_Item, ...]]
    ) -> Listing[_Item]:
        """Every page of a list."""
        first = await self.get(path, {**params, "per_page": PER_PAGE, "page": 1})
        if first.missing:
            return Listing((), first.date, first.missing)
        if first.total_pages > MAX_PAGES:
            raise PlatformNonsense(f"{path} has more than {MAX_PAGES} pages")
        items: tuple[_Item, ...] = first.read_as(shape)
        for page in range(2, first.total_pages + 1):
            answer = await self.get(path, {**params, "per_page": PER_PAGE, "page": page})
            items = (*items, *answer.read_as(shape))
        return Listing(items, first.date)

    async def _ask(self, method: str, path: str, params: Params, body: JsonValue) -> Answer:
        return _sorted(await self._send(method, path, params, body))

    async def _send(
        self, method: str, path: str, params: Params, body: JsonValue
    ) -> httpx.Response:
        url = self._root + path
        try:
            return await self._client.request(method, url, params=params, json=body)
        except httpx.TransportError as error:
            raise PlatformUnreachable(_no_answer(httpx.URL(url).host, error)) from None
        except (httpx.InvalidURL, httpx.DecodingError):
            raise PlatformNonsense("the store's address or answer is malformed") from None
        except UnsafeAddress as error:
            mend = "connect the store's public address, or set PEF_ALLOW_PRIVATE_STORES=1"
            raise PlatformRefused(f"{error}; {mend}") from error


@asynccontextmanager
async def open_api(store: StoreConnection) -> AsyncIterator[Api]:
    """The store's REST API, closed on leaving.

    Raises:
        PlatformRefused: settings or secrets that can't be used, or plain http
            without the setting that allows it.
    """
    try:
        async with guarded_client(sign=signer(store)) as client:
            yield Api(client, store.address)
    except SettingInvalid as error:
        raise PlatformRefused(str(error)) from None


def require_route(missing: str | None) -> None:
    """Only WooCommerce itself can say that a record is missing.

    Raises:
        PlatformRefused: the store has no WooCommerce REST API just now.
        PlatformNonsense: somebody before the store said 404; nothing can be concluded.
    """
    if missing == NO_ROUTE:
        raise PlatformRefused("the store has no WooCommerce REST API: is the plugin active?")
    if missing is not None and not missing.startswith(_SAID_BY_WOOCOMMERCE):
        raise PlatformNonsense(f"a 404 that is not WooCommerce's: {missing[:40]!r}")


def _no_answer(host: str, error: httpx.TransportError) -> str:
    if _UNTRUSTED in str(error):
        return (
            f"{host} shows a certificate that is not trusted here or is not its own: mend the "
            "store's certificate, or name its authority in SSL_CERT_FILE"
        )
    return f"{host} did not answer ({type(error).__name__})"


def _sorted(response: httpx.Response) -> Answer:
    status, body = response.status_code, response.content
    if response.is_success:
        return Answer(body, response.headers)
    if status in _BUSY or response.is_server_error:
        raise PlatformUnreachable(f"the store answered {status}; it is asked again later")
    trouble = _trouble(response)
    if status in _MAY_NOT:
        mend = _MEND.get(trouble.code, _MEND_OTHERWISE)
        raise PlatformRefused(f"the store answered {status} {trouble.code}; {mend}")
    if status == HTTPStatus.NOT_FOUND:
        return Answer(body, response.headers, missing=trouble.code)
    raise PlatformRefused(f"the store answered {status} {trouble.code}")


def _trouble(response: httpx.Response) -> Trouble:
    try:
        return Trouble.model_validate_json(response.content)
    except ValidationError:
        raise PlatformNonsense(
            f"the answer {response.status_code} is not WooCommerce's; under the store's "
            "Settings > Permalinks choose any structure but Plain, and check that nothing "
            "(a firewall, a maintenance page) stands before /wp-json/"
        ) from None
