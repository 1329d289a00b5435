"""Passkeys in a real Chromium, with a device of its own: added, used, refused, and not there."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from chromium import PHONE, chromium, faint, overflow, tab, unnamed
from console_world import ConsoleWorld
from pef_adapters.engine.gate import passwords
from pef_adapters.server.app import create_app
from served import served

pytestmark = pytest.mark.browser

PASSWORD = "cuatro palabras sin orden"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def world() -> ConsoleWorld:
    """A world with one person, who knows a password."""
    world = await ConsoleWorld().open()
    await world.person(email="ana@tienda.pe", password=await passwords.hashed(PASSWORD))
    return world


@asynccontextmanager
async def console(world: ConsoleWorld, chrome: Browser) -> AsyncIterator[Page]:
    """A phone's tab; passkeys take a host name, so the service is called localhost."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = f"http://localhost:{port}"
    app = create_app(replace(world.ports, public_url=home), home)
    async with served(app, port=port), tab(chrome, home, size=PHONE) as page:
        yield page


async def plug_in(page: Page) -> None:
    """Give the tab a device that verifies its holder and says yes at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


async def sign_in(page: Page) -> None:
    """By password."""
    await page.goto("/console/sign-in?lang=en")
    await page.get_by_label("E-mail").fill("ana@tienda.pe")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page).to_have_url(re.compile("/console$"))


async def faults(page: Page) -> list[str]:
    """What is wrong with a page for who sees little, or holds a phone."""
    found = await Axe().run(page)
    own = [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]
    wide = ["too wide"] if await overflow(page) > 0 else []
    return [*own, *await faint(page), *await unnamed(page), *wide]


async def test_a_passkey_is_added_and_signs_in(world: ConsoleWorld, chrome: Browser) -> None:
    """Added on the account, it opens the console after signing out, and can be removed."""
    async with console(world, chrome) as page:
        await plug_in(page)
        await sign_in(page)
        await page.goto("/console/account")
        passkeys = page.get_by_role("region", name="Passkeys")
        await passkeys.get_by_label("Name of the passkey").fill("My phone")
        await passkeys.get_by_label("Password").fill(PASSWORD)
        assert await faults(page) == []
        await passkeys.get_by_role("button", name="Add a passkey").click()
        make = page.get_by_role("button", name="Make the passkey")
        await expect(make).to_be_visible()
        assert await faults(page) == []
        await make.click()
        await expect(page.get_by_role("status")).to_contain_text("The passkey is kept")
        await expect(passkeys.get_by_role("listitem")).to_contain_text("My phone")
        assert await faults(page) == []
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.goto("/console/sign-in?next=/console/audit")
        assert await faults(page) == []
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page).to_have_url(re.compile(r":\d+/console/audit$"))
        await page.goto("/console/account")
        await passkeys.get_by_label("Password").first.fill(PASSWORD)
        await passkeys.get_by_role("button", name="Remove the passkey").click()
        await expect(page.get_by_role("status")).to_contain_text("The passkey is removed")
        await expect(passkeys.get_by_text("My phone")).to_have_count(0)


async def test_a_browser_without_a_passkey_says_so(world: ConsoleWorld, chrome: Browser) -> None:
    """The page stays, explains that nothing was done, and the button can be pressed again."""
    async with console(world, chrome) as page:
        await plug_in(page)
        await page.goto("/console/sign-in?lang=en")
        button = page.get_by_role("button", name="Sign in with a passkey")
        await button.click()
        await expect(page.get_by_role("alert")).to_contain_text("nothing was done")
        await expect(button).to_be_enabled()
        assert await faults(page) == []


async def test_nothing_is_offered_that_can_t_be_done(world: ConsoleWorld, chrome: Browser) -> None:
    """Where the browser has no passkeys there is no button; the account says why."""
    async with console(world, chrome) as page:
        await page.add_init_script("delete window.PublicKeyCredential")
        await page.goto("/console/sign-in?lang=en")
        await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="with a passkey")).to_have_count(0)
        await sign_in(page)
        await page.goto("/console/account")
        await expect(page.get_by_text("This browser has no passkeys here")).to_be_visible()
        await expect(page.get_by_role("button", name="Add a passkey")).to_have_count(0)
