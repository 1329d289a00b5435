"""Shopify's Admin GraphQL: asks one document at a time, in Shopify's rhythm. Knows no refund.

Waits while the bucket of points is low, renews a refused token once, and gives up after a
bound, because whoever calls tries again. Errors name what to mend; a token stands in none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from typing import Final, TypeVar

import anyio
import httpx
from pydantic import BaseModel, JsonValue

from pef_adapters.core.errors import (
    PlatformNonsense,
    PlatformRefused,
    PlatformUnreachable,
    SettingInvalid,
    UnsafeAddress,
)
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import guarded_client
from pef_shopify.answers import Answer, require_done, sorted_answer
from pef_shopify.app import AppSettings, app_of
from pef_shopify.settings import shop_of
from pef_shopify.throttle import LEAST_SECONDS, MOST_WAITED_SECONDS, Bucket
from pef_shopify.tokens import access_token
from pef_shopify.wire import UserError, WrittenAnswer

Sleep = Callable[[float], Awaitable[None]]
_Model = TypeVar("_Model", bound=BaseModel)

# A read that is spread over more pages than this is not a store's data any more.
MAX_PAGES: Final = 250
_TOKEN_HEADER: Final = "X-Shopify-Access-Token"  # noqa: S105 - a name, no secret
_VERSION_HEADER: Final = "X-Shopify-API-Version"
_FOLDER: Final = "documents"


@lru_cache(maxsize=64)
def document(name: str) -> str:
    """The text of `documents/NAME.graphql`; each holds one operation."""
    file = resources.files("pef_shopify") / _FOLDER / f"{name}.graphql"
    return file.read_text(encoding="utf-8")


@dataclass(slots=True)
class Token:
    """The store's token, renewed once where Shopify refuses it."""

    store: StoreConnection
    app: AppSettings
    value: str = ""
    renewed: bool = False

    async def get(self) -> str:
        if not self.value:
            self.value = await access_token(self.store, self.app)
        return self.value

    async def renew(self) -> bool:
        """Whether there is another one than the refused.

        Raises:
            PlatformError: none can be had.
        """
        if self.renewed:
            return False
        self.renewed = True
        refused, self.value = self.value, ""
        self.value = await access_token(self.store, self.app, refused=refused)
        return self.value != refused

    def sign(self, request: httpx.Request) -> httpx.Request:
        """Add the token below the place where requests are logged."""
        request.headers[_TOKEN_HEADER] = self.value
        return request


class Api:
    """The Admin GraphQL of one store, while a connection to it is open.

    `date` is the store's own clock and `version` the version that answered, as the last
    answer told them.
    """

    def __init__(self, client: httpx.AsyncClient, token: Token, url: str, sleep: Sleep) -> None:
        self._client = client
        self._token = token
        self._url = url
        self._sleep = sleep
        self._bucket = Bucket()
        self.date: datetime | None = None
        self.version = ""

    async def ask(self, name: str, model: type[_Model], **variables: JsonValue) -> _Model:
        """Ask the document `name`.

        Raises:
            PlatformUnreachable: no answer, a 5xx, or throttled for longer than we wait.
            PlatformRefused: token, scope, approval, or the shop itself.
            PlatformNonsense: not an answer to the question.
        """
        waited, pause = 0.0, self._bucket.seconds_until_enough(name)
        while True:
            waited += pause
            await self._wait(pause, waited)
            answer = await self._answer(name, variables)
            self._bucket.learn(name, answer.cost)
            if answer.slow_down is None:
                return answer.read(model)
            enough = self._bucket.seconds_until_enough(name)
            pause = max(answer.slow_down, enough, LEAST_SECONDS)

    async def write(self, name: str, what: str, **variables: JsonValue) -> None:
        """Ask the mutation `name`, which does `what`.

        Raises:
            PlatformRefused: also where Shopify answers with user errors.
        """
        require_done(what, await self.try_to_write(name, **variables))

    async def try_to_write(self, name: str, **variables: JsonValue) -> tuple[UserError, ...]:
        """As `write`; answers the user errors, none where it was done."""
        return (await self.ask(name, WrittenAnswer, **variables)).written.user_errors

    async def _wait(self, pause: float, waited: float) -> None:
        if waited > MOST_WAITED_SECONDS:
            raise PlatformUnreachable("Shopify asks us to slow down; it is asked again later")
        if pause > 0:
            await self._sleep(pause)
            self._bucket.waited(pause)

    async def _answer(self, name: str, variables: dict[str, JsonValue]) -> Answer:
        response = await self._send(name, variables)
        if response.status_code == HTTPStatus.UNAUTHORIZED and await self._token.renew():
            response = await self._send(name, variables)
        answer = sorted_answer(response)
        self.date = answer.date or self.date
        self.version = answer.headers.get(_VERSION_HEADER, self.version)
        return answer

    async def _send(self, name: str, variables: dict[str, JsonValue]) -> httpx.Response:
        await self._token.get()
        body: JsonValue = {"query": document(name), "variables": variables}
        try:
            return await self._client.post(self._url, json=body)
        except httpx.TransportError as error:
            fault = type(error).__name__
            raise PlatformUnreachable(f"Shopify did not answer ({fault})") from None
        except (httpx.InvalidURL, httpx.DecodingError):
            raise PlatformNonsense("the shop's address or answer is malformed") from None
        except UnsafeAddress as error:
            raise PlatformRefused(f"{error}; connect the shop's own address") from error


@asynccontextmanager
async def open_api(store: StoreConnection, sleep: Sleep = anyio.sleep) -> AsyncIterator[Api]:
    """The store's Admin GraphQL, closed on leaving.

    Raises:
        PlatformRefused: settings, secrets or PEF_SHOPIFY_ variables that can't be used.
    """
    try:
        shop_of(store)  # a token goes to no host but a shop's own
        app = app_of(store)
        token = Token(store, app)
        async with guarded_client(sign=token.sign) as client:
            yield Api(client, token, _url(store, app), sleep)
    except SettingInvalid as error:
        raise PlatformRefused(str(error)) from None


def _url(store: StoreConnection, app: AppSettings) -> str:
    return f"{app.address_of(store.address)}/admin/api/{app.api_version}/graphql.json"
