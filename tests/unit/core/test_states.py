"""The state table, walked cell by cell."""

from itertools import product
from pathlib import Path

import pytest

from pef_adapters.core.errors import TransitionRefused
from pef_adapters.core.states import (
    CARE,
    MONEY,
    TABLE,
    Event,
    Owner,
    Position,
    State,
    allows,
    diagram,
    moves,
    next_state,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "states.md"
MAYBE_WITH_THE_RAIL = (State.SENDING, State.UNKNOWN, State.PENDING, State.RETURNED)

# The only events that prove that no money left under this attempt.
PROVES_UNPAID = {
    State.SENDING: {Event.NOT_SENT, Event.RAIL_BUSY, Event.RAIL_NEEDS_OWNER, Event.RAIL_REFUSED},
    State.UNKNOWN: {Event.RAIL_REFUSED, Event.PERSON_CONFIRMED_UNPAID},
    State.PENDING: {Event.RAIL_REFUSED, Event.PERSON_CONFIRMED_UNPAID},
    State.RETURNED: {Event.RAIL_REFUSED, Event.PERSON_CONFIRMED_UNPAID},
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_cell_moves_or_refuses(state: State, event: Event) -> None:
    """A cell of the table leads to its state; a missing cell is a refusal."""
    if event in TABLE[state]:
        assert allows(state, event)
        assert next_state(state, event) is TABLE[state][event]
    else:
        assert not allows(state, event)
        with pytest.raises(TransitionRefused, match=f"{state} can't take '{event}'"):
            next_state(state, event)


def test_the_tables_cover_every_state() -> None:
    """Each state has its row, its care and its money's position, and nothing else has."""
    assert set(TABLE) == set(CARE) == set(MONEY) == set(State)


def test_every_event_happens_somewhere() -> None:
    """No event stands in the vocabulary without a cell."""
    assert {event for _, event, _ in moves()} == set(Event)


@pytest.mark.parametrize("state", [s for s in State if not CARE[s].final])
def test_whoever_waits_is_looked_after(state: State) -> None:
    """A state that is not final has an owner, a next look and a road to its end."""
    assert CARE[state].owner is not Owner.NOBODY
    assert CARE[state].look_again is not None
    assert any(CARE[end].final for end in _reachable(state))


@pytest.mark.parametrize("state", [s for s in State if CARE[s].final])
def test_a_final_state_is_not_looked_at_again(state: State) -> None:
    """Nobody owns a final state, nothing wakes it and it keeps no money reserved."""
    assert CARE[state].look_again is None
    assert MONEY[state] is not Position.RESERVED


def test_every_state_can_be_reached() -> None:
    """From a received refund there is a road to every state."""
    assert _reachable(State.RECEIVED) == set(State)


@pytest.mark.parametrize("state", MAYBE_WITH_THE_RAIL)
def test_money_whose_result_is_unknown_is_freed_by_proof_only(state: State) -> None:
    """Between sending and its result, only the named events give the amount free."""
    freeing = {e for e, target in TABLE[state].items() if MONEY[target] is Position.FREE}
    assert freeing == PROVES_UNPAID[state]


@pytest.mark.parametrize("state", MAYBE_WITH_THE_RAIL)
def test_a_store_or_a_bank_cannot_stop_what_may_have_left(state: State) -> None:
    """Once a request may be with the rail, neither a withdrawal nor an extorno ends it."""
    assert not allows(state, Event.STORE_WITHDREW)
    assert not allows(state, Event.EXTORNO)


def test_sending_starts_only_from_ready_or_from_a_looked_up_unknown() -> None:
    """No other state leads to a request at the rail."""
    senders = {(a, event) for a, event, b in moves() if b is State.SENDING}
    assert senders == {
        (State.READY, Event.SEND_STARTED),
        (State.UNKNOWN, Event.RESEND_STARTED),
    }


def test_an_extorno_never_changes_a_paid_refund() -> None:
    """A paid refund stays paid when the bank reverses the payment (ADR 0006)."""
    assert not allows(State.REFUNDED, Event.EXTORNO)


def test_the_diagram_shows_every_move() -> None:
    """Each cell that changes the state is an arrow, labelled with its event."""
    arrows = diagram().splitlines()
    for state, event, target in moves():
        assert (f"    {state} --> {target}: {event}" in arrows) == (state is not target)


def test_the_documented_diagram_is_the_table() -> None:
    """The page in the docs draws exactly the present table."""
    assert f"```mermaid\n{diagram()}```" in PAGE.read_text(encoding="utf-8")


def _reachable(start: State) -> set[State]:
    found, open_states = {start}, [start]
    while open_states:
        new = set(TABLE[open_states.pop()].values()) - found
        found |= new
        open_states += new
    return found
