"""The console in a real Chromium beside all real processes: from sign-in to money in the order."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from acceptance_steps import order_says, payments_of, reaches
from chromium import DESK, PHONE, chromium, overflow, unnamed
from pef_adapters.core.states import State
from pef_adapters.core.texts import explain
from pef_adapters.demo.stage import Stage
from pef_adapters.engine.records import Refund
from pef_command import answer

pytestmark = pytest.mark.browser

_PATIENCE_MS = 30_000
_PASSWORD = "tres tristes tigres 33"
_ROSA, _MARTA = "rosa@tienda.pe", "marta@tienda.pe"
_BUYER = {
    "name": "Ana Quispe Rojas",
    "document_type": "DNI",
    "document_number": "12345678",
    "method": "cci",
    "account": "00219310000000000117",
}
_POLICY = "name: shop\notherwise: approve\ndouble_press_minutes: 0\n"


def words(key: str) -> str:
    """A text of the console in English, as its labels show it."""
    return explain(f"console.{key}", "en").rstrip(".")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    async with chromium() as running_browser:
        yield running_browser


@pytest.fixture(scope="module")
async def people(
    running: Stage, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Two people who took their links and are signed in: their browsers' cookies, by address."""
    policy = tmp_path_factory.mktemp("console") / "policy.yaml"
    policy.write_text(_POLICY, encoding="utf-8")
    answer(running, "policy", "publish", policy, "--store", running.store_id, "--by", "Owner")
    role = f"approver@store/{running.store_id}"
    first = answer(running, "user", "link")["link"]
    signed_in = {_ROSA: await _took(browser, first, _ROSA, policy.with_name("rosa.json"))}
    invited = answer(running, "user", "invite", _MARTA, "--role", role, "--language", "en")["link"]
    signed_in[_MARTA] = await _took(browser, invited, _MARTA, policy.with_name("marta.json"))
    return signed_in


@pytest.mark.parametrize(
    ("size", "cip"), [(PHONE, "76000001"), (DESK, "76000002")], ids=["phone", "desk"]
)
async def test_from_sign_in_to_the_money(
    running: Stage,
    browser: Browser,
    people: dict[str, Path],
    size: tuple[int, int],
    cip: str,
) -> None:
    """Two people approve, one books the bank file and its answers, and the order says refunded."""
    refund = await _waiting_for_two(running, cip)
    for person in (_MARTA, _ROSA):
        async with _seat(browser, people[person], size) as page:
            await _approve(page, str(running.settings.address), refund)
    await reaches(running, refund.platform_refund_id, State.PAYOUT_DUE)
    async with _seat(browser, people[_ROSA], size) as page:
        await _pay_out(page, str(running.settings.address), people[_ROSA].parent)
        await _shown_as_refunded(page, str(running.settings.address), refund)
    await order_says(running, int(refund.order_id), refund.platform_refund_id, State.REFUNDED)
    assert await payments_of(running, refund) == 0


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_every_room_can_be_used_by_everybody(
    running: Stage, browser: Browser, people: dict[str, Path], size: tuple[int, int]
) -> None:
    """Each page of the menu passes axe's rules, names its controls and fits the window."""
    async with _seat(browser, people[_ROSA], size) as page:
        await page.goto(f"{running.settings.address}/console")
        menu = page.locator("nav.rooms a")
        rooms = [str(await link.get_attribute("href")) for link in await menu.all()]
        assert len(rooms) >= 8
        for room in rooms:
            await page.goto(f"{running.settings.address}{room}")
            await _sound(page)


async def test_nobody_sees_anything_without_signing_in(running: Stage, browser: Browser) -> None:
    """A stranger is sent to the sign-in page and, with a wrong password, stays there."""
    page = await browser.new_page(locale="en")
    await page.goto(f"{running.settings.address}/console/refunds")
    await page.get_by_label(words("email")).fill(_ROSA)
    await page.get_by_label(words("password"), exact=True).fill("not the password")
    await page.get_by_role("button", name=words("sign_in"), exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text(explain("error.SIGN_IN_REFUSED", "en"))
    await _sound(page)
    await page.close()


async def _took(browser: Browser, link: str, email: str, cookies: Path) -> Path:
    """Open a one-time link, choose a password, and keep the session's cookies."""
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    await page.goto(link)
    await _sound(page)
    if await page.get_by_label(words("email")).count():
        await page.get_by_label(words("email")).fill(email)
    await page.get_by_label(words("name")).fill(email.partition("@")[0].title())
    await page.locator("select[name=language]").select_option("en")
    await page.get_by_label(words("password"), exact=True).fill(_PASSWORD)
    await page.get_by_label(words("password_again")).fill(_PASSWORD)
    await page.get_by_role("button", name=words("go_on")).click()
    if await page.get_by_role("button", name=words("sign_in"), exact=True).count():
        await page.get_by_label(words("email")).fill(email)
        await page.get_by_label(words("password"), exact=True).fill(_PASSWORD)
        await page.get_by_role("button", name=words("sign_in"), exact=True).click()
    await expect(page.locator("nav.rooms")).to_be_visible()
    await context.storage_state(path=cookies)
    await context.close()
    return cookies


@asynccontextmanager
async def _seat(browser: Browser, cookies: Path, size: tuple[int, int]) -> AsyncIterator[Page]:
    """A tab of somebody who is signed in."""
    context = await browser.new_context(
        locale="en", viewport={"width": size[0], "height": size[1]}, storage_state=cookies
    )
    yield await context.new_page()
    await context.close()


async def _waiting_for_two(stage: Stage, cip: str) -> Refund:
    """A refund of a 40 days old payment whose buyer gave bank details: held for two people."""
    order = await stage.store.post(
        "/_store/orders", json={"total": "129.80", "transaction_id": cip, "paid": True}
    )
    paid_at = (stage.ports.clock.now() - timedelta(days=40)).isoformat()
    seeded = {"cip": int(cip), "amount": "129.80", "paid_at": paid_at}
    (await stage.sandbox.post("/sandbox/cips", json=seeded)).raise_for_status()
    number = await stage.press_refund(int(order.raise_for_status().json()["id"]), None, "")
    refund = await reaches(stage, number, State.AWAITING_BENEFICIARY)
    link = answer(stage, "payout", "ask", refund.id, "--by", "Clara")["link"]
    async with httpx.AsyncClient(trust_env=False) as buyer:
        (await buyer.post(link, data=_BUYER)).raise_for_status()
    return await reaches(stage, number, State.HELD)


async def _approve(page: Page, home: str, refund: Refund) -> None:
    await page.goto(f"{home}/console/approvals/{refund.id}")
    await expect(page.locator("main")).to_contain_text("S/ 129.80")
    await expect(page.locator("main")).not_to_contain_text(_BUYER["account"])
    await _sound(page)
    await page.get_by_role("button", name=words("approvals_approve")).click()
    await expect(page.locator("body")).to_contain_text(words("approvals_done_approve"))


async def _pay_out(page: Page, home: str, folder: Path) -> None:
    """Book the bank file, download it, and give back the bank's yes to each line."""
    await page.goto(f"{home}/console/payouts")
    await _sound(page)
    await page.get_by_role("button", name=words("payouts_export")).click()
    await _sound(page)
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=words("payouts_file")).click()
    file = folder / "payouts.csv"
    await (await coming.value).save_as(file)
    answers = folder / "answers.csv"
    answers.write_text(_yes_to_each(file.read_text(encoding="utf-8-sig")), encoding="utf-8")
    await page.get_by_label(words("payouts_answers_file")).set_input_files(answers)
    await page.get_by_role("button", name=words("payouts_upload")).click()
    await expect(page.locator("main")).to_contain_text("OP-77")


def _yes_to_each(bank_file: str) -> str:
    """The bank file with the bank's answers, as a person would save it."""
    lines = [row for row in csv.DictReader(io.StringIO(bank_file)) if row["line"][:1] != "#"]
    text = io.StringIO()
    out = csv.DictWriter(text, fieldnames=list(lines[0]))
    out.writeheader()
    out.writerows({**row, "status": "confirmed", "bank_reference": "OP-77"} for row in lines)
    return text.getvalue()


async def _shown_as_refunded(page: Page, home: str, refund: Refund) -> None:
    """The refund's page tells the whole story, and no whole account number."""
    await page.goto(f"{home}/console/refunds/{refund.id}")
    main = page.locator("main")
    await expect(main).to_contain_text(explain("state.refunded", "en"), timeout=_PATIENCE_MS)
    for told in (_ROSA, _MARTA, "OP-77"):
        await expect(main).to_contain_text(told)
    await expect(main).not_to_contain_text(_BUYER["account"])
    await _sound(page)


async def _sound(page: Page) -> None:
    """Nothing is wrong by axe's rules, nameless for a screen reader, or wider than the window."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await unnamed(page) == []
    assert await overflow(page) <= 0
