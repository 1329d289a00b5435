"""Our page in a store's admin, in a real Chromium; Shopify's own scripts never come from afar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect

from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from pef_adapters.core import texts
from served import served
from shopify_room import OURS, SHOP, Room, ours

pytestmark = pytest.mark.browser

sizes = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])

# As much of Shopify's two scripts as the page uses: a session token, and elements with slots.
_BRIDGE = "globalThis.shopify = { idToken: async () => globalThis.aToken };"
_POLARIS = """
for (const name of ["s-page", "s-section", "s-banner", "s-badge"]) {
  customElements.define(name, class extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" }).innerHTML =
        "<style>:host { display: block } :host([hidden]) { display: none }</style><slot></slot>";
    }
  });
}
"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def address(at_shopify: Room) -> AsyncIterator[str]:
    """A connected store with a refund on its way; our routes served where a browser reaches."""
    await at_shopify.connected()
    await at_shopify.press("15", minor=5000, order_number="1042")
    async with served(ours(at_shopify.world)) as home:
        yield home


@asynccontextmanager
async def refusing_tab(browser: Browser, address: str) -> AsyncIterator[Page]:
    """A phone whose console may report calls that are refused, and nothing else."""
    width, height = PHONE
    page = await browser.new_page(
        base_url=address, viewport={"width": width, "height": height}, locale="es-PE"
    )
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        await page.close()
    assert faults == []


async def opened(page: Page, at_shopify: Room, scripts: dict[str, str] | None) -> Page:
    """Our page as the admin opens it; without `scripts` Shopify's can't be reached."""

    async def answer(route: Route) -> None:
        name = httpx.URL(route.request.url).path.rpartition("/")[2]
        body = (scripts or {}).get(name, "")
        await route.fulfill(status=200, content_type="text/javascript", body=body)

    await page.route("https://cdn.shopify.com/**", answer)
    await page.add_init_script(f"globalThis.aToken = {at_shopify.token()!r};")
    query = httpx.QueryParams(shop=SHOP, id_token=at_shopify.token(), locale="en")
    await page.goto(f"/apps/shopify?{query}")
    return page


SCRIPTS = {"app-bridge.js": _BRIDGE, "polaris.js": _POLARIS}


def label(name: str) -> str:
    """A label of the page, in English."""
    return texts.explain(f"shopify_page.{name}", "en").rstrip(".")


@sizes
@pytest.mark.parametrize("scripts", [None, SCRIPTS], ids=["without scripts", "with scripts"])
async def test_page_can_be_read(
    at_shopify: Room,
    address: str,
    browser: Browser,
    size: tuple[int, int],
    scripts: dict[str, str] | None,
) -> None:
    """With or without Shopify's scripts it fits, stands out, and names its fields."""
    async with tab(browser, address, size=size) as page:
        await opened(page, at_shopify, scripts)
        await expect(page.get_by_text("Order 1042")).to_be_visible()
        await expect(page.get_by_text(texts.explain("state.pending", "en"))).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert await overflow(page) <= 0
        assert await faint(page) == []
        assert await unnamed(page) == []
        no_script = page.get_by_text(texts.explain("shopify_page.no_script", "en"))
        await expect(no_script).to_be_visible(visible=scripts is None)
        for button in ("save", "refresh", "console"):
            control = page.get_by_role("button", name=label(button), exact=True)
            await expect(control).to_be_enabled(enabled=scripts is not None)


async def test_refresh_shows_what_is_new(at_shopify: Room, address: str, browser: Browser) -> None:
    """A refund that came meanwhile appears as text, whatever its order is called."""
    async with tab(browser, address, size=PHONE) as page:
        await opened(page, at_shopify, SCRIPTS)
        await at_shopify.press("16", minor=100, order_number="<b>1043</b>")
        await page.get_by_role("button", name=label("refresh")).click()
        await expect(page.locator("#refunds li")).to_have_count(2)
        first = page.locator("#refunds li").first
        await expect(first).to_contain_text("Order <b>1043</b>")
        await expect(first).to_contain_text("S/\xa01.00")
        await expect(first.locator("s-badge")).to_have_attribute("tone", "info")
        await expect(page.locator("#not-fresh")).to_be_hidden()


async def test_settings_are_saved_from_the_page(
    at_shopify: Room, address: str, browser: Browser
) -> None:
    """A fault is named and nothing is lost; mended, it is kept and said so."""
    async with refusing_tab(browser, address) as page:
        await opened(page, at_shopify, SCRIPTS)
        await page.get_by_label(label("gateways")).fill("PagoEfectivo\n\n manual ")
        await page.get_by_role("button", name=label("save"), exact=True).click()
        await expect(page.locator("#not-saved")).to_contain_text("manual")
        await expect(page.get_by_label(label("gateways"))).to_have_value("PagoEfectivo\n\n manual ")
        await page.get_by_label(label("gateways")).fill("PagoEfectivo\n Efectivo ")
        await page.get_by_role("button", name=label("save"), exact=True).click()
        await expect(page.get_by_role("status")).to_be_visible()
        await expect(page.locator("#not-saved")).to_be_hidden()
    store = await at_shopify.store()
    assert store is not None
    assert store.settings["platform"]["gateways"] == ["PagoEfectivo", "Efectivo"]


async def test_a_session_that_ended_is_said(
    at_shopify: Room, address: str, browser: Browser
) -> None:
    """Where no fresh token can be had, the old lists stay and it is said that they are old."""
    async with refusing_tab(browser, address) as page:
        await opened(page, at_shopify, SCRIPTS)
        await page.evaluate("globalThis.aToken = 'stale'")
        await page.get_by_role("button", name=label("refresh")).click()
        await expect(page.locator("#not-fresh")).to_be_visible()
        await expect(page.get_by_text("Order 1042")).to_be_visible()


async def test_console_opens_in_a_new_tab(at_shopify: Room, address: str, browser: Browser) -> None:
    """The button fetches a one-time address and opens it; where it can't, the page says so."""
    async with refusing_tab(browser, address) as page:
        await opened(page, at_shopify, SCRIPTS)
        wanted: list[str] = []

        async def entered(route: Route) -> None:
            wanted.append(route.request.url)
            await route.fulfill(status=200, content_type="text/html", body="inside")

        await page.context.route("**/console/enter/*", entered)
        button = page.get_by_role("button", name=label("console"), exact=True)
        async with page.context.expect_page() as new:
            await button.click()
        await (await new.value).wait_for_load_state()
        assert [url.rpartition("/")[0] for url in wanted] == [f"{OURS}/console/enter"]
        await expect(page.locator("#console-closed")).to_be_hidden()
        await page.evaluate("globalThis.aToken = 'x'")
        await button.click()
        await expect(page.locator("#console-closed")).to_be_visible()
