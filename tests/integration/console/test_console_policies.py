"""The console's policies: read in words, tried, published, and nothing typed is lost."""

import re

import pytest

from console_world import ConsoleWorld
from pef_adapters.core.access import Role

LIST = "/console/policies"
PAGE = f"{LIST}/store/tienda-pe"
DRAFT = """\
name: shop
rules:
  - id: small
    description: {en: Small ones go by themselves.}
    when:
      amount: {max: 50.00, currency: PEN}
    then: approve
otherwise: hold
"""


@pytest.fixture
async def world() -> ConsoleWorld:
    """A console before stores of two agencies, and one refund that went by itself."""
    world = ConsoleWorld()
    await world.open()
    await world.press("15", 12980)
    await world.run()
    return world


async def test_the_list_holds_whose_policies_one_may_read(world: ConsoleWorld) -> None:
    """The house sees agencies and stores; a store's agent only his own."""
    async with world.signed_in(Role.OWNER) as browser:
        everything = (await browser.get(LIST)).text
    async with world.signed_in(Role.AGENT, "store/sur-1") as browser:
        own = (await browser.get(LIST)).text
        answers = [await browser.get(f"{LIST}/{owner}") for owner in ("agency/sur", "store/no")]
        answers += [await browser.get(PAGE), await browser.get(f"{LIST}/house/x")]
    for owner in ("agency/norte", "agency/sur", "store/norte-1", "store/tienda-pe"):
        assert f"{LIST}/{owner}" in everything
    assert set(re.findall(rf"{LIST}/(\w+/[\w-]+)", own)) == {"store/sur-1"}
    assert [answer.status_code for answer in answers] == [404] * 4


async def test_a_policy_is_published_and_told_in_words(world: ConsoleWorld) -> None:
    """After publishing, each rule stands there in plain sentences, and in the history."""
    async with world.signed_in(Role.OWNER) as browser:
        sent = await browser.send_form(PAGE, act="publish", text=DRAFT, edited_from="0")
        assert (sent.status_code, sent.headers["location"]) == (303, PAGE)
        page = (await browser.get(PAGE)).text
        assert "decides from now on" in page
        version = (await browser.get(f"{PAGE}?version=1")).text
    assert "Small ones go by themselves." in page
    assert "≤ 50.00 PEN" in page
    assert "The refund is held until a person decides." in page
    assert "shop-1" in page
    assert "id: small" in version


async def test_publish_pressed_twice_publishes_once(world: ConsoleWorld) -> None:
    """The same form again finds its own contents."""
    async with world.signed_in(Role.OWNER) as browser:
        for _ in range(2):
            sent = await browser.send_form(PAGE, act="publish", text=DRAFT, edited_from="0")
            assert sent.status_code == 303
        page = (await browser.get(PAGE)).text
    assert f"{PAGE}?version=1" in page
    assert f"{PAGE}?version=2" not in page


async def test_nobodys_version_is_written_over_unseen(world: ConsoleWorld) -> None:
    """The later author is refused, sees the difference, keeps his text, and may then go on."""
    late = DRAFT.replace("50.00", "77.00")
    async with world.signed_in(Role.OWNER) as browser:
        await browser.send_form(PAGE, act="publish", text=DRAFT, edited_from="0")
        refused = await browser.send_form(PAGE, act="publish", text=late, edited_from="0")
        assert refused.status_code >= 400
        assert "Somebody published version 1 meanwhile" in refused.text
        assert "max: 77.00" in refused.text
        assert 'name="edited_from" value="1"' in refused.text
        again = await browser.send_form(PAGE, act="publish", text=late, edited_from="1")
        assert again.status_code == 303
        difference = (await browser.get(f"{PAGE}?older=1&newer=2")).text
    assert "<del>" in difference
    assert "<ins>" in difference


@pytest.mark.parametrize("act", ["check", "backtest", "explain", "compare", "publish", "nonsense"])
async def test_nothing_typed_is_lost(world: ConsoleWorld, act: str) -> None:
    """Whatever is wrong with the text or a number, all of it stands in the form again."""
    broken = "name: shop\nrulez: </textarea><script>alert(1)</script>\n"
    fields = {"text": broken, "edited_from": "0", "days": "7", "amount": "1.23", "age": "9"}
    async with world.signed_in(Role.OWNER) as browser:
        sent = await browser.send_form(PAGE, act=act, **fields)
    assert sent.status_code >= 400
    assert "rulez: &lt;/textarea&gt;&lt;script&gt;" in sent.text
    assert "<script>alert" not in sent.text
    assert all(f'value="{typed}"' in sent.text for typed in ("7", "1.23", "9"))


async def test_a_check_names_the_line(world: ConsoleWorld) -> None:
    """A rule that never acts is found with its line, a good text has nothing to mend."""
    dead = DRAFT.replace(
        "otherwise", "  - id: never\n    then: hold\n  - id: dead\n    then: reject\notherwise"
    )
    async with world.signed_in(Role.AGENT) as browser:
        found = (await browser.send_form(PAGE, act="check", text=dead)).text
        good = (await browser.send_form(PAGE, act="check", text=DRAFT)).text
    assert f"Line {1 + dead.splitlines().index('  - id: dead')}" in found
    assert "Nothing to mend was found." in good


async def test_a_back_test_shows_old_and_new(world: ConsoleWorld) -> None:
    """What went by itself would be held: counts, money, and the refund that changes."""
    refund = await world.refund()
    async with world.signed_in(Role.AGENT) as browser:
        tried = await browser.send_form(PAGE, act="backtest", text=DRAFT, days="30")
        wrong = await browser.send_form(PAGE, act="backtest", text=DRAFT, days="many")
    assert tried.status_code == 200
    assert refund.id in tried.text
    assert "129.80" in tried.text
    assert wrong.status_code >= 400
    assert 'value="many"' in wrong.text


async def test_a_refund_is_explained_by_the_draft(world: ConsoleWorld) -> None:
    """A made-up refund and a past one each get an outcome with its reasons."""
    refund = await world.refund()
    async with world.signed_in(Role.AGENT) as browser:
        small = {"amount": "20.00", "paid": "100.00", "currency": "PEN", "age": "2"}
        made_up = (await browser.send_form(PAGE, act="explain", text=DRAFT, **small)).text
        past = (await browser.send_form(PAGE, act="explain", text=DRAFT, refund=refund.id)).text
        foreign = await browser.send_form(
            f"{LIST}/store/sur-1", act="explain", text=DRAFT, refund=refund.id
        )
    explained = [
        page.partition('id="explained"')[2].partition("</section>")[0] for page in (made_up, past)
    ]
    assert "approved" in explained[0]
    assert "held" in explained[1]
    assert foreign.status_code == 404
    assert "id: small" in foreign.text


async def test_who_may_not_publish_is_refused_with_his_text(world: ConsoleWorld) -> None:
    """Readers see no button, a forged form is refused, and the text stays."""
    async with world.signed_in(Role.APPROVER) as browser:
        assert 'value="publish"' not in (await browser.get(PAGE)).text
        forged = await browser.send_form(PAGE, act="publish", text=DRAFT, edited_from="0")
    assert forged.status_code == 403
    assert "id: small" in forged.text
    async with world.signed_in(Role.OWNER) as browser:
        agency = await browser.send_form(
            f"{LIST}/agency/sur", act="publish", text=DRAFT, edited_from="0"
        )
    assert agency.status_code == 403


async def test_a_template_is_a_start(world: ConsoleWorld) -> None:
    """A ready policy stands in the editor, not yet published; an unknown one is not there."""
    async with world.signed_in(Role.OWNER) as browser:
        page = (await browser.get(f"{PAGE}?template=return")).text
        unknown = await browser.get(f"{PAGE}?template=../secret")
    assert "returns-often" in page
    assert "Nothing is published here yet." in page
    assert unknown.status_code == 404


@pytest.mark.parametrize("language", ["es", "zh"])
async def test_every_page_speaks_each_language(world: ConsoleWorld, language: str) -> None:
    """The rooms can be read in Spanish and Chinese from the list to the tries."""
    async with world.signed_in(Role.OWNER) as browser:
        await browser.get(f"{LIST}?lang={language}")
        pages = [
            await browser.get(path)
            for path in (LIST, PAGE, "/console/approvals", "/console/payouts")
        ]
        pages.append(await browser.send_form(PAGE, act="check", text=DRAFT))
    assert [page.status_code for page in pages] == [200] * 5
    assert not any("Nothing to mend" in page.text for page in pages)
