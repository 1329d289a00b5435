"""News of refunds over HTTP multipart, against the served application."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from graphql_world import HOUSEKEEPER, ApiWorld, gid
from pef_adapters.core.access import HOUSE, Permission, Place, store_place
from pef_adapters.core.states import State
from pef_adapters.engine.gate.tokens import revoke_token, tokens
from pef_adapters.server.graphql import subscriptions
from pef_adapters.server.live import Newsroom
from served import served

NEWS = "subscription($store: ID) { refundChanged(storeId: $store) { number state } }"
ACCEPT = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


class Room(Newsroom):
    """A newsroom that looks often, and says when somebody listens."""

    def __init__(self, world: ApiWorld) -> None:
        super().__init__(world.ports, every_seconds=0.01)
        self.joined = asyncio.Event()

    def _join(self, listener: Any) -> None:
        super()._join(listener)
        self.joined.set()


@pytest.fixture
async def world() -> ApiWorld:
    """The world with such a newsroom."""
    opened = await ApiWorld().open()
    opened.app.state.newsroom = Room(opened)
    return opened


@asynccontextmanager
async def listening(
    world: ApiWorld, place: Place = HOUSE, query: str = NEWS, **variables: Any
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The payloads that a program in this place hears."""
    letters = await world.token(place, [Permission.SEE_REFUNDS, Permission.SEE_STORES])
    headers = {"Authorization": f"Bearer {letters}", "Accept": ACCEPT}
    body = {"query": query, "variables": variables}
    async with (
        served(world.app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
        client.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        assert answer.headers["Content-Type"].startswith("multipart/mixed")
        yield parts(answer)


async def parts(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Each part with a payload; heartbeats are left out."""
    async for line in answer.aiter_lines():
        if line.startswith("{") and (payload := json.loads(line).get("payload")):
            yield payload


async def heard(world: ApiWorld, news: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """The next payload, once somebody listens in the newsroom."""
    coming = asyncio.ensure_future(anext(news))
    await world.app.state.newsroom.joined.wait()
    await world.pressed()
    return await coming


async def test_a_change_is_heard(world: ApiWorld) -> None:
    """Who may see the refund hears of it as it is."""
    async with listening(world) as news:
        told = await heard(world, news)
    refund = await world.refund()
    assert told["data"]["refundChanged"]["number"] == refund.id


async def test_each_piece_of_news_is_read_anew(world: ApiWorld) -> None:
    """What stands beside a refund is as it is then, not as it was at the first news."""
    query = "subscription { refundChanged { state payment { reserved { minor } } } }"
    async with listening(world, query=query) as news:
        first = (await heard(world, news))["data"]["refundChanged"]
        assert first["payment"]["reserved"]["minor"] == 5000
        world.rail.settle()
        await world.until(State.REFUNDED)
        async for told in news:
            if told["data"]["refundChanged"]["state"] == State.REFUNDED.name:
                assert told["data"]["refundChanged"]["payment"]["reserved"]["minor"] == 0
                break


async def test_one_store_can_be_listened_to(world: ApiWorld) -> None:
    """Of the store that is named, a change is heard."""
    async with listening(world, store=gid("Store", "tienda-pe")) as news:
        told = await heard(world, news)
    assert told["data"]["refundChanged"]["number"] == (await world.refund()).id


async def test_a_foreign_store_is_never_heard(world: ApiWorld) -> None:
    """A program of another store hears nothing, and is let go when its token ends."""
    async with listening(world, store_place("norte-1")) as news:
        coming = asyncio.ensure_future(anext(news, None))
        await world.app.state.newsroom.joined.wait()
        await world.pressed()
        world.clock.advance(days=31)
        await world.press("16", 100)
        await world.run()
        assert await coming is None


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_news_end_with_the_token(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Though nothing changes, the stream ends soon after the token did."""
    monkeypatch.setattr(subscriptions, "CHECKED_EVERY", timedelta(milliseconds=10))
    async with listening(world) as news:
        coming = asyncio.ensure_future(anext(news, None))
        await world.app.state.newsroom.joined.wait()
        if how == "expired":
            world.clock.advance(days=31)
        else:
            (token,) = await tokens(world.ports, HOUSEKEEPER)
            await revoke_token(world.ports, HOUSEKEEPER, token.id)
        assert await coming is None
    assert world.app.state.newsroom.listeners == 0


async def test_a_subscription_needs_multipart(world: ApiWorld) -> None:
    """Asked as a plain call it is refused with a reason."""
    async with world.program() as api:
        answer = await api.send(NEWS)
    assert answer.json()["errors"][0]["message"]
    assert world.app.state.newsroom.listeners == 0
