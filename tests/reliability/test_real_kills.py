"""The short, fixed part of the kill test (B4, B5) and of the races of two workers (B6)."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kills import one_round
from kills_races import KINDS, run_races

_KILLS, _REFUNDS, _RACES = 6, 20, 40
# For a machine where everything takes ten times as long.
_PATIENCE = 900


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own, whose parents are closed to the user that serves root."""
    made = Path(tempfile.mkdtemp(prefix="pef-kills-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.timeout(_PATIENCE)
async def test_refunds_outlive_kills_and_a_restarted_database(folder: Path) -> None:
    """Web and workers die by kill -9 and PostgreSQL restarts: nothing is lost, nothing doubled."""
    told = await one_round(
        seed="short",
        kills=_KILLS,
        restarts=1,
        refunds=_REFUNDS,
        folder=folder,
        delay=0,
        restart_every=(1.0, 3.0),
        most_restarts=1,
    )
    assert (told["lost"], told["doubled"], told["wrongs"]) == ([], [], [])
    assert told["refunds"] >= _REFUNDS
    assert sum(n for what, n in told["counts"].items() if what.startswith("kill -9")) == _KILLS
    assert told["counts"]["database restart"] == 1
    assert told["figures"]["states"]["refunded"] == told["figures"]["bookings"]


@pytest.mark.timeout(_PATIENCE)
async def test_two_workers_race_and_one_pays(database: str) -> None:
    """Two workers on one refund, however they meet: the rail books it exactly once."""
    score = await run_races(database, "short", iter(range(_RACES)))
    assert (score.twice, score.wrong) == ([], [])
    assert score.run == _RACES
    assert set(score.races) == set(KINDS)
    assert score.struck["connection cut"] > 0
    assert score.struck["commit lied about"] > 0
