"""VTEX's admin links a store up by way of its owner's browser: a real Chromium."""

import httpx
import pytest
from playwright.async_api import expect

from chromium import PHONE, chromium, faint, overflow, tab, unnamed
from pef_adapters.engine import link_ups
from vtex_samples import TOKEN, said_of
from vtex_service import House
from woocommerce_bench import free_port

pytestmark = pytest.mark.browser

BASE = "/provider/vtex/authorization"


async def test_an_owner_links_the_store_up(running: House) -> None:
    """Token, page, one-time code, back to the admin, and the pair with which VTEX then sells."""
    # An account whose admin stands on this machine, so that the browser can return to it.
    port = free_port()
    shop = await running.opens("enlace", port=port, address=f"http://127.0.0.1:{port}")
    back = f"{shop.vtex.home}/admin/orders?authorizationCode="
    async with httpx.AsyncClient(base_url=running.address, trust_env=False) as admin:
        asked = {"applicationId": "vtex", "returnUrl": back}
        begun = said_of(
            (await admin.post(f"{BASE}/token", json=asked)).json(), "/authorization/token", "post"
        )
        code = await link_ups.offer_code(running.ports, shop.store_id)
        taken = await typed_in(running, begun["token"], code, back)
        given = {"applicationId": "vtex", "authorizationCode": taken}
        handed = await admin.get(f"{BASE}/credentials", params=given)
        pair = said_of(handed.json(), "/authorization/credentials", "get")
        assert (await admin.get(f"{BASE}/credentials", params=given)).status_code == 404
    assert pair == {"applicationId": "vtex", "appKey": shop.store_id, "appToken": TOKEN}
    assert (await shop.buys("59.90"))["payment_url"]


async def typed_in(running: House, token: str, code: str, back: str) -> str:
    """What the browser takes back to the admin, after a code that was wrong once."""
    async with (
        chromium() as browser,
        tab(browser, running.address, size=PHONE, refused=True) as page,
    ):
        await page.goto(f"{BASE}/redirect?applicationId=vtex&token={token}")
        assert (await overflow(page) <= 0, await faint(page), await unnamed(page)) == (True, [], [])
        await page.get_by_label("Código").fill("0000-0000-0000")
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label("Código").fill(code.lower())
        await page.get_by_role("button").click()
        await page.wait_for_url(f"{back}*")
        return page.url.removeprefix(back)
