"""What older releases kept means the same today, and what they began comes to its end."""

import asyncio
import json
import tempfile
from copy import deepcopy
from pathlib import Path

import pytest

import golden
from database_server import Server
from golden_inflight import carried, carried_here, dumps, recorded
from golden_replay import RETIRED, cells, corpus, differences
from pef_adapters.core.states import CARE, MONEY, Position, State, moves
from upgrade_releases import COMMITS, history_fault, old_code

HISTORIES = corpus()


def test_every_history_replays_to_the_same_state_and_money() -> None:
    """Of every release: each step, each end, and what each payment has reserved and refunded."""
    assert {each["schema"] for each in HISTORIES.values()} == set(COMMITS)
    assert len(HISTORIES) > 200
    wrong = {name: found for name, each in HISTORIES.items() if (found := differences(each))}
    assert wrong == {}


def test_the_histories_show_the_whole_table() -> None:
    """Every cell, so every event, from every state and to every state."""
    assert golden.uncovered(HISTORIES) == []
    told = [entries for each in HISTORIES.values() for entries in each["entries"].values()]
    assert {step["to"] for entries in told for step in entries} == {*map(str, State)}


def test_a_retired_cell_was_really_used() -> None:
    """No history of a later release shows it; one of its own does."""
    for schema, state, event in RETIRED:
        users = {h["schema"] for h in HISTORIES.values() if (state, event) in set(cells(h))}
        assert schema in users
        if (state, event) not in {(a, b) for a, b, _ in moves()}:
            assert users == {schema}


@pytest.mark.parametrize("spoil", ["target", "source", "end", "money"])
def test_a_replay_that_differs_is_found(spoil: str) -> None:
    """A step, an end or a sum that is not what was kept."""
    history = deepcopy(HISTORIES["0004-received-rail_accepted"])
    refund = next(r for r, told in history["entries"].items() if len(told) > 1)
    entries, payment = history["entries"][refund], history["payment"]
    step = next(each for each in entries if each["from"] is not None)
    if spoil == "target":
        step["to"] = "failed"
    elif spoil == "source":
        step["from"] = "unknown"
    elif spoil == "end":
        history["refunds"][refund]["state"] = "cancelled"
    else:
        payment["reserved"] += 1
    assert differences(history) != []
    assert MONEY[State.PENDING] is Position.RESERVED


def test_what_is_recorded_is_never_written_over(tmp_path: Path) -> None:
    """A second recording adds what is lacking and leaves every line as it was."""
    name, kept = next(iter(HISTORIES.items()))
    (tmp_path / "0001.json").write_text(json.dumps({name: {**kept, "seed": -1}}))
    folder = tmp_path
    known = corpus(folder)
    golden.write_beside(folder, "0001", [kept, {**kept, "shows": ["held", "approved"]}])
    assert corpus(folder)[name] == known[name]
    assert "0001-held-approved" in corpus(folder)


def test_refunds_in_flight_of_the_first_release_come_to_their_end(postgres: Server) -> None:
    """Migrated and carried on: each is paid once or not at all, and its order knows."""
    dump = dumps()["0001"]
    begun = {scene["state"] for scene in dump["scenes"].values()}
    assert begun >= {state.value for state in State if not CARE[state].final}
    with postgres.fresh(template="template1") as dsn:
        assert asyncio.run(carried(dump, dsn)) == []


def test_old_code_works_on_the_new_schema(database: str) -> None:
    """The first release's own code begins refunds on today's schema; this one ends them."""
    if fault := history_fault():
        pytest.skip(fault)
    with tempfile.TemporaryDirectory(prefix="pef-golden-") as name:
        dump = json.loads(recorded(old_code("0001", Path(name)), database))
    assert dump["schema"] != "0001"
    assert asyncio.run(carried_here(dump, database)) == []
