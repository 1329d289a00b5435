"""The store's webhooks that lead to us: exactly one alive for each topic.

A dead webhook is replaced, never re-activated, because WooCommerce would keep its
failure count and switch it off at the next failure (section 3). Webhooks of
others are never touched.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from pef_adapters.core.errors import PlatformNonsense, SettingInvalid
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_woocommerce.client import Api, open_api, require_route
from pef_woocommerce.inbound import ORDER_UPDATED, REFUND_CREATED, REFUND_DELETED
from pef_woocommerce.settings import secrets_of
from pef_woocommerce.wire import WEBHOOKS, Webhook

TOPICS: Final = (REFUND_CREATED, REFUND_DELETED, ORDER_UPDATED)


async def connect(store: StoreConnection) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.connect`."""
    async with open_api(store) as api:
        _require_plain_secret(store)
        ours = await webhooks_to_us(store, api)
        return tuple([await _ensure(topic, ours, store, api) for topic in TOPICS])


async def remove(store: StoreConnection) -> None:
    """Delete every webhook that leads to us, and no other's.

    Raises:
        PlatformError: not (surely) all of them.
    """
    async with open_api(store) as api:
        for hook in await webhooks_to_us(store, api):
            await api.call("DELETE", f"webhooks/{hook.id}", {"force": "true"})


def _require_plain_secret(store: StoreConnection) -> None:
    """WooCommerce alters markup and entities in a secret, and then signs with another."""
    secret = secrets_of(store).webhook_secret.get_secret_value()
    if not (secret.isascii() and secret.isalnum()):
        raise SettingInvalid("the webhook secret may hold only letters and digits")


async def webhooks_to_us(store: StoreConnection, api: Api) -> tuple[Webhook, ...]:
    """All webhooks whose deliveries come to this store's endpoint, dead ones included."""
    listing = await api.pages("webhooks", {"status": "all"}, WEBHOOKS)
    require_route(listing.missing)
    return tuple(hook for hook in listing.items if hook.delivery_url == store.callback_url)


def alive(topic: str, hooks: Iterable[Webhook], store: StoreConnection) -> list[Webhook]:
    """Those of `hooks` that deliver `topic`, signed with the present secret; oldest first."""
    name = _name(store)
    found = (h for h in hooks if h.topic == topic and h.status == "active" and h.name == name)
    return sorted(found, key=lambda hook: hook.id)


async def _ensure(topic: str, ours: tuple[Webhook, ...], store: StoreConnection, api: Api) -> Check:
    keep = alive(topic, ours, store)[:1]
    stale = [hook for hook in ours if hook.topic == topic and hook not in keep]
    if not keep:
        await _create(topic, store, api)
    for hook in stale:
        await api.call("DELETE", f"webhooks/{hook.id}", {"force": "true"})
    what = "is active" if keep else "was created"
    removed = f"; {len(stale)} dead or doubled removed" if stale else ""
    return Check(f"webhook {topic}", passed=True, detail=what + removed)


async def _create(topic: str, store: StoreConnection, api: Api) -> None:
    answer = await api.write(
        "POST",
        "webhooks",
        {
            "name": _name(store),
            "topic": topic,
            "delivery_url": store.callback_url,
            "secret": secrets_of(store).webhook_secret.get_secret_value(),
            "status": "active",
        },
    )
    if answer.read(Webhook).delivery_url != store.callback_url:
        raise PlatformNonsense("the store changed the webhook's address")


def _name(store: StoreConnection) -> str:
    """Carries a fingerprint of the secret, because REST never shows which one is in use."""
    secret = secrets_of(store).webhook_secret.get_secret_value()
    return f"PagoEfectivo refunds ({hashlib.sha256(secret.encode()).hexdigest()[:8]})"
