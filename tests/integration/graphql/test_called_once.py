"""A change under an idempotency key is made once, on each ledger."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from engine_world import World
from pef_adapters.core.access import Actor, ActorKind
from pef_adapters.core.errors import (
    CallUnderWay,
    InvalidInput,
    NotThere,
    PlatformUnreachable,
    RequestIdReused,
    TransitionRefused,
)
from pef_adapters.engine.gate.once import DIES_AFTER, KEPT_FOR, once
from pef_adapters.engine.janitor import sweep
from pef_adapters.engine.ports import LedgerBook

ROSA = Actor("token/rosa", ActorKind.MACHINE, ())
LUIS = Actor("token/luis", ActorKind.MACHINE, ())


class Work:
    """Counts how often it was done, and ends as it is told."""

    def __init__(self, end: Callable[[], Any] = lambda: {"name": "RF1"}) -> None:
        self.times, self.end = 0, end

    async def __call__(self) -> Mapping[str, Any]:
        self.times += 1
        found: Mapping[str, Any] = self.end()
        return found


def failing(error: BaseException) -> Callable[[], Any]:
    """An end that raises."""

    def end() -> Any:
        raise error

    return end


@pytest.fixture
def world(book: LedgerBook) -> World:
    """The engine's world on each ledger."""
    return World(book)


async def test_the_same_call_is_done_once(world: World) -> None:
    """Asked again, it answers as before and does nothing."""
    work = Work()
    answers = [await once(world.ports, ROSA, "key", "digest", work) for _ in range(3)]
    assert answers == [{"name": "RF1"}] * 3
    assert work.times == 1


async def test_a_key_belongs_to_whoever_calls(world: World) -> None:
    """Another program's same key is another call."""
    work = Work()
    for actor in (ROSA, LUIS):
        await once(world.ports, actor, "key", "digest", work)
    assert work.times == 2


async def test_another_content_is_refused(world: World) -> None:
    """A key that comes back with another content does nothing."""
    await once(world.ports, ROSA, "key", "digest", Work())
    work = Work()
    with pytest.raises(RequestIdReused):
        await once(world.ports, ROSA, "key", "other", work)
    assert work.times == 0


async def test_a_refusal_is_an_answer_too(world: World) -> None:
    """A refusal is kept with its words, and not tried again."""
    work = Work(failing(TransitionRefused("it is finished")))
    for _ in range(2):
        with pytest.raises(TransitionRefused, match="it is finished"):
            await once(world.ports, ROSA, "key", "digest", work)
    assert work.times == 1


async def test_what_a_retry_mends_is_tried_again(world: World) -> None:
    """An error that passes leaves the key free at once."""
    with pytest.raises(PlatformUnreachable):
        await once(world.ports, ROSA, "key", "digest", Work(failing(PlatformUnreachable())))
    work = Work()
    assert await once(world.ports, ROSA, "key", "digest", work) == {"name": "RF1"}
    assert work.times == 1


async def test_a_call_under_way_is_not_begun_again(world: World) -> None:
    """While one is worked on, the same call is told so; both at once do it once."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> Mapping[str, Any]:
        begun.set()
        await may_end.wait()
        return {"name": "RF1"}

    first = asyncio.create_task(once(world.ports, ROSA, "key", "digest", slow))
    await begun.wait()
    work = Work()
    with pytest.raises(CallUnderWay):
        await once(world.ports, ROSA, "key", "digest", work)
    may_end.set()
    assert await first == {"name": "RF1"}
    assert work.times == 0


async def test_a_claim_that_died_is_taken_over_by_one(world: World) -> None:
    """After a minute the call is done, by one of those who ask at the same moment."""
    with pytest.raises(ZeroDivisionError):
        await once(world.ports, ROSA, "key", "digest", Work(failing(ZeroDivisionError())))
    with pytest.raises(CallUnderWay):
        await once(world.ports, ROSA, "key", "digest", Work())
    world.clock.advance(seconds=DIES_AFTER.total_seconds())
    work = Work()
    calls = [once(world.ports, ROSA, "key", "digest", work) for _ in range(5)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert work.times == 1
    assert {"name": "RF1"} in found


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a\nb"])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    """A key has one to two hundred printable letters."""
    work = Work()
    with pytest.raises(InvalidInput):
        await once(world.ports, ROSA, key, "digest", work)
    assert work.times == 0


async def test_an_answer_is_forgotten_after_a_week(world: World) -> None:
    """The janitor forgets it then, and not before."""
    work = Work(failing(NotThere("none")))
    for later in (timedelta(), KEPT_FOR - timedelta(hours=1), timedelta(hours=2)):
        world.clock.advance(seconds=later.total_seconds())
        await sweep(world.ports)
        with pytest.raises(NotThere):
            await once(world.ports, ROSA, "key", "digest", work)
    assert work.times == 2
