"""The pages of refunds in a real Chromium: on a phone, accessible, and pressed without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from by_hand_world import BothPlatforms
from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from console_world import ConsoleWorld, session_of
from engine_world import CIP
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Refusal
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.server.app import create_app
from served import served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running:
        yield running


async def world() -> ConsoleWorld:
    """A store without a shop."""
    here = ConsoleWorld()
    here.ports = replace(here.ports, platforms=BothPlatforms(here.platform))
    return await here.open(platform=BY_HAND)


@asynccontextmanager
async def open_console(
    here: ConsoleWorld, chrome: Browser, size: tuple[int, int]
) -> AsyncIterator[Page]:
    """A tab in which an owner is signed in, over real HTTP."""
    begun = await session_of(here.ports, await here.person())
    async with (
        served(create_app(here.ports, "http://127.0.0.1")) as address,
        tab(chrome, address, size=size) as page,
    ):
        await page.context.add_cookies([{"name": "pef", "value": begun.token, "url": address}])
        yield page


async def test_a_refund_by_hand_is_pressed_on_a_phone(chrome: Browser) -> None:
    """From the empty form to the refund's page, and every page on the way is fit for everybody."""
    here = await world()
    here.rail.refuse((Refusal.FINAL, "AMOUNT_EXCEEDED"))
    async with open_console(here, chrome, PHONE) as page:
        await page.goto("/console/refunds/new?lang=en")
        await _fit(page)
        await page.get_by_label("Store").select_option("tienda-pe")
        await page.get_by_label("CIP or transaction id").fill(CIP)
        await page.get_by_role("button", name="Find").click()
        await _fit(page)
        await page.get_by_label("Amount (PEN)").fill("50.00")
        await page.get_by_label("Reason").fill("Producto agotado")
        await page.get_by_role("button", name="Press refund").click()
        await page.wait_for_url("**/console/refunds/RF*")
        await here.run()
        await page.reload()
        await _fit(page)
        await page.get_by_text("Failed").first.wait_for()
        await page.goto("/console/refunds")
        await _fit(page)
    async with here.book.begin() as ledger:
        (refund,) = await ledger.list_refunds()
    assert (refund.state, refund.amount.minor) == (State.FAILED, 5000)


async def test_a_retry_is_pressed_at_a_desk(chrome: Browser) -> None:
    """The button on the refund's page opens it again, and the page says so."""
    here = await world()
    here.rail.refuse((Refusal.FINAL, "AMOUNT_EXCEEDED"))
    async with open_console(here, chrome, DESK) as page:
        await page.goto(f"/console/refunds/new?store=tienda-pe&transaction={CIP}&lang=en")
        await page.get_by_label("Reason").fill("Producto agotado")
        await page.get_by_role("button", name="Press refund").click()
        await page.wait_for_url("**/console/refunds/RF*")
        await here.run()
        await page.reload()
        await _fit(page)
        await page.get_by_role("button", name="Try again now").click()
        await page.get_by_text("It is tried again.").wait_for()


async def _fit(page: Page) -> None:
    """Nothing overflows, is unnamed, too faint, or wrong by axe's rules."""
    found = await Axe().run(page)
    faults = [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]
    assert (faults, await unnamed(page), await faint(page)) == ([], [], [])
    assert await overflow(page) <= 0
