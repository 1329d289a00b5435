"""What must be right for a shop's payments, and the word to Shopify that it is.

Only `connect` writes, and only that we are ready. That the merchant's account, our
certificate and Shopify's chain are right shows in the first test payment, not here.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from pef_adapters.core.errors import PefError, PlatformNonsense
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_shopify.answers import require_done
from pef_shopify.client import Sleep
from pef_shopify.payments.client import PaymentsApi, open_payments_api
from pef_shopify.payments.settings import payments_app_of, payments_settings_of
from pef_shopify.payments.wire import ConfiguredAnswer, VersionsAnswer
from pef_shopify.settings import shop_of

Question = Callable[[StoreConnection, PaymentsApi], Awaitable[Check]]

# The service's own settings: an adapter is told of them by the environment alone.
_CERTIFICATES: Final = ("PEF_PAYMENTS_CERT", "PEF_PAYMENTS_KEY", "PEF_PAYMENTS_CLIENT_CA")
_OTHERWISE: Final = "mend what the detail says, then check again"


async def connect(store: StoreConnection, sleep: Sleep = anyio.sleep) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.connect`: says that we are ready, once we are."""
    own = _own_settings(store)
    if not all(check.passed for check in own):
        return own
    async with open_payments_api(store, sleep) as api:
        return (*own, await _configured(store, api))


async def check(store: StoreConnection, sleep: Sleep = anyio.sleep) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.check`."""
    own = _own_settings(store)
    try:
        async with open_payments_api(store, sleep) as api:
            return (*own, await _answer("api", _api, store, api))
    except PefError as error:
        return (*own, Check("api", passed=False, detail=str(error), mend=_OTHERWISE))


def _own_settings(store: StoreConnection) -> tuple[Check, ...]:
    return (_shop(store), _app(store), _certificates())


def _shop(store: StoreConnection) -> Check:
    try:
        payments_settings_of(store)
        return Check("settings", passed=True, detail=shop_of(store))
    except PefError as error:
        return Check("settings", passed=False, detail=str(error), mend="correct the setting")


def _app(store: StoreConnection) -> Check:
    mend = "set PEF_SHOPIFY_PAYMENTS_CLIENT_ID and PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET"
    try:
        app = payments_app_of(store)
    except PefError as error:
        return Check("app", passed=False, detail=str(error), mend="correct the setting")
    if not app.client_id or not app.client_secrets:
        return Check("app", passed=False, detail="the payments app has no keys", mend=mend)
    return Check("app", passed=True, detail=f"the payments app {app.client_id}")


def _certificates() -> Check:
    missing = [name for name in _CERTIFICATES if not os.environ.get(name)]
    if missing:
        detail = f"not set: {', '.join(missing)}"
        mend = "name the files of our certificate and of Shopify's chain, here and for pef serve"
        return Check("certificates", passed=False, detail=detail, mend=mend)
    return Check("certificates", passed=True, detail="named, for our side and for Shopify's")


async def _answer(name: str, ask: Question, store: StoreConnection, api: PaymentsApi) -> Check:
    """The answer to one question; an error is one too, and its text says what to mend."""
    try:
        return await ask(store, api)
    except PefError as error:
        detail, _, mend = str(error).partition("; ")
        return Check(name, passed=False, detail=detail, mend=mend or _OTHERWISE)


async def _api(store: StoreConnection, api: PaymentsApi) -> Check:
    """Whether Shopify answers, knows the token, and still serves our version."""
    answer = await api.ask("versions", VersionsAnswer)
    wanted = payments_app_of(store).api_version
    supported = sorted(each.handle for each in answer.versions if each.supported)
    if wanted not in supported:
        mend = f"set PEF_SHOPIFY_API_VERSION to one of {', '.join(supported)}"
        return Check("api", passed=False, detail=f"{wanted} is not supported", mend=mend)
    return Check("api", passed=True, detail=f"reachable, version {api.version or wanted}")


async def _configured(store: StoreConnection, api: PaymentsApi) -> Check:
    account = payments_settings_of(store).account or store.store_id
    answer = await api.ask("configure", ConfiguredAnswer, externalHandle=account, ready=True)
    if answer.configured is None:
        raise PlatformNonsense("Shopify does not say whether the payments app is ready")
    require_done("to offer the payment method", answer.configured.user_errors)
    return Check("payment method", passed=True, detail=f"Shopify offers it, as {account}")
