"""Everything that must be right at a store for refunds to work, asked one by one.

Changes nothing; a failed question is an answer with a way to mend it, and where
the store can't be reached at all the questions that need it are not asked.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from pef_adapters.core.errors import PefError, PlatformRefused
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_woocommerce import mapping
from pef_woocommerce.client import EXACT, Api, open_api, require_route
from pef_woocommerce.inbound import same_place
from pef_woocommerce.settings import settings_of
from pef_woocommerce.webhooks import TOPICS, alive, webhooks_to_us
from pef_woocommerce.wire import GATEWAYS, ORDERS, Site, SystemStatus

Question = Callable[[StoreConnection, Api], Awaitable[Check]]

OLDEST_TESTED: Final = (8, 2)
# WooCommerce delivers webhooks to these ports only (section 3).
_WEBHOOK_PORTS: Final = {None, 80, 443, 8080}
_RECENT: Final = 50
_OTHERWISE: Final = "mend what the detail says, then check again"


async def check(store: StoreConnection) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.check`."""
    try:
        async with open_api(store) as api:
            site = await _answer("site", _site, store, api)
            questions = _QUESTIONS.items() if site.passed else ()
            return (site, *[await _answer(name, ask, store, api) for name, ask in questions])
    except PefError as error:
        return (Check("settings", passed=False, detail=str(error), mend="correct the setting"),)


async def _answer(name: str, ask: Question, store: StoreConnection, api: Api) -> Check:
    """The answer to one question; an error is one too, and its text says what to mend."""
    try:
        return await ask(store, api)
    except PefError as error:
        detail, _, mend = str(error).partition("; ")
        return Check(name, passed=False, detail=detail, mend=mend or _OTHERWISE)


async def _site(store: StoreConnection, api: Api) -> Check:
    """Reachable, pretty permalinks, WooCommerce active, and the address it calls its own."""
    answer = await api.index()
    site = answer.read(Site)
    if "wc/v3" not in site.namespaces:
        mend = "activate the WooCommerce plugin"
        return Check("site", passed=False, detail="WooCommerce's REST API is missing", mend=mend)
    if not same_place(site.home, store.address):
        detail = f"the store calls itself {site.home}"
        mend = f"connect it as {site.home}, because its webhooks carry that name"
        return Check("site", passed=False, detail=detail, mend=mend)
    return Check("site", passed=True, detail="reachable, with pretty permalinks")


async def _keys(_: StoreConnection, api: Api) -> Check:
    await api.get("orders", {"per_page": 1, "_fields": "id"})
    return Check("keys", passed=True, detail="the keys may read orders")


async def _writing(_: StoreConnection, api: Api) -> Check:
    """Asks to change order 0, which no store has: only keys that may write hear that."""
    try:
        await api.call("PUT", "orders/0", body={})
    except PlatformRefused as error:
        if "invalid_id" not in str(error):
            raise
    return Check("writing", passed=True, detail="the keys may write orders")


async def _products(_: StoreConnection, api: Api) -> Check:
    """Without them a policy that asks for categories or tags would quietly not apply."""
    answer = await api.get_if_allowed("products", {"per_page": 1, "_fields": "id"})
    if answer is None:
        detail = "the keys may not read products, so their categories and tags stay unknown"
        mend = "the keys' user needs the role Administrator or Shop manager"
        return Check("products", passed=False, detail=detail, mend=mend)
    require_route(answer.missing)
    return Check("products", passed=True, detail="the keys may read products")


async def _version(_: StoreConnection, api: Api) -> Check:
    status = (await api.get("system_status", {"_fields": "environment"})).read(SystemStatus)
    version = str(status.environment.get("version", ""))
    if _numbers(version) < OLDEST_TESTED:
        mend = "update WooCommerce; 8.2 is the oldest version that was tried"
        return Check("version", passed=False, detail=f"WooCommerce {version}", mend=mend)
    return Check("version", passed=True, detail=f"WooCommerce {version}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


async def _webhooks(store: StoreConnection, api: Api) -> Check:
    ours = await webhooks_to_us(store, api)
    dead = [topic for topic in TOPICS if not alive(topic, ours, store)]
    if dead:
        detail = f"missing or switched off: {', '.join(dead)}"
        mend = "connect the store again, which replaces them"
        return Check("webhooks", passed=False, detail=detail, mend=mend)
    return Check("webhooks", passed=True, detail=f"{len(TOPICS)} active")


async def _callback(store: StoreConnection, _: Api) -> Check:
    url = urlsplit(store.callback_url)
    if settings_of(store).allow_http or (url.scheme == "https" and url.port in _WEBHOOK_PORTS):
        return Check("callback", passed=True, detail=store.callback_url)
    mend = "serve this product over https on port 443: a store delivers to no other place"
    return Check("callback", passed=False, detail=store.callback_url, mend=mend)


async def _payment_methods(store: StoreConnection, api: Api) -> Check:
    wanted = settings_of(store).payment_methods
    answer = await api.get("payment_gateways", {"_fields": "id"})
    if answer.missing:
        return Check("payment methods", passed=True, detail="the store does not list them")
    there = sorted(gateway.id for gateway in answer.read_as(GATEWAYS))
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        mend = f"name the method that takes PagoEfectivo payments; there are: {', '.join(there)}"
        detail = f"the store has no {', '.join(unknown)}"
        return Check("payment methods", passed=False, detail=detail, mend=mend)
    return Check("payment methods", passed=True, detail=", ".join(wanted))


async def _transaction_ids(store: StoreConnection, api: Api) -> Check:
    """Whether paid orders carry the CIP where the settings say it stands."""
    settings = settings_of(store)
    name, place = "transaction ids", settings.transaction_id_from
    orders = (await api.get("orders", {**EXACT, "per_page": _RECENT})).read_as(ORDERS)
    ours = [o for o in orders if mapping.is_ours(o, settings) and o.date_paid_gmt]
    carrying = sum(mapping.transaction_id(order, settings) is not None for order in ours)
    detail = f"{carrying} of {len(ours)} recent paid orders carry one in {place}"
    if ours and not carrying:
        mend = "set transaction_id_from to the field in which the payment plugin keeps the CIP"
        return Check(name, passed=False, detail=detail, mend=mend)
    return Check(name, passed=True, detail=detail)


_QUESTIONS: Final[dict[str, Question]] = {
    "keys": _keys,
    "writing": _writing,
    "products": _products,
    "version": _version,
    "callback": _callback,
    "webhooks": _webhooks,
    "payment methods": _payment_methods,
    "transaction ids": _transaction_ids,
}
