"""Everything that must be right at a store for refunds to work, asked one by one.

Changes nothing; a failed question is an answer with a way to mend it, and where the shop
can't be reached at all the questions that need it are not asked.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from pef_adapters.core.errors import PefError
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_shopify import mapping, merchant_webhook
from pef_shopify.app import app_of
from pef_shopify.client import Api, Sleep, open_api
from pef_shopify.inbound import may
from pef_shopify.install import APP, SCOPES
from pef_shopify.installation import ShopAnswer
from pef_shopify.mapping import view_of
from pef_shopify.reading import ALL_ORDERS, metafield_variables, scopes
from pef_shopify.settings import settings_of, shop_of, usable_settings, webhook_secret_of
from pef_shopify.webhooks import TOPICS, alive, webhooks_to_us
from pef_shopify.wire import Order, RecentOrdersAnswer

Question = Callable[[StoreConnection, Api], Awaitable[Check]]

_OTHERWISE: Final = "mend what the detail says, then check again"
_ACCEPT: Final = "open the app in the shop's admin and accept what it asks for"


async def check(store: StoreConnection, sleep: Sleep) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.check`."""
    try:
        if usable_settings(store).way_in == "webhook":
            return _check_webhook(store)
        async with open_api(store, sleep) as api:
            shop = await _answer("shop", _shop, store, api)
            questions = _QUESTIONS.items() if shop.passed else ()
            return (shop, *[await _answer(name, ask, store, api) for name, ask in questions])
    except PefError as error:
        return (Check("settings", passed=False, detail=str(error), mend="correct the setting"),)


def _check_webhook(store: StoreConnection) -> tuple[Check, ...]:
    """Without an app nothing can be asked; that is said, and what the owner has to type."""
    shop = Check("shop", passed=True, detail=shop_of(store))
    webhook_secret_of(store)
    how = merchant_webhook.how_to_connect(store)
    return (shop, _address(store), how, merchant_webhook.nothing_written())


async def _answer(name: str, ask: Question, store: StoreConnection, api: Api) -> Check:
    """The answer to one question; an error is one too, and its text says what to mend."""
    try:
        return await ask(store, api)
    except PefError as error:
        detail, _, mend = str(error).partition("; ")
        return Check(name, passed=False, detail=detail, mend=mend or _OTHERWISE)


async def _shop(store: StoreConnection, api: Api) -> Check:
    shop = (await api.ask("shop", ShopAnswer)).shop
    if shop.myshopify_domain != shop_of(store):
        detail = f"the token is one of {shop.myshopify_domain}"
        mend = f"connect that shop, or install the app at {shop_of(store)}"
        return Check("shop", passed=False, detail=detail, mend=mend)
    return Check("shop", passed=True, detail=f"{shop.name} ({shop.myshopify_domain})")


async def _scopes(_: StoreConnection, api: Api) -> Check:
    granted = await scopes(api)
    missing = [scope for scope in SCOPES[APP] if not may(granted, scope)]
    if missing:
        detail = f"the app may not {', '.join(missing)}"
        return Check("scopes", passed=False, detail=detail, mend=_ACCEPT)
    return Check("scopes", passed=True, detail=", ".join(sorted(granted)))


async def _old_orders(_: StoreConnection, api: Api) -> Check:
    """Without the scope an older order looks erased, and its refund could not be believed."""
    if ALL_ORDERS not in await scopes(api):
        detail = "orders older than 60 days can't be read, so their refunds wait"
        mend = f"ask for {ALL_ORDERS} under API access in the Partner Dashboard, then {_ACCEPT}"
        return Check("old orders", passed=False, detail=detail, mend=mend)
    return Check("old orders", passed=True, detail="orders of any age can be read")


async def _version(store: StoreConnection, api: Api) -> Check:
    """A dead version is answered by the oldest one alive, which says its own name."""
    wanted = app_of(store).api_version
    if api.version not in ("", wanted):
        detail = f"Shopify answers with {api.version} instead of {wanted}"
        mend = "update this service, or set PEF_SHOPIFY_API_VERSION to a version that is alive"
        return Check("version", passed=False, detail=detail, mend=mend)
    return Check("version", passed=True, detail=wanted)


async def _webhooks(store: StoreConnection, api: Api) -> Check:
    ours = await webhooks_to_us(store, api)
    dead = [topic for topic in TOPICS if not alive(topic, ours)]
    if dead:
        detail = f"missing: {', '.join(dead)}"
        mend = "connect the store again, which makes them"
        return Check("webhooks", passed=False, detail=detail, mend=mend)
    return Check("webhooks", passed=True, detail=f"{len(TOPICS)} active")


async def _callback(store: StoreConnection, _: Api) -> Check:
    return _address(store)


def _address(store: StoreConnection) -> Check:
    """Shopify delivers over https only; a shop on this machine does not mind."""
    url = store.callback_url
    if urlsplit(url).scheme == "https" or app_of(store).api_url:
        return Check("callback", passed=True, detail=url)
    mend = "serve this product over https: Shopify delivers to no other place"
    return Check("callback", passed=False, detail=url, mend=mend)


async def _gateways(store: StoreConnection, api: Api) -> Check:
    """Whether the configured names occur; the merchant types them and may change them."""
    wanted = settings_of(store)
    orders = await _recent(store, api)
    seen = sorted({name for order in orders for name in order.payment_gateway_names})
    if seen and not any(map(wanted.names, seen)):
        detail = f"no recent order was paid by {', '.join(wanted.gateways)}"
        mend = f"set gateways to the method for PagoEfectivo; there are: {', '.join(seen)}"
        return Check("gateways", passed=False, detail=detail, mend=mend)
    return Check("gateways", passed=True, detail=", ".join(seen) or "no order so far")


async def _references(store: StoreConnection, api: Api) -> Check:
    """Whether paid orders carry the CIP or code where the settings say it stands."""
    view = view_of(store)
    name, place = "transaction references", view.settings.transaction_reference
    paid = [order for order in await _recent(store, api) if mapping.payments(order, view)]
    carrying = sum(mapping.reference(order, view) is not None for order in paid)
    detail = f"{carrying} of {len(paid)} recent paid orders carry one in {place}"
    if paid and not carrying:
        mend = "set transaction_reference to where the payment method keeps the CIP"
        return Check(name, passed=False, detail=detail, mend=mend)
    return Check(name, passed=True, detail=detail)


async def _recent(store: StoreConnection, api: Api) -> tuple[Order, ...]:
    variables = metafield_variables(settings_of(store))
    return (await api.ask("recent_orders", RecentOrdersAnswer, **variables)).orders.nodes


async def _distribution(store: StoreConnection, _: Api) -> Check:
    barred = mapping.payout_barred(store, settings_of(store))
    ways = {
        mapping.BARRED_BY_APP_STORE: "App Store: refunds go back by the original payment only",
        mapping.BARRED_BY_STORE: "custom: this store lets nothing be paid out by bank",
        None: "custom: refunds may be paid out by bank as well",
    }
    return Check("distribution", passed=True, detail=ways[barred])


_QUESTIONS: Final[dict[str, Question]] = {
    "scopes": _scopes,
    "old orders": _old_orders,
    "version": _version,
    "callback": _callback,
    "webhooks": _webhooks,
    "gateways": _gateways,
    "transaction references": _references,
    "distribution": _distribution,
}
