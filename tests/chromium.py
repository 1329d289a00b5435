"""A real Chromium under a test's hands, what it must not complain about, and what it measures."""

import re
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
_REFUSED = re.compile(r"status of (400|404|410)\b")
_OVERFLOW = "document.scrollingElement.scrollWidth - innerWidth"
_CONTROLS = "input:not([type=hidden]), select, textarea, button, a, [role=radiogroup]"
_UNNAMED = f"""
() => [...document.querySelectorAll({_CONTROLS!r})]
  .filter(each => each.getAttribute("aria-hidden") !== "true")
  .filter(each => ![
    each.getAttribute("aria-label"),
    [...each.labels ?? []].map(label => label.innerText).join(""),
    each.matches("button, a") && each.innerText,
    each.matches("fieldset") && each.querySelector("legend")?.innerText,
  ].some(name => name && name.trim()))
  .map(each => each.outerHTML.slice(0, 80))
"""
# WCAG 2.2: contrast ratio and relative luminance, of colours as the page has computed them.
_FAINT = """
least => {
  const parts = text => {
    const [r, g, b, a = 1] = text.match(/[0-9.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const over = (top, below) => top.rgb.map((c, i) => c * top.a + below[i] * (1 - top.a));
  const behind = each => {
    if (!each) return [255, 255, 255];
    const own = parts(getComputedStyle(each).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, behind(each.parentElement));
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = each => {
    const paper = behind(each);
    const ink = over(parts(getComputedStyle(each).color), paper);
    const [dark, light] = [luminance(paper), luminance(ink)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const speaks = each => each.matches("input, select") ||
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter(each => speaks(each) && each.checkVisibility() && each.offsetWidth > 1)
    .filter(each => contrast(each) < least)
    .map(each => `${contrast(each).toFixed(2)} ${each.outerHTML.slice(0, 80)}`);
}
"""


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

    With `refused` a page may be answered 400, 404 or 410, which the console reports as well.
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
    assert [text for text in complaints if not (refused and _REFUSED.search(text))] == []


async def overflow(page: Page) -> int:
    """How many pixels the page is wider than the window; 0 or less is none."""
    wider: int = await page.evaluate(_OVERFLOW)
    return wider


async def faint(page: Page, least: float = 4.5) -> list[str]:
    """What can be read but stands out less than `least` (WCAG 2.2, 1.4.3) from what is behind."""
    found: list[str] = await page.evaluate(_FAINT, least)
    return found


async def unnamed(page: Page) -> list[str]:
    """The controls that a screen reader would have no name for."""
    found: list[str] = await page.evaluate(_UNNAMED)
    return found
