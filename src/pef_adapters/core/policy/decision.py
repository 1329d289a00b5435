"""A decision and the verdict of every rule behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pef_adapters.core.states import Event
from pef_adapters.core.texts import explain


class Outcome(StrEnum):
    """What the policy can answer."""

    APPROVE = "approve"
    HOLD = "hold"
    PAYOUT = "payout"
    REJECT = "reject"

    @property
    def event(self) -> Event:
        """The event this outcome is for the state table."""
        return _EVENTS[self]


_EVENTS = {
    Outcome.APPROVE: Event.APPROVED,
    Outcome.HOLD: Event.HELD,
    Outcome.PAYOUT: Event.PAYOUT_CHOSEN,
    Outcome.REJECT: Event.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer: a stable code, what it would lead to, and its figures."""

    rule: str
    code: str
    outcome: Outcome
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.APPROVE

    def explanation(self, language: str) -> str:
        """Why, in `language`: es_PE, en or zh_Hans."""
        return explain(f"code.{self.code}", language, self.figures)


@dataclass(frozen=True, slots=True)
class Decision:
    """The first rule that did not pass decides; with none, the refund is approved."""

    policy_version: str
    verdicts: tuple[Verdict, ...]

    @property
    def deciding(self) -> Verdict:
        return next((v for v in self.verdicts if not v.passed), self.verdicts[-1])

    @property
    def outcome(self) -> Outcome:
        return self.deciding.outcome

    @property
    def code(self) -> str:
        return self.deciding.code

    def as_record(self) -> dict[str, object]:
        """Plain data for the ledger: same decision, same record."""
        return {
            "policy_version": self.policy_version,
            "outcome": self.outcome.value,
            "code": self.code,
            "figures": dict(self.deciding.figures),
            "verdicts": [
                {
                    "rule": v.rule,
                    "code": v.code,
                    "outcome": v.outcome.value,
                    "figures": dict(v.figures),
                }
                for v in self.verdicts
            ],
        }
