"""The audit's page: who did what, filtered, page by page, each as far as a role reaches."""

from typing import Any

import pytest

from console_world import ConsoleWorld
from pef_adapters.core.access import Role
from pef_adapters.engine.records import AuditEntry


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


async def write(world: ConsoleWorld, count: int = 1, **changes: Any) -> None:
    """Keep entries, the newest last."""
    plain = {"actor": "ana@tienda.pe", "what": "retry", "subject": "refund/R1", **changes}
    async with world.book.begin() as ledger:
        for _ in range(count):
            at = world.clock.advance(seconds=1)
            await ledger.add_audit(AuditEntry(at=at, **plain))


async def test_done_and_refused_are_told_apart(world: ConsoleWorld) -> None:
    """An entry says who, what, about what, where and how it ended, in words."""
    await write(world, store_id="norte-1", origin="198.51.100.4", detail={"paid": True})
    await write(world, store_id="norte-1", subject="refund/R2", outcome="NOT_ALLOWED")
    async with world.signed_in() as browser:
        page = (await browser.get("/console/audit")).text
    for word in ("ana@tienda.pe", "refund/R1", "norte-1", "198.51.100.4", "paid: True", "Done"):
        assert word in page
    assert "Your role does not allow this." in page
    assert page.index("refund/R2") < page.index("refund/R1")


async def test_entries_are_filtered(world: ConsoleWorld) -> None:
    """Who and about what narrow the list; the form keeps what was asked for."""
    await write(world)
    await write(world, actor="eva@tienda.pe", subject="store/norte-1")
    async with world.signed_in() as browser:
        by_actor = (await browser.get("/console/audit?actor=eva@tienda.pe")).text
        by_subject = (await browser.get("/console/audit?subject=refund/R1")).text
    assert "store/norte-1" in by_actor
    assert "refund/R1" not in by_actor
    assert 'value="eva@tienda.pe"' in by_actor
    assert "eva@tienda.pe" not in by_subject


async def test_older_entries_are_on_the_next_page(world: ConsoleWorld) -> None:
    """A hundred a page; the link leads on, with the filter, to the end."""
    await write(world, subject="refund/oldest")
    await write(world, 100)
    async with world.signed_in() as browser:
        first = (await browser.get("/console/audit?actor=ana@tienda.pe")).text
        assert "refund/oldest" not in first
        older = first.split('" rel="next"')[0].rsplit('href="', 1)[1].replace("&amp;", "&")
        assert "actor=ana%40tienda.pe" in older
        second = (await browser.get(older)).text
    assert "refund/oldest" in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize("before", ["x", "-1", "1" * 40, "²"])
async def test_a_made_up_page_is_refused(world: ConsoleWorld, before: str) -> None:
    """A page that the link never names is an error that says where older ones are."""
    async with world.signed_in() as browser:
        assert (await browser.get("/console/audit", params={"before": before})).status_code == 422


async def test_foreign_entries_are_not_shown(world: ConsoleWorld) -> None:
    """Each sees the entries of the own stores and agency; an agent sees none at all."""
    await write(world, subject="refund/south", store_id="sur-1", agency="sur")
    await write(world, subject="refund/north", store_id="norte-1", agency="norte")
    await write(world, subject="user/house@example.pe")
    async with world.signed_in(Role.AGENCY_ADMINISTRATOR, "agency/norte") as browser:
        page = (await browser.get("/console/audit")).text
    assert "refund/north" in page
    assert "refund/south" not in page
    assert "house@example.pe" not in page
    async with world.signed_in(Role.AGENT, "house") as agent:
        assert (await agent.get("/console/audit")).status_code == 403


async def test_what_is_kept_is_shown_as_text(world: ConsoleWorld) -> None:
    """Markup in a record stays text."""
    await write(world, actor="<script>alert(1)</script>", detail={"name": "<b>x</b>"})
    async with world.signed_in() as browser:
        page = (await browser.get("/console/audit")).text
    assert "<script>alert" not in page
    assert "<b>x" not in page
