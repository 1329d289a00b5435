"""The fake admin, as people use it: buying, cancelling, returning, and what is painted."""

import time
from html import unescape
from typing import Literal

import pytest

from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from tiny_provider import TinyProvider
from vtex_bench import RemoteVtex, vtex_running

NEWS_MS = 10_000


@pytest.fixture
def returned(vtex: RemoteVtex, provider: TinyProvider) -> str:
    """An order with one refund that is done and one that stays open."""
    (order_id,) = vtex.returnable()["order_ids"]
    vtex.press(order_id, "return", "20.00")
    provider.refund_answers = ["open"] * 20
    vtex.press(order_id, "return", "30.00")
    return order_id


def test_a_buyer_is_led_to_the_providers_page(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Buying leads to where the provider takes the payment, and back to the checkout."""
    provider.status = "undefined"
    bought = vtex.page("/admin/orders", {"sku-10": "2", "email": "ana@example.test"})
    assert bought.status_code == 303
    assert bought.headers["location"] == f"{provider.url}/pay"
    asked = provider.asked("callbackUrl")[-1]
    assert asked["value"] * 100 == 11980
    back = vtex.page(asked["returnUrl"].removeprefix(vtex.home)).text
    assert "119.80" in back
    assert "esperando el pago" in back


def test_an_empty_cart_is_told(vtex: RemoteVtex) -> None:
    """Nothing bought is an error with a reason, and no call."""
    shown = vtex.page("/admin/orders", {"sku-10": "0", "email": "ana@example.test"})
    assert shown.status_code == 400
    assert "El carrito está vacío." in shown.text
    assert vtex.seen()["calls"] == []


def test_buttons_follow_the_order(vtex: RemoteVtex, provider: TinyProvider) -> None:
    """Cancel before the invoice, return after it: the page offers what VTEX would do."""
    (order_id,) = vtex.settled()["order_ids"]
    page = f"/admin/orders/{order_id}"
    assert "Cancelar pedido" in vtex.page(page).text
    assert vtex.page(f"{page}/invoice", {}).status_code == 303
    shown = vtex.page(page).text
    assert "Cancelar pedido" not in shown
    assert "Devolver ítems" in shown
    refused = vtex.page(f"{page}/cancel", {"reason": ""})
    assert refused.status_code == 400
    assert "use la devolución" in refused.text
    assert vtex.page(f"{page}/return", {"amount": "20.00"}).status_code == 303
    assert vtex.page(f"{page}/return", {"amount": "mucho"}).status_code == 400
    assert [refund["value"] for refund in provider.asked("settleId")] == [20]


def test_what_vtex_paints_is_shown(vtex: RemoteVtex, returned: str) -> None:
    """Each refund stands there as VTEX paints it, with its history and its tasks."""
    shown = unescape(vtex.page(f"/admin/orders/{returned}").text)
    assert 'data-type="online"' in shown
    assert "se le preguntará otra vez" in shown
    vtex.advance(days=2)
    shown = unescape(vtex.page(f"/admin/orders/{returned}").text)
    assert 'data-type="email-notification"' in shown
    assert "Devuelva a mano PEN 30.00" in shown
    messages = vtex.page("/admin/messages").text
    assert "gateway-manual-reversal-requested" in messages
    assert "vtexcommerce-order-refunded" in messages


def test_the_suite_can_be_run_from_the_admin(vtex: RemoteVtex) -> None:
    """A button runs the homologation and shows each case with its calls."""
    shown = vtex.page("/admin/suite", {"credentials": "on"}).text
    assert 'data-case="approved" data-passed="true"' in shown
    assert 'data-case="redirect" data-passed="false"' in shown


def test_unknown_orders_are_not_there(vtex: RemoteVtex) -> None:
    """A page or a button of an order that nobody placed answers 404."""
    assert vtex.page("/admin/orders/1-01").status_code == 404
    assert vtex.page("/admin/orders/1-01/cancel", {}).status_code == 404
    assert vtex.page("/checkout/1").status_code == 404


def test_demo_orders_are_placed_by_themselves(provider: TinyProvider) -> None:
    """An account for the demo starts with orders whose payments were asked for."""
    with vtex_running(provider.url, demo_orders=True) as vtex:
        deadline = time.monotonic() + 10
        while {order["status"] for order in vtex.do("GET", "/orders")} != {"payment-approved"}:
            assert time.monotonic() < deadline, "the payments were not asked for"
    assert len(provider.asked("callbackUrl")) == 3


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_admin_fits_and_reads_well(
    vtex: RemoteVtex, returned: str, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    """Every page fits a phone and a desk, reads well by day and night, and names its controls."""
    pages = ("/admin", f"/admin/orders/{returned}", "/admin/messages", "/admin/suite")
    async with chromium() as browser, tab(browser, vtex.home, size=size, scheme=scheme) as page:
        for path in pages:
            await page.goto(path)
            assert await overflow(page) <= 0
            assert await faint(page) == []
            assert await unnamed(page) == []


@pytest.mark.browser
async def test_news_show_by_themselves(vtex: RemoteVtex, returned: str) -> None:
    """An open order hears of what happened, and keeps what was typed."""
    async with chromium() as browser, tab(browser, vtex.home) as page:
        await page.goto(f"/admin/orders/{returned}")
        await page.fill("[name=amount]", "1.00")
        vtex.advance(days=2)
        await page.locator('[data-type="email-notification"]').wait_for(timeout=NEWS_MS)
        assert await page.input_value("[name=amount]") == "1.00"
