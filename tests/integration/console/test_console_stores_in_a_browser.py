"""The rooms of stores, agencies and accounts in a real Chromium: on a phone, and for everybody."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from console_world import Browser as Client
from console_world import ConsoleWorld
from pef_adapters.core.access import Role
from pef_adapters.engine.agencies import set_agency_settings
from pef_adapters.engine.health import check_and_keep
from pef_adapters.engine.records import StoreHealth
from pef_adapters.engine.settings_as_code.drifting import applied_now
from pef_adapters.engine.upkeep import renew_account
from stores_file_world import Installed

pytestmark = pytest.mark.browser

PUBLIC_URL = "https://refunds.example"
PATHS = (
    "/console/stores",
    "/console/stores/tienda-pe",
    "/console/agencies",
    "/console/agencies/norte",
    "/console/accounts",
    "/console/accounts/main",
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running_browser:
        yield running_browser


async def _opened() -> ConsoleWorld:
    """Every kind of trouble, inheritance and drift is on the pages."""
    world = await ConsoleWorld().open()
    ports = dataclasses.replace(world.ports, platforms=Installed(world.platform))
    world.app.state.ports = ports
    facts = {"settings": {"payment_methods": ["a-quite-long-payment-method"]}}
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        assert store is not None
        told: dict[str, Any] = {
            "platform": {"payment_methods": ["pagoefectivo"]},
            "agency": "norte",
            "applied": applied_now(facts, "Rosa", world.clock.now()),
        }
        await ledger.add_store(dataclasses.replace(store, platform="woocommerce", settings=told))
        failed = {"name": "keys", "passed": False, "detail": "x" * 200, "mend": "make new keys"}
        await ledger.save_health(
            StoreHealth(store_id="tienda-pe", at=world.clock.now(), checks=(failed,))
        )
    part = {"language": "en", "platform": {"woocommerce": {"auth": "query"}}}
    await set_agency_settings(ports, "norte", "Norte", part, "Rosa")
    await check_and_keep(ports, "norte-1")
    await renew_account(ports, "main", kyc_until=date(2020, 1, 1), keys_until=None)
    return world


@asynccontextmanager
async def _page(browser: Browser, client: Client, size: tuple[int, int]) -> AsyncIterator[Page]:
    """A tab whose every request is answered by the console inside this process."""

    async def answered(route: Route) -> None:
        request = route.request
        answer = await client.request(request.method, request.url, headers={"accept": "*/*"})
        await route.fulfill(
            status=answer.status_code, headers=dict(answer.headers), body=answer.content
        )

    async with tab(browser, PUBLIC_URL, size=size) as page:
        await page.route("**/*", answered)
        yield page


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_every_page_fits_and_can_be_read_by_everybody(
    browser: Browser, size: tuple[int, int]
) -> None:
    """No page is wider than a phone, every control has a name, and axe finds nothing."""
    world = await _opened()
    async with (
        world.signed_in(Role.AGENCY_ADMINISTRATOR) as client,
        _page(browser, client, size) as page,
    ):
        for path in PATHS:
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert await page.locator("h1").count() == 1, path
            for summary in await page.locator("main summary").all():
                await summary.click()
            assert await overflow(page) <= 0, path
            assert await unnamed(page) == [], path
            assert await faint(page) == [], path
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
