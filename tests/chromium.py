"""A real Chromium under a test's hands, and what it must not complain about."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright

PHONE, DESK = (390, 844), (1280, 900)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_REFUSED = "status of 400"
_OVERFLOW = "document.scrollingElement.scrollWidth - innerWidth"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own browser; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(_NAMES)} is installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = DESK,
    scheme: Literal["light", "dark"] = "light",
    refused: bool = False,
) -> AsyncIterator[Page]:
    """A page of a fresh profile; fails at its end if the browser's console had an error.

    With `refused` a form may be answered 400, which the console reports as well.
    """
    context = await browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale="es-PE",
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert [text for text in complaints if not (refused and _REFUSED in text)] == []


async def overflow(page: Page) -> int:
    """How many pixels the page is wider than the window; 0 or less is none."""
    wider: int = await page.evaluate(_OVERFLOW)
    return wider
