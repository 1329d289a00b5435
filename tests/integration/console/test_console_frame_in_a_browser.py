"""The console in a real Chromium: accessible, fit for a phone, alive, and under its own policy."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from console_world import ConsoleWorld, session_of
from pef_adapters.core.states import State
from pef_adapters.engine.gate import passwords
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.server.app import create_app
from pef_adapters.server.live import Newsroom
from served import served
from storage_samples import refund

pytestmark = pytest.mark.browser

_PATIENCE_MS = 30_000
PASSWORD = "cuatro palabras sin orden"
PAGES = ("/console", "/console/people", "/console/audit", "/console/account")


@pytest.fixture(scope="module")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def world(memory_book: LedgerBook) -> ConsoleWorld:
    """A world in which one refund waits for a person."""
    world = await ConsoleWorld(memory_book).open()
    now = world.clock.now()
    own = {"store_id": "norte-1", "account_id": "main", "requested_at": now, "updated_at": now}
    async with world.book.begin() as ledger:
        await ledger.add_refund(refund(1, state=State.HELD, order_number="#A1", **own))
    return world


@asynccontextmanager
async def open_console(
    world: ConsoleWorld,
    chrome: Browser,
    *,
    size: tuple[int, int] = DESK,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[Page]:
    """A tab in which an owner is signed in, over real HTTP."""
    app = create_app(world.ports, "http://127.0.0.1")
    app.state.newsroom = Newsroom(world.ports, 0.02)
    begun = await session_of(world.ports, await world.person(name="Ana"))
    async with (
        served(app) as address,
        tab(chrome, address, size=size, scheme=scheme) as page,
    ):
        await page.context.add_cookies([{"name": "pef", "value": begun.token, "url": address}])
        yield page


async def faults(page: Page) -> list[str]:
    """What axe finds wrong on the page."""
    found = await Axe().run(page)
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible_on_a_phone(
    world: ConsoleWorld, chrome: Browser, scheme: Literal["light", "dark"]
) -> None:
    """On a phone nothing overflows, is unnamed, too faint, or wrong by axe's rules."""
    async with open_console(world, chrome, size=PHONE, scheme=scheme) as page:
        for path in PAGES:
            await page.goto(path)
            assert await faults(page) == [], path
            assert await faint(page) == [], path
            assert await unnamed(page) == [], path
            assert await overflow(page) <= 0, path


async def test_an_open_page_follows_a_change(world: ConsoleWorld, chrome: Browser) -> None:
    """A refund that changes elsewhere changes on the open page, and what is open stays open."""
    async with open_console(world, chrome) as page:
        await page.goto("/console?lang=en")
        await expect(page.get_by_role("link", name="#A1")).to_be_visible()
        await page.evaluate("document.body.dataset.same = 'yes'")
        await page.get_by_text("As a table").click()
        world.clock.advance(seconds=1)
        async with world.book.begin() as ledger:
            kept = await ledger.lock_refund("rf-1")
            assert kept is not None
            now = world.clock.now()
            await ledger.save_refund(replace(kept, state=State.REJECTED, updated_at=now))
        await expect(page.locator("#today")).to_contain_text(
            "Nothing needs a person", timeout=_PATIENCE_MS
        )
        assert await page.evaluate("document.body.dataset.same") == "yes"
        await expect(page.locator("#per-day-table table")).to_be_visible()


async def test_a_person_signs_in_by_keyboard(world: ConsoleWorld, chrome: Browser) -> None:
    """With the keyboard alone one signs in, skips the menu, and signs out."""
    kept = await passwords.hashed(PASSWORD)
    await world.person(email="ana@tienda.pe", name="Ana", password=kept)
    app = create_app(world.ports, "http://127.0.0.1")
    async with served(app) as address, tab(chrome, address) as page:
        await page.goto("/console/people")
        await expect(page).to_have_url(re.compile("/console/sign-in"))
        assert await faults(page) == []
        await page.get_by_label("Correo").focus()
        await page.keyboard.type("ana@tienda.pe")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/console/people$"))
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name=re.compile("Sign out|Cerrar")).press("Enter")
        await expect(page.get_by_role("status")).to_be_visible()


async def test_the_code_for_an_app_is_a_picture(world: ConsoleWorld, chrome: Browser) -> None:
    """The policy lets the QR code show, and it has a text for who can't see it."""
    async with open_console(world, chrome) as page:
        await page.goto("/console/account?lang=en")
        await page.get_by_role("button", name="Set up an app").click()
        picture = page.get_by_role("img")
        await expect(picture).to_have_attribute("alt", re.compile("QR"))
        assert await picture.evaluate("each => each.naturalWidth") > 0
        assert await faults(page) == []


async def test_news_are_announced_politely(world: ConsoleWorld, chrome: Browser) -> None:
    """Once the page was drawn again because of an event, a live region says so."""
    async with open_console(world, chrome) as page:
        await page.goto("/console?lang=en")
        await expect(page.locator("#announced")).to_have_attribute("aria-live", "polite")
        told = "document.dispatchEvent(new CustomEvent('refund-changed', {detail: {data: 'rf-1'}}))"
        await page.evaluate(told)
        said = page.locator("#announced")
        await expect(said).to_have_text("The page shows the newest state.", timeout=_PATIENCE_MS)
