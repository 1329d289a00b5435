"""A refund by hand in the console: find, see what remains, press, follow."""

import re
from dataclasses import replace
from http import HTTPStatus

from by_hand_world import BothPlatforms
from console_world import Browser, ConsoleWorld
from engine_world import CIP
from pef_adapters.core.access import Role, store_place
from pef_adapters.core.states import State
from pef_adapters.engine.records import AuditSearch, Refund
from pef_adapters.platforms.by_hand import BY_HAND

PAGE = "/console/refunds/new"


async def world() -> ConsoleWorld:
    """A store without a shop, and others beside it on the same account."""
    here = ConsoleWorld()
    here.ports = replace(here.ports, platforms=BothPlatforms(here.platform))
    here.app.state.ports = here.ports
    policy = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
    return await here.open(platform=BY_HAND, settings={"policy": policy})


async def form(browser: Browser, store: str = "tienda-pe", **fields: str) -> dict[str, str]:
    """The second step's form as a person fills it in."""
    page = (await browser.get(f"{PAGE}?store={store}&transaction={CIP}")).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return {**hidden, "amount": "50.00", "reason": "Producto agotado", "order": "", **fields}


async def refunds_of(here: ConsoleWorld) -> list[Refund]:
    """Every refund there is."""
    async with here.book.begin() as ledger:
        return await ledger.list_refunds()


async def test_a_seller_without_a_shop_refunds_to_the_end() -> None:
    """Find the transaction, see what remains, press, and watch it become Refunded."""
    here = await world()
    async with here.signed_in() as browser:
        first = (await browser.get(PAGE)).text
        assert 'name="transaction"' in first
        assert 'name="key"' not in first
        second = (await browser.get(f"{PAGE}?store=tienda-pe&transaction={CIP}")).text
        assert "S/\xa0129.80" in second
        answer = await browser.send_form(PAGE, **await form(browser))
        assert answer.status_code == HTTPStatus.SEE_OTHER
        await here.run()
        here.rail.settle()
        await here.later(minutes=2)
        shown = (await browser.get(answer.headers["location"])).text
    (refund,) = await refunds_of(here)
    assert answer.headers["location"] == f"/console/refunds/{refund.id}"
    assert (refund.state, refund.requested_by) == (State.REFUNDED, "person1@example.pe")
    assert "Refunded" in shown


async def test_a_double_click_is_one_refund_in_the_console() -> None:
    """The same form twice leads to the same refund's page."""
    here = await world()
    async with here.signed_in() as browser:
        filled = await form(browser)
        answers = [await browser.send_form(PAGE, **filled) for _ in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await refunds_of(here)) == 1


async def test_what_was_shown_must_still_be_true() -> None:
    """A form from before another refund is refused, and shows what remains now."""
    here = await world()
    async with here.signed_in() as browser:
        stale = await form(browser)
        await browser.send_form(PAGE, **await form(browser, amount="100.00"))
        answer = await browser.send_form(PAGE, **stale)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "S/\xa029.80" in answer.text
    assert 'value="Producto agotado"' in answer.text
    assert len(await refunds_of(here)) == 1


async def test_what_cannot_be_refunded_is_said_beside_the_form() -> None:
    """Too much, nothing, no number, no reason: each is refused and nothing is pressed."""
    here = await world()
    async with here.signed_in() as browser:
        for fields in (
            {"amount": "129.81"},
            {"amount": "0"},
            {"amount": "all"},
            {"reason": " "},
            {"order": "../1"},
            {"rest": "lots"},
        ):
            answer = await browser.send_form(PAGE, **await form(browser, **fields))
            assert answer.status_code in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
            assert 'role="alert"' in answer.text
        missing = await browser.get(f"{PAGE}?store=tienda-pe&transaction=404")
    assert missing.status_code == HTTPStatus.NOT_FOUND
    assert 'name="transaction"' in missing.text
    assert await refunds_of(here) == []


async def test_only_who_may_act_presses_and_only_there() -> None:
    """An agent gets no form; an owner of another store finds no store of this name."""
    here = await world()
    async with here.signed_in() as owner:
        filled = await form(owner)
    async with here.signed_in(Role.AGENT) as agent:
        assert (await agent.get(PAGE)).status_code == HTTPStatus.FORBIDDEN
        refused = await agent.send_form(PAGE, **{**filled, "csrf": agent.csrf})
        assert refused.status_code == HTTPStatus.FORBIDDEN
    async with here.signed_in(Role.OWNER, store_place("sur-1")) as foreign:
        mixed = {**filled, "csrf": foreign.csrf}
        there = await foreign.send_form(PAGE, **mixed)
        nowhere = await foreign.send_form(PAGE, **{**mixed, "store": "nowhere"})
        assert there.status_code == nowhere.status_code == HTTPStatus.NOT_FOUND
    assert await refunds_of(here) == []
    async with here.book.begin() as ledger:
        kept = [(each.what, each.outcome) for each in await ledger.audits(AuditSearch())]
    assert ("press_by_hand", "NOT_ALLOWED") in kept


async def test_a_store_that_shares_the_account_sees_the_rest_and_no_foreign_refund() -> None:
    """What another store refunded lowers the rest, but its refund is neither shown nor named."""
    here = await world()
    async with here.signed_in() as owner:
        await owner.send_form(PAGE, **await form(owner))
        (refund,) = await refunds_of(here)
        page = (await owner.get(f"{PAGE}?store=sur-1&transaction={CIP}")).text
    assert "S/\xa079.80" in page
    assert "Other stores of this account" in page
    assert refund.id not in page
    async with here.signed_in(Role.OWNER, store_place("sur-1")) as foreign:
        answer = await foreign.get(f"{PAGE}?store=sur-1&transaction={CIP}")
    assert "79.80" not in answer.text
    assert refund.id not in answer.text
    assert "tienda-pe" not in answer.text
    assert answer.status_code == HTTPStatus.NOT_FOUND


async def test_the_menu_leads_to_the_page() -> None:
    """The room's own address shows the same first step."""
    here = await world()
    async with here.signed_in() as browser:
        page = (await browser.get("/console/by-hand")).text
    assert 'href="/console/by-hand" aria-current="page"' in page
    assert 'name="transaction"' in page
