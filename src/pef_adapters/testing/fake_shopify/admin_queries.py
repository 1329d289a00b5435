"""What the Admin API reads: orders, refunds, the shop, the app, its webhooks.

Without read_all_orders an app sees the orders of 60 days, without approval for protected
customer data none at all (section 2).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pef_adapters.testing.fake_shopify.admin_shapes import (
    installation_shape,
    order_shape,
    refund_shape,
    shop_shape,
    webhook_shape,
)
from pef_adapters.testing.fake_shopify.graphql_api import Asking, Info, Resolver, denied
from pef_adapters.testing.fake_shopify.graphql_values import Shape, connected
from pef_adapters.testing.fake_shopify.hooks import TOPICS
from pef_adapters.testing.fake_shopify.order_search import search
from pef_adapters.testing.fake_shopify.state import Order

_SEEN: Final = timedelta(days=60)
_NOT_APPROVED: Final = (
    "This app is not approved to access the {} object. "
    "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
)


def number_of(gid: str, kind: str) -> int | None:
    """The number in a gid of this kind, or None where it is another's or none."""
    prefix, _, number = gid.rpartition("/")
    fits = prefix == f"gid://shopify/{kind}" and number.isdecimal()
    return int(number) if fits else None


def visible_orders(asking: Asking, what: str = "Order") -> Mapping[int, Order]:
    """The orders that this app may see.

    Raises:
        GraphQLError: it has not the scope, or no approval for protected customer data.
    """
    asking.require("read_orders", what.lower())
    if asking.caller.app.protected_data < 1:
        raise denied(_NOT_APPROVED.format(what))
    orders = asking.site.state.orders
    if "read_all_orders" in asking.caller.scopes:
        return orders
    oldest = asking.site.shop.now() - _SEEN
    return {number: order for number, order in orders.items() if order.created >= oldest}


def order_of(asking: Asking, gid: str) -> Order | None:
    """The order that a gid names, where there is one that the app may see."""
    return visible_orders(asking).get(number_of(gid, "Order") or 0)


def read_order(_: object, info: Info, **given: Any) -> Shape | None:
    """`order(id)`."""
    asking = info.context
    order = order_of(asking, given["id"])
    return order_shape(asking, order) if order else None


def read_orders(_: object, info: Info, **given: Any) -> Shape:
    """`orders(…)`."""
    asking = info.context
    key = given.pop("sortKey", "PROCESSED_AT")
    found = search(visible_orders(asking).values(), given.pop("query", None), key)
    shown: Shape = connected(found, lambda o: o.id, lambda o: order_shape(asking, o))(**given)
    return shown


def read_refund(_: object, info: Info, **given: Any) -> Shape | None:
    """`refund(id)`."""
    asking = info.context
    wanted = number_of(given["id"], "Refund")
    for order in visible_orders(asking, "Refund").values():
        refund = order.refund(wanted or 0)
        if refund is not None:
            return refund_shape(asking, order, refund)
    return None


def read_node(source: object, info: Info, **given: Any) -> Shape | None:
    """`node(id)`, of an order or a refund."""
    kind = given["id"].rpartition("/")[0].rpartition("/")[2]
    readers: Mapping[str, Resolver] = {"Order": read_order, "Refund": read_refund}
    found: Shape | None = readers[kind](source, info, **given) if kind in readers else None
    return found


def read_webhooks(_: object, info: Info, **given: Any) -> Shape:
    """`webhookSubscriptions(…)`: only those that this app made through the API."""
    asking = info.context
    client, topics = asking.caller.app.client_id, given.pop("topics", None)
    uri = given.pop("uri", None) or given.pop("callbackUrl", None)
    mine = [h for h in asking.site.state.webhooks.values() if h.client_id == client]
    wanted = {TOPICS.get(topic) for topic in topics} if topics else None
    found = [
        h for h in mine if (wanted is None or h.topic in wanted) and (uri is None or h.uri == uri)
    ]
    shown: Shape = connected(found, lambda h: h.id, lambda h: webhook_shape(asking, h))(**given)
    return shown


def read_versions(_: object, info: Info) -> list[Shape]:
    """`publicApiVersions`."""
    asking = info.context
    live = asking.site.settings.live_versions
    return [{"handle": v, "displayName": v, "supported": True} for v in live]


QUERIES: Final[Mapping[str, Resolver]] = {
    "order": read_order,
    "orders": read_orders,
    "refund": read_refund,
    "node": read_node,
    "shop": lambda _, info: shop_shape(info.context),
    "currentAppInstallation": lambda _, info: installation_shape(info.context),
    "webhookSubscriptions": read_webhooks,
    "publicApiVersions": read_versions,
}
