"""The fixed short part of the crash windows: every place is known, and a sample is killed."""

from random import Random

import pytest

from crash_plan import (
    SCENARIOS,
    Plan,
    beyond_reach,
    killed_one_by_one,
    make_plan,
    reasons,
    unexplained,
)
from crash_stack import places

SEED = 20261130
SAMPLE = 150


@pytest.fixture(scope="module")
async def plan() -> Plan:
    """Every scenario played once unharmed."""
    return await make_plan()


async def test_every_place_is_killed_at_or_has_a_written_reason(plan: Plan) -> None:
    """No suspension point of the engine is left out, and no reason is stale."""
    assert len(places().all) > 1000
    assert unexplained(plan.crossed, reasons()) == []
    assert beyond_reach(reasons("files")) == []


async def test_nothing_is_wrong_where_nobody_is_killed(plan: Plan) -> None:
    """The scenarios themselves keep every promise, or a kill would be blamed for them."""
    assert {
        s.name: r.wrongs for s, r in zip(SCENARIOS, plan.references, strict=True) if r.wrongs
    } == {}


async def test_a_sample_of_kills_breaks_no_promise(plan: Plan) -> None:
    """Killed anywhere, started again, hit by any fault: no refund is lost, doubled or untrue."""
    kills = Random(SEED).sample(plan.kills, SAMPLE)
    ends = [reference.ends for reference in plan.references]
    assert await killed_one_by_one(kills, ends, SEED) == []


def test_a_place_that_nobody_explains_is_found() -> None:
    """A new await without a kill and without a reason fails the run, and so does a stale reason."""
    known = set(places().all)
    one = min(known)
    assert unexplained(known - {one}, {}) == [f"never killed at, and nobody says why: {one}"]
    told = {one: "long gone, and nobody has noticed", "no::such::place": "it was renamed meanwhile"}
    assert len(unexplained(known, told)) == 2
