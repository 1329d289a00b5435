"""The fake shop's webhooks have the habits of real ones: signed bodies, unsigned headers, tries."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shopify_bench import (
    CLIENT_ID,
    CLIENT_SECRET,
    DOMAIN,
    WEBHOOK_SECRET,
    Listener,
    RemoteShop,
    body_of,
    shop_running,
    shopify_app,
)

CREATE = """mutation ($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id topic uri format } userErrors { field message } } }"""
LIST = """query ($topics: [WebhookSubscriptionTopic!]) {
  webhookSubscriptions(first: 50, topics: $topics) { nodes { id topic uri } } }"""
UPDATE = """mutation ($id: ID!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $hook) {
    webhookSubscription { uri } userErrors { message } } }"""
DELETE = """mutation ($id: ID!) { webhookSubscriptionDelete(id: $id) {
  deletedWebhookSubscriptionId userErrors { message } } }"""
HEADERS = ("topic", "hmac-sha256", "shop-domain", "api-version", "webhook-id", "triggered-at")


@pytest.fixture(scope="module")
def hooks() -> Iterator[Listener]:
    """Where webhooks arrive."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
def listener(hooks: Listener) -> Listener:
    """The same, emptied and well."""
    hooks.deliveries.clear()
    hooks.status = 200
    return hooks


@pytest.fixture
def shop(listener: Listener) -> Iterator[RemoteShop]:
    """A shop whose app hears of refunds by an API-made webhook; nothing goes before a flush."""
    with shop_running(apps=(shopify_app(listener),), delivery_delay_seconds=3600) as remote:
        subscribe(remote, listener.url)
        yield remote


def subscribe(shop: RemoteShop, uri: str, topic: str = "REFUNDS_CREATE") -> Any:
    """Make a webhook by the API."""
    given = {"topic": topic, "hook": {"uri": uri}}
    return shop.data(CREATE, given)["webhookSubscriptionCreate"]


def signature(body: bytes, secret: str) -> str:
    """What a right signature would be."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def test_a_refund_is_announced_signed(shop: RemoteShop, listener: Listener) -> None:
    """refunds/create has all headers, and a signature by the app's secret over its raw bytes."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "19.90", note="talla & color")
    shop.flush()
    (sent,) = listener.deliveries
    assert all(sent.headers[f"x-shopify-{name}"] for name in (*HEADERS, "event-id"))
    assert sent.headers["x-shopify-topic"] == "refunds/create"
    assert sent.headers["x-shopify-shop-domain"] == DOMAIN
    assert sent.headers["x-shopify-hmac-sha256"] == signature(sent.body, CLIENT_SECRET)
    assert b"talla \\u0026 color" in sent.body
    body = json.loads(sent.body)
    assert (str(body["id"]), str(body["order_id"])) == (refund_id, order_id)
    assert body["id"] > 2**53
    (money,) = body["transactions"]
    expected = {"kind": "refund", "status": "success", "gateway": "PagoEfectivo"}
    expected |= {"amount": "19.90", "currency": "PEN", "manual_payment_gateway": True}
    assert money.items() >= expected.items()


def test_lines_and_adjustments_mislead(shop: RemoteShop, listener: Listener) -> None:
    """Only the transactions tell the money: lines exceed it and adjustments make it up."""
    order_id = shop.paid_order(None, items={"POLO-1": 2, "LLAV-1": 1})
    polo = shop.order(order_id)["lines"][0]["id"]
    shop.press(order_id, amounts=("50.00", "10.00"), items={polo: 2})
    shop.flush()
    body = body_of(listener, "refunds/create")
    assert [t["amount"] for t in body["transactions"]] == ["50.00", "10.00"]
    assert [line["subtotal"] for line in body["refund_line_items"]] == ["119.80"]
    assert [a["amount"] for a in body["order_adjustments"]] == ["59.80"]
    shop.press(order_id, restock_only=True, items={polo: 2})
    shop.flush()
    assert body_of(listener, "refunds/create")["transactions"] == []


def test_a_vague_body_leaves_out_what_recordings_leave_out(
    shop: RemoteShop, listener: Listener
) -> None:
    """Currency and parent may be null, and the gateway the literal "manual"."""
    shop.moods(vague_webhooks=True)
    shop.press(shop.paid_order(), "5.00")
    shop.flush()
    (money,) = body_of(listener, "refunds/create")["transactions"]
    assert (money["currency"], money["parent_id"], money["gateway"]) == (None, None, "manual")


def test_a_refund_made_elsewhere_looks_like_any(shop: RemoteShop, listener: Listener) -> None:
    """A refund of another provider's dashboard comes as a success with a message that says so."""
    order_id = shop.paid_order(gateway="paypal", manual=False)
    shop.press(order_id, "5.00", message="Manually refunded from PayPal")
    shop.flush()
    (money,) = body_of(listener, "refunds/create")["transactions"]
    assert (money["gateway"], money["status"]) == ("paypal", "success")
    assert money["message"] == "Manually refunded from PayPal"


def test_a_currency_without_decimals_has_none(shop: RemoteShop, listener: Listener) -> None:
    """An amount in Chilean pesos is written without a point."""
    shop.press(shop.paid_order("2000", currency="CLP"), "20")
    shop.flush()
    assert body_of(listener, "refunds/create")["transactions"][0]["amount"] == "20"


def test_a_pending_refund_is_told_when_it_settles(shop: RemoteShop, listener: Listener) -> None:
    """order_transactions/create tells success or failure; refunds/create does not come again."""
    subscribe(shop, listener.url, "ORDER_TRANSACTIONS_CREATE")
    order_id = shop.paid_order()
    shop.press(order_id, "5.00", status="pending")
    shop.flush()
    topics = [d.headers["x-shopify-topic"] for d in listener.deliveries]
    assert topics == ["order_transactions/create", "refunds/create"]
    listener.deliveries.clear()
    transaction = shop.refund_transaction(order_id)["id"]
    shop.do("POST", f"/orders/{order_id}/transactions/{transaction}", {"status": "failure"})
    shop.flush()
    (told,) = listener.deliveries
    assert told.headers["x-shopify-topic"] == "order_transactions/create"
    assert (json.loads(told.body)["id"], json.loads(told.body)["status"]) == (
        transaction,
        "failure",
    )


def test_webhooks_go_out_by_themselves_and_share_an_event(listener: Listener) -> None:
    """Without any help each subscriber gets its own delivery of the one event."""
    with shop_running() as shop:
        subscribe(shop, listener.url)
        subscribe(shop, f"{listener.url}?two")
        shop.press(shop.paid_order(), "5.00")
        shop.flush()
    assert len({d.headers["x-shopify-webhook-id"] for d in listener.deliveries}) == 2
    assert len({d.headers["x-shopify-event-id"] for d in listener.deliveries}) == 1


def test_a_failed_delivery_is_tried_again_until_its_webhook_is_gone(
    shop: RemoteShop, listener: Listener
) -> None:
    """Each try has the same body and ids; the 8th failure in a row deletes the webhook."""
    listener.status = 500
    shop.press(shop.paid_order(), "5.00")
    for _ in range(7):
        shop.flush()
    assert shop.live_webhooks() == ["refunds/create"]
    for _ in range(2):
        shop.flush()
    assert shop.live_webhooks() == []
    assert len(listener.deliveries) == 8
    seen = {(d.body, d.headers["x-shopify-webhook-id"]) for d in listener.deliveries}
    assert len(seen) == 1
    assert shop.deliveries("refunds/create")[0]["done"] is True


def test_a_webhook_of_the_toml_is_never_deleted(shop: RemoteShop, listener: Listener) -> None:
    """It gives a delivery up after 8 retries, and is there for the next."""
    listener.status = 500
    privacy = {"topic": "customers/redact", "order": int(shop.paid_order())}
    shop.do("POST", "/privacy", privacy)
    for _ in range(10):
        shop.flush()
    assert len(listener.deliveries) == 9
    listener.status = 200
    shop.do("POST", "/privacy", privacy)
    shop.flush()
    assert len(listener.deliveries) == 10


def test_a_success_forgives_failures(shop: RemoteShop, listener: Listener) -> None:
    """Failures count only in a row."""
    order_id = shop.paid_order()
    for _ in range(2):
        listener.status = 500
        shop.press(order_id, "5.00")
        for _ in range(7):
            shop.flush()
        listener.status = 204
        shop.flush()
    assert shop.live_webhooks() == ["refunds/create"]


def test_a_redirect_is_a_failure(shop: RemoteShop, listener: Listener) -> None:
    """A webhook that is answered with a redirect waits to be tried again."""
    listener.status = 302
    shop.press(shop.paid_order(), "5.00")
    shop.flush()
    (delivery,) = shop.deliveries("refunds/create")
    assert (delivery["tries"], delivery["done"]) == ([302], False)


def test_the_last_delivery_can_be_repeated_or_come_late(
    shop: RemoteShop, listener: Listener
) -> None:
    """A repeat has the same body and ids; a late one has an older time of triggering."""
    shop.press(shop.paid_order(), "5.00")
    shop.flush()
    again = {"topic": "refunds/create", "times": 2}
    assert shop.do("POST", "/deliveries/repeat", again) == {"sent": 2}
    late = {"topic": "refunds/create", "older_by_seconds": 86400}
    shop.do("POST", "/deliveries/repeat", late)
    same = {(d.body, d.headers["x-shopify-webhook-id"]) for d in listener.deliveries}
    assert len(same) == 1
    triggered = [d.headers["x-shopify-triggered-at"] for d in listener.deliveries]
    assert triggered[0] == triggered[2] > triggered[3]


def test_webhooks_can_be_dropped(shop: RemoteShop, listener: Listener) -> None:
    """A mood loses events for good."""
    shop.moods(drop_webhooks=True)
    shop.press(shop.paid_order(), "5.00")
    shop.moods(drop_webhooks=False)
    shop.flush()
    assert listener.deliveries == []


def test_the_merchants_webhook_is_signed_with_the_shops_secret(listener: Listener) -> None:
    """A webhook made by hand is not signed by any app, and no app sees it."""
    with shop_running() as shop:
        shop.do("POST", "/webhooks", {"topic": "refunds/create", "uri": listener.url})
        shop.press(shop.paid_order(), "5.00")
        shop.flush()
        assert shop.data(LIST)["webhookSubscriptions"]["nodes"] == []
    (sent,) = listener.deliveries
    assert sent.headers["x-shopify-hmac-sha256"] == signature(sent.body, WEBHOOK_SECRET)


def test_after_a_rotation_the_older_secret_may_still_sign(
    shop: RemoteShop, listener: Listener
) -> None:
    """An app whose secret was changed gets webhooks that are signed with the one before."""
    changes = {"client_secret": "shpss_made_up_newer", "still_signs_with": CLIENT_SECRET}
    shop.deploy(shopify_app(listener, **changes))
    shop.press(shop.paid_order(), "5.00")
    shop.flush()
    (sent,) = listener.deliveries
    assert sent.headers["x-shopify-hmac-sha256"] == signature(sent.body, CLIENT_SECRET)


def test_webhooks_are_listed_moved_and_deleted(shop: RemoteShop) -> None:
    """An app sees its own API-made webhooks only, and may change and delete them."""
    (mine,) = shop.data(LIST, {"topics": ["REFUNDS_CREATE"]})["webhookSubscriptions"]["nodes"]
    moved = shop.data(UPDATE, {"id": mine["id"], "hook": {"uri": "https://new.example/"}})
    assert moved["webhookSubscriptionUpdate"]["webhookSubscription"]["uri"].endswith("new.example/")
    gone = shop.data(DELETE, {"id": mine["id"]})["webhookSubscriptionDelete"]
    assert gone == {"deletedWebhookSubscriptionId": mine["id"], "userErrors": []}
    again = shop.data(DELETE, {"id": mine["id"]})["webhookSubscriptionDelete"]
    assert again["userErrors"] == [{"message": "Webhook subscription does not exist"}]


def test_a_webhook_that_can_not_be_is_refused(shop: RemoteShop, listener: Listener) -> None:
    """Twice the same is refused, and plain http where the shop is strict about it."""
    assert "already been taken" in subscribe(shop, listener.url)["userErrors"][0]["message"]
    with shop_running(allow_http=False) as strict:
        assert "http://" in subscribe(strict, listener.url)["userErrors"][0]["message"]
    with shop_running(apps=(shopify_app(protected_data=0),)) as unapproved:
        assert subscribe(unapproved, listener.url)["userErrors"][0]["field"] == ["topic"]


def test_an_order_is_cancelled_or_erased(shop: RemoteShop, listener: Listener) -> None:
    """Both are told; an erased order is not there any more."""
    subscribe(shop, listener.url, "ORDERS_CANCELLED")
    subscribe(shop, listener.url, "ORDERS_DELETE")
    order_id = shop.paid_order()
    shop.change(order_id, "cancel")
    shop.change(order_id, "erase")
    shop.flush()
    assert body_of(listener, "orders/cancelled")["cancel_reason"] == "customer"
    assert body_of(listener, "orders/delete") == {"id": int(order_id)}
    with pytest.raises(AssertionError, match="404"):
        shop.order(order_id)


def test_our_own_writing_echoes(shop: RemoteShop, listener: Listener) -> None:
    """Whatever is saved on an order fires orders/updated, its writer's own tags included."""
    subscribe(shop, listener.url, "ORDERS_UPDATED")
    order_id = shop.paid_order()
    shop.change(order_id, "save")
    shop.flush()
    assert body_of(listener, "orders/updated")["id"] == int(order_id)


def test_removal_is_told_and_later_the_shop_is_to_be_forgotten(
    shop: RemoteShop, listener: Listener
) -> None:
    """app/uninstalled comes at once, shop/redact later, unless the app is installed again."""
    shop.do("POST", f"/apps/{CLIENT_ID}/uninstall")
    assert shop.graphql("{ shop { name } }").status_code == 401
    assert shop.live_webhooks() == []
    assert shop.do("POST", f"/apps/{CLIENT_ID}/redact") == {"sent": True}
    shop.flush()
    assert body_of(listener, "app/uninstalled")["myshopify_domain"] == DOMAIN
    assert body_of(listener, "shop/redact")["shop_domain"] == DOMAIN
    shop.install()
    assert shop.do("POST", f"/apps/{CLIENT_ID}/redact") == {"sent": False}


def test_buyers_ask_for_their_data_and_to_be_forgotten(
    shop: RemoteShop, listener: Listener
) -> None:
    """The privacy topics name shop, buyer and orders."""
    order = int(shop.paid_order())
    for topic in ("customers/data_request", "customers/redact"):
        shop.do("POST", "/privacy", {"topic": topic, "order": order})
    shop.flush()
    asked = body_of(listener, "customers/data_request")
    assert (asked["orders_requested"], asked["shop_domain"]) == ([order], DOMAIN)
    assert asked["data_request"]["id"]
    redacted = body_of(listener, "customers/redact")
    assert redacted["orders_to_redact"] == [order]
    assert redacted["customer"]["email"] == "cliente@example.test"


def test_changed_rights_are_told(shop: RemoteShop, listener: Listener) -> None:
    """app/scopes_update names the rights before and now."""
    subscribe(shop, listener.url, "APP_SCOPES_UPDATE")
    shop.do("POST", f"/apps/{CLIENT_ID}/scopes", {"scopes": ["read_orders"]})
    shop.flush()
    body = body_of(listener, "app/scopes_update")
    assert body["previous"] == ["read_orders", "write_orders"]
    assert body["current"] == ["read_orders"]


def test_all_webhooks_can_be_switched_off(shop: RemoteShop) -> None:
    """The lever deletes what eight failures would delete."""
    shop.do("POST", "/webhooks/off")
    assert shop.live_webhooks() == []
