"""The console's payout desk: what is due, bank files, answers, proofs, and masked accounts."""

import pytest

from console_world import Browser, ConsoleWorld
from desk_world import ANA, DeskWorld, bank_file
from pef_adapters.core.access import Role
from pef_adapters.core.states import State

DESK = "/console/payouts"
EXPORT = f"{DESK}/accounts/main/export"
WHOLE = (ANA["account"], ANA["document_number"])


class ConsoleDesk(DeskWorld, ConsoleWorld):
    """The desk's world with the console before it."""


@pytest.fixture
async def world() -> ConsoleDesk:
    """One refund that waits for the next bank file."""
    world = ConsoleDesk()
    await world.open_old()
    await world.until_due()
    return world


async def batch_of(world: ConsoleDesk) -> str:
    """The path of the only batch."""
    async with world.book.begin() as ledger:
        (batch,) = await ledger.batches(10)
    return f"{DESK}/batches/{batch.id}"


async def upload(
    browser: Browser, path: str, field: str, body: bytes, **fields: str
) -> tuple[int, str]:
    """Send a file as the page's form does; status and page of the answer."""
    files = {field: ("c:\\answers.csv", body, "text/csv")}
    answer = await browser.post(path, data={"csrf": browser.csrf, **fields}, files=files)
    return answer.status_code, answer.text


async def test_what_is_due_is_shown_masked(world: ConsoleDesk) -> None:
    """Amount, holder and the account's end are there; the whole account is nowhere."""
    async with world.signed_in(Role.OWNER) as browser:
        page = (await browser.get(DESK)).text
    assert "129.80" in page
    assert ANA["account"][-4:] in page
    assert not any(whole in page for whole in WHOLE)


async def test_export_and_download(world: ConsoleDesk) -> None:
    """The batch's page says what is in it; only the file holds the whole account."""
    async with world.signed_in(Role.OWNER) as browser:
        made = await browser.send_form(EXPORT, format="csv")
        assert made.status_code == 200
        path = await batch_of(world)
        file = await browser.send_form(f"{path}/file")
        pages = [made.text, (await browser.get(path)).text, (await browser.get(DESK)).text]
    assert ANA["account"] in file.text
    assert "attachment" in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"
    assert not any(whole in page for whole in WHOLE for page in pages)


async def test_export_pressed_twice_makes_one_file(world: ConsoleDesk) -> None:
    """The second press says that nothing is due, on the desk with the first file in it."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
        again = await browser.send_form(EXPORT, format="csv")
    assert again.status_code == 404
    assert (await batch_of(world)).rpartition("/")[2] in again.text


async def test_answers_are_booked_once(world: ConsoleDesk) -> None:
    """Nonsense is refused with its line, the bank's file is booked, and again changes nothing."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
        path = await batch_of(world)
        file = await browser.send_form(f"{path}/file")
        status, page = await upload(browser, f"{path}/answers", "answers", b"\xff\x00nonsense")
        assert status >= 400
        assert "Booked" not in page
        good = bank_file(file.content, status="confirmed")
        for said in ("1 confirmed, 0 returned, 0 known", "0 confirmed, 0 returned, 1 known"):
            status, page = await upload(browser, f"{path}/answers", "answers", good)
            assert status == 200
            assert said in page
        over = await browser.send_form(f"{path}/file")
    assert (await world.refund()).state is State.REFUNDED
    assert over.status_code == 409


async def test_no_file_is_asked_for(world: ConsoleDesk) -> None:
    """A form without its file changes nothing and says what is missing."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
        path = await batch_of(world)
        for what in ("answers", "proofs"):
            sent = await browser.send_form(f"{path}/{what}", name="voucher-7.pdf")
            assert sent.status_code == 422
            assert "Choose a file first" in sent.text
        assert 'value="voucher-7.pdf"' in sent.text


async def test_a_proof_is_kept_and_given_back_as_a_file(world: ConsoleDesk) -> None:
    """Whatever it holds, it is saved under a safe name and never shown as a page."""
    body = b"<script>alert(1)</script>"
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
        path = await batch_of(world)
        name = '../"><script>x</script>.pdf'
        status, _ = await upload(browser, f"{path}/proofs", "proof", body, name=name, line="")
        assert status == 303
        page = (await browser.get(path)).text
        assert "<script>x" not in page
        kept = await browser.send_form(f"{path}/proofs/1")
        missing = await browser.send_form(f"{path}/proofs/99")
    assert kept.content == body
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert "/" not in kept.headers["content-disposition"]
    assert missing.status_code == 404


async def test_too_large_an_upload_is_refused(world: ConsoleDesk) -> None:
    """Beyond the bound nothing is read, and nothing is kept."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
        path = await batch_of(world)
        status, _ = await upload(browser, f"{path}/proofs", "proof", b"x" * 5_100_000, name="x")
        assert status == 413
        assert "No proof is kept so far." in (await browser.get(path)).text


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER])
async def test_who_may_only_look_gets_no_file(world: ConsoleDesk, role: Role) -> None:
    """Such a reader sees the desk without its buttons, and forged forms are refused."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
    path = await batch_of(world)
    async with world.signed_in(role) as browser:
        page = (await browser.get(path)).text
        assert f"{path}/file" not in page
        forged = [await browser.send_form(at) for at in (EXPORT, f"{path}/file")]
    assert [answer.status_code for answer in forged] == [403, 403]
    assert not any(ANA["account"] in answer.text for answer in forged)


async def test_a_strangers_desk_is_empty(world: ConsoleDesk) -> None:
    """Of an account with another's store nothing is shown, and its batch is not there."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(EXPORT, format="csv")
    path = await batch_of(world)
    async with world.signed_in(Role.OWNER, "store/norte-1") as browser:
        desk = (await browser.get(DESK)).text
        answers = [await browser.get(path), await browser.send_form(f"{path}/file")]
        answers.append(await browser.send_form(EXPORT))
    assert "no merchant account" in desk
    assert path not in desk
    assert [answer.status_code for answer in answers] == [404] * 3


async def test_the_buyer_is_asked_again() -> None:
    """The link is shown once to whoever made it; a refund that needs none says so."""
    world = ConsoleDesk()
    await world.open_old()
    await world.press("15", 12980)
    await world.run()
    refund = await world.refund()
    async with world.signed_in(Role.OWNER) as browser:
        assert refund.id in (await browser.get(DESK)).text
        made = await browser.send_form(f"{DESK}/ask", refund=refund.id)
        assert await world.token() in made.text
        unknown = await browser.send_form(f"{DESK}/ask", refund='"><script>')
    assert unknown.status_code == 404
    assert "<script>" not in unknown.text.replace("<script defer", "")
    assert (await world.refund()).state is State.AWAITING_BENEFICIARY
