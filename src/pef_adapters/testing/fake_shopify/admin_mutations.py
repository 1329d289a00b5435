"""What the Admin API changes: tags, an order's own texts, webhooks, refunds, the app itself.

`tagsAdd` adds; `orderUpdate` overwrites. Since 2026-04 a refund is made only under an
idempotency key, which a check against the schema can't notice (section 2).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from graphql import FieldNode, GraphQLError
from graphql.execution.values import get_directive_values

from pef_adapters.testing.fake_shopify.admin_queries import number_of, order_of
from pef_adapters.testing.fake_shopify.admin_shapes import order_shape, refund_shape, webhook_shape
from pef_adapters.testing.fake_shopify.graphql_api import Asking, Info, Resolver
from pef_adapters.testing.fake_shopify.graphql_values import Shape
from pef_adapters.testing.fake_shopify.hooks import TOPICS
from pef_adapters.testing.fake_shopify.metafields import delete_metafields, set_metafields
from pef_adapters.testing.fake_shopify.shop import RefundForm, RefundRefused
from pef_adapters.testing.fake_shopify.state import Order, Refund, Webhook

_LONGEST_TAG: Final = 40
_KEY_DEMANDED_SINCE: Final = "2026-04"


def add_tags(_: object, info: Info, **given: Any) -> Shape:
    """`tagsAdd`."""
    order = _writable(info.context, given["id"], "tagsAdd")
    if order is None:
        return {"node": None, "userErrors": [_error("id", "id is invalid")]}
    if any(len(tag) > _LONGEST_TAG or not tag.strip() for tag in given["tags"]):
        return {"node": None, "userErrors": [_error("tags", "Tag is too long or blank")]}
    known = {tag.casefold() for tag in order.tags}
    fresh = dict.fromkeys(tag for tag in given["tags"] if tag.casefold() not in known)
    return _tagged(info.context, order, [*order.tags, *fresh])


def remove_tags(_: object, info: Info, **given: Any) -> Shape:
    """`tagsRemove`."""
    order = _writable(info.context, given["id"], "tagsRemove")
    if order is None:
        return {"node": None, "userErrors": [_error("id", "id is invalid")]}
    gone = {tag.casefold() for tag in given["tags"]}
    return _tagged(info.context, order, [t for t in order.tags if t.casefold() not in gone])


def update_order(_: object, info: Info, **given: Any) -> Shape:
    """`orderUpdate`: tags, note and customAttributes are overwritten, not merged."""
    asking = info.context
    changes = given["input"]
    order = _writable(asking, changes["id"], "orderUpdate")
    if order is None:
        return {"order": None, "userErrors": [_error("id", "Order does not exist")]}
    unknown = set(changes) - {"id", "tags", "note", "customAttributes"}
    if unknown:
        raise GraphQLError(f"The fake shop does not update {', '.join(sorted(unknown))}.")
    order.tags = list(changes.get("tags", order.tags))
    order.note = changes.get("note", order.note) or ""
    if "customAttributes" in changes:
        order.attributes = {a["key"]: a["value"] for a in changes["customAttributes"]}
    asking.site.shop.touch(order)
    return {"order": order_shape(asking, order), "userErrors": []}


def create_refund(_: object, info: Info, **given: Any) -> Shape:
    """`refundCreate`; the same idempotency key gives the same refund."""
    asking = info.context
    wanted, key = given["input"], _idempotency_key(info)
    order = _writable(asking, wanted["orderId"], "refundCreate")
    if order is None:
        return _no_refund("orderId", "Order does not exist")
    known = order.refund(asking.site.state.idempotent.get(key or "", 0))
    if known is not None:
        return _refunded(asking, order, known)
    try:
        refund = asking.site.shop.press_refund(order, _form(wanted))
    except RefundRefused as refusal:
        return _no_refund("transactions", str(refusal))
    if key:
        asking.site.state.idempotent[key] = refund.id
        asking.site.shop.keep()
    return _refunded(asking, order, refund)


def create_webhook(_: object, info: Info, **given: Any) -> Shape:
    """`webhookSubscriptionCreate`."""
    asking = info.context
    topic, wanted = TOPICS.get(given["topic"]), given["webhookSubscription"]
    uri = wanted.get("uri") or wanted.get("callbackUrl") or ""
    fault = _webhook_fault(asking, topic, uri)
    if fault or topic is None:
        return {"webhookSubscription": None, "userErrors": [fault]}
    state, now = asking.site.state, asking.site.shop.now()
    hook = Webhook(
        id=state.next_id(),
        client_id=asking.caller.app.client_id,
        topic=topic,
        uri=uri,
        name=wanted.get("name"),
        created=now,
        updated=now,
    )
    state.webhooks[hook.id] = hook
    asking.site.shop.keep()
    return {"webhookSubscription": webhook_shape(asking, hook), "userErrors": []}


def update_webhook(_: object, info: Info, **given: Any) -> Shape:
    """`webhookSubscriptionUpdate`: another address."""
    asking = info.context
    hook = _webhook(asking, given["id"])
    if hook is None:
        error = _error("id", "Webhook subscription does not exist")
        return {"webhookSubscription": None, "userErrors": [error]}
    wanted = given["webhookSubscription"]
    uri = wanted.get("uri") or wanted.get("callbackUrl") or hook.uri
    fault = None if uri == hook.uri else _webhook_fault(asking, hook.topic, uri)
    if fault:
        return {"webhookSubscription": None, "userErrors": [fault]}
    hook.uri, hook.name = uri, wanted.get("name", hook.name)
    hook.updated = asking.site.shop.now()
    asking.site.shop.keep()
    return {"webhookSubscription": webhook_shape(asking, hook), "userErrors": []}


def delete_webhook(_: object, info: Info, **given: Any) -> Shape:
    """`webhookSubscriptionDelete`."""
    asking = info.context
    hook = _webhook(asking, given["id"])
    if hook is None:
        error = _error("id", "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    asking.site.hooks.remove(hook)
    asking.site.shop.keep()
    return {"deletedWebhookSubscriptionId": given["id"], "userErrors": []}


def uninstall(_: object, info: Info) -> Shape:
    """`appUninstall`."""
    asking = info.context
    asking.site.uninstall(asking.caller.app)
    return {"userErrors": []}


MUTATIONS: Final[Mapping[str, Resolver]] = {
    "tagsAdd": add_tags,
    "tagsRemove": remove_tags,
    "orderUpdate": update_order,
    "metafieldsSet": set_metafields,
    "metafieldsDelete": delete_metafields,
    "refundCreate": create_refund,
    "webhookSubscriptionCreate": create_webhook,
    "webhookSubscriptionUpdate": update_webhook,
    "webhookSubscriptionDelete": delete_webhook,
    "appUninstall": uninstall,
}


def _writable(asking: Asking, gid: str, what: str) -> Order | None:
    asking.require("write_orders", what)
    return order_of(asking, gid)


def _tagged(asking: Asking, order: Order, tags: list[str]) -> Shape:
    order.tags = tags
    asking.site.shop.touch(order)
    return {"node": order_shape(asking, order), "userErrors": []}


def _idempotency_key(info: Info) -> str | None:
    asking = info.context
    directive = info.schema.get_directive("idempotent")
    node: FieldNode = info.field_nodes[0]
    given = get_directive_values(directive, node, info.variable_values) if directive else None
    key = str(given["key"]).strip() if given else ""
    if not key and (given or asking.version >= _KEY_DEMANDED_SINCE):
        text = "The @idempotent directive is required for this mutation but was not provided."
        raise GraphQLError(text, extensions={"code": "BAD_REQUEST"})
    return key or None


def _form(wanted: Shape) -> RefundForm:
    transactions = wanted.get("transactions") or []
    lines = wanted.get("refundLineItems") or []
    return RefundForm(
        amounts=tuple(Decimal(t["amount"]) for t in transactions),
        note=wanted.get("note") or "",
        quantities={number_of(li["lineItemId"], "LineItem") or 0: li["quantity"] for li in lines},
        gateway=next((t["gateway"] for t in transactions), None),
    )


def _refunded(asking: Asking, order: Order, refund: Refund) -> Shape:
    return {
        "refund": refund_shape(asking, order, refund),
        "order": order_shape(asking, order),
        "userErrors": [],
    }


def _no_refund(field: str, message: str) -> Shape:
    return {"refund": None, "order": None, "userErrors": [_error(field, message)]}


def _webhook(asking: Asking, gid: str) -> Webhook | None:
    hook = asking.site.state.webhooks.get(number_of(gid, "WebhookSubscription") or 0)
    return hook if hook and hook.client_id == asking.caller.app.client_id else None


def _webhook_fault(asking: Asking, topic: str | None, uri: str) -> Shape | None:
    if topic is None:
        raise GraphQLError("The fake shop never sends this topic.")
    about_orders = topic.startswith(("orders/", "refunds/", "order_transactions/"))
    if about_orders and asking.caller.app.protected_data < 1:
        text = "This app is not approved to subscribe to webhook topics containing protected data."
        return _error("topic", text)
    secure = uri.startswith("https://") or asking.site.settings.allow_http
    if not secure or "://" not in uri:
        return _error("uri", "Address protocol http:// is not supported")
    taken = {(h.client_id, h.topic, h.uri) for h in asking.site.state.webhooks.values()}
    if (asking.caller.app.client_id, topic, uri) in taken:
        return _error("uri", "Address for this topic has already been taken")
    return None


def _error(field: str, message: str) -> Shape:
    return {"__typename": "UserError", "field": [field], "message": message}
