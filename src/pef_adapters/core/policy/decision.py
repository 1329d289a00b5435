"""A decision, the verdict of every guard and rule behind it, and what would change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pef_adapters.core.states import Event
from pef_adapters.core.texts import explain

# The verdict that is there wherever a refund may go back by the original route only.
PAYOUT_BARRED = "payout_barred"


class Outcome(StrEnum):
    """What the policy can answer, from the most to the least permissive."""

    APPROVE = "approve"
    PAYOUT = "payout"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def event(self) -> Event:
        """The event this outcome is for the state table."""
        return _EVENTS[self]

    @property
    def strictness(self) -> int:
        """0 for approve, which is the most permissive, to 3 for reject."""
        return _STRICTNESS[self]


_STRICTNESS = {outcome: number for number, outcome in enumerate(Outcome)}
_EVENTS = {
    Outcome.APPROVE: Event.APPROVED,
    Outcome.HOLD: Event.HELD,
    Outcome.PAYOUT: Event.PAYOUT_CHOSEN,
    Outcome.REJECT: Event.REJECTED,
}


class Route(StrEnum):
    """How the money would go back, at once or after a person's approval."""

    ORIGINAL = "original"
    PAYOUT = "payout"


class Kind(StrEnum):
    """What would have to be different for another outcome."""

    SMALLER_AMOUNT = "smaller_amount"
    LARGER_AMOUNT = "larger_amount"
    EARLIER_DAY = "earlier_day"
    LATER_DAY = "later_day"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One guard's or rule's answer: a stable code, what it leads to, and its figures.

    `outcome` is None where a rule has no say: it does not match, or comes too late.
    """

    rule: str
    code: str
    outcome: Outcome | None
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.outcome in {None, Outcome.APPROVE}

    def explanation(self, language: str) -> str:
        """Why, in `language`: es_PE, en or zh_Hans."""
        return explain(f"code.{self.code}", language, self.figures)

    def as_record(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "code": self.code,
            "outcome": self.outcome and self.outcome.value,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """The nearest amount or day, in one direction, with another outcome."""

    kind: Kind
    at: str
    outcome: Outcome
    rule: str

    def explanation(self, language: str) -> str:
        """The change as a sentence in `language`."""
        figures = {"at": self.at, "rule": self.rule}
        return explain(f"change.{self.kind}_{self.outcome}", language, figures)

    def as_record(self) -> dict[str, str]:
        return {
            "kind": self.kind.value,
            "at": self.at,
            "outcome": self.outcome.value,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided, by which verdict, under which version of which policy.

    `approvers` is 0 unless the refund is held and people can lift that; `holds` names
    the rules that they would lift. `expected_on` is the last day on which the money
    should arrive, where it leaves without a person's approval.
    """

    policy_version: str
    policy_digest: str
    verdicts: tuple[Verdict, ...]
    deciding: Verdict
    outcome: Outcome
    approvers: int = 0
    holds: tuple[str, ...] = ()
    route: Route | None = None
    expected_on: date | None = None
    answer_by: datetime | None = None
    changes: tuple[Change, ...] = ()

    @property
    def code(self) -> str:
        return self.deciding.code

    def as_record(self) -> dict[str, object]:
        """Plain data for the ledger: same decision, same record."""
        return {
            "policy_version": self.policy_version,
            "policy_digest": self.policy_digest,
            "outcome": self.outcome.value,
            "rule": self.deciding.rule,
            "code": self.code,
            "figures": dict(self.deciding.figures),
            "approvers": self.approvers,
            "holds": list(self.holds),
            "route": self.route and self.route.value,
            "expected_on": self.expected_on and self.expected_on.isoformat(),
            "answer_by": self.answer_by and self.answer_by.isoformat(),
            "verdicts": [verdict.as_record() for verdict in self.verdicts],
            "what_would_change": [change.as_record() for change in self.changes],
        }

    def canonical_json(self) -> str:
        """The record, always as the same text."""
        return json.dumps(
            self.as_record(), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )


def barred_by(record: Mapping[str, Any] | None) -> str | None:
    """Why a kept decision (`Decision.as_record`) lets nobody pay by hand; None: people may.

    A code such as "PAYOUT_BARRED_BY_STORE". Without a decision nothing is known yet.
    """
    kept = record["verdicts"] if record else ()
    return next((verdict["code"] for verdict in kept if verdict["rule"] == PAYOUT_BARRED), None)
