"""Take the pictures of the real screens that README and guides show: `make pictures`.

Starts the demo's processes, lets two refunds happen, and photographs the pages in
Chromium, the console among them; then the buyer's page for bank details, which a refund of
an old payment opens.
Pictures are committed; nobody edits them.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright

# The buyer's page is photographed in the world in which its tests use it.
sys.path.append(str(Path(__file__).parents[1] / "tests"))

from buyer_world import CCI, GOOD, BuyerWorld, buyer_world
from pef_adapters.demo.scenarios import play
from pef_adapters.demo.stage import Stage, stage
from pef_adapters.demo.watch import follow
from pef_adapters.engine.gate import links

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = {"width": 820, "height": 900}
PHONE = {"width": 390, "height": 844}
MARGIN = 16
_PASSWORD = "only for the pictures, once"  # noqa: S105 - of a stage that ends with them


async def main() -> None:
    """Photograph the demo's pages, then the buyer's."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("no Chromium was found: install Debian's package chromium")
    async with async_playwright() as player:
        opened = await player.chromium.launch(executable_path=browser, args=ARGUMENTS)
        await take_demo(opened)
        await take_bank_details(opened)
        await opened.close()


async def take_demo(browser: Browser) -> None:
    """Play the demo and photograph an order in each store, and the sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="pef-pictures-"))
    async with stage(folder, usual_ports=True, all_stores=True) as running:
        scenes = await play(running)
        await follow(running, scenes, "accepted", lambda _: None)
        await running.pass_business_days(3)
        await follow(running, scenes, "noted", lambda _: None)
        first = {scene.shop.name: scene.order for scene in reversed(scenes)}
        order = f"{running.store.base_url}/orders/{first['WooCommerce']}"
        await _photograph(browser, order, "order")
        for shop in filter(None, (running.shopify, running.vtex)):
            await _photograph(browser, shop.admin, f"{shop.name.lower()}-order", first[shop.name])
        await _photograph(browser, f"{running.sandbox.base_url}/", "sandbox")
        await take_console(browser, running)
    shutil.rmtree(folder, ignore_errors=True)


async def take_console(browser: Browser, running: Stage) -> None:
    """Take the first administrator's link, and look at today, at the list and at one refund."""
    context = await browser.new_context(viewport=SIZE, locale="en")
    page = await context.new_page()
    await page.goto(str(await links.first_link(running.ports)))
    typed = {"email": "rosa@tienda.pe", "name": "Rosa Quispe"}
    for field, value in {**typed, "password": _PASSWORD, "password_again": _PASSWORD}.items():
        await page.locator(f"input[name={field}]").fill(value)
    await page.locator("select[name=language]").select_option("en")
    await page.locator("main form button").click()
    await page.wait_for_url("**/console/sign-in*")
    await page.locator("input[name=email]").fill(typed["email"])
    await page.locator("input[name=password]").fill(_PASSWORD)
    await page.locator("main form button").click()
    await page.locator("nav.rooms").wait_for()
    home = f"{running.settings.address}/console"
    await _shoot(page, home, "console-today")
    await _shoot(page, f"{home}/refunds", "console-refunds")
    await page.locator("main table a").first.click()
    await _shoot(page, page.url, "console-refund")
    await page.set_viewport_size(PHONE)
    await page.emulate_media(color_scheme="dark")
    await _shoot(page, home, "console-today-dark-phone")
    await context.close()


async def _shoot(page: Page, address: str, name: str) -> None:
    await page.goto(address)
    await page.screenshot(path=PICTURES / f"{name}.png")


async def take_bank_details(browser: Browser) -> None:
    """Open a buyer's link on a phone, mistake a digit, mend it; and all again in the dark."""
    async with buyer_world(language="es_PE") as buyer:
        page = await _opened(browser, buyer, "light")
        await _keep(page, "bank-details-phone")
        await _give(page, CCI[:-1] + "9")
        await _keep(page, "bank-details-error-phone", until="#details")
        await _give(page, CCI)
        await _keep(page, "bank-details-done-phone")
        await page.context.close()
    async with buyer_world(language="es_PE") as buyer:
        page = await _opened(browser, buyer, "dark")
        await _keep(page, "bank-details-dark-phone")
        await page.context.close()


async def _opened(browser: Browser, buyer: BuyerWorld, scheme: Literal["light", "dark"]) -> Page:
    context = await browser.new_context(
        base_url=buyer.address, viewport=PHONE, color_scheme=scheme, locale="es-PE"
    )
    page = await context.new_page()
    await page.goto(await buyer.link())
    return page


async def _give(page: Page, account: str) -> None:
    """Fill the form in and send it."""
    for field in ("name", "document_number"):
        await page.locator(f"#{field}").fill(GOOD[field])
    await page.locator("#document_type").select_option(GOOD["document_type"])
    await page.locator(f"[name=method][value={GOOD['method']}]").check()
    await page.locator("#account").fill(account)
    await page.locator("form button").click()
    await page.wait_for_load_state()


async def _keep(page: Page, name: str, until: str = "body") -> None:
    """The whole page, or as far down as `until` goes."""
    box = await page.locator(until).bounding_box()
    scrolled: float = await page.evaluate("scrollY")
    if box is None:
        sys.exit(f"the page has no {until}")
    bottom = scrolled + box["y"] + box["height"] + MARGIN
    await page.screenshot(
        path=PICTURES / f"{name}.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": PHONE["width"], "height": bottom},
    )


async def _photograph(browser: Browser, address: str, name: str, link: str = "") -> None:
    """The page at an address, or the one that a link on it opens."""
    page = await browser.new_page(viewport=SIZE)
    await page.goto(address)
    if link:
        await page.get_by_role("link", name=link).first.click()
    await page.screenshot(path=PICTURES / f"{name}.png")
    await page.close()


if __name__ == "__main__":
    asyncio.run(main())
