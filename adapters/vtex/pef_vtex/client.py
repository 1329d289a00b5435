"""VTEX's own APIs: signs, asks, sorts the answers. Knows no refund.

Keys and the secret part of an address are added below the place where requests are
logged. Errors name what to mend; no key stands in one.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from pef_adapters.core.errors import (
    PlatformNonsense,
    PlatformRefused,
    PlatformUnreachable,
    SettingInvalid,
    UnsafeAddress,
)
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import Sign, guarded_client
from pef_vtex.settings import Settings, secrets_of, settings_of

Pair = tuple[str, str]
Params = dict[str, str | int]
_Model = TypeVar("_Model", bound=BaseModel)
_Item = TypeVar("_Item")

_MAY_NOT: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Answered:
    """A 2xx answer; or, with `missing`, VTEX's word that nothing is there."""

    body: bytes
    missing: bool = False

    def read(self, model: type[_Model]) -> _Model:
        return self.read_as(TypeAdapter(model))

    def read_as(self, shape: TypeAdapter[_Item]) -> _Item:
        try:
            return shape.validate_json(self.body)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"])) or "its beginning"
            raise PlatformNonsense(f"VTEX's answer can't be read at {place}") from None


class Api:
    """VTEX's APIs under one pair of keys, while a connection is open."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, address: str, params: Params | None = None) -> Answered:
        """Ask for something.

        Raises:
            PlatformUnreachable: no answer, a 5xx or "too many requests".
            PlatformRefused: keys or rights.
            PlatformNonsense: an answer that can't be VTEX's.
        """
        return _sorted(await self._send("GET", address, params=params))

    async def get_if_allowed(self, address: str, params: Params | None = None) -> Answered | None:
        """As `get`; None where the keys may not read this."""
        response = await self._send("GET", address, params=params)
        return None if response.status_code in _MAY_NOT else _sorted(response)

    async def post(self, address: str, body: bytes) -> Answered:
        """Write something.

        Raises:
            PlatformError: as `get`.
            PlatformRefused: also where there is nothing to write on.
        """
        answered = _sorted(await self._send("POST", address, body=body))
        if answered.missing:
            raise PlatformRefused(f"VTEX has no {httpx.URL(address).path} (any more)")
        return answered

    async def _send(
        self, method: str, address: str, *, params: Params | None = None, body: bytes | None = None
    ) -> httpx.Response:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            url = httpx.URL(address)
            # An address with a query of its own is a secret: `_signer` sends it whole.
            shown = url.copy_with(query=None) if url.query else url
            return await self._client.request(
                method, shown, params=params, content=body, headers=headers
            )
        except httpx.TransportError as error:
            raise PlatformUnreachable(f"VTEX did not answer ({type(error).__name__})") from None
        except (httpx.InvalidURL, httpx.DecodingError):
            raise PlatformNonsense("VTEX's address or answer is malformed") from None
        except UnsafeAddress as error:
            mend = "name VTEX's public address, or set PEF_ALLOW_PRIVATE_STORES=1"
            raise PlatformRefused(f"{error}; {mend}") from error


@asynccontextmanager
async def open_api(pair: Pair, *, secret_address: str | None = None) -> AsyncIterator[Api]:
    """VTEX's APIs with a pair of keys, closed on leaving.

    `secret_address` is the one address to be called, in the very letters it came in.
    """
    async with guarded_client(sign=_signer(pair, secret_address)) as client:
        yield Api(client)


def store_pair(store: StoreConnection) -> Pair | None:
    """The keys of the store's order APIs, or None where it gave none.

    Raises:
        PlatformRefused: secrets that can't be used.
    """
    with reading_settings():
        secrets = secrets_of(store)
    if not secrets.has_store_pair:
        return None
    return secrets.store_app_key.get_secret_value(), secrets.store_app_token.get_secret_value()


def usable_settings(store: StoreConnection) -> Settings:
    """The store's settings, where VTEX is about to be called.

    Raises:
        PlatformRefused: they can't be used.
    """
    with reading_settings():
        return settings_of(store)


@contextmanager
def reading_settings() -> Iterator[None]:
    """A setting that can't be used is the store's refusal, where the store is called."""
    try:
        yield
    except SettingInvalid as error:
        raise PlatformRefused(str(error)) from None


def _signer(pair: Pair, secret_address: str | None) -> Sign:
    key, token = pair

    def sign(request: httpx.Request) -> httpx.Request:
        # The original, which is logged, stays as it was.
        signed = httpx.Request(
            request.method,
            secret_address or request.url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        signed.headers["X-VTEX-API-AppKey"] = key
        signed.headers["X-VTEX-API-AppToken"] = token
        return signed

    return sign


def _sorted(response: httpx.Response) -> Answered:
    status = response.status_code
    if response.is_success:
        return Answered(response.content)
    if status in _BUSY or response.is_server_error:
        raise PlatformUnreachable(f"VTEX answered {status}; it is asked again later")
    if status in _MAY_NOT:
        raise PlatformRefused(
            f"VTEX answered {status}; the keys are wrong, or lack a role: see the guide's list"
        )
    if status == HTTPStatus.NOT_FOUND:
        return Answered(response.content, missing=True)
    raise PlatformRefused(f"VTEX answered {status} to {response.request.method}")
