"""The deterministic simulation, in short: fixed seeds, the same trace, a table, taken up again.

The long form is `make sim`; one seed's story is `make replay SEED=17`.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pef_adapters.core.states import State
from pef_adapters.testing.simulation.__main__ import app
from pef_adapters.testing.simulation.campaign import (
    Totals,
    campaign,
    play_chunk,
    resumed,
    written,
)
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.play import play
from pef_adapters.testing.simulation.table import table

SEEDS = 20
CHUNK = 10
SHOWN = 3
_TRACE = "from pef_adapters.testing.simulation.play import play; print(play({}).trace, end='')"


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_fixed_seeds_break_no_invariant(first: int) -> None:
    """Whatever a world of these seeds does, each invariant holds after every step."""
    totals = play_chunk(first, CHUNK, repeat_every=0)
    assert (totals.done, totals.violations) == (CHUNK, [])


def test_worlds_are_no_empty_talk() -> None:
    """A few worlds meet most faults, many states, and money that really moves."""
    totals = play_chunk(1000, 16, repeat_every=0)
    assert sum(1 for fault in Fault if totals.of(fault)) > len(Fault) / 2
    met = {state for state in State for fault in Fault if totals.of(fault, state)}
    assert {State.REFUNDED, State.PENDING, State.UNKNOWN, State.HELD} <= met
    assert totals.refunds > 16


def test_same_seed_gives_the_same_trace() -> None:
    """A trace is the same byte for byte, in another process and with other hashes too."""
    here = play(SHOWN).trace
    elsewhere = subprocess.run(
        (sys.executable, "-c", _TRACE.format(SHOWN)),
        env={"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout == here


def test_story_can_be_read() -> None:
    """The story of a seed names its weather, its steps, its faults, and how it ended."""
    told = CliRunner().invoke(app, ["replay", str(SHOWN)])
    assert told.exit_code == 0
    assert all(word in told.stdout for word in ("weather:", "step ", "FAULT", "HEALING"))
    assert told.stdout.endswith(f"seed {SHOWN}: 0 violations\n")


def test_campaign_is_taken_up_again(tmp_path: Path) -> None:
    """A campaign that was left plays only what it has not played."""
    kept = tmp_path / "campaign.json"
    campaign(Totals(), 2, jobs=1, repeat_every=1, keep=written(kept))
    again = resumed(kept, 0)
    assert (again.done, again.repeated, again.differed) == (2, 2, 0)
    whole = campaign(again, 3, jobs=1, repeat_every=0, keep=written(kept))
    assert (whole.done, resumed(kept, 0).done) == (3, 3)


def test_table_names_every_fault_and_state() -> None:
    """The table of faults by states has a row a fault, a column a state, and the counts."""
    totals = Totals(done=1)
    totals.fired[f"{Fault.KILLED} / {State.UNKNOWN}"] = 7
    lines = table(totals).splitlines()
    assert len(lines) == len(Fault) + 2
    assert [state in lines[0] for state in State] == [True] * len(State)
    assert "| 7 |" in next(line for line in lines if Fault.KILLED in line)
    assert (Fault.KILLED, State.UNKNOWN) not in set(totals.empty_cells())
