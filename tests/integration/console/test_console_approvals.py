"""The console's approvals: what an approver sees, presses, and never loses."""

import re

import pytest

from console_world import Browser, ConsoleWorld
from pef_adapters.core.access import Role
from pef_adapters.core.states import State
from pef_adapters.engine.records import Refund

QUEUE = "/console/approvals"
PROBE = "<script>alert('x')</script>"


@pytest.fixture
async def world() -> ConsoleWorld:
    """A console before one held refund of S/ 129.80, to which two people have to agree."""
    world = ConsoleWorld()
    hold = {"then": "hold", "approvers": 2}
    await world.open(settings={"policy": {"name": "shop", "otherwise": hold}})
    await world.press("15", 12980)
    await world.run()
    assert (await world.refund()).state is State.HELD
    return world


def digest_in(page: str) -> str:
    """What the page would send back with an approval."""
    found = re.search(r'name="seen" value="([0-9a-f]{12})"', page)
    assert found is not None
    return found[1]


async def shown(browser: Browser, refund: Refund) -> str:
    """The digest that the refund's page shows."""
    return digest_in((await browser.get(f"{QUEUE}/{refund.id}")).text)


async def test_the_queue_says_what_waits_and_why(world: ConsoleWorld) -> None:
    """Amount, reason, who agreed and the digest stand there, with the buttons."""
    async with world.signed_in(Role.APPROVER) as browser:
        page = (await browser.get(QUEUE)).text
    assert "129.80" in page
    assert "0 of 2" in page
    assert digest_in(page)
    assert [f'value="{act}"' in page for act in ("approve", "decline", "ask")] == [True] * 3


async def test_two_approve_and_the_refund_goes_on(world: ConsoleWorld) -> None:
    """The first press says thanks, the second lets the refund leave the queue."""
    refund = await world.refund()
    for agreed in ("0 of 2", "1 of 2"):
        async with world.signed_in(Role.APPROVER) as browser:
            page = (await browser.get(f"{QUEUE}/{refund.id}")).text
            assert agreed in page
            fields = {"act": "approve", "seen": digest_in(page), "words": "fine"}
            answer = await browser.send_form(f"{QUEUE}/{refund.id}", **fields)
            assert (answer.status_code, answer.headers["location"]) == (303, QUEUE)
            assert "Your approval is kept." in (await browser.get(QUEUE)).text
    await world.run()
    assert (await world.refund()).state is not State.HELD


async def test_approve_pressed_twice_counts_once(world: ConsoleWorld) -> None:
    """The second press of the same person is refused, and the words are still there."""
    refund = await world.refund()
    async with world.signed_in(Role.APPROVER) as browser:
        fields = {"act": "approve", "seen": await shown(browser, refund), "words": "I looked"}
        await browser.send_form(f"{QUEUE}/{refund.id}", **fields)
        again = await browser.send_form(f"{QUEUE}/{refund.id}", **fields)
    assert again.status_code == 409
    assert "The same person has approved this refund already." in again.text
    assert "I looked</textarea>" in again.text
    assert (await world.refund()).state is State.HELD


@pytest.mark.parametrize("seen", ["", "000000000000"])
async def test_another_digest_approves_nothing(world: ConsoleWorld, seen: str) -> None:
    """What the person did not see is not agreed to; the page shows the present digest."""
    refund = await world.refund()
    async with world.signed_in(Role.OWNER) as browser:
        sent = await browser.send_form(f"{QUEUE}/{refund.id}", act="approve", seen=seen)
        assert sent.status_code == 409
        assert digest_in(sent.text) == await shown(browser, refund)


async def test_declining_without_a_reason_keeps_the_form(world: ConsoleWorld) -> None:
    """It says that words are needed; with them the refund is rejected."""
    refund = await world.refund()
    async with world.signed_in(Role.APPROVER) as browser:
        seen = await shown(browser, refund)
        bare = await browser.send_form(f"{QUEUE}/{refund.id}", act="decline", seen=seen, words="")
        assert bare.status_code >= 400
        assert digest_in(bare.text) == seen
        why = await browser.send_form(f"{QUEUE}/{refund.id}", act="decline", seen=seen, words="no")
        assert why.status_code == 303
        late = await browser.send_form(
            f"{QUEUE}/{refund.id}", act="comment", seen=seen, words="too late"
        )
    assert (await world.refund()).state is State.REJECTED
    assert late.status_code == 409
    assert "too late</textarea>" in late.text


async def test_an_agent_speaks_and_does_not_decide(world: ConsoleWorld) -> None:
    """An agent sees no button to decide, and a form of his own making is refused."""
    refund = await world.refund()
    async with world.signed_in(Role.AGENT) as browser:
        page = (await browser.get(QUEUE)).text
        assert 'value="approve"' not in page
        sent = {"seen": digest_in(page), "words": PROBE}
        forged = await browser.send_form(f"{QUEUE}/{refund.id}", act="approve", **sent)
        assert forged.status_code == 403
        spoken = await browser.send_form(f"{QUEUE}/{refund.id}", act="ask", **sent)
        assert spoken.status_code == 303
        page = (await browser.get(QUEUE)).text
    assert PROBE not in page + forged.text
    assert "&lt;script&gt;" in page
    assert (await world.refund()).state is State.HELD


async def test_a_foreign_refund_is_the_page_of_a_missing_one(world: ConsoleWorld) -> None:
    """Whoever has another store learns nothing, neither by looking nor by a form."""
    refund = await world.refund()
    async with world.signed_in(Role.OWNER, "store/norte-1") as browser:
        assert "No refund waits" in (await browser.get(QUEUE)).text
        for ask in (browser.get, lambda path: browser.send_form(path, act="approve")):
            foreign, missing = await ask(f"{QUEUE}/{refund.id}"), await ask(f"{QUEUE}/RF404")
            assert (foreign.status_code, missing.status_code) == (404, 404)
            masked = re.sub(r"csrf.*?>", "", foreign.text).replace(refund.id, "RF404")
            assert masked == re.sub(r"csrf.*?>", "", missing.text)


async def test_what_no_button_says_is_asked_for_again(world: ConsoleWorld) -> None:
    """An unknown act changes nothing and keeps the words."""
    refund = await world.refund()
    async with world.signed_in(Role.APPROVER) as browser:
        sent = await browser.send_form(f"{QUEUE}/{refund.id}", act="pay", words="kept words")
    assert sent.status_code == 422
    assert "kept words" in sent.text
