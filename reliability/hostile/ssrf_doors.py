"""Every door by which an address that a stranger typed reaches a call of ours.

A door takes an address and goes as far as the product lets it. It answers whether the
product says that it reached the place; an error is the product's own refusal. `control`
turns an ordinary address into one that this door takes, so that a door can be seen open.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import httpx
from pydantic import SecretStr

import shopify_samples
import vtex_samples
from fuzz_woocommerce import report
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Hint, HintKind, Platform, StoreConnection
from pef_adapters.platforms.http import guarded_client
from pef_shopify import platform as shopify_platform
from pef_shopify.app import read_app_settings
from pef_shopify.payments import platform as payments_platform
from pef_shopify.tokens import exchange_code
from pef_vtex import Vtex, crosscheck
from pef_vtex.client import open_api as open_vtex
from pef_woocommerce import platform as woocommerce_platform
from pef_woocommerce import webhooks as woocommerce_webhooks
from shopify_connected import Records
from ssrf_house_doors import Enter, all_passed, house_doors
from ssrf_house_doors import rail as rail_door
from woocommerce_bench import connection

NOW: Final = vtex_samples.NOW
SINCE: Final = NOW - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Door:
    """A way in; `control` is an address that it must let out to the network."""

    name: str
    enter: Enter
    control: str


class KeptNothing(Records):
    """A store of which nothing is kept."""

    async def checkout(self, payment_id: str) -> None:  # type: ignore[override]
        """None was asked for."""


def every_door(control: str, shop: str, rail: str) -> list[Door]:
    """All of them; the three are public places: any store's, a Shopify shop's, a rail's."""
    open_web = f"https://{control}/"
    of_shop = f"https://{shop}"
    return [
        *(Door(f"client.{name}", enter, open_web) for name, enter in _client().items()),
        *(Door(f"woocommerce.{name}", enter, open_web) for name, enter in _woocommerce().items()),
        *(Door(f"shopify.{name}", enter, of_shop) for name, enter in _shopify().items()),
        *(Door(f"vtex.{name}", enter, open_web.rstrip("/")) for name, enter in _vtex().items()),
        *(
            Door(f"engine.{name}", enter, open_web.rstrip("/"))
            for name, enter in house_doors().items()
        ),
        Door("rail.base_url", rail_door, f"https://{rail}"),
    ]


# --- the client itself -----------------------------------------------------------


def _client() -> dict[str, Enter]:
    return {"get": _get, "post": _post, "told to follow": _follow}


async def _get(address: str) -> bool:
    async with guarded_client(allow_private=False) as client:
        return (await client.get(address)).is_success


async def _post(address: str) -> bool:
    async with guarded_client(allow_private=False) as client:
        return (await client.post(address, json={"a": 1})).is_success


async def _follow(address: str) -> bool:
    """Even where somebody asks for redirects to be followed."""
    async with guarded_client(allow_private=False) as client:
        return (await client.get(address, follow_redirects=True)).is_success


# --- the six methods of an adapter, and what else calls its store -------------------


def _methods(adapter: Platform, store: Callable[[str], StoreConnection]) -> dict[str, Enter]:
    async def check(address: str) -> bool:
        return all_passed(await adapter.check(store(address)))

    async def connect(address: str) -> bool:
        return all_passed(await adapter.connect(store(address)))

    async def read(address: str) -> bool:
        hint = Hint(kind=HintKind.REFUND_CREATED, refund_id="15", order_id="14")
        return bool(await adapter.read(hint, store(address))) or True

    async def find_changes(address: str) -> bool:
        return bool(await adapter.find_changes(SINCE, store(address))) or True

    async def write_back(address: str) -> bool:
        await adapter.write_back(report(), store(address))
        return True

    return {
        "check": check,
        "connect": connect,
        "read": read,
        "find_changes": find_changes,
        "write_back": write_back,
    }


def _woocommerce() -> dict[str, Enter]:
    adapter = woocommerce_platform()

    async def tell_buyer(address: str) -> bool:
        await adapter.buyer_messages.tell_buyer("14", "Hola", "RF4K2M", connection(address))
        return True

    async def remove(address: str) -> bool:
        await woocommerce_webhooks.remove(connection(address))
        return True

    async def in_query(address: str) -> bool:
        store = connection(address, settings={"auth": "query"})
        return all_passed(await adapter.check(store))

    more = {"tell_buyer": tell_buyer, "remove": remove, "keys in the query": in_query}
    return _methods(adapter, connection) | more


def _shopify() -> dict[str, Enter]:
    def shop(address: str) -> StoreConnection:
        return shopify_samples.connection(address=address)

    def expired(address: str) -> StoreConnection:
        keys = {"access_token": "old", "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z"}
        store = shopify_samples.connection(address=address, secrets=keys)
        return replace(store, records=KeptNothing(secrets=dict(store.secrets)))

    def paid(address: str) -> StoreConnection:
        store = shopify_samples.connection(address=address)
        return replace(store, platform="shopify_payments", settings={}, records=KeptNothing())

    async def renew(address: str) -> bool:
        return all_passed(await shopify_platform().check(expired(address)))

    async def exchange(address: str) -> bool:
        keys = {"client_id": "c", "client_secret": SecretStr("s")}
        app = read_app_settings().model_copy(update=keys)
        return bool(await exchange_code(app, address, "code", NOW))

    async def payments(address: str) -> bool:
        return all_passed(await payments_platform().check(paid(address)))

    async def tell_payment(address: str) -> bool:
        checkout = vtex_samples.checkout(CheckoutState.PAID)
        await payments_platform().provider.tell_payment(checkout, paid(address))
        return True

    more = {
        "renewed token": renew,
        "exchanged code": exchange,
        "payments check": payments,
        "tell_payment": tell_payment,
    }
    return _methods(shopify_platform(), shop) | more


def _vtex() -> dict[str, Enter]:
    adapter = Vtex(lambda: NOW)

    def store(address: str, **settings: Any) -> StoreConnection:
        keys = vtex_samples.STORE_KEYS | vtex_samples.PARTNER
        given = {"api_address": address, **settings}
        return vtex_samples.connection(settings=given, secrets=keys, records=KeptNothing())

    def with_notes(address: str) -> StoreConnection:
        return store(address, order_writing="notes")

    async def notes(address: str) -> bool:
        await adapter.write_back(report(), with_notes(address))
        return True

    async def payments_address(address: str) -> bool:
        purchase = crosscheck._Purchase(
            "1", (), crosscheck.Transaction(), vtex_samples.checkout(CheckoutState.PAID)
        )
        async with open_vtex(("key", "token")) as api:
            await crosscheck._said_done(api, address.rstrip("/"), purchase)
        return True

    async def callback(address: str) -> bool:
        """The gateway's own word, from a host that the house named on top of VTEX's."""
        named = {"callback_hosts": [_place(address)]} if _place(address) else {}
        told = vtex_samples.checkout(CheckoutState.PAID, private={"callback_url": address})
        with contextlib.suppress(KeyError):
            await adapter.provider.tell_payment(told, store("", **named))
        return True

    async def asked_callback(address: str) -> bool:
        """The whole way: the gateway's body first, then the callback."""
        body = vtex_samples.payment_body(callbackUrl=address)
        asked = adapter.provider.read(vtex_samples.call("/payments", body), store(""))
        return await callback(asked.private["callback_url"])  # type: ignore[union-attr]

    more = {
        "notes": notes,
        "payments_address": payments_address,
        "callback": callback,
        "asked callback": asked_callback,
    }
    methods = _methods(adapter, store)
    del methods["read"]  # it reads what is kept, and calls nobody
    return methods | more


def _place(address: str) -> str:
    """The host as `callback_hosts` takes it; empty where it takes none such."""
    try:
        place = httpx.URL(address).netloc.decode()
    except (httpx.InvalidURL, ValueError):
        return ""
    return place if place and set(place) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-:") else ""
