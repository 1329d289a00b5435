"""Try a policy on past refunds: what it would decide, beside what was decided.

Pure: refunds in, figures out. Each is decided with the facts of its own time, but for two
things that belong to the policy of then: what its limits had counted, which is counted
anew (`replay`), and people's approvals, which are left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pef_adapters.core.money import Money
from pef_adapters.core.policy.decision import Decision, Outcome, Route
from pef_adapters.core.policy.facts import Facts
from pef_adapters.core.policy.judge import judge
from pef_adapters.core.policy.model import Policy
from pef_adapters.core.policy.replay import Replay

_GOES = frozenset({Outcome.APPROVE, Outcome.PAYOUT})


@dataclass(frozen=True, slots=True)
class PastRefund:
    """A refund as it was asked for, and what became of it then."""

    refund: str
    facts: Facts
    outcome: Outcome


@dataclass(slots=True)
class Tally:
    """How many refunds had one outcome, and their money in each currency."""

    count: int = 0
    money: dict[str, Money] = field(default_factory=dict)

    def add(self, amount: Money) -> None:
        self.count += 1
        sum_so_far = self.money.get(amount.currency, Money.zero(amount.currency))
        self.money[amount.currency] = sum_so_far + amount

    def as_record(self) -> dict[str, object]:
        money = {currency: str(self.money[currency].decimal) for currency in sorted(self.money)}
        return {"count": self.count, "money": money}


@dataclass(frozen=True, slots=True)
class Changed:
    """A past refund that this policy would decide otherwise."""

    past: PastRefund
    now: Decision

    def as_record(self) -> dict[str, object]:
        return {
            "refund": self.past.refund,
            "amount": str(self.past.facts.amount.decimal),
            "currency": self.past.facts.amount.currency,
            "was": self.past.outcome.value,
            "would_be": self.now.outcome.value,
            "rule": self.now.deciding.rule,
            "code": self.now.code,
            "figures": dict(self.now.deciding.figures),
        }


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the policy would have done; `changed` comes in order of time.

    `approvals` is how often people would have to agree. A payout whose bank details are
    not known yet needs people once more when they are.
    """

    policy: Policy
    count: int
    was: Mapping[Outcome, Tally]
    would_be: Mapping[Outcome, Tally]
    approvals: int
    by_rule: Mapping[str, int]
    changed: tuple[Changed, ...]

    def as_record(self) -> dict[str, object]:
        return {
            "policy": self.policy.label,
            "digest": self.policy.digest,
            "refunds": self.count,
            "was": {outcome.value: self.was[outcome].as_record() for outcome in Outcome},
            "would_be": {outcome.value: self.would_be[outcome].as_record() for outcome in Outcome},
            "approvals": self.approvals,
            "by_rule": dict(self.by_rule),
            "changed": [change.as_record() for change in self.changed],
        }


def backtest(past: Iterable[PastRefund], policy: Policy) -> Backtest:
    """Decide every past refund again, by `policy`, in order of time."""
    was, would_be = ({outcome: Tally() for outcome in Outcome} for _ in range(2))
    by_rule: dict[str, int] = {}
    changed: list[Changed] = []
    approvals = count = 0
    for refund, now in _decided_again(past, policy):
        was[refund.outcome].add(refund.facts.amount)
        would_be[now.outcome].add(refund.facts.amount)
        by_rule[now.deciding.rule] = by_rule.get(now.deciding.rule, 0) + 1
        approvals, count = approvals + _approvals(refund.facts, now, policy), count + 1
        if now.outcome is not refund.outcome:
            changed.append(Changed(refund, now))
    return Backtest(policy, count, was, would_be, approvals, by_rule, tuple(changed))


def _decided_again(
    past: Iterable[PastRefund], policy: Policy
) -> Iterator[tuple[PastRefund, Decision]]:
    replay = Replay(policy)
    for refund in sorted(past, key=lambda each: each.facts.now):
        facts = replace(refund.facts, votes=(), used=replay.used(refund.facts))
        now = judge(facts, policy)
        if now.outcome in _GOES:
            replay.let_go(facts)
        yield refund, now


def _approvals(facts: Facts, made: Decision, policy: Policy) -> int:
    """The agreements that one refund needs, until its money leaves."""
    if made.route is not Route.PAYOUT or facts.beneficiary is not None:
        return made.approvers
    # With the bank details, all that held it is asked anew together with the payout.
    return made.approvers + max(made.approvers, policy.payout.approvers)
