"""News of changed refunds: from the ledger to listeners, and to open pages over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from console_world import ConsoleWorld, session_of
from pef_adapters.core.access import Role
from pef_adapters.core.states import State
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.records import Reach, Refund
from pef_adapters.server.app import create_app
from pef_adapters.server.live import LOOK_BACK, MOST_WAITING, Newsroom, listening
from served import served
from storage_samples import refund

QUICK = 0.01


@pytest.fixture
async def world(book: LedgerBook) -> ConsoleWorld:
    """The console's world, on each ledger in turn."""
    return await ConsoleWorld(book).open()


async def change(world: ConsoleWorld, number: int = 1, **changes: object) -> Refund:
    """Keep a refund that changed just now."""
    now = world.clock.now()
    own = {"store_id": "norte-1", "account_id": "main", "updated_at": now, **changes}
    kept = refund(number, **own)
    async with world.book.begin() as ledger:
        assert await ledger.add_refund(kept)
    return kept


async def first(newsroom: Newsroom, count: int, reach: Reach = None) -> list[Refund]:
    """The first `count` changes that a listener hears."""
    heard: list[Refund] = []
    async with asyncio.timeout(20), listening(newsroom, reach) as changes:
        async for each in changes:
            heard.append(each)
            if len(heard) == count:
                break
    return heard


async def test_a_change_is_heard_once(world: ConsoleWorld) -> None:
    """Looking back again and again tells each version of a refund once only."""
    newsroom = Newsroom(world.ports, QUICK)
    kept = await change(world)
    async with asyncio.timeout(20), listening(newsroom, None) as changes:
        assert (await anext(changes)).id == kept.id
        world.clock.advance(seconds=1)
        async with world.book.begin() as ledger:
            await ledger.save_refund(replace(kept, state=State.HELD, updated_at=world.clock.now()))
        again = await anext(changes)
        assert (again.id, again.state) == (kept.id, State.HELD)
        await change(world, 2)
        assert (await anext(changes)).id == "rf-2"


async def test_a_late_commit_is_not_missed(world: ConsoleWorld) -> None:
    """What commits some seconds after its time is heard as well."""
    newsroom = Newsroom(world.ports, QUICK)
    await change(world)
    async with asyncio.timeout(20), listening(newsroom, None) as changes:
        await anext(changes)
        await change(world, 2, updated_at=world.clock.now() - LOOK_BACK + timedelta(seconds=1))
        assert (await anext(changes)).id == "rf-2"


async def test_a_listener_hears_of_its_own_stores_only(world: ConsoleWorld) -> None:
    """A change in a store outside the reach is never told."""
    newsroom = Newsroom(world.ports, QUICK)
    await change(world, 1, store_id="sur-1")
    await change(world, 2)
    assert [each.id for each in await first(newsroom, 1, frozenset({"norte-1"}))] == ["rf-2"]


async def test_many_listen_to_one_reader(world: ConsoleWorld) -> None:
    """However many listen, each hears all; when the last one leaves nothing runs on."""
    newsroom = Newsroom(world.ports, QUICK)
    await change(world)
    heard = await asyncio.gather(*(first(newsroom, 1) for _ in range(5)))
    assert [[each.id for each in own] for own in heard] == [["rf-1"]] * 5
    assert newsroom.listeners == 0
    assert "newsroom" not in {task.get_name() for task in asyncio.all_tasks() if not task.done()}


async def test_more_than_a_page_at_one_moment_is_told(world: ConsoleWorld) -> None:
    """Six hundred changes of the same moment are all heard."""
    newsroom = Newsroom(world.ports, QUICK)
    now = world.clock.now()
    async with world.book.begin() as ledger:
        for number in range(600):
            own = {"store_id": "norte-1", "account_id": "main", "updated_at": now}
            await ledger.add_refund(refund(number, **own))
    heard = await first(newsroom, 600)
    assert len({each.id for each in heard}) == 600


async def test_who_falls_behind_is_cut_off(memory_book: LedgerBook) -> None:
    """A listener that does not take its news ends, instead of filling the memory."""
    world = await ConsoleWorld(memory_book).open()
    newsroom = Newsroom(world.ports, QUICK)
    now = world.clock.now()
    async with world.book.begin() as ledger:
        for number in range(MOST_WAITING + 10):
            own = {"store_id": "norte-1", "account_id": "main", "updated_at": now}
            await ledger.add_refund(refund(number, **own))
    heard = 0
    async with asyncio.timeout(20), listening(newsroom, None) as changes:
        async for _ in changes:
            heard += 1
    assert heard == MOST_WAITING


async def test_a_ledger_that_fails_is_asked_again(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failed look delays the news and ends nothing."""
    newsroom = Newsroom(world.ports, QUICK)
    fails = [True]
    now = world.clock.now()

    class Book:
        def begin(self) -> object:
            if fails:
                fails.pop()
                raise OSError
            return world.book.begin()

    monkeypatch.setattr(newsroom, "_ports", replace(world.ports, book=Book()))
    await change(world, updated_at=now)
    assert [each.id for each in await first(newsroom, 1)] == ["rf-1"]
    assert not fails


async def lines_of(answer: httpx.Response, wanted: int) -> AsyncIterator[str]:
    """The first lines of a stream that say something."""
    async for line in answer.aiter_lines():
        if line:
            yield line
            wanted -= 1
        if not wanted:
            return


async def test_an_open_page_hears_of_a_change(world: ConsoleWorld) -> None:
    """Over real HTTP an open page is told which refund changed, and nothing else about it."""
    app = create_app(world.ports, "http://127.0.0.1")
    app.state.newsroom = Newsroom(world.ports, QUICK)
    begun = await session_of(world.ports, await world.person(Role.AGENT, "store/norte-1"))
    async with (
        asyncio.timeout(30),
        served(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        cookies = {"cookie": f"pef={begun.token}"}
        async with client.stream("GET", "/console/live", headers=cookies) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            await change(world, 1, store_id="sur-1")
            await change(world, 2)
            heard = [line async for line in lines_of(answer, 3)]
    assert heard == [": listening", "event: refund-changed", "data: rf-2"]


async def test_nobody_listens_without_a_session(world: ConsoleWorld) -> None:
    """Without a session there is no stream, only a refusal."""
    async with world.browser() as browser:
        answer = await browser.get("/console/live")
    assert answer.status_code == 401


async def test_a_stream_ends_with_its_session(world: ConsoleWorld) -> None:
    """Who signs out elsewhere hears of no change after that."""
    app = create_app(world.ports, "http://127.0.0.1")
    app.state.newsroom = Newsroom(world.ports, QUICK)
    begun = await session_of(world.ports, await world.person())
    async with (
        asyncio.timeout(30),
        served(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        cookies = {"cookie": f"pef={begun.token}"}
        async with client.stream("GET", "/console/live", headers=cookies) as answer:
            async with world.book.begin() as ledger:
                await ledger.end_session(begun.session.token_sha256)
            await change(world)
            rest = [line async for line in answer.aiter_lines() if line]
    assert rest == [": listening"]
