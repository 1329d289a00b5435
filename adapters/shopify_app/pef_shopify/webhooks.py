"""The webhooks that our app makes at a store: exactly one alive for each topic.

Shopify deletes a webhook that failed 8 times in a row, so a dead one is one that is missing
(platforms/shopify.md, section 2). They carry ids only: no personal data travels. Webhooks
that lead elsewhere are never touched. The privacy topics are declared by the app itself.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue

from pef_adapters.core.errors import PlatformNonsense
from pef_adapters.platforms.contract import Check, StoreConnection
from pef_shopify import merchant_webhook
from pef_shopify.answers import require_done
from pef_shopify.client import MAX_PAGES, Api, Sleep, open_api
from pef_shopify.identity import gid
from pef_shopify.installation import Webhook, WebhooksAnswer
from pef_shopify.settings import usable_settings

_OF_ORDERS: Final = ("id", "admin_graphql_api_id")
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "REFUNDS_CREATE": ("id", "admin_graphql_api_id", "order_id"),
    "ORDER_TRANSACTIONS_CREATE": ("id", "order_id", "kind", "status"),
    "ORDERS_CANCELLED": _OF_ORDERS,
    "ORDERS_DELETE": (),
    "APP_UNINSTALLED": (),
    "APP_SCOPES_UPDATE": (),
}
"""What is asked for, and the fields of each body that are wanted; none means all."""

_THERE_ALREADY: Final = "taken"


async def connect(store: StoreConnection, sleep: Sleep) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.connect`."""
    if usable_settings(store).way_in == "webhook":
        return (merchant_webhook.how_to_connect(store),)
    async with open_api(store, sleep) as api:
        ours = await webhooks_to_us(store, api)
        return tuple([await _ensure(topic, ours, store, api) for topic in TOPICS])


async def webhooks_to_us(store: StoreConnection, api: Api) -> tuple[Webhook, ...]:
    """All webhooks of our app whose deliveries come to this store's endpoint."""
    found: list[Webhook] = []
    after: str | None = None
    for _ in range(MAX_PAGES):
        page = (await api.ask("webhooks", WebhooksAnswer, after=after)).webhooks
        found += page.nodes
        if not page.page_info.has_next_page:
            return tuple(hook for hook in found if hook.uri == store.callback_url)
        after = page.page_info.end_cursor
    raise PlatformNonsense("Shopify's list of webhooks has no end")


def alive(topic: str, hooks: Iterable[Webhook]) -> list[Webhook]:
    """Those of `hooks` that tell us all of a topic that we read; oldest first."""
    found = (hook for hook in hooks if hook.topic == topic and _tells_all(hook))
    return sorted(found, key=lambda hook: int(hook.id))


def _tells_all(hook: Webhook) -> bool:
    fields = set(hook.include_fields)
    whole = not fields or fields >= set(TOPICS[hook.topic])
    return hook.format == "JSON" and not hook.filter and whole


async def _ensure(topic: str, ours: tuple[Webhook, ...], store: StoreConnection, api: Api) -> Check:
    keep = alive(topic, ours)[:1]
    stale = [hook for hook in ours if hook.topic == topic and hook not in keep]
    for hook in stale:
        identity = gid("WebhookSubscription", hook.id)
        await api.write("webhook_delete", "to remove a webhook", id=identity)
    if not keep:
        await _create(topic, store, api)
    what = "is active" if keep else "was created"
    removed = f"; {len(stale)} of no use removed" if stale else ""
    return Check(f"webhook {topic}", passed=True, detail=what + removed)


async def _create(topic: str, store: StoreConnection, api: Api) -> None:
    webhook: dict[str, JsonValue] = {"uri": store.callback_url, "format": "JSON"}
    if TOPICS[topic]:
        webhook["includeFields"] = list(TOPICS[topic])
    errors = await api.try_to_write("webhook_create", topic=topic, webhook=webhook)
    # Another process may have made it between our reading and our writing.
    left = tuple(error for error in errors if _THERE_ALREADY not in error.message)
    require_done(f"the webhook {topic}", left)
