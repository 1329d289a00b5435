"""Everything that must be right at a VTEX store for refunds to work, asked one by one.

Changes nothing. Only VTEX can prove that the provider's own pair was typed in correctly:
it calls us, we can't call it with that pair.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from pef_adapters.core.errors import PefError
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_vtex import hook
from pef_vtex.client import Api, open_api, store_pair
from pef_vtex.settings import secrets_of, settings_of

Question = Callable[[StoreConnection, Api], Awaitable[Check]]
_OTHERWISE: Final = "mend what the detail says, then check again"


async def check(store: StoreConnection) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.check`."""
    try:
        own = (_callback(store), _partner_keys(store), _suite(store), _store_keys(store))
        pair = store_pair(store)
        if pair is None:
            return own
        async with open_api(pair) as api:
            asked = [await _answer(name, ask, store, api) for name, ask in _QUESTIONS]
            return (*own, *asked)
    except PefError as error:
        return (Check("settings", passed=False, detail=str(error), mend="correct the setting"),)


async def _answer(name: str, ask: Question, store: StoreConnection, api: Api) -> Check:
    """The answer to one question; an error is one too, and its text says what to mend."""
    try:
        return await ask(store, api)
    except PefError as error:
        detail, _, mend = str(error).partition("; ")
        return Check(name, passed=False, detail=detail, mend=mend or _OTHERWISE)


def _callback(store: StoreConnection) -> Check:
    """The gateway calls https addresses on port 443 with a name, and nothing else."""
    url = urlsplit(store.callback_url)
    named = not (url.hostname or "").replace(".", "").isdigit()
    if store.mode is Mode.SANDBOX or (url.scheme == "https" and url.port in (None, 443) and named):
        return Check("address", passed=True, detail=f"{url.scheme}://{url.netloc}")
    mend = "serve this product over https on port 443, under a name"
    return Check("address", passed=False, detail=store.callback_url, mend=mend)


def _partner_keys(store: StoreConnection) -> Check:
    """Without them VTEX hears of a payment only when it asks again, up to hours later."""
    if secrets_of(store).has_partner_pair:
        return Check("partner keys", passed=True, detail="there are some")
    mend = "give the AppKey and AppToken of the connector's own VTEX account"
    detail = "none, so VTEX can't be told that a buyer paid"
    return Check("partner keys", passed=False, detail=detail, mend=mend)


def _suite(store: StoreConnection) -> Check:
    if settings_of(store).test_suite and store.mode is not Mode.SANDBOX:
        mend = "switch test_suite off, or connect a store in sandbox mode for the test suite"
        return Check("test suite", passed=False, detail="switched on for a live store", mend=mend)
    let_in = "let in" if settings_of(store).test_suite else "kept out"
    return Check("test suite", passed=True, detail=let_in)


def _store_keys(store: StoreConnection) -> Check:
    """They are optional, but somebody who wants orders written must have given them."""
    writing = settings_of(store).order_writing
    if secrets_of(store).has_store_pair:
        return Check("store keys", passed=True, detail=f"orders are told by {writing}")
    if writing == "none":
        return Check("store keys", passed=True, detail="none, and none are wanted")
    mend = "give a second AppKey and AppToken with the roles of the guide, or set order_writing"
    detail = "none, so orders are told nothing and VTEX's records are not compared"
    return Check("store keys", passed=False, detail=detail, mend=mend)


async def _orders(store: StoreConnection, api: Api) -> Check:
    address = f"{settings_of(store).api}/api/oms/pvt/orders"
    await api.get(address, {"page": 1, "per_page": 1})
    return Check("orders", passed=True, detail="the keys may read orders")


async def _hook(store: StoreConnection, api: Api) -> Check:
    return await hook.check(store, api)


_QUESTIONS: Final[tuple[tuple[str, Question], ...]] = (
    ("orders", _orders),
    (hook.NAME, _hook),
)
