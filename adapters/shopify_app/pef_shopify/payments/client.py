"""The Payments Apps API of one store, asked by the documents of its own folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import anyio
from pydantic import BaseModel, JsonValue

from pef_adapters.core.errors import PlatformRefused, SettingInvalid
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import guarded_client
from pef_shopify.client import Api, Sleep, Token
from pef_shopify.payments.settings import payments_app_of
from pef_shopify.settings import shop_of

_Model = TypeVar("_Model", bound=BaseModel)

_FOLDER: Final = "payments"


class PaymentsApi:
    """As `pef_shopify.client.Api`, for what only a payments app may ask."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def ask(self, name: str, model: type[_Model], **variables: JsonValue) -> _Model:
        """Ask the document `payments/NAME`; raises as `Api.ask`."""
        return await self._api.ask(f"{_FOLDER}/{name}", model, **variables)

    @property
    def version(self) -> str:
        """The version that answered last."""
        return self._api.version


@asynccontextmanager
async def open_payments_api(
    store: StoreConnection, sleep: Sleep = anyio.sleep
) -> AsyncIterator[PaymentsApi]:
    """The store's Payments Apps API, closed on leaving.

    Raises:
        PlatformRefused: settings, secrets or PEF_SHOPIFY_ variables that can't be used.
    """
    try:
        shop_of(store)  # a token goes to no host but a shop's own
        app = payments_app_of(store)
        token = Token(store, app)
        url = f"{app.address_of(store.address)}/payments_apps/api/{app.api_version}/graphql.json"
        async with guarded_client(sign=token.sign) as client:
            yield PaymentsApi(Api(client, token, url, sleep))
    except SettingInvalid as error:
        raise PlatformRefused(str(error)) from None
