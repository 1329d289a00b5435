"""A CIP's own page in the sandbox: what a buyer sees there, and the button that pays."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest

from checkout_samples import EMAIL, checkout
from chromium import DESK, PHONE, chromium, faint, overflow, tab, unnamed
from pagoefectivo_bench import Bench, Receiver, SandboxProcess, bench, sandbox_process
from pef_adapters.engine.ports import RailCip

BUTTON = "Pagar (sandbox)"
LOOKS: tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...] = (
    (PHONE, "light"),
    (DESK, "dark"),
)


@pytest.fixture
async def made(sandbox: SandboxProcess) -> AsyncIterator[Bench]:
    """A client of the module's sandbox."""
    fresh = bench(sandbox.account())
    yield fresh
    await fresh.rails.aclose()


@pytest.fixture
async def cip(made: Bench) -> RailCip:
    """A CIP that waits for its buyer."""
    return await made.rail.create_payment(checkout(), EMAIL)


def opened(cip: RailCip) -> httpx.Response:
    """The CIP's page, as a browser without JavaScript gets it."""
    return httpx.get(cip.pay_url)


def pressed(cip: RailCip) -> httpx.Response:
    """The page after a press of its button, seen or not."""
    return httpx.post(cip.pay_url, follow_redirects=True)


async def test_the_page_shows_what_to_pay_and_by_when(
    sandbox: SandboxProcess, cip: RailCip
) -> None:
    """Code, amount, order and expiry, in Spanish with English beside it, and one button."""
    assert cip.pay_url.startswith(f"{sandbox.url}/pagar/")
    html = opened(cip).text
    for shown in (cip.transaction_id, "129.80", "Pedido 1014", "01/01/2999 12:00", BUTTON):
        assert shown in html
    assert 'lang="es-PE"' in html
    assert '<small lang="en">Pay with this code</small>' in html


async def test_the_page_runs_and_loads_nothing_of_others(cip: RailCip) -> None:
    """No script runs, forms go to the sandbox only, and nothing is kept by a cache."""
    headers = opened(cip).headers
    policy = headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'self'; form-action 'self'"
    assert headers["cache-control"] == "no-store"


async def test_the_button_pays_and_tells_the_store(
    made: Bench, cip: RailCip, receiver: Receiver
) -> None:
    """One press: the rail shows the CIP as paid, and the callback leaves."""
    answer = pressed(cip)
    assert "Pagado" in answer.text
    assert BUTTON not in answer.text
    found = await made.rail.find_payment(cip.transaction_id)
    assert found is not None
    assert found.paid_at is not None
    receiver.wait_for(lambda kept: len(kept.deliveries) == 1)
    assert b'"eventType":"cip.paid"' in receiver.deliveries[0][0]


async def test_a_second_press_pays_nothing_more(
    sandbox: SandboxProcess, cip: RailCip, receiver: Receiver
) -> None:
    """Pressed twice, the buyer is shown that it is paid, and the store is told once."""
    for _ in range(2):
        assert "Pagado" in pressed(cip).text
    told = [each["body"]["data"]["cip"] for each in sandbox.get("callbacks")["callbacks"]]
    assert told.count(cip.transaction_id) == 1
    receiver.wait_for(lambda kept: len(kept.deliveries) == 1)


async def test_a_withdrawn_code_can_not_be_paid(made: Bench, cip: RailCip) -> None:
    """The page says not to pay, and a press from before changes nothing."""
    await made.rail.cancel_payment(cip.transaction_id)
    page = opened(cip).text
    assert "Código anulado" in page
    assert BUTTON not in page
    assert "Código anulado" in pressed(cip).text
    found = await made.rail.find_payment(cip.transaction_id)
    assert found is not None
    assert found.paid_at is None


async def test_an_expired_code_can_not_be_paid(tmp_path: Path) -> None:
    """After its day the page asks the buyer to get a new code from the store."""
    with sandbox_process(tmp_path / "book.db") as sandbox:
        made = bench(sandbox.account())
        cip = await made.rail.create_payment(checkout(expires_at=None), EMAIL)
        sandbox.post("clock", advance_days=4)
        assert "Código vencido" in opened(cip).text
        assert "Código vencido" in pressed(cip).text
        found = await made.rail.find_payment(cip.transaction_id)
        await made.rails.aclose()
    assert found is not None
    assert found.over


@pytest.mark.parametrize("token", ["0" * 32, "..%2Fsandbox", "x'%20OR%201=1--"])
def test_a_wrong_address_opens_no_code(sandbox: SandboxProcess, token: str) -> None:
    """Only the whole token of a CIP's page opens it or pays."""
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{sandbox.url}/pagar/{token}")
        assert answer.status_code == 404


async def test_what_a_store_writes_is_shown_as_text(made: Bench) -> None:
    """An order number that looks like markup stays text on the page."""
    asked = checkout(order_number="<b>x</b>")
    cip = await made.rail.create_payment(asked, EMAIL)
    html = opened(cip).text
    assert "Pedido &lt;b&gt;x&lt;/b&gt;" in html


async def test_pages_lie_where_buyers_find_the_sandbox(tmp_path: Path) -> None:
    """Behind a tunnel the address of the tunnel is given, whoever asked."""
    public = "https://sandbox.tienda.test"
    with sandbox_process(tmp_path / "book.db", public_url=public) as sandbox:
        made = bench(sandbox.account())
        cip = await made.rail.create_payment(checkout(), EMAIL)
        await made.rails.aclose()
        page = sandbox.fetch(urlsplit(cip.pay_url).path)
    assert cip.pay_url.startswith(f"{public}/pagar/")
    assert page.is_success


async def test_the_sandboxs_list_leads_to_the_page(sandbox: SandboxProcess, cip: RailCip) -> None:
    """Whoever shows the demo finds the buyer's page from the list of payments."""
    assert f'href="{urlsplit(cip.pay_url).path}"' in sandbox.fetch("/").text


async def test_a_buyer_pays_in_a_browser(sandbox: SandboxProcess, made: Bench) -> None:
    """On a phone and at a desk, light and dark: all can be read and named, and it pays."""
    async with chromium() as browser:
        for size, scheme in LOOKS:
            cip = await made.rail.create_payment(checkout(), EMAIL)
            async with tab(browser, sandbox.url, size=size, scheme=scheme) as page:
                await page.goto(cip.pay_url)
                assert await overflow(page) <= 0
                assert await faint(page) == []
                assert await unnamed(page) == []
                await page.get_by_role("button", name=BUTTON).click()
                await page.get_by_role("heading", name="Pagado").wait_for()
                assert await faint(page) == []
            found = await made.rail.find_payment(cip.transaction_id)
            assert found is not None
            assert found.paid_at is not None
