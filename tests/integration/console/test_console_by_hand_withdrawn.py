"""Withdrawing a refund by hand on its page: offered where it can be done, by who may act."""

import re
from dataclasses import replace
from http import HTTPStatus

import pytest

from by_hand_world import ROSA, BothPlatforms
from console_world import Browser, ConsoleWorld
from engine_world import CIP
from pef_adapters.core.access import Role, store_place
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import by_hand
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.records import AuditSearch, Refund
from pef_adapters.platforms.by_hand import BY_HAND

WHY = "Se pidió por error"


async def world(otherwise: str = "hold") -> tuple[ConsoleWorld, Refund]:
    """A refund of 50 soles that was pressed by hand, after its first step."""
    here = ConsoleWorld()
    here.ports = replace(here.ports, platforms=BothPlatforms(here.platform))
    here.app.state.ports = here.ports
    policy = {"name": "shop", "otherwise": otherwise, "double_press_minutes": 0}
    await here.open(platform=BY_HAND, settings={"policy": policy})
    pressed = Press(
        transaction_id=CIP,
        order_number="",
        amount=Money(5000, "PEN"),
        expected_rest=Money(12980, "PEN"),
        reason="Producto agotado",
        person=ROSA,
        key="form-1",
    )
    refund = await by_hand.press(here.ports, "tienda-pe", pressed)
    await here.run()
    return here, await standing(here, refund)


async def standing(here: ConsoleWorld, refund: Refund) -> Refund:
    """The refund as it is kept now."""
    async with here.book.begin() as ledger:
        found = await ledger.refund(refund.id)
    assert found is not None
    return found


def seen_by(refund: Refund) -> str:
    """What a form on its page was shown."""
    return f"{refund.revision}/{refund.state}/{refund.updated_at.isoformat()}"


async def page_of(browser: Browser, refund: Refund) -> str:
    """Its page."""
    return (await browser.get(f"/console/refunds/{refund.id}")).text


async def press_withdraw(browser: Browser, refund: Refund, why: str = WHY) -> tuple[int, str]:
    """Send the form as it would stand on the page; the answer's status and text."""
    form = {"seen": seen_by(refund), "why": why}
    answer = await browser.send_form(f"/console/refunds/{refund.id}/withdraw", **form)
    return answer.status_code, answer.text


async def audited(here: ConsoleWorld) -> list[tuple[str, str, str | None, str]]:
    """What the audit says, newest first."""
    async with here.book.begin() as ledger:
        entries = await ledger.audits(AuditSearch())
    return [(each.what, each.subject, each.store_id, each.outcome) for each in entries]


async def test_a_mistyped_refund_is_withdrawn_on_its_page() -> None:
    """Sent with a reason the form ends the refund; then nobody is asked to look at it any more."""
    here, refund = await world()
    async with here.signed_in() as browser:
        page = await page_of(browser, refund)
        assert f'action="/console/refunds/{refund.id}/withdraw"' in page
        assert refund.id in (await browser.get("/console")).text
        assert re.search(r'<input name="why"[^>]* required', page)
        status, _ = await press_withdraw(browser, refund)
        assert status == HTTPStatus.SEE_OTHER
        after = await page_of(browser, refund)
        assert refund.id not in (await browser.get("/console")).text
    now = await standing(here, refund)
    assert now.state is State.CANCELLED
    assert "It is withdrawn" in after
    assert WHY in after
    assert "person:person1@example.pe" in after
    assert "/withdraw" not in after
    assert "/retry" not in after
    assert ("withdraw_by_hand", f"refund/{refund.id}", "tienda-pe", "done") in await audited(here)
    found = await by_hand.find(here.ports, "tienda-pe", CIP)
    assert found.rest == Money(12980, "PEN")


async def test_without_a_reason_nothing_is_withdrawn() -> None:
    """The page says what is missing, and the refund stays."""
    here, refund = await world()
    async with here.signed_in() as browser:
        status, text = await press_withdraw(browser, refund, " ")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "give a reason" in text
    assert (await standing(here, refund)).state is State.HELD


async def test_what_is_sent_has_no_such_button_and_takes_no_such_form() -> None:
    """It is on its way: the form is not there, and one that is sent all the same is refused."""
    here, refund = await world("approve")
    assert refund.state is State.PENDING
    async with here.signed_in() as browser:
        assert "/withdraw" not in await page_of(browser, refund)
        status, _ = await press_withdraw(browser, refund)
    assert status == HTTPStatus.CONFLICT
    assert (await standing(here, refund)).state is State.PENDING
    what = ("withdraw_by_hand", f"refund/{refund.id}", "tienda-pe", "TRANSITION_REFUSED")
    assert what in await audited(here)


async def test_a_form_of_before_it_moved_on_does_nothing() -> None:
    """The refund has changed since the page was shown, so it is shown anew first."""
    here, refund = await world()
    async with here.signed_in() as browser:
        status, _ = await press_withdraw(browser, replace(refund, revision=refund.revision + 1))
        assert status == HTTPStatus.SEE_OTHER
        assert "moved on while you were looking" in await page_of(browser, refund)
    assert (await standing(here, refund)).state is State.HELD


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER])
async def test_only_who_may_act_on_refunds_withdraws(role: Role) -> None:
    """Others see the refund and no form; what they send is refused and kept."""
    here, refund = await world()
    async with here.signed_in(role) as browser:
        assert "/withdraw" not in await page_of(browser, refund)
        status, _ = await press_withdraw(browser, refund)
    assert status == HTTPStatus.FORBIDDEN
    assert (await standing(here, refund)).state is State.HELD
    kept = ("withdraw_by_hand", f"refund/{refund.id}", "tienda-pe", "NOT_ALLOWED")
    assert kept in await audited(here)


async def test_another_stores_refund_is_not_there() -> None:
    """An owner elsewhere is answered as for a refund that nobody has, and nothing is done."""
    here, refund = await world()
    async with here.signed_in(Role.OWNER, store_place("sur-1")) as browser:
        foreign = await press_withdraw(browser, refund)
        missing = await press_withdraw(browser, replace(refund, id="nowhere"))
    assert foreign[0] == missing[0] == HTTPStatus.NOT_FOUND
    assert foreign[1].replace(refund.id, "…") == missing[1].replace("nowhere", "…")
    assert (await standing(here, refund)).state is State.HELD
