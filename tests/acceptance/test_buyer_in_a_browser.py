"""What a buyer lives through at the page for bank details, in a real Chromium."""

import re
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from buyer_world import CCI, DNI, GOOD, PHONE_NUMBER, RUC, BuyerWorld, buyer_world
from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from pef_adapters.core import texts
from pef_adapters.core.states import State
from pef_adapters.engine import beneficiary

pytestmark = pytest.mark.browser

SPANISH, ENGLISH = "es_PE", "en"
_TOUCHED = "input:not([type=radio]), select, .choice, nav button, form button"

looks = pytest.mark.parametrize("scheme", ["light", "dark"])
sizes = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; each opens tabs of its own."""
    async with chromium() as running_browser:
        yield running_browser


@pytest.fixture
async def buyer() -> AsyncIterator[BuyerWorld]:
    """A buyer who was asked."""
    async with buyer_world() as world:
        yield world


@pytest.fixture
async def phone(buyer: BuyerWorld, browser: Browser) -> AsyncIterator[Page]:
    """The buyer's phone, with the link opened."""
    async with tab(browser, buyer.address, size=PHONE, refused=True) as page:
        await page.goto(await buyer.link())
        yield page


def _label(name: str, language: str = SPANISH) -> str:
    return texts.explain(f"buyer_page.{name}", language).rstrip(".")


async def _fill(page: Page, language: str = SPANISH, **changes: str) -> None:
    """Type details into the form; good ones, but for `changes`."""
    typed = {**GOOD, **changes}
    for field in ("name", "document_number", "account"):
        await page.get_by_label(_label(field, language), exact=True).fill(typed[field])
    kinds = page.get_by_label(_label("document_type", language))
    await kinds.select_option(label=_label(f"document_{typed['document_type']}", language))
    await page.get_by_label(_label(f"method_{typed['method']}", language)).check()


async def _send(page: Page, language: str = SPANISH) -> None:
    await page.get_by_role("button", name=_label("send", language)).click()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"account": f"{CCI[:18]}9{CCI[19]}"}, "account", "CCI_BRANCH_CHECK"),
        ({"account": f"{CCI[:19]}9"}, "account", "CCI_ACCOUNT_CHECK"),
        ({"account": "191-12345678-0-12"}, "account", "CCI_FORMAT"),
        ({"document_number": DNI + "-Z"}, "document_number", "DNI_CHECK"),
        ({"document_number": DNI[:7]}, "document_number", "DNI_FORMAT"),
        (
            {"document_type": "RUC", "document_number": RUC[:-1] + "1"},
            "document_number",
            "RUC_CHECK",
        ),
        ({"method": "yape", "account": "01 456 7890"}, "account", "PHONE_FORMAT"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
async def test_wrong_number_is_answered_at_its_field(
    buyer: BuyerWorld, phone: Page, changes: dict[str, str], field: str, code: str
) -> None:
    """The focus is on the summary, the sentence stands below the field; mended, it is taken."""
    await _fill(phone, **changes)
    await _send(phone)
    await expect(phone.get_by_role("alert")).to_be_focused()
    await expect(phone.locator(".summary")).to_be_in_viewport()
    control = phone.locator(f"#{field}")
    await expect(control).to_have_attribute("aria-invalid", "true")
    await expect(phone.locator("[aria-invalid=true]")).to_have_count(1)
    sentence = phone.locator(f"#{field}-wrong")
    said = texts.explain(f"beneficiary.{code}", SPANISH)
    await expect(sentence).to_contain_text(said)
    await expect(control).to_have_accessible_description(re.compile(re.escape(said)))
    typed, beside = await control.bounding_box(), await sentence.bounding_box()
    assert typed is not None
    assert beside is not None
    assert 0 <= beside["y"] - (typed["y"] + typed["height"]) < 20
    await _fill(phone)
    await _send(phone)
    await expect(phone.get_by_role("heading", name=_label("done"))).to_be_visible()
    assert await buyer.destinations() == 1


async def test_thanks_show_nothing_whole_and_can_t_be_had_again(
    buyer: BuyerWorld, phone: Page
) -> None:
    """The page after sending shows masked details; a reload and the link both say: used."""
    await _fill(phone, account=f"{CCI[:3]} {CCI[3:6]} {CCI[6:18]} {CCI[18:]}")
    await _send(phone)
    await expect(phone.get_by_role("heading", name=_label("done"))).to_be_visible()
    shown = await phone.locator("html").inner_html()
    assert [part for part in ("Ana Q.", "DNI ····8912", "BCP ····0117") if part not in shown] == []
    assert [whole for whole in (CCI, DNI, "Quispe") if whole in shown] == []
    for again in (phone.reload, lambda: _open(buyer, phone)):
        await again()
        used = phone.get_by_role("heading", name=texts.explain("error.LINK_USED", SPANISH))
        await expect(used).to_be_visible()
        await expect(phone.locator("form")).to_have_count(0)
    assert await buyer.destinations() == 1
    assert (await buyer.refund()).state is State.RECEIVED


async def _open(buyer: BuyerWorld, page: Page) -> None:
    await page.goto(await buyer.link())


async def test_double_tap_sends_once(buyer: BuyerWorld, phone: Page) -> None:
    """However the two requests meet, the details are kept once and the buyer is not alarmed."""
    await _fill(phone)
    await phone.get_by_role("button", name=_label("send")).dblclick(no_wait_after=True)
    thanks, used = _label("done"), texts.explain("error.LINK_USED", SPANISH)
    ended = phone.get_by_role("heading", name=thanks).or_(phone.get_by_role("heading", name=used))
    await expect(ended).to_be_visible()
    assert await buyer.destinations() == 1


async def test_language_can_be_changed_while_typing(buyer: BuyerWorld, phone: Page) -> None:
    """Before and after a refusal all that was typed stays, and no try is used up."""
    await _fill(phone, account=CCI[:-1])
    await phone.get_by_role("button", name="English").click()
    await expect(phone.locator("html")).to_have_attribute("lang", "en")
    await _keeps(phone, ENGLISH, CCI[:-1])
    await expect(phone.locator(".summary")).to_have_count(0)
    await expect(phone.get_by_text("Tries left: 5.")).to_be_visible()
    await _send(phone, ENGLISH)
    await expect(phone.get_by_text("Tries left: 4.")).to_be_visible()
    await phone.get_by_role("button", name="Español").click()
    await expect(phone.locator("html")).to_have_attribute("lang", "es-PE")
    await _keeps(phone, SPANISH, CCI[:-1])
    wrong = texts.explain("beneficiary.CCI_FORMAT", SPANISH)
    await expect(phone.locator("#account-wrong")).to_contain_text(wrong)
    await expect(phone.get_by_text("Intentos que le quedan: 4.")).to_be_visible()
    await _fill(phone)
    await _send(phone)
    assert await buyer.destinations() == 1


async def _keeps(page: Page, language: str, account: str) -> None:
    for field, value in (("name", GOOD["name"]), ("document_number", DNI), ("account", account)):
        control = page.get_by_label(_label(field, language), exact=True)
        await expect(control).to_have_value(value)
    await expect(page.get_by_label(_label("document_type", language))).to_have_value("DNI")
    await expect(page.get_by_label(_label("method_cci", language))).to_be_checked()


async def test_keyboard_alone_is_enough(buyer: BuyerWorld, browser: Browser) -> None:
    """From the first Tab over a refusal to the thanks, Enter sends and never changes language."""
    async with tab(browser, buyer.address, size=DESK, refused=True) as page:
        await page.goto(await buyer.link())
        press, typed = page.keyboard.press, page.keyboard.type
        for _ in range(2):  # the language, then the name
            await press("Tab")
        await typed(GOOD["name"])
        await press("Tab")
        await typed("DNI")
        await press("Tab")
        await typed(DNI)
        await press("Tab")
        await press("ArrowDown")  # from the first of the group to the next: Yape
        await press("Tab")
        await typed("014567890")
        await press("Enter")
        await expect(page.locator("html")).to_have_attribute("lang", "es-PE")
        await expect(page.get_by_role("alert")).to_be_focused()
        await press("Tab")
        await press("Enter")  # the summary's link to the field
        await expect(page.locator("#account")).to_be_focused()
        await press("ControlOrMeta+a")
        await typed(PHONE_NUMBER)
        await press("Tab")
        await press("Enter")
        await expect(page.get_by_role("heading", name=_label("done"))).to_be_visible()
        await expect(page.get_by_text(f"Yape ····{PHONE_NUMBER[-3:]}")).to_be_visible()
    assert await buyer.destinations() == 1


@looks
@sizes
async def test_every_page_can_be_read(
    buyer: BuyerWorld, browser: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    """No page is wider than its window, too faint, without a language or with a nameless field."""
    async with tab(browser, buyer.address, size=size, scheme=scheme, refused=True) as page:
        await page.goto(await buyer.link())
        await _is_readable(page, "es-PE")
        await page.get_by_role("button", name="English").click()
        await _is_readable(page, "en")
        await _fill(page, ENGLISH, name="Ana1", account="9" * 40, document_number="1" * 60)
        await _send(page, ENGLISH)
        await expect(page.locator("[aria-invalid=true]")).to_have_count(3)
        await _is_readable(page, "en")
        await _fill(page, ENGLISH)
        await _send(page, ENGLISH)
        await expect(page.get_by_role("heading", name=_label("done", ENGLISH))).to_be_visible()
        await _is_readable(page, "en")
        await _open(buyer, page)
        await _is_readable(page, "es-PE")


async def _is_readable(page: Page, language: str) -> None:
    assert await overflow(page) <= 0
    assert await faint(page) == []
    assert await unnamed(page) == []
    assert await page.locator("html").get_attribute("lang") == language
    assert await page.locator("h1").count() == 1
    assert await page.title() != ""


async def test_controls_suit_a_thumb(phone: Page) -> None:
    """On a phone every control is large enough for a thumb, and its text does not make it zoom."""
    controls = await phone.locator(_TOUCHED).all()
    assert len(controls) == 9
    for control in controls:
        box = await control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert await control.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= 16


async def test_what_is_measured_would_be_heard(browser: Browser) -> None:
    """Grey on grey, a nameless field and a page that is too wide don't pass the measures."""
    async with tab(browser, "https://refunds.example", size=PHONE) as page:
        await page.set_content(
            "<style>p { width: 500px; color: #999; background: #aaa }</style>"
            "<p>You can't read me.</p><p style='color: #000'>But me.</p><input name=nobody>"
        )
        assert await overflow(page) > 0
        assert len(await faint(page)) == 1
        assert len(await unnamed(page)) == 1


async def test_dead_links_are_explained_in_both_languages(buyer: BuyerWorld, phone: Page) -> None:
    """A link that was replaced while the form was open says so, and so does an expired one."""
    await _fill(phone)
    newer = await beneficiary.ask(buyer.world.ports, (await buyer.refund()).id, "Rosa")
    await _send(phone)
    await _is_told(phone, "LINK_REPLACED")
    buyer.world.clock.advance(hours=72)
    await phone.goto(newer.address.removeprefix(buyer.world.ports.public_url))
    await _is_told(phone, "LINK_EXPIRED")
    assert await buyer.destinations() == 0


async def _is_told(page: Page, code: str) -> None:
    for link, language in (("Español", SPANISH), ("English", ENGLISH)):
        await page.get_by_role("link", name=link).click()
        said = page.get_by_role("heading", name=texts.explain(f"error.{code}", language))
        await expect(said).to_be_visible()
        await expect(page.get_by_text(texts.advise(f"error.{code}", language))).to_be_visible()
