"""The refund machine, as one table: state × event → state.

A missing cell is a refusal. Everything that must agree with the table is made
from it: the diagram in the docs, the guard inside PostgreSQL and the position
of the money (`MONEY`), so that they can't drift apart. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pef_adapters.core.errors import TransitionRefused


class State(StrEnum):
    """The words users see; what each means is in `core.texts`."""

    RECEIVED = "received"
    HELD = "held"
    REJECTED = "rejected"
    AWAITING_BENEFICIARY = "awaiting_beneficiary"
    PAYOUT_DUE = "payout_due"
    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    PENDING = "pending"
    REFUNDED = "refunded"
    FAILED = "failed"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


class Event(StrEnum):
    """What can happen to a refund."""

    APPROVED = "approved"
    HELD = "held"
    REJECTED = "rejected"
    PAYOUT_CHOSEN = "payout_chosen"
    BENEFICIARY_ASKED = "beneficiary_asked"
    BENEFICIARY_GIVEN = "beneficiary_given"
    REOPENED = "reopened"
    STORE_WITHDREW = "store_withdrew"
    EXTORNO = "extorno"
    SEND_STARTED = "send_started"
    RESEND_STARTED = "resend_started"
    NOT_SENT = "not_sent"
    ANSWER_LOST = "answer_lost"
    RAIL_ACCEPTED = "rail_accepted"
    RAIL_REFUNDED = "rail_refunded"
    RAIL_REFUSED = "rail_refused"
    RAIL_BUSY = "rail_busy"
    RAIL_NEEDS_OWNER = "rail_needs_owner"
    RAIL_NEEDS_BENEFICIARY = "rail_needs_beneficiary"
    RAIL_RETURNED = "rail_returned"
    PAYOUT_EXPORTED = "payout_exported"
    PAYOUT_CONFIRMED = "payout_confirmed"
    PAYOUT_RETURNED = "payout_returned"
    PERSON_CONFIRMED_PAID = "person_confirmed_paid"
    PERSON_CONFIRMED_UNPAID = "person_confirmed_unpaid"


class Owner(StrEnum):
    """Who moves a refund out of a state."""

    CLOCK = "clock"
    RAIL = "rail"
    PERSON = "person"
    NOBODY = "nobody"


class Position(StrEnum):
    """Where the refund's amount stands in its payment's account."""

    FREE = "free"
    RESERVED = "reserved"
    REFUNDED = "refunded"


_S, _E = State, Event

_STORE_CAN_STOP = {_E.STORE_WITHDREW: _S.CANCELLED, _E.EXTORNO: _S.REVERSED}
_PERSON_CAN_SETTLE = {
    _E.PERSON_CONFIRMED_PAID: _S.REFUNDED,
    _E.PERSON_CONFIRMED_UNPAID: _S.FAILED,
}
# A bank can confirm what was given up: then a person says so, and the order is true again.
_PAID_AFTER_ALL = {_E.PERSON_CONFIRMED_PAID: _S.REFUNDED}
# What the rail really booked counts, even where we had given the refund up.
_TRUTH_WINS = {_E.RAIL_ACCEPTED: _S.PENDING, _E.RAIL_REFUNDED: _S.REFUNDED}
_RAIL_TELLS = {
    **_TRUTH_WINS,
    _E.RAIL_REFUSED: _S.FAILED,
    _E.RAIL_RETURNED: _S.RETURNED,
}

# The bank file's answers, about money that was paid out by hand.
_BANK_TELLS = {_E.PAYOUT_CONFIRMED: _S.REFUNDED, _E.PAYOUT_RETURNED: _S.RETURNED}

TABLE: dict[State, dict[Event, State]] = {
    _S.RECEIVED: {
        _E.APPROVED: _S.READY,
        _E.HELD: _S.HELD,
        _E.REJECTED: _S.REJECTED,
        _E.PAYOUT_CHOSEN: _S.PAYOUT_DUE,
        _E.BENEFICIARY_ASKED: _S.AWAITING_BENEFICIARY,
        **_STORE_CAN_STOP,
        **_TRUTH_WINS,
    },
    _S.HELD: {
        **_PAID_AFTER_ALL,
        # Approvals are facts of a new decision: nothing goes from here past the policy.
        _E.REJECTED: _S.REJECTED,
        _E.REOPENED: _S.RECEIVED,
        **_STORE_CAN_STOP,
        **_TRUTH_WINS,
    },
    _S.REJECTED: {_E.REOPENED: _S.RECEIVED, **_TRUTH_WINS},
    _S.AWAITING_BENEFICIARY: {
        **_PAID_AFTER_ALL,
        _E.BENEFICIARY_GIVEN: _S.RECEIVED,
        _E.REJECTED: _S.REJECTED,
        _E.REOPENED: _S.RECEIVED,
        **_STORE_CAN_STOP,
        **_TRUTH_WINS,
    },
    _S.PAYOUT_DUE: {
        _E.PAYOUT_EXPORTED: _S.PENDING,
        _E.PERSON_CONFIRMED_PAID: _S.REFUNDED,
        _E.REJECTED: _S.REJECTED,
        _E.REOPENED: _S.RECEIVED,
        **_STORE_CAN_STOP,
        **_TRUTH_WINS,
    },
    _S.READY: {
        _E.SEND_STARTED: _S.SENDING,
        _E.HELD: _S.HELD,
        _E.REOPENED: _S.RECEIVED,
        **_STORE_CAN_STOP,
        **_TRUTH_WINS,
    },
    _S.SENDING: {
        **_RAIL_TELLS,
        _E.NOT_SENT: _S.READY,
        _E.RAIL_BUSY: _S.READY,
        _E.RAIL_NEEDS_OWNER: _S.HELD,
        _E.RAIL_NEEDS_BENEFICIARY: _S.AWAITING_BENEFICIARY,
        _E.ANSWER_LOST: _S.UNKNOWN,
    },
    _S.UNKNOWN: {**_RAIL_TELLS, _E.RESEND_STARTED: _S.SENDING, **_PERSON_CAN_SETTLE},
    _S.PENDING: {**_RAIL_TELLS, **_BANK_TELLS, **_PERSON_CAN_SETTLE},
    # A refund can come back after it was paid: the bank returns it, or the rail
    # corrects itself. An acceptance that arrives late changes nothing.
    _S.REFUNDED: {
        **_RAIL_TELLS,
        _E.RAIL_ACCEPTED: _S.REFUNDED,
        _E.PAYOUT_RETURNED: _S.RETURNED,
    },
    _S.FAILED: {
        _E.REOPENED: _S.RECEIVED,
        _E.RAIL_REFUSED: _S.FAILED,
        **_TRUTH_WINS,
        **_PAID_AFTER_ALL,
    },
    _S.RETURNED: {
        **_RAIL_TELLS,
        **_PERSON_CAN_SETTLE,
        # Only after a payout by hand: the rail pays again by itself what it returned.
        _E.BENEFICIARY_ASKED: _S.AWAITING_BENEFICIARY,
    },
    _S.CANCELLED: {
        # The store has it after all.
        _E.REOPENED: _S.RECEIVED,
        _E.STORE_WITHDREW: _S.CANCELLED,
        **_TRUTH_WINS,
    },
    _S.REVERSED: {_E.EXTORNO: _S.REVERSED, _E.STORE_WITHDREW: _S.REVERSED, **_TRUTH_WINS},
}

MONEY: dict[State, Position] = {
    **dict.fromkeys(State, Position.FREE),
    _S.AWAITING_BENEFICIARY: Position.RESERVED,
    _S.PAYOUT_DUE: Position.RESERVED,
    _S.SENDING: Position.RESERVED,
    _S.UNKNOWN: Position.RESERVED,
    _S.PENDING: Position.RESERVED,
    _S.RETURNED: Position.RESERVED,
    _S.REFUNDED: Position.REFUNDED,
}


# Once its approval counts, a refund uses up limits until it ends without paying.
COUNTED = frozenset(
    {
        *(_S.READY, _S.AWAITING_BENEFICIARY, _S.PAYOUT_DUE, _S.SENDING, _S.UNKNOWN),
        *(_S.PENDING, _S.RETURNED, _S.REFUNDED),
    }
)

# Here a request may be with the rail, or its money has left.
WITH_THE_RAIL = frozenset(
    {_S.SENDING, _S.UNKNOWN, _S.PENDING, _S.RETURNED, _S.REFUNDED},
)


@dataclass(frozen=True, slots=True)
class Care:
    """Who has to act on a refund in this state, and when we look at it again."""

    owner: Owner
    look_again: timedelta | None

    @property
    def final(self) -> bool:
        return self.owner is Owner.NOBODY


_NOW = timedelta(0)
_DAILY = timedelta(days=1)
_NEVER = Care(Owner.NOBODY, None)

CARE: dict[State, Care] = {
    _S.RECEIVED: Care(Owner.CLOCK, _NOW),
    _S.HELD: Care(Owner.PERSON, _DAILY),
    _S.REJECTED: _NEVER,
    _S.AWAITING_BENEFICIARY: Care(Owner.PERSON, _DAILY),
    _S.PAYOUT_DUE: Care(Owner.PERSON, _DAILY),
    _S.READY: Care(Owner.CLOCK, _NOW),
    # Longer than any send can take: whoever looks later finds a dead sender.
    _S.SENDING: Care(Owner.CLOCK, timedelta(seconds=90)),
    _S.UNKNOWN: Care(Owner.RAIL, timedelta(seconds=5)),
    _S.PENDING: Care(Owner.RAIL, timedelta(seconds=60)),
    _S.REFUNDED: _NEVER,
    _S.FAILED: _NEVER,
    _S.RETURNED: Care(Owner.PERSON, _DAILY),
    _S.CANCELLED: _NEVER,
    _S.REVERSED: _NEVER,
}


def next_state(state: State, event: Event) -> State:
    """The state after `event`.

    Raises:
        TransitionRefused: the table has no cell for this pair.
    """
    try:
        return TABLE[state][event]
    except KeyError:
        raise TransitionRefused(f"a refund that is {state} can't take '{event}'") from None


def allows(state: State, event: Event) -> bool:
    """Whether the table has a cell for this pair."""
    return event in TABLE[state]


def moves() -> Iterator[tuple[State, Event, State]]:
    """Every cell of the table, in its order."""
    for state, row in TABLE.items():
        for event, target in row.items():
            yield state, event, target


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.RECEIVED}"]
    lines += [f"    {a} --> {b}: {event}" for a, event, b in moves() if a != b]
    lines += [f"    {state} --> [*]" for state in State if CARE[state].final]
    return "\n".join(lines) + "\n"
