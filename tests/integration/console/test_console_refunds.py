"""The console's pages of refunds: found, followed, moved on, and taken along for support."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from console_world import Browser, ConsoleWorld
from pef_adapters.core.access import Role, store_place
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.ports import Refusal
from pef_adapters.engine.records import AuditSearch, Exchange, Refund
from pef_adapters.server.console.cookies import LANGUAGES as TAGS

CANARY = "secret-of-nobody"


async def world() -> ConsoleWorld:
    """A world in which double presses mean two refunds."""
    opened = ConsoleWorld()
    policy = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
    return await opened.open(settings={"policy": policy})


async def pressed(here: ConsoleWorld, refund_id: str = "15", minor: int = 1000, **more: Any) -> str:
    """Our id of a refund that its store's button made."""
    await here.press(refund_id, minor, **more)
    await here.run()
    return (await here.refund(refund_id)).id


async def refused(here: ConsoleWorld) -> str:
    """Our id of a refund that the rail refused for good."""
    here.rail.refuse((Refusal.FINAL, "AMOUNT_EXCEEDED"))
    return await pressed(here)


def seen_in(page: str) -> str:
    """What the page's forms say they were shown."""
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found, page
    return found[1]


async def button(browser: Browser, refund_id: str, what: str, **fields: str) -> Any:
    """Look at the refund's page, then press one of its buttons."""
    page = (await browser.get(f"/console/refunds/{refund_id}")).text
    form = {"seen": seen_in(page), **fields}
    return await browser.send_form(f"/console/refunds/{refund_id}/{what}", **form)


async def standing(here: ConsoleWorld, refund_id: str) -> Refund:
    """The refund as it is kept now."""
    async with here.book.begin() as ledger:
        found = await ledger.refund(refund_id)
    assert found is not None
    return found


async def audited(here: ConsoleWorld) -> list[tuple[str, str, str]]:
    """What the audit says, newest first."""
    async with here.book.begin() as ledger:
        entries = await ledger.audits(AuditSearch())
    return [(each.what, each.subject, each.outcome) for each in entries]


async def test_refunds_are_found_by_all_that_a_person_knows() -> None:
    """Order, transaction, buyer, amount, state, day: each finds its own and nothing else."""
    here = await world()
    here.rail.pay("22", Money(5000, "PEN"), here.clock.now())
    first = await pressed(here, "15", 1000, buyer="email:ana@example.pe")
    other = await pressed(here, "16", 2000, order_id="99", transaction_id="22")
    day = f"{here.clock.now() - timedelta(hours=5):%Y-%m-%d}"
    async with here.signed_in() as browser:
        for query in (
            "order=14",
            "order=%2314",
            "transaction=11546901",
            "buyer=ANA%40example.pe",
            "amount=10.00&currency=PEN",
        ):
            page = (await browser.get(f"/console/refunds?{query}")).text
            assert (first in page, other in page) == (True, False), query
        both = (await browser.get(f"/console/refunds?from={day}&until={day}&state=pending")).text
        assert first in both
        assert other in both
        for query in ("until=2020-01-01", "attention=yes", "state=held", "buyer=x%40y.pe"):
            page = (await browser.get(f"/console/refunds?{query}")).text
            assert first not in page, query


async def test_a_customer_is_found_inside_one_store_only() -> None:
    """A store's customer number says nothing about another store's customers."""
    here = await world()
    refund = await pressed(here, buyer="customer:17")
    async with here.signed_in() as browser:
        alone = await browser.get("/console/refunds?buyer=17")
        assert alone.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert refund in (await browser.get("/console/refunds?buyer=17&store=tienda-pe")).text
        assert refund not in (await browser.get("/console/refunds?buyer=17&store=sur-1")).text


@pytest.mark.parametrize(
    "query", ["amount=ten", "from=yesterday", "state=lost", "after=now", "amount=1&currency=XXY"]
)
async def test_what_cannot_be_searched_is_said(query: str) -> None:
    """A wrong amount, day, state or place is refused on the page, with the form still there."""
    async with (await world()).signed_in() as browser:
        answer = await browser.get(f"/console/refunds?{query}")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'role="alert"' in answer.text
    assert 'name="order"' in answer.text


async def test_older_refunds_follow_behind_a_link() -> None:
    """Fifty a page, and the link leads to exactly those that are left."""
    here = await world()
    numbers = [str(number) for number in range(53)]
    ids = [await pressed(here, number, 1) for number in numbers]
    async with here.signed_in() as browser:
        newest = (await browser.get("/console/refunds?order=14")).text
        link = re.search(r'href="([^"]*)" rel="next"', newest)
        assert link
        older = (await browser.get(link[1].replace("&amp;", "&"))).text
    shown = [{each for each in ids if f">{each}</a>" in page} for page in (newest, older)]
    assert [len(each) for each in shown] == [50, 3]
    assert shown[0] | shown[1] == set(ids)
    assert 'rel="next"' not in older


async def test_the_file_holds_the_same_search_and_no_formula() -> None:
    """What somebody typed into a store can't become a formula in a spreadsheet."""
    here = await world()
    await pressed(here, "15", 1000, reason="=HYPERLINK(1)")
    await pressed(here, "16", 2000, order_id="99")
    async with here.signed_in() as browser:
        answer = await browser.get("/console/refunds/export.csv?order=14")
        wrong = await browser.get("/console/refunds/export.csv?amount=ten")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["amount"], row["reason"]) for row in rows] == [("10.00", "'=HYPERLINK(1)")]
    assert "attachment" in answer.headers["content-disposition"]
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_refund_is_told_whole(language: str) -> None:
    """State, meaning, decision rule by rule, attempt, rail word and timeline, in each language."""
    here = await world()
    refund_id = await refused(here)
    async with here.signed_in(language=language) as browser:
        page = (await browser.get(f"/console/refunds/{refund_id}?lang={_tag(language)}")).text
    assert page.count("<h1") == 1
    for told in (refund_id, f"{refund_id}-1", "transaction", 'scope="row"'):
        assert told in page
    assert "console.refunds" not in page


def _tag(language: str) -> str:
    return next(tag for tag, spoken in TAGS.items() if spoken == language)


async def test_every_exchange_shows_what_a_dispute_asks_for() -> None:
    """response_id, the rail's time, status, duration; and "Cancelado" is said to mean paid."""
    here = await world()
    refund_id = await pressed(here)
    await _exchange(here, refund_id)
    async with here.signed_in() as browser:
        page = (await browser.get(f"/console/refunds/{refund_id}")).text
    for shown in ("rsp-7781", "2026-11-24T10:00:00-05:00", "POST /refunds", "350", "PAID"):
        assert shown in page, shown


async def test_a_retry_is_done_kept_and_told() -> None:
    """The button moves the refund, the audit names who pressed it, and the page says so."""
    here = await world()
    refund_id = await refused(here)
    async with here.signed_in() as browser:
        answer = await button(browser, refund_id, "retry")
        assert answer.status_code == HTTPStatus.SEE_OTHER
        page = await browser.get(answer.headers["location"])
        assert "It is tried again." in page.text
    assert (await standing(here, refund_id)).state is State.RECEIVED
    assert ("retry", f"refund/{refund_id}", "done") in await audited(here)


async def test_a_form_from_before_the_refund_moved_does_nothing() -> None:
    """Somebody else was faster: the button says so, and nothing happens twice."""
    here = await world()
    refund_id = await refused(here)
    async with here.signed_in() as browser:
        stale = seen_in((await browser.get(f"/console/refunds/{refund_id}")).text)
        await button(browser, refund_id, "retry")
        await here.run()
        before = await standing(here, refund_id)
        for what in ("retry", "payout", "paid", "deadline"):
            answer = await browser.send_form(
                f"/console/refunds/{refund_id}/{what}", seen=stale, confirmed="yes"
            )
            page = await browser.get(answer.headers["location"])
            assert "nothing was done" in page.text
    assert await standing(here, refund_id) == before


async def test_settling_takes_somebody_who_has_seen_it() -> None:
    """Without the tick nothing is settled; with it the refund ends under the person's name."""
    here = await world()
    refund_id = await pressed(here)
    async with here.signed_in() as browser:
        unsure = await button(browser, refund_id, "paid")
        assert unsure.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert (await standing(here, refund_id)).state is State.PENDING
        await button(browser, refund_id, "paid", confirmed="yes")
    assert (await standing(here, refund_id)).state is State.REFUNDED


async def test_the_other_buttons_do_what_they_say() -> None:
    """Not paid, paid out by hand, a deadline set on Lima's clocks and taken away again."""
    here = await world()
    refund_id = await pressed(here)
    async with here.signed_in() as browser:
        await button(browser, refund_id, "unpaid", confirmed="yes")
        assert (await standing(here, refund_id)).state is State.FAILED
        await button(browser, refund_id, "payout")
        assert (await standing(here, refund_id)).lane_chosen_by == "person1@example.pe"
        await button(browser, refund_id, "deadline", at="2026-12-24T18:00")
        at = (await standing(here, refund_id)).deadline_at
        assert at is not None
        assert at.isoformat() in {"2026-12-24T18:00:00-05:00", "2026-12-24T23:00:00+00:00"}
        await button(browser, refund_id, "deadline", at="")
        wrong = await button(browser, refund_id, "deadline", at="soon")
        nothing = await button(browser, refund_id, "explode")
    assert (await standing(here, refund_id)).deadline_at is None
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert nothing.status_code == HTTPStatus.NOT_FOUND


async def test_who_may_only_look_sees_no_button_and_can_press_none() -> None:
    """An agent's page has no form for it, and a form sent all the same is refused and kept."""
    here = await world()
    refund_id = await refused(here)
    async with here.signed_in(Role.AGENT) as browser:
        page = (await browser.get(f"/console/refunds/{refund_id}")).text
        assert 'name="seen"' not in page
        stands = await standing(here, refund_id)
        seen = f"{stands.revision}/{stands.state}/{stands.updated_at.isoformat()}"
        answer = await browser.send_form(f"/console/refunds/{refund_id}/retry", seen=seen)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert (await standing(here, refund_id)).state is State.FAILED
    assert ("retry", f"refund/{refund_id}", "NOT_ALLOWED") in await audited(here)


async def test_foreign_refunds_are_not_there() -> None:
    """Page, buttons, bundle, list and file answer as if the refund did not exist."""
    here = await world()
    refund_id = await pressed(here)
    async with here.signed_in(Role.OWNER, store_place("sur-1")) as browser:
        for path in (f"/console/refunds/{refund_id}", f"/console/refunds/{refund_id}/bundle.zip"):
            foreign = await browser.get(path)
            missing = await browser.get(path.replace(refund_id, "RFNOTHERE"))
            assert foreign.status_code == missing.status_code == HTTPStatus.NOT_FOUND
            assert foreign.text.replace(refund_id, "RFNOTHERE") == missing.text
        answer = await browser.send_form(f"/console/refunds/{refund_id}/retry", seen="")
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert refund_id not in (await browser.get("/console/refunds?store=tienda-pe")).text
        assert refund_id not in (await browser.get("/console/refunds/export.csv")).text


async def test_the_bundle_has_everything_and_no_secret() -> None:
    """Six files that can be read, the taking of them kept, and no secret of store or account."""
    here = await world()
    await _set_secret(here)
    refund_id = await refused(here)
    await _exchange(here, refund_id)
    async with here.signed_in() as browser:
        answer = await browser.get(f"/console/refunds/{refund_id}/bundle.zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    names = ("attempts", "decision", "exchanges", "story", "texts", "versions")
    assert sorted(archive.namelist()) == [f"{refund_id}/{name}.json" for name in names]
    whole = {name: json.loads(archive.read(f"{refund_id}/{name}.json")) for name in names}
    assert whole["story"]["refund"]["id"] == refund_id
    assert whole["exchanges"][0]["response_id"] == "rsp-7781"
    assert whole["decision"]["verdicts"]
    assert whole["versions"]["pef_adapters"]
    assert CANARY not in json.dumps(whole)
    assert ("bundle", f"refund/{refund_id}", "done") in await audited(here)


async def _set_secret(here: ConsoleWorld) -> None:
    async with here.book.begin() as ledger:
        store, account = await ledger.store("tienda-pe"), await ledger.account("main")
        assert store is not None
        assert account is not None
        await ledger.add_store(replace(store, secrets={"webhook_secret": CANARY}))
        await ledger.add_account(replace(account, secrets={"secret_key": CANARY}))


async def _exchange(here: ConsoleWorld, refund_id: str) -> None:
    """Evidence as the rail's client would leave it."""
    now = here.clock.now()
    async with here.book.begin() as ledger:
        await ledger.add_exchange(
            Exchange(
                account_id="main",
                merchant_refund_id=f"{refund_id}-1",
                purpose="send_refund",
                request="POST /refunds",
                request_body="{}",
                status=200,
                answer_body='{"code": "100", "data": {"stateDescription": "Cancelado."}}',
                answer_sha256="0" * 64,
                response_id="rsp-7781",
                rail_timestamp="2026-11-24T10:00:00-05:00",
                fault=None,
                started_at=now,
                ended_at=now + timedelta(milliseconds=350),
            )
        )
