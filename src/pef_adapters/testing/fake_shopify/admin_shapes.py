"""The shop's things as the Admin GraphQL API shows them: plain records, read field by field.

A value that may lead far, or that needs an argument, is a function and is asked only when
a query names it.
"""

import json
from typing import Any, Final

from pef_adapters.testing.fake_shopify.graphql_api import Asking, denied
from pef_adapters.testing.fake_shopify.graphql_values import Shape, connected, money_bag, zulu
from pef_adapters.testing.fake_shopify.hooks import TOPICS
from pef_adapters.testing.fake_shopify.shop import financial_status
from pef_adapters.testing.fake_shopify.state import (
    ZERO,
    Item,
    Metafield,
    Order,
    Refund,
    RefundedLine,
    Transaction,
    Webhook,
)
from pef_adapters.testing.fake_shopify.wire import SHOP_ID, gid

_LEVEL_OF_PERSONAL: Final = 2
_TOPIC_NAMES: Final = {topic: name for name, topic in TOPICS.items()}
_PAGES: Final = "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."


def order_shape(asking: Asking, order: Order) -> Shape:
    """An order; its buyer's address needs level 2 of protected customer data."""

    def transactions(first: int | None = None, **_: Any) -> list[Shape]:
        return [transaction_shape(asking, order, t) for t in order.transactions[:first]]

    def refunds(first: int | None = None) -> list[Shape]:
        return [refund_shape(asking, order, refund) for refund in order.refunds[:first]]

    return (
        _order_money(order)
        | _order_facts(order)
        | metafield_fields(asking, order)
        | {
            "transactions": transactions,
            "refunds": refunds,
            "lineItems": connected(order.items, lambda i: i.id, lambda i: _item(order, i)),
            "email": lambda: _personal(asking, order.email, "email"),
            "phone": lambda: _personal(asking, None, "phone"),
        }
    )


def transaction_shape(asking: Asking, order: Order, kept: Transaction) -> Shape:
    """A transaction of an order; its gateway is the method's name as the merchant typed it."""
    money = money_bag(kept.amount, kept.currency)
    parent = order.transaction(kept.parent_id)
    return {
        "__typename": "OrderTransaction",
        "id": gid("OrderTransaction", kept.id),
        "kind": kept.kind.upper(),
        "status": kept.status.upper(),
        "gateway": kept.gateway,
        "formattedGateway": kept.gateway,
        "manualPaymentGateway": kept.manual,
        "paymentId": kept.payment_id,
        "amountSet": money,
        "amountV2": money["shopMoney"],
        "amount": money["shopMoney"]["amount"],
        "createdAt": zulu(kept.created),
        "processedAt": zulu(kept.created),
        "errorCode": None if kept.status in {"success", "pending"} else "PROCESSING_ERROR",
        "receiptJson": "{}",
        "test": kept.test,
        "accountNumber": None,
        "settlementCurrency": None,
        "parentTransaction": lambda: transaction_shape(asking, order, parent) if parent else None,
        "order": lambda: order_shape(asking, order),
    }


def refund_shape(asking: Asking, order: Order, refund: Refund) -> Shape:
    """A refund; what it says was refunded are its settled transactions only."""
    money = order.of_refund(refund.id)
    settled = sum((t.amount for t in money if t.status == "success"), ZERO)
    total = money_bag(settled, order.currency)
    return {
        "__typename": "Refund",
        "id": gid("Refund", refund.id),
        "legacyResourceId": str(refund.id),
        "note": refund.note or None,
        "createdAt": zulu(refund.created),
        "updatedAt": zulu(refund.created),
        "processedAt": zulu(refund.created),
        "totalRefundedSet": total,
        "totalRefunded": total["shopMoney"],
        "return": None,
        "order": lambda: order_shape(asking, order),
        "transactions": connected(
            money, lambda t: t.id, lambda t: transaction_shape(asking, order, t)
        ),
        "refundLineItems": connected(refund.lines, lambda r: r.id, lambda r: _line(order, r)),
        "orderAdjustments": connected(
            refund.adjustments,
            lambda a: a.id,
            lambda a: {
                "id": gid("OrderAdjustment", a.id),
                "amountSet": money_bag(a.amount, order.currency),
                "taxAmountSet": money_bag(ZERO, order.currency),
                "reason": a.reason.upper(),
            },
        ),
        "refundShippingLines": connected((), lambda _: 0, lambda _: {}),
    }


def webhook_shape(asking: Asking, hook: Webhook) -> Shape:
    """A webhook that an app made."""
    version = asking.caller.app.webhook_version
    return {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", hook.id),
        "legacyResourceId": str(hook.id),
        "topic": _TOPIC_NAMES[hook.topic],
        "uri": hook.uri,
        "callbackUrl": hook.uri,
        "name": hook.name,
        "format": "JSON",
        "filter": None,
        "includeFields": [],
        "metafieldNamespaces": [],
        "createdAt": zulu(hook.created),
        "updatedAt": zulu(hook.updated),
        "apiVersion": {"handle": version, "displayName": version, "supported": True},
    }


def metafield_shape(kept: Metafield) -> Shape:
    """A metafield with the digest that compare-and-set asks for."""
    return {
        "__typename": "Metafield",
        "id": gid("Metafield", kept.id),
        "legacyResourceId": str(kept.id),
        "namespace": kept.namespace,
        "key": kept.key,
        "type": kept.type,
        "value": kept.value,
        "jsonValue": json.loads(kept.value) if kept.type == "json" else kept.value,
        "compareDigest": kept.digest,
        "ownerType": "ORDER",
        "sizeInBytes": len(kept.value.encode()),
        "createdAt": zulu(kept.created),
        "updatedAt": zulu(kept.updated),
        "definition": None,
        "description": None,
    }


def metafield_fields(asking: Asking, order: Order) -> Shape:
    """The two fields by which an order's metafields are read."""

    def metafield(key: str, namespace: str | None = None) -> Shape | None:
        wanted = (namespace_of(asking, namespace), key)
        found = (m for m in order.metafields if (m.namespace, m.key) == wanted)
        return next(map(metafield_shape, found), None)

    def metafields(namespace: str | None = None, **given: Any) -> Shape:
        space = namespace_of(asking, namespace) if namespace else None
        keys = given.pop("keys", None)
        found = [m for m in order.metafields if space in {None, m.namespace}]
        chosen = [m for m in found if not keys or f"{m.namespace}.{m.key}" in keys]
        shown: Shape = connected(chosen, lambda m: m.id, metafield_shape)(**given)
        return shown

    return {"metafield": metafield, "metafields": metafields}


def namespace_of(asking: Asking, given: str | None) -> str:
    """The namespace in full: none, or `$app`, is the one reserved for the app."""
    reserved = f"app--{asking.caller.app.app_id}"
    if given is None or given == "$app":
        return reserved
    return given.replace("$app:", f"{reserved}--", 1) if given.startswith("$app:") else given


def shop_shape(asking: Asking) -> Shape:
    """The shop itself."""
    settings = asking.site.settings
    return {
        "__typename": "Shop",
        "id": gid("Shop", SHOP_ID),
        "name": settings.title,
        "myshopifyDomain": settings.domain,
        "url": f"https://{settings.domain}",
        "currencyCode": settings.currency,
        "enabledPresentmentCurrencies": [settings.currency],
        "email": f"contacto@{settings.domain}",
        "contactEmail": f"contacto@{settings.domain}",
        "ianaTimezone": "America/Lima",
        "timezoneAbbreviation": "-05",
        "timezoneOffset": "-0500",
        "timezoneOffsetMinutes": -300,
        "setupRequired": False,
        "createdAt": zulu(asking.site.state.opened),
    }


def installation_shape(asking: Asking) -> Shape:
    """The app as it is installed here."""
    scopes = sorted(asking.caller.scopes)
    return {
        "__typename": "AppInstallation",
        "id": gid("AppInstallation", asking.caller.app.app_id),
        "accessScopes": [{"handle": scope, "description": scope} for scope in scopes],
        "launchUrl": f"{asking.site.settings.home}/admin/apps",
        "uninstallUrl": f"{asking.site.settings.home}/admin/apps",
    }


def _order_facts(order: Order) -> Shape:
    attributes = [{"key": key, "value": value} for key, value in order.attributes.items()]
    return {
        "__typename": "Order",
        "id": gid("Order", order.id),
        "legacyResourceId": str(order.id),
        "name": f"#{order.number}",
        "number": order.number,
        "note": order.note or None,
        "tags": sorted(order.tags),
        "test": order.test,
        "customAttributes": attributes,
        "currencyCode": order.currency,
        "presentmentCurrencyCode": order.currency,
        "paymentGatewayNames": [order.gateway],
        "displayFinancialStatus": financial_status(order),
        "displayFulfillmentStatus": "UNFULFILLED",
        "cancelReason": order.cancel_reason.upper() if order.cancel_reason else None,
        "cancelledAt": zulu(order.cancelled),
        "createdAt": zulu(order.created),
        "processedAt": zulu(order.created),
        "updatedAt": zulu(order.updated),
        "closed": False,
        "closedAt": None,
        "confirmed": True,
        "fullyPaid": order.received >= order.total,
        "unpaid": not order.received,
        "refundable": order.rest > 0,
    }


def _order_money(order: Order) -> Shape:
    total, currency = money_bag(order.total, order.currency), order.currency
    return {
        "totalPriceSet": total,
        "originalTotalPriceSet": total,
        "subtotalPriceSet": total,
        "currentTotalPriceSet": total,
        "totalReceivedSet": money_bag(order.received, currency),
        "totalRefundedSet": money_bag(order.refunded, currency),
        "netPaymentSet": money_bag(order.received - order.refunded, currency),
        "totalOutstandingSet": money_bag(order.total - order.received, currency),
        "totalTaxSet": money_bag(ZERO, currency),
        "totalShippingPriceSet": money_bag(ZERO, currency),
    }


def _personal(asking: Asking, value: str | None, name: str) -> str | None:
    if asking.caller.app.protected_data < _LEVEL_OF_PERSONAL:
        raise denied(f"This app is not approved to use the {name} field. {_PAGES}")
    return value


def _item(order: Order, item: Item) -> Shape:
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", item.id),
        "title": item.title,
        "name": item.title,
        "sku": item.sku,
        "quantity": item.quantity,
        "originalUnitPriceSet": money_bag(item.price, order.currency),
        "originalTotalSet": money_bag(item.price * item.quantity, order.currency),
        "discountedTotalSet": money_bag(item.price * item.quantity, order.currency),
    }


def _line(order: Order, line: RefundedLine) -> Shape:
    return {
        "id": gid("RefundLineItem", line.id),
        "quantity": line.quantity,
        "restockType": "RETURN",
        "restocked": True,
        "lineItem": _item(order, line.item),
        "priceSet": money_bag(line.item.price, order.currency),
        "subtotalSet": money_bag(line.item.price * line.quantity, order.currency),
        "totalTaxSet": money_bag(ZERO, order.currency),
    }
