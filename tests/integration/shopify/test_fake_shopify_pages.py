"""The fake shop's admin shows people what a merchant would see, and lets them press."""

import json
from collections.abc import Iterator

import pytest

from shopify_bench import (
    CLIENT_ID,
    PAYMENTS_TOKEN,
    PaymentsListener,
    RemoteShop,
    payments_app,
    shop_running,
    shopify_app,
)

SET = """mutation ($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
  userErrors { message } } }"""


@pytest.fixture
def shop() -> Iterator[RemoteShop]:
    """A shop with its demo orders."""
    with shop_running(demo_orders=True) as remote:
        yield remote


def newest(shop: RemoteShop) -> str:
    """The number of the newest order."""
    return str(shop.do("GET", "/orders")[-1]["id"])


def test_the_orders_are_listed(shop: RemoteShop) -> None:
    """The first page leads to each order."""
    assert shop.open("/").headers["location"] == "/admin"
    page = shop.open("/admin").text
    assert "#1004 Ana Quispe Ñahui" in page
    assert f"/admin/orders/{newest(shop)}" in page


def test_the_merchant_presses_refund(shop: RemoteShop) -> None:
    """The page then says that Shopify moved no money on a manual method."""
    path = f"/admin/orders/{newest(shop)}"
    answer = shop.open(f"{path}/refund", {"amount": "10.00", "note": "Talla equivocada"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = shop.open(path).text
    assert "Shopify anotó 10.00 como reembolsado, pero no movió dinero" in page
    assert "Talla equivocada" in page
    assert "sin noticias todavía" in page


@pytest.mark.parametrize("amount", ["100000", "0", "diez"])
def test_a_wrong_amount_is_told(shop: RemoteShop, amount: str) -> None:
    """The merchant reads why nothing was refunded."""
    path = f"/admin/orders/{newest(shop)}"
    answer = shop.open(f"{path}/refund", {"amount": amount})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert shop.order(newest(shop))["refunds"] == []


def test_what_our_app_wrote_is_shown(shop: RemoteShop) -> None:
    """The state in the app's metafield stands beside Shopify's own records."""
    order_id = newest(shop)
    refund_id = shop.press(order_id, "10.00")
    record = {
        "version": 1,
        "other": {"x": {"state": "no state of ours"}},
        "refunds": {refund_id: {"state": "pending", "expected_on": "2026-12-01"}},
    }
    kept = {"ownerId": f"gid://shopify/Order/{order_id}", "key": "refunds", "type": "json"}
    shop.data(SET, {"m": [kept | {"value": json.dumps(record)}]})
    page = shop.open(f"/admin/orders/{order_id}").text
    assert "pendiente: el dinero está en camino" in page
    assert "previsto para el 2026-12-01" in page
    assert shop.order(order_id)["record"][refund_id]["state"] == "pending"


def test_an_order_is_cancelled_on_its_page(shop: RemoteShop) -> None:
    """The button cancels once and is gone."""
    path = f"/admin/orders/{newest(shop)}"
    shop.open(f"{path}/cancel", {})
    assert shop.order(newest(shop))["cancelled"] is True
    assert "Cancelar pedido" not in shop.open(path).text


def test_what_is_not_there_is_404(shop: RemoteShop) -> None:
    """An order, an app or a session that there is not has a page that says so."""
    for path in ("/admin/orders/1", "/admin/apps/nobody", "/checkouts/nothing"):
        assert shop.open(path).status_code == 404


def test_apps_and_the_shops_own_webhooks_are_managed(shop: RemoteShop) -> None:
    """The merchant makes a webhook, sees the secret that signs it, and removes an app."""
    given = {"topic": "refunds/create", "uri": "https://pef.example/webhooks/x"}
    shop.open("/admin/webhooks", given)
    page = shop.open("/admin/apps").text
    assert "https://pef.example/webhooks/x" in page
    assert "hechoParaPruebas42" in page
    shop.open(f"/admin/apps/{CLIENT_ID}/uninstall", {})
    assert "no instalada" in shop.open("/admin/apps").text


def test_a_buyer_pays_and_a_failed_refund_is_sent_again() -> None:
    """The checkout leads to the app; a refund that it does not take can be tried again."""
    with PaymentsListener().listening() as taker:
        apps = (shopify_app(), payments_app(taker.url))
        with shop_running(apps=apps, session_retry_seconds=()) as shop:
            answer = shop.open("/admin/checkout", {"amount": "50.00"})
            assert answer.headers["location"] == taker.redirect_url
            session = taker.bodies("payment")[0]
            pay = (
                "mutation ($id: ID!) { paymentSessionResolve(id: $id) { userErrors { message } } }"
            )
            how = {"token": PAYMENTS_TOKEN, "api": "payments_apps"}
            shop.data(pay, {"id": session["gid"]}, **how)
            taker.status = 500
            shop.press(newest(shop), "5.00")
            shop.flush()
            path = f"/admin/orders/{newest(shop)}"
            assert "Shopify da por reembolsado 0.00 de 5.00." in shop.open(path).text
            assert "No se pudo enviar" in shop.open(path).text
            taker.status = 201
            refund = taker.bodies("refund")[0]["id"]
            shop.open(f"/admin/sessions/{refund}/send", {})
            assert "No se pudo enviar" not in shop.open(path).text


def test_without_a_payments_app_nobody_pays(shop: RemoteShop) -> None:
    """The checkout says that there is no app, and that an amount is none."""
    assert "Ninguna app de pagos" in shop.open("/admin/checkout", {"amount": "5.00"}).text
    assert "no es válido" in shop.open("/admin/checkout", {"amount": "x"}).text
