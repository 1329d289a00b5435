"""Take the pictures of the real screens that the README shows: `make pictures`.

Starts the demo's processes, lets two refunds happen, and photographs the pages in
Chromium. Pictures are committed; nobody edits them.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from pef_adapters.demo.scenarios import play
from pef_adapters.demo.stage import stage
from pef_adapters.demo.watch import follow

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = {"width": 820, "height": 900}


async def main() -> None:
    """Play the demo and photograph its pages."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("no Chromium was found: install Debian's package chromium")
    folder = Path(tempfile.mkdtemp(prefix="pef-pictures-"))
    async with stage(folder, usual_ports=True) as running, async_playwright() as player:
        scenes = await play(running)
        await follow(running, scenes, "accepted", lambda _: None)
        await running.pass_business_days(3)
        await follow(running, scenes, "noted", lambda _: None)
        opened = await player.chromium.launch(executable_path=browser, args=ARGUMENTS)
        await _photograph(opened, f"{running.store.base_url}/orders/{scenes[0].order}", "order")
        await _photograph(opened, f"{running.sandbox.base_url}/", "sandbox")
        await opened.close()
    shutil.rmtree(folder, ignore_errors=True)


async def _photograph(browser: Browser, address: str, name: str) -> None:
    page = await browser.new_page(viewport=SIZE)
    await page.goto(address)
    await page.screenshot(path=PICTURES / f"{name}.png")
    await page.close()


if __name__ == "__main__":
    asyncio.run(main())
