"""What a person sees: the store's order page and the sandbox's page, in a real Chromium."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from acceptance_steps import order_says, paid_order, payments_of, reaches, shown
from chromium import DESK, PHONE, chromium, overflow, tab
from pef_adapters.core.states import State
from pef_adapters.demo.stage import Stage

pytestmark = pytest.mark.browser

_PATIENCE_MS = 30_000
_PRESS = "Reembolsar manualmente"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running_browser:
        yield running_browser


@pytest.fixture
async def store_page(running: Stage, browser: Browser) -> AsyncIterator[Page]:
    """A tab at the store."""
    async with tab(browser, str(running.store.base_url)) as page:
        yield page


@pytest.fixture
async def sandbox_page(running: Stage, browser: Browser) -> AsyncIterator[Page]:
    """A tab at the sandbox's page."""
    async with tab(browser, str(running.sandbox.base_url)) as page:
        await page.goto("/")
        yield page


async def test_press_is_followed_to_the_money(running: Stage, store_page: Page) -> None:
    """An open order shows by itself that the money is on its way, then that it arrived."""
    order = await paid_order(running, "90.00", "73000001")
    await store_page.goto(f"/orders/{order}")
    await _fill(store_page, "20.00", "Producto <b>agotado</b>")
    await store_page.get_by_role("button", name=_PRESS).click()
    card = store_page.locator("[data-refund]")
    await expect(card).to_contain_text("Producto <b>agotado</b>")
    await _says(card, State.PENDING, "pendiente: el dinero está en camino")
    await expect(store_page.locator("#notes")).to_contain_text("S/ 20.00 está en camino")
    await running.pass_business_days(3)
    await _says(card, State.REFUNDED, "devuelto: el comprador tiene su dinero")
    number = await card.get_attribute("data-refund")
    assert number is not None
    order_now = await order_says(running, order, number, State.REFUNDED)
    assert len(order_now["notes"]) == 2
    assert await payments_of(running, await reaches(running, number, State.REFUNDED)) == 1


async def test_news_leave_the_typing_alone(running: Stage, store_page: Page) -> None:
    """What a person has typed stays while the order's news come in."""
    order = await paid_order(running, "90.00", "73000002")
    await store_page.goto(f"/orders/{order}")
    await _fill(store_page, "12.34", "a medio escribir")
    await running.press_refund(order, "10.00", "por otra persona")
    await _says(store_page.locator("[data-refund]"), State.PENDING, "pendiente")
    await expect(store_page.get_by_label("Importe")).to_have_value("12.34")
    await expect(store_page.get_by_label("Motivo")).to_have_value("a medio escribir")


async def test_double_click_pays_each_recorded_refund_once(
    running: Stage, browser: Browser
) -> None:
    """However many refunds a double click leaves in the store, each is paid once, no more."""
    order = await paid_order(running, "120.00", "73000003")
    async with tab(browser, str(running.store.base_url), refused=True) as page:
        await page.goto(f"/orders/{order}")
        await _fill(page, "50.00", "doble clic")
        await page.get_by_role("button", name=_PRESS).dblclick()
        await _says(page.locator("[data-refund]").last, State.PENDING, "pendiente")
    numbers = [str(refund["id"]) for refund in (await shown(running, order))["refunds"]]
    assert len(numbers) in {1, 2}
    refunds = [await reaches(running, number, State.PENDING) for number in numbers]
    assert [await payments_of(running, refund) for refund in refunds] == [1] * len(refunds)


async def test_second_tab_that_is_out_of_date_is_refused(running: Stage, browser: Browser) -> None:
    """Of two tabs that saw the same order only the first press is recorded and paid."""
    order = await paid_order(running, "120.00", "73000004")
    address = str(running.store.base_url)
    async with (
        tab(browser, address, refused=True) as one,
        tab(browser, address, refused=True) as two,
    ):
        for page in (one, two):
            await page.goto(f"/orders/{order}")
            await _fill(page, "50.00", "dos pestañas")
        presses = [page.get_by_role("button", name=_PRESS).click() for page in (one, two)]
        await asyncio.gather(*presses)
        alerts = one.get_by_role("alert"), two.get_by_role("alert")
        (alert,) = [text for found in alerts for text in await found.all_inner_texts()]
    assert "cambió mientras esta página estaba abierta" in alert
    (refund,) = (await shown(running, order))["refunds"]
    pending = await reaches(running, str(refund["id"]), State.PENDING)
    assert await payments_of(running, pending) == 1


async def test_page_shows_which_of_three_presses_is_held(running: Stage, store_page: Page) -> None:
    """Of three presses in one instant one is paid; the page says that the others are held."""
    order = await paid_order(running, "120.00", "73000005")
    pressed = {"amount": "50.00", "times": 3}
    (await running.store.post(f"/_store/orders/{order}/refunds", json=pressed)).raise_for_status()
    await store_page.goto(f"/orders/{order}")
    await _counts(store_page.locator(f"[data-state={State.PENDING}]"), 1)
    await _counts(store_page.locator(f"[data-state={State.HELD}]"), 2)
    await _says(store_page.locator(f"[data-state={State.HELD}]").first, State.HELD, "detenido")
    numbers = [str(refund["id"]) for refund in (await shown(running, order))["refunds"]]
    refunds = [await reaches(running, n, State.PENDING, State.HELD) for n in numbers]
    assert sum([await payments_of(running, refund) for refund in refunds]) == 1


async def test_refund_is_taken_back_on_the_page(running: Stage, store_page: Page) -> None:
    """A held refund that its owner deletes on the page is cancelled and never paid."""
    order = await paid_order(running, "60.00", "73000006")
    fault = {"fault": "kyc_expired", "times": 1, "match": {"transaction": "73000006"}}
    (await running.sandbox.post("/sandbox/faults", json=fault)).raise_for_status()
    number = await running.press_refund(order, None, "")
    await store_page.goto(f"/orders/{order}")
    card = store_page.locator("[data-refund]")
    await _says(card, State.HELD, "detenido")
    await card.get_by_role("button", name="Borrar reembolso").click()
    await _counts(card, 0)
    cancelled = await reaches(running, number, State.CANCELLED)
    assert await payments_of(running, cancelled) == 0


async def test_sandbox_day_and_settle_buttons_move_refunds(
    running: Stage, sandbox_page: Page
) -> None:
    """The sandbox lists each refund; a business day moves its clock, settling pays it out."""
    order = await paid_order(running, "60.00", "73000007")
    refund = await reaches(running, await running.press_refund(order, None, ""), State.PENDING)
    await sandbox_page.reload()
    row = sandbox_page.get_by_role("row", name=re.compile(f"{refund.id}-1"))
    await expect(row).to_contain_text("PROCESSING")
    before = await sandbox_page.locator(".clock time").get_attribute("datetime")
    await sandbox_page.get_by_role("button", name="+1 business day").click()
    after = await sandbox_page.locator(".clock time").get_attribute("datetime")
    assert before is not None
    assert after is not None
    assert before[:10] < after[:10]
    await sandbox_page.get_by_role("button", name="Settle now").click()
    await expect(row).to_contain_text("REFUNDED")
    await order_says(running, order, refund.platform_refund_id, State.REFUNDED)


async def test_sandbox_fault_buttons_strike_and_clear(running: Stage, sandbox_page: Page) -> None:
    """A fault set on the page strikes the next refund, shows beside its request, and clears."""
    faults = sandbox_page.get_by_role("region", name="Faults")
    await faults.get_by_role("combobox").select_option("kyc_expired")
    await faults.get_by_label("Times").fill("2")
    await faults.get_by_role("button", name="Set for the next requests").click()
    await expect(faults).to_contain_text("kyc_expired 2 more")
    order = await paid_order(running, "60.00", "73000008")
    refund = await reaches(running, await running.press_refund(order, None, ""), State.HELD)
    assert await payments_of(running, refund) == 0
    await sandbox_page.reload()
    struck = sandbox_page.locator(".requests li", has_text="kyc_expired").first
    await expect(struck).to_contain_text("/api/v1/refunds")
    await expect(faults).to_contain_text("kyc_expired 1 more")
    await faults.get_by_role("button", name="Clear all faults").click()
    await expect(faults).to_contain_text("None is set")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_pages_fit_the_window(
    running: Stage, browser: Browser, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    """No page has to be pushed sideways, and light and dark differ in their paper."""
    order = await paid_order(running, "9999.90", f"73{size[0]:05}{len(scheme)}")
    await running.press_refund(order, "1.00", "Motivo-sin-espacios-" * 12)
    store, sandbox = str(running.store.base_url), str(running.sandbox.base_url)
    for address in (f"{store}/", f"{store}/orders/{order}", f"{sandbox}/"):
        async with tab(browser, store, size=size, scheme=scheme) as page:
            await page.goto(address)
            assert await overflow(page) <= 0
            assert (await _paper(page) > 128) == (scheme == "light")


async def _fill(page: Page, amount: str, reason: str) -> None:
    await page.get_by_label("Importe").fill(amount)
    await page.get_by_label("Motivo").fill(reason)


async def _says(card: Locator, state: State, words: str) -> None:
    """The refund's card comes to show our state's name and what it means."""
    await expect(card).to_have_attribute("data-state", state, timeout=_PATIENCE_MS)
    await expect(card).to_contain_text(words)


async def _counts(found: Locator, number: int) -> None:
    await expect(found).to_have_count(number, timeout=_PATIENCE_MS)


async def _paper(page: Page) -> int:
    """How bright the page's background is, 0 to 255."""
    colour: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, *_ = re.findall(r"\d+", colour)
    return int(red)
