"""The block on the order page, run as Shopify runs it: from another origin, with a token."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from chromium import PHONE, chromium
from pef_adapters.core import texts
from served import served
from shopify_room import Room, ours

pytestmark = pytest.mark.browser

BLOCK = Path(__file__).parents[3] / "adapters" / "shopify_app" / "extensions" / "refund-state"
SOURCE = (BLOCK / "src" / "RefundState.js").read_text(encoding="utf-8")
# A document of its own origin whose relative addresses lead to our service, as in the admin.
_PAGE = """<base href="{address}"><script>
globalThis.shopify = {{
  i18n: {{ translate: (key) => ({words})[key] }},
  auth: {{ idToken: async () => {token!r} }},
  data: {{ selected: [{{ id: "gid://shopify/Order/{order}" }}] }},
}};
</script><body>"""
_RUN = """
source => import(`data:text/javascript,${encodeURIComponent(source)}`).then(it => it.default())
"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens pages of its own."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def address(at_shopify: Room) -> AsyncIterator[str]:
    """A connected store with one refund on its way; our routes served where a browser reaches."""
    await at_shopify.connected()
    await at_shopify.press("15", minor=5000, order_id="6318000000001")
    async with served(ours(at_shopify.world)) as home:
        yield home


def words(language: str) -> dict[str, str]:
    """The block's own texts."""
    name = {"en": "en.default.json", "es": "es.json"}[language]
    told: dict[str, str] = json.loads((BLOCK / "locales" / name).read_text(encoding="utf-8"))
    return told


async def opened(
    browser: Browser,
    address: str,
    token: str,
    *,
    order: str = "6318000000001",
    language: str = "es",
) -> Page:
    """The block of an order, after it was drawn."""
    width, height = PHONE
    page = await browser.new_page(viewport={"width": width, "height": height})
    told = json.dumps(words(language))
    await page.set_content(_PAGE.format(address=address, words=told, token=token, order=order))
    await page.evaluate(_RUN, SOURCE)
    return page


@pytest.mark.parametrize(("language", "spoken"), [("es", "es_PE"), ("en", "en")])
async def test_block_shows_how_the_refund_stands(
    at_shopify: Room, address: str, browser: Browser, language: str, spoken: str
) -> None:
    """Amount, word and sentences of the order's refund, in the admin's language."""
    page = await opened(browser, address, at_shopify.token(), language=language)
    block = page.locator("s-admin-block")
    await expect(block).to_have_attribute("heading", words(language)["heading"])
    await expect(block).to_contain_text("S/\xa050.00")
    await expect(block).to_contain_text(texts.explain("state.pending", spoken))
    await expect(block.locator("s-badge")).to_have_attribute("tone", "info")


async def test_block_of_another_order_says_that_there_is_nothing(
    at_shopify: Room, address: str, browser: Browser
) -> None:
    """An order whose refunds don't go through us is no error."""
    page = await opened(browser, address, at_shopify.token(), order="1")
    await expect(page.locator("s-admin-block")).to_have_text(words("es")["none"])


@pytest.mark.parametrize("token", ["noise", ""])
async def test_block_without_a_session_says_that_it_knows_nothing(
    address: str, browser: Browser, token: str
) -> None:
    """A state that can't be read is never guessed."""
    page = await opened(browser, address, token)
    await expect(page.locator("s-admin-block")).to_have_text(words("es")["trouble"])
