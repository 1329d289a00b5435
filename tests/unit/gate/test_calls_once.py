"""A call of a program is done once, however often it comes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from gate_world import (
    ADMINISTRATOR,
    MINE,
    House,
)
from pef_adapters.core.errors import (
    CallUnderWay,
    InvalidInput,
    NotThere,
    PefError,
    RailError,
    RequestIdReused,
)
from pef_adapters.engine.gate.once import DIES_AFTER, LONGEST_KEY, digest_source, once, refusal
from pef_adapters.engine.records import Store

ANA = "ana@tienda.pe"
PASSWORD = "cuatro llamas cruzan el puente"


async def store_of(house: House, name: str = MINE) -> Store:
    """A store of the house."""
    async with house.world.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


class Work:
    """Counts how often it was done; fails as told."""

    def __init__(self, fault: PefError | None = None) -> None:
        self.fault, self.done = fault, 0

    async def __call__(self) -> Mapping[str, Any]:
        self.done += 1
        if self.fault is not None:
            raise self.fault
        return {"refund": "RF", "turn": self.done}


# once


async def test_a_call_is_done_once_however_often_it_comes(house: House) -> None:
    """The second time the first answer is given, word for word."""
    ana, work = await house.person(ANA, ADMINISTRATOR), Work()
    first = await once(house.ports, ana, "key", "digest", work)
    again = await once(house.ports, ana, "key", "digest", work)
    assert (first, again, work.done) == ({"refund": "RF", "turn": 1}, first, 1)
    await once(house.ports, ana, "another", "digest", work)
    assert work.done == 2


async def test_a_key_means_one_thing(house: House) -> None:
    """Used for something else it is refused, and somebody else's key is his own."""
    ana, work = await house.person(ANA, ADMINISTRATOR), Work()
    await once(house.ports, ana, "key", "digest", work)
    with pytest.raises(RequestIdReused):
        await once(house.ports, ana, "key", "other", work)
    rosa = await house.person("rosa@tienda.pe", ADMINISTRATOR)
    await once(house.ports, rosa, "key", "other", work)
    assert work.done == 2


async def test_a_refusal_is_an_answer_too(house: House) -> None:
    """It is kept with its code and its words, and nothing is tried again."""
    ana, work = await house.person(ANA, ADMINISTRATOR), Work(NotThere("no such refund"))
    for _ in range(2):
        with pytest.raises(NotThere, match="no such refund"):
            await once(house.ports, ana, "key", "digest", work)
    assert work.done == 1


async def test_what_a_retry_mends_frees_the_key(house: House) -> None:
    """Nobody answered: the same call may be made again at once."""
    ana, work = await house.person(ANA, ADMINISTRATOR), Work(RailError("down"))
    with pytest.raises(RailError):
        await once(house.ports, ana, "key", "digest", work)
    work.fault = None
    assert (await once(house.ports, ana, "key", "digest", work))["turn"] == 2


async def test_a_call_under_way_is_not_made_twice(house: House) -> None:
    """Until its process must have died; then somebody takes it over."""
    ana = await house.person(ANA, ADMINISTRATOR)

    async def asked_inside() -> Mapping[str, Any]:
        house.world.clock.advance(seconds=DIES_AFTER.total_seconds() - 1)
        with pytest.raises(CallUnderWay):
            await once(house.ports, ana, "key", "digest", Work())
        house.world.clock.advance(seconds=1)
        return await once(house.ports, ana, "key", "digest", Work())

    assert (await once(house.ports, ana, "key", "digest", asked_inside))["turn"] == 1


class ProcessDied(BaseException):
    """What is no answer: the process ends in the middle of its work."""


async def test_who_takes_a_dead_call_over_has_it_alone(house: House) -> None:
    """While he works nobody else takes it over, though the first claim is long dead."""
    ana = await house.person(ANA, ADMINISTRATOR)

    async def dying() -> Mapping[str, Any]:
        raise ProcessDied

    async def asked_inside() -> Mapping[str, Any]:
        with pytest.raises(CallUnderWay):
            await once(house.ports, ana, "key", "digest", Work())
        return {"refund": "RF"}

    with pytest.raises(ProcessDied):
        await once(house.ports, ana, "key", "digest", dying)
    house.world.clock.advance(seconds=DIES_AFTER.total_seconds())
    assert await once(house.ports, ana, "key", "digest", asked_inside) == {"refund": "RF"}


@pytest.mark.parametrize("key", ["", "  ", "x" * (LONGEST_KEY + 1), "two\nlines"])
async def test_a_key_is_short_printable_text(house: House, key: str) -> None:
    """Two hundred letters are the most."""
    ana, work = await house.person(ANA, ADMINISTRATOR), Work()
    with pytest.raises(InvalidInput):
        await once(house.ports, ana, key, "digest", work)
    await once(house.ports, ana, "x" * LONGEST_KEY, "digest", work)
    assert work.done == 1


def test_a_kept_code_leads_back_to_its_error() -> None:
    """One that is no more is still an error that says the same."""
    assert type(refusal("NOT_THERE", "gone")) is NotThere
    assert (type(refusal("NO_SUCH_CODE", "gone")), str(refusal("X", "gone"))) == (PefError, "gone")


def test_a_call_is_written_in_one_way() -> None:
    """The order of its fields makes no other call of it."""
    assert digest_source("pay", {"b": 1, "a": date(2026, 11, 23)}) == (
        '["pay",{"a":"2026-11-23","b":1}]'
    )
