"""The fake shop answers Admin GraphQL as Shopify does, its refusals and limits included."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pef_adapters.testing.fake_shopify import Limits, ShopSettings
from shopify_bench import (
    DOMAIN,
    PAYMENTS_TOKEN,
    TOKEN,
    RemoteShop,
    free_port,
    payments_app,
    shop_running,
    shopify_app,
)

ORDER = """query ($id: ID!) { order(id: $id) {
  id legacyResourceId name number tags paymentGatewayNames displayFinancialStatus refundable
  customAttributes { key value } totalRefundedSet { shopMoney { amount currencyCode } }
  transactions(first: 10) { id kind status gateway manualPaymentGateway paymentId test
    amountSet { presentmentMoney { amount currencyCode } } parentTransaction { id } }
  refunds(first: 10) { id note transactions(first: 5) { nodes { status } } }
} }"""
ORDERS = """query ($query: String, $first: Int, $after: String) {
  orders(query: $query, first: $first, after: $after, sortKey: UPDATED_AT) {
    nodes { id name } edges { cursor } pageInfo { hasNextPage endCursor } } }"""
NAMES = "{ orders(first: 50) { nodes { name } } }"
SET = """mutation ($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
  metafields { namespace key compareDigest jsonValue } userErrors { code field } } }"""
ADD_TAGS = """mutation ($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) {
  node { ... on Order { tags } } userErrors { message } } }"""
REFUND = """mutation ($input: RefundInput!) { refundCreate(input: $input) %s {
  refund { id note } userErrors { field message } } }"""
KEYED = REFUND % '@idempotent(key: "press-1")'
LIGHT = "{ shop { name } }"


@pytest.fixture(scope="module")
def shop() -> Iterator[RemoteShop]:
    """One shop for all tests that leave it as they found it, orders apart."""
    with shop_running(apps=(shopify_app(), payments_app("http://127.0.0.1:9"))) as remote:
        yield remote


def gid(order_id: str) -> str:
    """An order's gid."""
    return f"gid://shopify/Order/{order_id}"


def test_an_order_is_read_with_its_transactions(shop: RemoteShop) -> None:
    """A paid order shows its exact id, its sale on the named manual method and its attributes."""
    order_id = shop.paid_order("59.90")
    order = shop.data(ORDER, {"id": gid(order_id)})["order"]
    assert order["id"] == gid(order_id)
    assert int(order["legacyResourceId"]) > 2**53
    (sale,) = order["transactions"]
    assert (sale["kind"], sale["status"], sale["gateway"]) == ("SALE", "SUCCESS", "PagoEfectivo")
    assert sale["manualPaymentGateway"] is True
    assert sale["amountSet"]["presentmentMoney"] == {"amount": "59.9", "currencyCode": "PEN"}
    assert order["customAttributes"] == [{"key": "CIP", "value": "11546901"}]
    assert order["displayFinancialStatus"] == "PAID"


def test_a_pending_refund_counts_nothing(shop: RemoteShop) -> None:
    """While a refund's transaction is pending Shopify says that nothing was refunded."""
    order_id = shop.paid_order("50.00")
    shop.press(order_id, "20.00", status="pending", note="talla")
    order = shop.data(ORDER, {"id": gid(order_id)})["order"]
    (refund,) = order["refunds"]
    assert refund["transactions"]["nodes"] == [{"status": "PENDING"}]
    assert order["totalRefundedSet"]["shopMoney"]["amount"] == "0.0"
    transaction = shop.refund_transaction(order_id)["id"]
    shop.do("POST", f"/orders/{order_id}/transactions/{transaction}", {"status": "success"})
    order = shop.data(ORDER, {"id": gid(order_id)})["order"]
    assert order["totalRefundedSet"]["shopMoney"]["amount"] == "20.0"
    assert order["displayFinancialStatus"] == "PARTIALLY_REFUNDED"


def test_more_than_is_left_is_not_refunded(shop: RemoteShop) -> None:
    """The refund form refuses what was given back already."""
    order_id = shop.paid_order("30.00")
    shop.press(order_id, "20.00")
    with pytest.raises(AssertionError, match="409"):
        shop.press(order_id, "10.01")
    assert shop.order(order_id)["rest"] == "10.00"


def test_a_refund_is_read_by_its_own_id(shop: RemoteShop) -> None:
    """`refund(id)` and `node(id)` give the refund with its order; an unknown id gives null."""
    order_id = shop.paid_order()
    refund_id = f"gid://shopify/Refund/{shop.press(order_id, '5.00')}"
    query = "query ($id: ID!) { refund(id: $id) { order { id } } node(id: $id) { id } }"
    found = shop.data(query, {"id": refund_id})
    assert found == {"refund": {"order": {"id": gid(order_id)}}, "node": {"id": refund_id}}
    assert shop.data(query, {"id": "gid://shopify/Refund/1"}) == {"refund": None, "node": None}


def test_orders_are_searched_and_paged() -> None:
    """A search by gateway and time gives pages with cursors, oldest change first."""
    with shop_running() as shop:
        old = shop.paid_order(days_old=20)
        fresh = [shop.paid_order(), shop.paid_order()]
        shop.paid_order(gateway="Yape")
        since = "updated_at:>='2026-01-01T00:00:00Z' AND gateway:pagoefectivo"
        first = shop.data(ORDERS, {"query": since, "first": 2})["orders"]
        assert [node["id"] for node in first["nodes"]] == [gid(old), gid(fresh[0])]
        assert first["pageInfo"]["hasNextPage"] is True
        after = {"query": since, "first": 2, "after": first["pageInfo"]["endCursor"]}
        last = shop.data(ORDERS, after)["orders"]
        assert [node["id"] for node in last["nodes"]] == [gid(fresh[1])]
        assert last["pageInfo"]["hasNextPage"] is False
        assert shop.fault(ORDERS, {"query": "colour:red", "first": 1})[1].endswith("by colour.")
        assert "first or last" in shop.fault(ORDERS, {})[1]


def test_sixty_days_are_seen_unless_all_may_be_read() -> None:
    """An order of 61 days ago is there only for an app with read_all_orders."""
    with shop_running() as shop:
        order_id = shop.paid_order(days_old=61)
        assert shop.data(ORDER, {"id": gid(order_id)})["order"] is None
        scopes = ("read_orders", "write_orders", "read_all_orders")
        token = shop.install(scopes=scopes)["access_token"]
        assert shop.data(ORDER, {"id": gid(order_id)}, token=token)["order"] is not None


@pytest.mark.parametrize(("level", "word"), [(0, "Order object"), (1, "email field")])
def test_data_of_buyers_needs_approval(level: int, word: str) -> None:
    """Without level 1 no order is read, without level 2 no personal field."""
    with shop_running(apps=(shopify_app(protected_data=level),)) as shop:
        query = "query ($id: ID!) { order(id: $id) { email } }"
        code, message = shop.fault(query, {"id": gid(shop.paid_order())})
    assert code == "ACCESS_DENIED"
    assert f"not approved to {'access' if level == 0 else 'use'} the {word}" in message


def test_a_right_is_needed(shop: RemoteShop) -> None:
    """An app without the scope for orders is denied."""
    code, message = shop.fault(NAMES, token=PAYMENTS_TOKEN)
    assert (code, "read_orders" in message) == ("ACCESS_DENIED", True)


def test_a_wrong_token_is_unauthorized(shop: RemoteShop) -> None:
    """A token that nobody was given gets 401 from both APIs."""
    for api in ("admin", "payments_apps"):
        assert shop.graphql(LIGHT, token="shpat_nobody", api=api).status_code == 401


def test_what_does_not_fit_the_schema_is_refused(shop: RemoteShop) -> None:
    """A field that does not exist is an error with HTTP 200, on the version that was asked."""
    answer = shop.graphql("{ shop { colour } }")
    assert answer.status_code == 200
    assert "Cannot query field 'colour'" in answer.json()["errors"][0]["message"]
    named = "{ webhookSubscriptions(first: 1) { nodes { name } } }"
    assert "Cannot query" in shop.fault(named, version="2026-01")[1]
    assert shop.data(named, version="2026-04") == {"webhookSubscriptions": {"nodes": []}}


@pytest.mark.parametrize("asked", ["2025-10", "2019-04"])
def test_a_dead_version_is_answered_by_the_oldest_live_one(shop: RemoteShop, asked: str) -> None:
    """The header names the version that answered."""
    answer = shop.graphql(LIGHT, version=asked)
    assert answer.headers["x-shopify-api-version"] == "2026-01"
    assert answer.json()["data"] == {"shop": {"name": "Tienda Misti"}}


def test_the_shop_and_the_app_introduce_themselves(shop: RemoteShop) -> None:
    """The shop tells its domain, the installation the app's rights."""
    found = shop.data(
        "{ shop { myshopifyDomain currencyCode } publicApiVersions { handle }"
        " currentAppInstallation { accessScopes { handle } } }"
    )
    assert found["shop"] == {"myshopifyDomain": DOMAIN, "currencyCode": "PEN"}
    scopes = {scope["handle"] for scope in found["currentAppInstallation"]["accessScopes"]}
    assert {"read_orders", "write_orders"} <= scopes
    assert found["publicApiVersions"][-1] == {"handle": "2026-10"}


def test_tags_are_added_to_those_there(shop: RemoteShop) -> None:
    """`tagsAdd` keeps what stands there, case aside, while `orderUpdate` overwrites."""
    order_id = shop.paid_order()
    shop.data(ADD_TAGS, {"id": gid(order_id), "tags": ["vip"]})
    shop.data(ADD_TAGS, {"id": gid(order_id), "tags": ["VIP", "pef: pendiente"]})
    assert shop.order(order_id)["tags"] == ["vip", "pef: pendiente"]
    remove = 'mutation ($id: ID!) { tagsRemove(id: $id, tags: ["Vip"]) { userErrors { message } } }'
    shop.data(remove, {"id": gid(order_id)})
    assert shop.order(order_id)["tags"] == ["pef: pendiente"]
    update = "mutation ($i: OrderInput!) { orderUpdate(input: $i) { userErrors { message } } }"
    shop.data(update, {"i": {"id": gid(order_id), "tags": ["otra"]}})
    assert shop.order(order_id)["tags"] == ["otra"]
    lost = shop.data(ADD_TAGS, {"id": gid("1"), "tags": ["x"]})["tagsAdd"]
    assert lost["userErrors"] == [{"message": "id is invalid"}]


def field(order_id: str, value: str, **more: Any) -> dict[str, Any]:
    """A metafield to set, in the namespace reserved for the app."""
    return {"ownerId": gid(order_id), "key": "refunds", "type": "json", "value": value, **more}


def test_metafields_are_set_by_compare_and_set(shop: RemoteShop) -> None:
    """A digest that is not the newest, or where none should be, is a stale object."""
    order_id = shop.paid_order()
    made = shop.data(SET, {"m": [field(order_id, '{"a":1}', compareDigest=None)]})
    (first,) = made["metafieldsSet"]["metafields"]
    assert first["namespace"].startswith("app--")
    assert first["jsonValue"] == {"a": 1}
    for digest in (None, "0" * 64):
        stale = shop.data(SET, {"m": [field(order_id, '{"a":2}', compareDigest=digest)]})
        assert stale["metafieldsSet"]["userErrors"][0]["code"] == "STALE_OBJECT"
    newer = field(order_id, '{"a":3}', compareDigest=first["compareDigest"])
    assert shop.data(SET, {"m": [newer]})["metafieldsSet"]["userErrors"] == []
    query = 'query ($id: ID!) { order(id: $id) { metafield(key: "refunds") { value } } }'
    assert shop.data(query, {"id": gid(order_id)})["order"]["metafield"]["value"] == '{"a":3}'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": "{"}, "INVALID_VALUE"),
        ({"compareDigest": "no-digest"}, "INVALID_COMPARE_DIGEST"),
        ({"type": None}, "BLANK"),
        ({"ownerId": "gid://shopify/Order/1"}, "INVALID"),
    ],
)
def test_of_metafields_all_are_set_or_none(
    shop: RemoteShop, changes: dict[str, Any], code: str
) -> None:
    """One bad metafield leaves the good ones of the same call unwritten."""
    order_id = shop.paid_order()
    bad = field(order_id, "{}", key="other") | changes
    answer = shop.data(SET, {"m": [field(order_id, "{}"), bad]})["metafieldsSet"]
    assert [error["code"] for error in answer["userErrors"]] == [code]
    assert shop.order(order_id)["metafields"] == {}
    many = [field(order_id, "{}", key=f"key{i}") for i in range(26)]
    refused = shop.data(SET, {"m": many})["metafieldsSet"]["userErrors"]
    assert refused[0]["code"] == "LESS_THAN_OR_EQUAL_TO"


def refund_input(order_id: str, amount: str) -> dict[str, Any]:
    """What refundCreate is given for an amount alone."""
    money = {"orderId": gid(order_id), "kind": "REFUND", "gateway": "manual", "amount": amount}
    return {"input": {"orderId": gid(order_id), "note": "x", "transactions": [money]}}


def test_a_refund_is_made_under_an_idempotency_key(shop: RemoteShop) -> None:
    """The same key gives the same refund; since 2026-04 none is made without a key."""
    order_id = shop.paid_order("30.00")
    asked = refund_input(order_id, "10.00")
    one, two = (shop.data(KEYED, asked)["refundCreate"]["refund"]["id"] for _ in range(2))
    assert one == two
    assert shop.order(order_id)["refunded"] == "10.00"
    code, message = shop.fault(REFUND % "", asked, version="2026-04")
    assert (code, "@idempotent" in message) == ("BAD_REQUEST", True)
    assert shop.data(REFUND % "", asked, version="2026-01")["refundCreate"]["userErrors"] == []
    over = refund_input(order_id, "10.01")
    keyed = REFUND % '@idempotent(key: "press-2")'
    assert shop.data(keyed, over)["refundCreate"]["userErrors"][0]["field"] == ["transactions"]


def test_each_answer_tells_its_cost(shop: RemoteShop) -> None:
    """A query is asked for more than it costs in the end; the bucket says what is left."""
    shop.paid_order()
    cost = shop.graphql(ORDERS, {"first": 10}).json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] > 10
    assert 0 < cost["actualQueryCost"] <= cost["requestedQueryCost"]
    bucket = cost["throttleStatus"]
    assert (bucket["maximumAvailable"], bucket["restoreRate"]) == (2000, 100)
    assert bucket["currentlyAvailable"] <= 2000


def test_an_empty_bucket_throttles() -> None:
    """What costs more than the bucket holds is THROTTLED, with HTTP 200 and without data."""
    limits = Limits(maximum_available=20, restore_rate=1)
    with shop_running(admin_limits=limits) as shop:
        order_id = shop.paid_order()
        tag = {"id": gid(order_id), "tags": ["x"]}
        shop.data(ADD_TAGS, tag)
        shop.data(ADD_TAGS, tag)
        answer = shop.graphql(ADD_TAGS, tag)
        assert answer.status_code == 200
        body = answer.json()
        assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert "data" not in body
        assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 10


def test_throttling_can_be_had_on_demand(shop: RemoteShop) -> None:
    """The lever throttles for some answers or for some time, and then no more."""
    shop.moods(throttle_answers=1)
    assert shop.fault(LIGHT)[0] == "THROTTLED"
    assert shop.data(LIGHT)["shop"]["name"] == "Tienda Misti"
    shop.do("POST", "/throttle", {"seconds": 60})
    assert shop.fault(LIGHT)[0] == "THROTTLED"
    shop.do("POST", "/throttle", {"seconds": 0})
    assert shop.data(LIGHT)["shop"]["name"] == "Tienda Misti"


def test_one_query_may_not_cost_all(shop: RemoteShop) -> None:
    """More than 1000 points for one query are never granted."""
    query = "{ orders(first: 250) { nodes { refunds(first: 50) { id } } } }"
    assert shop.fault(query)[0] == "MAX_COST_EXCEEDED"


def test_a_lost_answer_was_done(shop: RemoteShop) -> None:
    """The mutation named takes effect although its connection breaks; others are answered."""
    order_id = shop.paid_order()
    shop.moods(lose_answers=1, lose_operation="tagsAdd")
    assert shop.data(LIGHT)["shop"]["name"] == "Tienda Misti"
    with pytest.raises(httpx.RemoteProtocolError):
        shop.graphql(ADD_TAGS, {"id": gid(order_id), "tags": ["hecho"]})
    assert shop.order(order_id)["tags"] == ["hecho"]
    shop.data(ADD_TAGS, {"id": gid(order_id), "tags": ["otra"]})


def test_a_shop_that_is_down_answers_503(shop: RemoteShop) -> None:
    """A mood takes the API and OAuth down together, and up again."""
    shop.moods(down=True)
    answers = [shop.graphql(LIGHT).status_code, shop.token_request().status_code]
    shop.moods(down=False)
    assert answers == [503, 503]
    assert shop.graphql(LIGHT).status_code == 200


def test_bad_requests_are_told_apart(shop: RemoteShop) -> None:
    """No JSON is 400, an unknown path's version is 404, a syntax error is an error of GraphQL."""
    url = f"{shop.home}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": TOKEN}
    assert httpx.post(url, content=b"{", headers=headers).status_code == 400
    assert shop.graphql(LIGHT, version="newest").status_code == 404
    assert "Syntax Error" in shop.fault("{ shop {")[1]


def test_a_shop_outlives_a_kill(tmp_path: Path) -> None:
    """What was done before stands in the file: orders, refunds, tokens, webhooks still to send."""
    with own_process(tmp_path / "shop.json") as before:
        order_id = before.paid_order("40.00")
        token = before.install()["access_token"]
        before.do("POST", "/webhooks", {"topic": "refunds/create", "uri": "http://127.0.0.1:9/"})
        before.press(order_id, "15.00")
    with shop_running(state_file=tmp_path / "shop.json") as after:
        assert after.order(order_id)["refunded"] == "15.00"
        assert after.data(LIGHT, token=token)["shop"]["name"] == "Tienda Misti"
        (delivery,) = after.deliveries("refunds/create")
        assert delivery["done"] is False


@contextmanager
def own_process(state_file: Path) -> Iterator[RemoteShop]:
    """A shop in a process of its own, which is killed in the end without a word."""
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    settings = ShopSettings(
        port=port, home=home, apps=(shopify_app(),), state_file=state_file, demo_orders=False
    )
    command = [sys.executable, "-m", "pef_adapters.testing.fake_shopify"]
    process = subprocess.Popen([*command, settings.model_dump_json()])
    try:
        wait_for(home, process)
        with RemoteShop(home) as shop:
            yield shop
    finally:
        process.kill()
        process.wait()


def wait_for(home: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until the shop answers, while its process lives."""
    while process.poll() is None:
        try:
            httpx.get(f"{home}/admin")
        except httpx.TransportError:
            continue
        return
    pytest.fail("the shop did not start")


def test_an_app_can_uninstall_itself() -> None:
    """`appUninstall` takes the app's own tokens back, not another app's."""
    gone = "mutation { appUninstall { userErrors { message } } }"
    with shop_running(apps=(shopify_app(), payments_app("http://127.0.0.1:9"))) as shop:
        assert shop.data(gone, token=PAYMENTS_TOKEN) == {"appUninstall": {"userErrors": []}}
        assert shop.graphql(LIGHT, token=PAYMENTS_TOKEN).status_code == 401
        assert shop.graphql(LIGHT).status_code == 200
