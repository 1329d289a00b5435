"""The faults that a simulated world can meet, and the weather that decides when they strike.

Each seed enables a random subset (a swarm), so that one fault can't hide another for ever.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from random import Random

from pef_adapters.core.states import State


class Fault(StrEnum):
    """What can go wrong; the values are the words of the story and of the tables."""

    # the wire to the rail
    RAIL_REFUSES_CONNECTION = "rail: connection refused"
    RAIL_LOSES_REQUEST = "rail: request lost"
    RAIL_LOSES_ANSWER = "rail: answer lost after the effect"
    RAIL_DELAYS = "rail: slow answer"
    RAIL_GETS_IT_LATER = "rail: request arrives after we gave up"
    RAIL_GETS_IT_TWICE = "rail: request duplicated on the way"
    RAIL_BUSY = "rail: 429"
    RAIL_FAILS = "rail: 5xx before the effect"
    RAIL_FAILS_AFTER = "rail: 5xx after the effect"
    RAIL_TRUNCATES = "rail: truncated JSON"
    RAIL_DRIFTS = "rail: drifted JSON"
    RAIL_TALKS_NONSENSE = "rail: a page instead of an answer"
    RAIL_WRONG_AMOUNT = "rail: answer with a wrong amount"
    RAIL_WRONG_CURRENCY = "rail: answer with a wrong currency"
    RAIL_WRONG_TENANT = "rail: answer about somebody else's refund"
    RAIL_TOKEN_EXPIRES = "rail: token expired early"  # noqa: S105 - a sentence, no secret
    # what the rail and the bank decide
    RAIL_REFUSES = "rail: final refusal"
    RAIL_WANTS_OWNER = "rail: merchant blocked"
    RAIL_WANTS_BENEFICIARY = "rail: bank details required"
    REJECTED_LATE = "rail: rejected after it was accepted"
    RETURNED_LATE = "bank: returned after it was paid"
    NO_TAKEN_BACK = "rail: paid after it was rejected"
    EXTORNO = "bank: payment reversed"
    # webhooks, the store's and the rail's
    HOOK_LOST = "webhook: lost"
    HOOK_DUPLICATED = "webhook: duplicated"
    HOOK_REORDERED = "webhook: out of order"
    HOOK_EARLY = "webhook: before the answer"
    HOOK_FORGED = "webhook: forged"
    # the store
    STORE_DOWN = "store: unreachable"
    STORE_FAILS = "store: 5xx"
    STORE_BUSY = "store: 429"
    STORE_REFUSES = "store: keys refused"
    STORE_LOSES_ANSWER = "store: answer lost after the effect"
    STORE_TALKS_NONSENSE = "store: a page instead of an answer"
    STORE_TRUNCATES = "store: truncated JSON"
    REFUND_DELETED = "store: refund deleted"
    PRESSED_TWICE = "store: button pressed twice"
    # our own machines
    KILLED = "process: killed"
    COMMIT_LOST = "database: commit lost"
    COMMIT_UNREPORTED = "database: commit durable, reported failed"
    DISK_FULL = "database: disk full"
    LOCK_LOST = "database: lock lost"
    CLOCK_AHEAD = "clock: 48 h ahead"
    CLOCK_BEHIND = "clock: 48 h behind"
    JOB_LOST = "queue: wake-up lost"
    JOB_TWICE = "queue: wake-up twice"
    TWO_WORKERS = "queue: two workers on one refund"


# How often a fault strikes where it could, once its seed has it; the rest strike at RATE.
RATE = 0.12
RATES: dict[Fault, float] = {
    Fault.KILLED: 0.35,
    Fault.EXTORNO: 0.25,
    Fault.CLOCK_AHEAD: 0.08,
    Fault.CLOCK_BEHIND: 0.08,
    Fault.STORE_REFUSES: 0.02,
    Fault.STORE_DOWN: 0.02,
    Fault.STORE_FAILS: 0.03,
    Fault.STORE_BUSY: 0.03,
    Fault.STORE_LOSES_ANSWER: 0.08,
    Fault.STORE_TALKS_NONSENSE: 0.02,
    Fault.STORE_TRUNCATES: 0.02,
    Fault.REFUND_DELETED: 0.8,
    Fault.RETURNED_LATE: 0.4,
    Fault.REJECTED_LATE: 0.3,
    Fault.NO_TAKEN_BACK: 0.6,
    Fault.RAIL_REFUSES: 0.15,
    Fault.RAIL_WANTS_OWNER: 0.15,
    Fault.RAIL_WANTS_BENEFICIARY: 0.15,
    Fault.RAIL_GETS_IT_LATER: 0.3,
    Fault.RAIL_DELAYS: 0.3,
    Fault.TWO_WORKERS: 0.3,
    Fault.RAIL_GETS_IT_TWICE: 0.2,
    Fault.HOOK_EARLY: 0.3,
    Fault.HOOK_FORGED: 0.2,
    Fault.PRESSED_TWICE: 0.3,
    Fault.COMMIT_LOST: 0.02,
    Fault.COMMIT_UNREPORTED: 0.02,
    Fault.LOCK_LOST: 0.02,
    Fault.DISK_FULL: 0.01,
    Fault.HOOK_LOST: 0.5,
}
# A swarm holds between these shares of the palette.
_SHARES = (0.05, 0.15, 0.3, 0.6)


def happens(dice: Random, share: float) -> bool:
    """Whether something happens that does so in this share of cases."""
    return dice.random() < share


class Weather:
    """Says whether a fault strikes now, and remembers in which states it met refunds."""

    def __init__(self, dice: Random, tell: Callable[[str], None]) -> None:
        self._dice = dice
        self._tell = tell
        self.enabled = _swarm(dice)
        self.fired: Counter[tuple[Fault, State | None]] = Counter()
        self.states: Callable[[], Iterable[State]] = tuple

    def strikes(self, fault: Fault) -> bool:
        """Whether it strikes at this opportunity; noted where it does."""
        if fault not in self.enabled or self._dice.random() >= RATES.get(fault, RATE):
            return False
        self.note(fault)
        return True

    def first(self, faults: Sequence[Fault]) -> Fault | None:
        """The first of these that strikes now, beginning anywhere."""
        start = self._dice.randrange(len(faults))
        turned = (*faults[start:], *faults[:start])
        return next((fault for fault in turned if self.strikes(fault)), None)

    def note(self, fault: Fault) -> None:
        """It strikes: count it, once by itself and once for each state it meets."""
        self._tell(f"FAULT {fault}")
        self.fired[fault, None] += 1
        for state in set(self.states()):
            self.fired[fault, state] += 1

    def calm(self) -> None:
        """Nothing fails any more."""
        self.enabled = frozenset()


def _swarm(dice: Random) -> frozenset[Fault]:
    share = dice.choice(_SHARES)
    return frozenset(fault for fault in Fault if dice.random() < share)
